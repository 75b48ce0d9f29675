"""Unix ids: what counts as one, and what a look-up may conclude. HPC User API, sections 3 to 7."""

from __future__ import annotations

import hashlib
from decimal import Decimal

import pytest

from cscs_domain.errors import InvalidValueError
from cscs_domain.identities import Identities, mock_gid, mock_user, parse_unix_id, resolve_gids
from cscs_domain.problems import ProblemCode, Severity


@pytest.mark.parametrize(
    ("value", "expected"),
    [(1, 1), (30500, 30500), (2**31 - 1, 2**31 - 1), ("30500", 30500), (" 7 ", 7), ("007", 7)],
)
def test_a_whole_number_from_1_or_its_text_is_an_id(value: object, expected: int) -> None:
    assert parse_unix_id(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        *(0, -1, 2**31, 10**5000, True, False, None, 5.0, 5.5, Decimal(5), [], {}),
        *("0", "-1", "5.0", "", " ", "root", "1e3", "\u0663", "9" * 30, "\ud800"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_anything_else_is_not(value: object) -> None:
    with pytest.raises(InvalidValueError, match="Unix id"):
        parse_unix_id(value)


def test_gids_are_concluded_for_those_asked_about() -> None:
    lookup = resolve_gids({"a", "b"}, [("a", 30500), ("b", "30501"), ("c", 30502)])

    assert dict(lookup.resolved) == {"a": 30500, "b": 30501}
    assert lookup.problems == ()


def test_a_slug_must_be_equal_to_the_letter() -> None:
    assert dict(resolve_gids({"a"}, [("A", 30500), (" a", 30500)]).resolved) == {}


def test_null_is_merely_unknown() -> None:
    lookup = resolve_gids({"a"}, [("a", None)])

    assert dict(lookup.resolved) == {}
    assert lookup.problems == ()


def test_two_equal_rows_are_fine() -> None:
    assert dict(resolve_gids({"a"}, [("a", 30500), ("a", "30500")]).resolved) == {"a": 30500}


def test_two_different_ids_leave_the_project_unknown_and_are_told() -> None:
    lookup = resolve_gids({"a"}, [("a", 30500), ("a", 30501)])

    (told,) = lookup.problems
    assert dict(lookup.resolved) == {}
    assert (told.code, told.severity, told.resource) == (
        ProblemCode.BAD_IDENTITY,
        Severity.ERROR,
        "a",
    )


@pytest.mark.parametrize(
    "bad", [0, -5, "root", 2**31, True, [], 10**5000], ids=lambda bad: type(bad).__name__
)
def test_an_id_that_must_not_be_used_is_told(bad: object) -> None:
    lookup = resolve_gids({"a"}, [("a", bad)])

    assert dict(lookup.resolved) == {}
    assert [problem.code for problem in lookup.problems] == [ProblemCode.BAD_IDENTITY]


def test_rows_that_make_no_sense_are_passed_over() -> None:
    assert dict(resolve_gids({"a"}, [(None, 1), (5, 2), ([], 3), ("a", 30500)]).resolved) == {
        "a": 30500
    }


def test_made_up_ids_are_the_same_on_every_machine() -> None:
    """The documented formula, without the salted built-in hash."""
    digest = int(hashlib.sha256(b"climate-sim").hexdigest()[:8], 16)

    assert mock_gid("climate-sim") == 30000 + digest % 10000
    assert mock_user("climate-sim").uid == 20000 + digest % 10000
    assert mock_user("climate-sim").email.endswith(".invalid")


def test_what_is_known_cannot_change_afterwards() -> None:
    gids = {"a": 1000}
    identities = Identities(gids)
    gids["b"] = 1001

    assert dict(identities.gids) == {"a": 1000}
