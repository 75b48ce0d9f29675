"""The tree of errors: who is what, and what each of them says."""

from __future__ import annotations

import pickle
from uuid import UUID

import pytest

from cscs_domain.errors import (
    AuthenticationError,
    ConfigurationError,
    CscsError,
    DocumentsBusyError,
    InputError,
    InvalidValueError,
    MissingIdentityError,
    Mistake,
    PermissionDeniedError,
    ResourceProcessingError,
    SnapshotGoneError,
    UnknownOfferingError,
    UpstreamServiceError,
)

SAMPLES: list[tuple[CscsError, str]] = [
    (InvalidValueError("path", "'x'", "is not absolute"), "path 'x' is not absolute"),
    (ResourceProcessingError("u1", "no"), "resource u1: no"),
    (MissingIdentityError("u1", "no GID"), "resource u1: no GID"),
    (AuthenticationError("The token has expired."), "The token has expired."),
    (PermissionDeniedError("Not you.", "A role."), "Not you."),
    (SnapshotGoneError("s1"), "snapshot s1 is not kept here (any more)"),
    (UpstreamServiceError("Waldur", "timed out"), "Waldur: timed out"),
    (
        UnknownOfferingError(UUID(int=7), "is absent"),
        "offering 00000000-0000-0000-0000-000000000007 is absent",
    ),
    (
        DocumentsBusyError("/srv/documents", "process 7"),
        "documents in /srv/documents are being written by process 7",
    ),
]


@pytest.mark.parametrize(("error", "text"), SAMPLES, ids=lambda part: type(part).__name__)
def test_an_error_says_what_and_why(error: CscsError, text: str) -> None:
    assert str(error) == text


@pytest.mark.parametrize(
    ("kind", "parents"),
    [
        (InvalidValueError, (InputError, ValueError)),
        (MissingIdentityError, (ResourceProcessingError,)),
        (ResourceProcessingError, (InputError,)),
        (SnapshotGoneError, (InputError,)),
        (AuthenticationError, (InputError,)),
        (PermissionDeniedError, (InputError,)),
        (UnknownOfferingError, (InputError,)),
        (InputError, (CscsError,)),
        (UpstreamServiceError, (CscsError,)),
        (DocumentsBusyError, (CscsError,)),
        (ConfigurationError, (CscsError,)),
    ],
)
def test_errors_are_caught_by_their_families(
    kind: type[CscsError], parents: tuple[type[Exception], ...]
) -> None:
    assert all(issubclass(kind, parent) for parent in parents)
    assert not issubclass(kind, InputError) or not issubclass(kind, UpstreamServiceError)


def test_an_upstream_failure_may_be_retried_unless_told_otherwise() -> None:
    assert UpstreamServiceError("Waldur", "timed out").retryable
    assert not UpstreamServiceError("Waldur", "401", retryable=False).retryable


def test_a_configuration_error_tells_every_mistake() -> None:
    error = ConfigurationError(
        [
            Mistake("storage_systems", "STORAGE_SYSTEMS", "is missing.", "Name at least one."),
            Mistake("workers", None, "must be 1."),
        ]
    )

    assert len(error.mistakes) == 2
    assert str(error).splitlines() == [
        "storage_systems (variable STORAGE_SYSTEMS): is missing. Name at least one.",
        "workers: must be 1.",
    ]


def test_a_busy_place_is_neither_bad_input_nor_a_failed_upstream() -> None:
    """Whoever catches one of those would report a fault where there is none."""
    assert not issubclass(DocumentsBusyError, InputError | UpstreamServiceError)


def test_errors_survive_a_process_boundary() -> None:
    error = pickle.loads(pickle.dumps(ConfigurationError([Mistake("a", None, "b")])))

    assert error.mistakes == (Mistake("a", None, "b"),)


@pytest.mark.parametrize("error", [error for error, _ in SAMPLES], ids=lambda e: type(e).__name__)
def test_every_error_says_the_same_beyond_a_process_boundary(error: CscsError) -> None:
    again = pickle.loads(pickle.dumps(error))

    assert type(again) is type(error)
    assert str(again) == str(error)
