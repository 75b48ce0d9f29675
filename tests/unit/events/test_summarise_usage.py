"""Summaries: every bucket, totals, and what is left of grants."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import attrs
import pytest

from cscs_domain.errors import InvalidValueError, StoreUnavailableError, UpstreamServiceError
from cscs_domain.events.buckets import BucketSize
from cscs_domain.events.directory import (
    DirectoryAllocation,
    DirectoryProject,
    DirectoryUser,
    GrantedUnit,
    KnownDirectory,
)
from cscs_domain.events.hours import gib_hours, hours, rounded_quotient
from cscs_domain.events.links import Link
from cscs_domain.events.stored import UsageScope
from cscs_domain.events.summarise_usage import summarise_usage
from cscs_domain.events.usage_summary import (
    SummaryQuery,
    UsageSummary,
    sums_to_wire,
    usage_summary_to_wire,
)
from cscs_domain.events.usage_sums import UsageSums
from cscs_fakes.directory import FakeDirectory
from cscs_fakes.usage_event_store import FakeUsageEventStore
from cscs_json import encode
from tests.events_site import NOW, ZURICH, an_event, at, linked

pytestmark = pytest.mark.anyio

GRANTED = {GrantedUnit.CPU_HOURS: 10}
KNOWN = KnownDirectory(
    users=(DirectoryUser(id="u1", username="anovak", email="a@x"), DirectoryUser(id="u2")),
    projects=(DirectoryProject(id="p1", title="G207"), DirectoryProject(id="p2", title="P 2")),
    allocations=(
        DirectoryAllocation(id="a2", project="p1", start=at("2025-11-01T00:00Z"), granted=GRANTED),
        DirectoryAllocation(
            id="a1",
            project="p1",
            end=at("2025-11-01T00:00Z"),
            granted={GrantedUnit.GPU_HOURS: 0, GrantedUnit.CPU_HOURS: 1},
        ),
        DirectoryAllocation(id="a3", project="p2", granted=GRANTED),
    ),
)
QUERY = SummaryQuery(
    scope=UsageScope.PROJECT, id="p1", first=date(2025, 11, 17), last=date(2025, 11, 20)
)


async def store_with(*cpu_of_days: tuple[str, int, str]) -> FakeUsageEventStore:
    """Of project p1: day, processor seconds, allocation."""
    store = FakeUsageEventStore(ZURICH)
    events = [
        linked(
            an_event(f"{day}T12:00Z", cpu=cpu),
            number,
            Link(user="u1", project="p1", allocation=allocation),
        )
        for number, (day, cpu, allocation) in enumerate(cpu_of_days)
    ]
    await store.store(events, at=NOW)
    return store


async def summary(store: FakeUsageEventStore, query: SummaryQuery = QUERY) -> UsageSummary:
    return await summarise_usage(query, store=store, directory=FakeDirectory(KNOWN))


async def test_a_series_has_every_day_also_those_without_usage() -> None:
    store = await store_with(
        ("2025-11-18", 5, "a2"), ("2025-11-18", 2, "a2"), ("2025-11-21", 9, "a2")
    )

    found = await summary(store)

    assert [(b.name, b.sums.cpu_seconds, b.sums.events) for b in found.series] == [
        ("2025-11-17", 0, 0),
        ("2025-11-18", 7, 2),
        ("2025-11-19", 0, 0),
        ("2025-11-20", 0, 0),
    ]
    assert found.totals == UsageSums(events=2, cpu_seconds=7)


async def test_weeks_begin_on_monday_and_hold_no_day_that_was_not_asked_for() -> None:
    store = await store_with(
        ("2025-12-28", 1, "a2"), ("2025-12-29", 2, "a2"), ("2026-01-06", 4, "a2")
    )

    query = attrs.evolve(
        QUERY, first=date(2025, 12, 27), last=date(2026, 1, 5), size=BucketSize.WEEK
    )
    found = await summary(store, query)

    assert [(b.name, b.first, b.last, b.sums.cpu_seconds) for b in found.series] == [
        ("2025-W52", date(2025, 12, 27), date(2025, 12, 28), 1),
        ("2026-W01", date(2025, 12, 29), date(2026, 1, 4), 2),
        ("2026-W02", date(2026, 1, 5), date(2026, 1, 5), 0),
    ]
    assert found.totals.cpu_seconds == 3


async def test_months_of_a_series() -> None:
    store = await store_with(("2024-02-29", 1, "a2"), ("2024-03-01", 2, "a2"))

    query = attrs.evolve(
        QUERY, first=date(2024, 2, 29), last=date(2024, 4, 1), size=BucketSize.MONTH
    )
    found = await summary(store, query)

    assert [(b.name, b.first.day, b.last.day, b.sums.cpu_seconds) for b in found.series] == [
        ("2024-02", 29, 29, 1),
        ("2024-03", 1, 31, 2),
        ("2024-04", 1, 1, 0),
    ]


async def test_grants_of_a_project_are_held_against_all_that_was_ever_consumed() -> None:
    store = await store_with(
        ("2025-11-18", 3600, "a2"), ("2025-01-01", 3600, "a2"), ("2025-11-18", 7200, "a1")
    )

    found = await summary(store, attrs.evolve(QUERY, source="nothing of it"))

    assert found.totals.cpu_seconds == 0
    first, second = found.grants
    assert (first.allocation, second.allocation) == ("a1", "a2")
    cpu, gpu = first.units
    assert (cpu.remaining_seconds, cpu.share) == (-3600, Decimal("2.0000"))
    assert (gpu.granted_hours, gpu.share) == (0, None)
    (cpu,) = second.units
    assert (cpu.consumed_seconds, cpu.remaining_seconds) == (7200, 28800)
    assert cpu.share == Decimal("0.2000")


async def test_the_grant_of_an_allocation_is_its_own() -> None:
    store = await store_with(("2025-11-18", 3600, "a2"), ("2025-11-18", 7200, "a1"))

    found = await summary(store, attrs.evolve(QUERY, scope=UsageScope.ALLOCATION, id="a2"))

    assert [(grant.allocation, grant.project) for grant in found.grants] == [("a2", "p1")]
    assert found.totals.cpu_seconds == 3600


@pytest.mark.parametrize(
    ("scope", "id_", "name"),
    [
        (UsageScope.USER, "u1", "anovak"),
        (UsageScope.USER, "u2", "u2"),
        (UsageScope.PROJECT, "p1", "G207"),
        (UsageScope.ALLOCATION, "a1", "a1"),
        (UsageScope.USER, "gone", None),
        (UsageScope.PROJECT, "gone", None),
        (UsageScope.ALLOCATION, "gone", None),
    ],
)
async def test_a_summary_says_what_its_subject_is_called(
    scope: UsageScope, id_: str, name: str | None
) -> None:
    found = await summary(await store_with(), attrs.evolve(QUERY, scope=scope, id=id_))

    assert found.name == name
    assert len(found.series) == 4
    assert bool(found.grants) == (name is not None and scope is not UsageScope.USER)


async def test_the_usage_of_what_has_gone_from_the_directory_is_still_there() -> None:
    store = await store_with(("2025-11-18", 5, "a2"))

    found = await summarise_usage(QUERY, store=store, directory=FakeDirectory())

    assert (found.name, found.totals.cpu_seconds, found.grants) == (None, 5, ())


@pytest.mark.parametrize(
    ("first", "last", "reason"),
    [
        (date(2025, 11, 20), date(2025, 11, 19), "end before they begin"),
        (date(2010, 1, 1), date(2020, 1, 2), "are more than 3653"),
        (date(1999, 12, 30), date(1999, 12, 31), "are not between the years 2000 and 2100"),
        (date(2100, 1, 1), date(2100, 1, 2), "are not between the years 2000 and 2100"),
        (date.min, date.max, "are more than 3653"),
    ],
)
def test_days_that_make_no_sense_are_refused(first: date, last: date, reason: str) -> None:
    with pytest.raises(InvalidValueError, match=reason):
        attrs.evolve(QUERY, first=first, last=last)


@pytest.mark.parametrize("text", ["", "a\0b", "x" * 256, "\ud800"])
def test_ids_and_sources_that_no_store_can_hold_are_refused(text: str) -> None:
    with pytest.raises(InvalidValueError, match=r"^id "):
        attrs.evolve(QUERY, id=text)
    with pytest.raises(InvalidValueError, match=r"^source "):
        attrs.evolve(QUERY, source=text)


async def test_ten_years_are_a_summary() -> None:
    query = attrs.evolve(QUERY, first=date(2016, 1, 1), last=date(2025, 12, 31))

    assert len((await summary(await store_with(), query)).series) == 3653


async def test_a_store_or_a_directory_that_is_away_is_told() -> None:
    store, directory = await store_with(), FakeDirectory(KNOWN)
    directory.fail_with(UpstreamServiceError("the directory", "is away"))
    with pytest.raises(UpstreamServiceError, match="the directory"):
        await summarise_usage(QUERY, store=store, directory=directory)

    store.fail_with(StoreUnavailableError("the event store", "is away"))
    with pytest.raises(StoreUnavailableError):
        await summarise_usage(QUERY, store=store, directory=directory)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0.0000"),
        (3600, "1.0000"),
        (1, "0.0003"),
        (9, "0.0025"),
        (-9, "-0.0025"),
        (2**63 - 1, "2562047788015215.5019"),
    ],
)
def test_hours_are_rounded_once_to_four_places(seconds: int, expected: str) -> None:
    assert str(hours(seconds)) == expected


@pytest.mark.parametrize(
    ("amount", "expected"), [(1, "0.0001"), (-1, "-0.0001"), (3, "0.0002"), (0, "0.0000")]
)
def test_halves_are_rounded_away_from_zero(amount: int, expected: str) -> None:
    assert str(rounded_quotient(amount, 20000)) == expected


def test_what_is_less_than_half_of_the_last_place_is_nothing_and_has_no_sign() -> None:
    assert str(rounded_quotient(-1, 20001)) == "0.0000"
    assert str(gib_hours(2**29 * 3600)) == "0.5000"


async def test_a_summary_on_the_wire_has_hours_and_exact_seconds() -> None:
    store = await store_with(("2025-11-18", 5400, "a2"))
    query = attrs.evolve(QUERY, first=date(2025, 11, 18), last=date(2025, 11, 18), source="pbs")

    wire = usage_summary_to_wire(await summary(store, query))

    sums = {
        "cpu_hours": Decimal("1.5000"),
        "gpu_hours": Decimal("0.0000"),
        "walltime_hours": Decimal("0.0000"),
        "ram_gib_hours": Decimal("0.0000"),
        "storage_gib_hours": Decimal("0.0000"),
        "events": 1,
        "not_summed": 0,
        "cpu_seconds": 5400,
        "gpu_seconds": 0,
        "walltime_seconds": 0,
        "ram_byte_seconds": 0,
        "storage_byte_seconds": 0,
    }
    day = {"name": "2025-11-18", "from": "2025-11-18", "to": "2025-11-18"}
    grants = wire.pop("grants")
    assert wire == {
        "scope": "project",
        "id": "p1",
        "name": "G207",
        "source": "pbs",
        "from": "2025-11-18",
        "to": "2025-11-18",
        "granularity": "day",
        "totals": sums,
        "series": [{**day, **sums}],
    }
    assert isinstance(grants, list)
    assert grants[1] == {
        "allocation": "a2",
        "project": "p1",
        "start": "2025-11-01T00:00:00Z",
        "end": None,
        "status": "active",
        "units": {
            "cpu_hours": {
                "granted": 10,
                "consumed": Decimal("1.5000"),
                "remaining": Decimal("8.5000"),
                "share": Decimal("0.1500"),
            }
        },
    }


def test_sums_beyond_64_bits_can_be_written_as_json() -> None:
    wire = sums_to_wire(UsageSums(events=1, ram_byte_seconds=2**126))

    assert f'"ram_byte_seconds":{2**126}'.encode() in encode(wire)
    assert b'"gpu_hours":0.0000' in encode(wire)
