"""Events as collectors send them: what is taken and what is refused, and with which words."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from cscs_domain.events.event import EventIdentity
from cscs_domain.events.event_wire import event_from_wire, event_to_wire
from cscs_domain.events.field_errors import MOST_ERRORS_OF_AN_EVENT, MalformedEventError
from cscs_domain.events.metrics import METRIC_NAMES
from tests.unit.events.event_samples import (
    Wire,
    errors_of,
    invalid_wires,
    read,
    sample_wires,
    wire,
    without,
)

NO_OFFSET = "must have an offset from UTC, such as Z or +01:00"
NO_CLOCK = "must be from 2000-01-01T00:00:00Z to 2100-01-01T00:00:00Z"
NO_TIME = "must be a date with a time and an offset from UTC, such as 2025-11-19T00:00:00Z"
SOURCES = "pbs, pbsAcct, openstack, slurm, dwdi"
UNKEPT = "must hold only characters that can be kept (no NUL, no half of a surrogate pair)"


def metrics(**members: object) -> Wire:
    return wire(metrics={"cpu_time_seconds": 1} | members)


def identity(**members: object) -> Wire:
    return wire(identities=[{"scheme": "user_email", "value": "a@b"} | members])


@pytest.mark.parametrize("sample", sample_wires(), ids=lambda one: one["extra"]["job_id"])
def test_every_event_of_the_sample_is_read_and_written_with_every_metric(sample: Wire) -> None:
    every_metric = dict.fromkeys(METRIC_NAMES) | sample["metrics"]

    assert event_to_wire(read(sample)) == sample | {"metrics": every_metric}


@pytest.mark.parametrize(
    ("why", "message"),
    [
        ("negative counter", "metrics.cpu_time_seconds must not be less than 0"),
        ("fractional bytes", "metrics.ram_bytes_used must be an integer number"),
        (
            "empty window",
            "time_window_end must be after time_window_start (got '2025-11-18T23:00:00Z')",
        ),
        (
            "no UTC offset",
            f"time_window_start {NO_OFFSET} (got '2025-11-19T00:00:00')",
        ),
        ("context missing", "context must be an object (got nothing)"),
    ],
)
def test_an_invalid_event_of_the_sample_is_refused_with_its_own_message(
    why: str, message: str
) -> None:
    assert errors_of(invalid_wires()[why]) == [message]


def test_a_source_is_taken_if_it_is_configured() -> None:
    slurm = invalid_wires()["source unknown to the reference API"]

    assert read(slurm).source == "slurm"
    with pytest.raises(MalformedEventError) as caught:
        event_from_wire(slurm, sources=("pbs", "pbsAcct", "openstack"))
    assert str(caught.value) == "source must be one of pbs, pbsAcct, openstack (got 'slurm')"


def test_all_faults_are_told_at_once() -> None:
    spoilt = wire(
        source="bacula",
        time_window_start="yesterday",
        metrics={"gpu_time_seconds": -5, "vcpus_allocated": True},
        identities=[{"scheme": "user_email", "value": "a@b"}, {"value": ""}, 7],
        context=[],
        extra={"event_id": "4711", "measure": "some"},
        is_personal="yes",
    )

    assert errors_of(spoilt) == [
        f"source must be one of {SOURCES} (got 'bacula')",
        f"time_window_start {NO_TIME} (got 'yesterday')",
        "metrics.cpu_time_seconds must be an integer number (got nothing)",
        "metrics.gpu_time_seconds must not be less than 0",
        "metrics.vcpus_allocated must be an integer number",
        "identities.1.scheme must be a string (got nothing)",
        "identities.1.value must not be empty",
        "identities.2 must be an object",
        "context must be an object",
        "extra.event_id must be a uuid (got '4711')",
        "extra.measure must be one of delta, total (got 'some')",
        "is_personal must be a boolean",
    ]


@pytest.mark.parametrize(
    "name", ["source", "time_window_start", "time_window_end", "collected_at", "metrics", "context"]
)
def test_a_mandatory_member_may_be_neither_absent_nor_null(name: str) -> None:
    (absent,) = errors_of(without(name))
    (null,) = errors_of(wire(**{name: None}))

    assert absent == null
    assert absent.startswith(f"{name} must be ")
    assert absent.endswith("(got nothing)")


@pytest.mark.parametrize("name", ["project_slug", "is_personal", "identities", "extra"])
def test_null_is_absent_for_the_others(name: str) -> None:
    assert read(wire(**{name: None})) == read(without(name))


def test_the_schema_version_is_our_own_unless_given() -> None:
    assert read(wire(schema_version=None)).schema_version == "1.0"
    assert read(wire(schema_version="2.7-beta")).schema_version == "2.7-beta"


def test_unknown_members_are_ignored_everywhere() -> None:
    more = wire(metrics=sample_wires()[0]["metrics"] | {"watts": "many"}, site={"deep": [None]})
    more["identities"] = [sample_wires()[0]["identities"][0] | {"since": 1.5}]

    assert read(more) == read(wire())


@pytest.mark.parametrize("value", [None, [], "event", 7, True])
def test_only_an_object_is_an_event(value: object) -> None:
    assert errors_of(value) == ["must be an object"]


@pytest.mark.parametrize("name", METRIC_NAMES)
@pytest.mark.parametrize("value", [1.0, 3600.0, 0.5, "7", True, [], {}, float("nan")], ids=repr)
def test_a_metric_is_a_whole_number_and_nothing_like_one(name: str, value: object) -> None:
    assert errors_of(metrics(**{name: value})) == [f"metrics.{name} must be an integer number"]


def test_metrics_reach_from_zero_to_what_a_database_keeps() -> None:
    assert read(metrics(cpu_time_seconds=0, walltime_used=2**63 - 1)).metrics.walltime_used
    assert errors_of(metrics(walltime_used=2**63)) == [
        "metrics.walltime_used must not be greater than 9223372036854775807"
    ]
    assert errors_of(metrics(vcpus_allocated=10**5000)) == [
        "metrics.vcpus_allocated must not be greater than 9223372036854775807"
    ]


def test_metrics_that_were_not_measured_are_not_zero() -> None:
    read_metrics = read(metrics(vcpus_allocated=None)).metrics

    assert read_metrics.vcpus_allocated is None
    assert read_metrics.walltime_used is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-11-19T01:00:00+01:00", datetime(2025, 11, 19, tzinfo=UTC)),
        ("2025-11-19T01:00:00+0100", datetime(2025, 11, 19, tzinfo=UTC)),
        ("2025-11-18 18:30:00-05:30", datetime(2025, 11, 19, tzinfo=UTC)),
        ("2025-11-19T00:00Z", datetime(2025, 11, 19, tzinfo=UTC)),
        ("2025-11-19T00:00:00.000-00:00", datetime(2025, 11, 19, tzinfo=UTC)),
        ("2025-11-19T00:00:00.123456789Z", datetime(2025, 11, 19, 0, 0, 0, 123456, tzinfo=UTC)),
    ],
)
def test_times_are_read_in_every_sensible_form_and_kept_in_utc(
    text: str, expected: datetime
) -> None:
    event = read(wire(time_window_start=text))

    assert event.time_window_start == expected
    assert event.time_window_start.tzinfo is UTC


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("2025-11-19", NO_TIME),
        ("2025-W47-3T00:00:00Z", NO_TIME),
        ("20251119T000000Z", NO_TIME),
        ("2025-323T00:00:00Z", NO_TIME),
        ("2025-11-19T24:00:00Z", NO_TIME),
        ("2025-11-19T23:59:60Z", NO_TIME),
        ("2025-11-19T00:00:00+24:00", NO_TIME),
        ("2025-11-19T00:00:00+01:60", NO_TIME),
        ("2025-11-19T00:00:00,5Z", NO_TIME),
        ("2025-11-19T00:00:00Z\n", NO_TIME),
        (" 2025-11-19T00:00:00Z", NO_TIME),
        ("２０２５-11-19T00:00:00Z", NO_TIME),  # noqa: RUF001 (digits, but not ASCII's)
        ("2025-11-19T00:00:00." + "0" * 10_000 + "Z", NO_TIME),
        ("", NO_TIME),
        (1763510400, NO_TIME),
        ({}, NO_TIME),
        ("2025-11-19T00:00:00.000", NO_OFFSET),
        ("2025-02-29T00:00:00Z", "must be a day that there is"),
        ("0000-01-01T00:00:00Z", "must be a day that there is"),
        ("0001-01-01T00:00:00+23:59", NO_CLOCK),
        ("9999-12-31T23:59:59-23:59", NO_CLOCK),
        ("1999-12-31T23:59:59Z", NO_CLOCK),
        ("2100-01-01T00:00:01Z", NO_CLOCK),
    ],
    ids=lambda part: ascii(part)[:30],
)
def test_other_times_are_refused_and_shown(value: object, reason: str) -> None:
    (message,) = errors_of(wire(collected_at=value))

    assert message.startswith(f"collected_at {reason} (got ")
    assert len(message) < 250


def test_identities_are_kept_whatever_their_scheme_is() -> None:
    sent = [{"scheme": "x", "value": "y", "authority": ""}, {"scheme": "user_email", "value": "é"}]

    assert read(wire(identities=sent)).identities == (
        EventIdentity("x", "y", ""),
        EventIdentity("user_email", "é"),
    )


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (identity(scheme=""), "identities.0.scheme must not be empty"),
        (
            identity(scheme="user\x7f"),
            "identities.0.scheme must not contain control characters",
        ),
        (identity(scheme=None), "identities.0.scheme must be a string (got nothing)"),
        (identity(value=7), "identities.0.value must be a string"),
        (
            identity(value="v" * 1025),
            "identities.0.value must be shorter than or equal to 1024 characters",
        ),
        (identity(value="a\0"), f"identities.0.value {UNKEPT}"),
        (identity(authority=False), "identities.0.authority must be a string"),
        (wire(identities=[None]), "identities.0 must be an object (got nothing)"),
        (wire(identities={}), "identities must be an array"),
        (
            wire(identities=[{}] * 101),
            "identities must contain no more than 100 elements (got a list of 101)",
        ),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_a_bad_identity_is_named_by_its_position(value: Wire, message: str) -> None:
    assert errors_of(value) == [message]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (wire(project_slug=7), "project_slug must be a string"),
        (wire(schema_version=""), "schema_version must not be empty"),
        (wire(schema_version="1\n"), "schema_version must not contain control characters"),
        (wire(metrics=[]), "metrics must be an object"),
        (wire(extra=[]), "extra must be an object"),
        (wire(source=["pbs"]), f"source must be one of {SOURCES} (got a list of 1)"),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_a_member_of_another_type_is_refused(value: Wire, message: str) -> None:
    assert errors_of(value) == [message]


@pytest.mark.parametrize("value", ["d" * 256, " " + "d" * 256])
def test_a_project_is_named_where_its_name_is_too_long(value: str) -> None:
    reason = "must be shorter than or equal to 255 characters"
    given = errors_of(wire(project_slug=value))
    found = errors_of(wire(project_slug=None, context={"project": "", "projectTitle": value}))

    assert [message.partition(" (got ")[0] for message in given + found] == [
        f"project_slug {reason}",
        f"context.projectTitle {reason}",
    ]


@pytest.mark.parametrize(
    ("given", "context", "expected"),
    [
        (" g1 ", {"project": "g2"}, "g1"),
        (None, {"project": " g2\t", "project_slug": "g3"}, "g2"),
        ("  ", {"project": "", "project_slug": "g3"}, "g3"),
        ("", {"project": 7, "projectTitle": "A title"}, "A title"),
        (None, {"project": " ", "project_name": "not one of these"}, None),
        (None, {}, None),
    ],
)
def test_the_project_is_the_first_name_that_is_not_blank(
    given: str | None, context: Wire, expected: str | None
) -> None:
    assert read(wire(project_slug=given, context=context)).project_slug == expected


@pytest.mark.parametrize(
    ("given", "in_context", "expected"),
    [
        (True, False, True),
        (False, True, False),
        (None, True, True),
        (None, "true", True),
        (None, "True", False),
        (None, 1, False),
        (None, None, False),
    ],
)
def test_an_event_is_personal_if_it_says_so_or_else_its_context(
    given: bool | None, in_context: object, expected: bool
) -> None:
    sent = wire(is_personal=given, context={"is_personal": in_context})

    assert read(sent).is_personal is expected


def test_nonsense_gets_a_bounded_answer() -> None:
    nonsense = wire(identities=[{}] * 100, context=dict.fromkeys("abc" * 1000, "\0"))

    messages = errors_of(nonsense)

    assert len(messages) == MOST_ERRORS_OF_AN_EVENT + 1
    assert messages[-1] == "has more errors than are told here"
