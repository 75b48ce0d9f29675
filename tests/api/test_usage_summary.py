"""GET /usage/summary and /usage/unresolved: figures, days, mistakes."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.api.events_site import EVENTS, EventsSite, Json, batch, changed, events_site

NOVEMBER = "from=2025-11-01&to=2025-11-30"


@pytest.fixture
async def site() -> AsyncIterator[EventsSite]:
    """A site with the events of the sample."""
    async with events_site() as made:
        await made.send_sample()
        yield made


def of_project(site: EventsSite, project: str) -> int:
    """The processor seconds of a project, added up by hand."""
    stored = site.store.book.events.values()
    return sum(one.event.metrics.cpu_time_seconds for one in stored if one.link.project == project)


async def test_a_project_is_summed_up_by_day_on_the_days_of_the_site(site: EventsSite) -> None:
    """The windows begin at 23:00 UTC, which is the next day in Zurich."""
    summary = await site.answer("summary?scope=project&id=207&from=2025-11-18&to=2025-11-20")
    seconds = of_project(site, "207")

    assert seconds > 0
    assert [point["name"] for point in summary["series"]] == [
        *("2025-11-18", "2025-11-19", "2025-11-20")
    ]
    assert [point["cpu_seconds"] for point in summary["series"]] == [0, seconds, 0]
    assert summary["totals"]["cpu_seconds"] == seconds
    assert summary["totals"]["cpu_hours"] == pytest.approx(seconds / 3600, abs=1e-4)
    assert (summary["name"], summary["granularity"]) == ("Alpine climate", "day")


@pytest.mark.parametrize(
    ("granularity", "names"),
    [
        ("week", ["2025-W44", "2025-W45", "2025-W46", "2025-W47", "2025-W48"]),
        ("month", ["2025-11"]),
    ],
)
async def test_weeks_and_months_add_up_to_the_same(
    site: EventsSite, granularity: str, names: list[str]
) -> None:
    query = f"summary?scope=project&id=207&{NOVEMBER}"
    days = await site.answer(query)
    summary = await site.answer(f"{query}&granularity={granularity}")

    assert [point["name"] for point in summary["series"]] == names
    assert summary["totals"] == days["totals"]
    assert sum(point["cpu_seconds"] for point in summary["series"]) == of_project(site, "207")


async def test_what_is_granted_stands_against_what_was_consumed(site: EventsSite) -> None:
    summary = await site.answer(f"summary?scope=allocation&id=a207-2025&{NOVEMBER}")
    (grant,) = summary["grants"]

    assert grant["units"]["cpu_hours"]["granted"] == 500_000
    assert 0 < grant["units"]["cpu_hours"]["consumed"] < 500_000


async def test_a_late_event_is_in_the_next_answer(site: EventsSite) -> None:
    query = f"summary?scope=user&id=u1&{NOVEMBER}"
    before = await site.answer(query)
    late = changed(EVENTS[0], extra=None, collected_at="2025-11-25T00:00:00Z")
    await site.send(batch([late]))
    after = await site.answer(query)

    grown = after["totals"]["cpu_seconds"] - before["totals"]["cpu_seconds"]
    assert grown == EVENTS[0]["metrics"]["cpu_time_seconds"]


async def test_sources_can_be_told_apart(site: EventsSite) -> None:
    query = f"summary?scope=project&id=207&{NOVEMBER}"
    parts = [
        (await site.answer(f"{query}&source={source}"))["totals"]["cpu_seconds"]
        for source in ("pbs", "pbsAcct", "openstack", "slurm")
    ]

    assert sum(parts) == of_project(site, "207")
    assert parts[-1] == 0


async def test_huge_sums_are_exact(site: EventsSite) -> None:
    huge = [
        changed(EVENTS[0], extra={"event_id": f"{number:032x}"}, metric_cpu_time_seconds=2**63 - 1)
        for number in (1, 2, 3)
    ]
    await site.send(batch(huge))
    totals = (await site.answer(f"summary?scope=project&id=207&source=pbs&{NOVEMBER}"))["totals"]

    assert totals["cpu_seconds"] > 3 * (2**63 - 1)


async def test_without_days_it_is_about_this_month(site: EventsSite) -> None:
    summary = await site.answer("summary?scope=project&id=207")

    assert (summary["from"], summary["to"]) == ("2026-11-01", "2026-11-21")


async def mistakes(site: EventsSite, path: str) -> list[Json]:
    """The details of a 422."""
    response = await site.get(path)
    assert response.status_code == 422, response.text
    details: list[Json] = response.json()["detail"]
    for detail in details:
        assert list(detail) == ["type", "loc", "msg", "input", "ctx"]
        assert detail["ctx"]["help"]
    return details


async def test_every_mistake_is_told_at_once(site: EventsSite) -> None:
    found = await mistakes(
        site, "summary?scope=team&id=&from=2025-02-30&to=20251119&granularity=hour&source="
    )

    assert [detail["loc"][1] for detail in found] == [
        *("scope", "id", "to", "from", "source", "granularity")
    ]


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("", "scope"),
        ("scope=project", "id"),
        ("scope=allocation", "id"),
        ("scope=user", "id"),
        ("scope=project&id=%00", "id"),
        ("scope=project&id=" + "x" * 256, "id"),
        ("scope=project&id=1&from=2025-11-20&to=2025-11-19", "to"),
        ("scope=project&id=1&from=2001-01-01&to=2025-11-19", "to"),
        ("scope=project&id=1&from=0001-01-01&to=0001-01-02", "to"),
        ("scope=project&id=1&to=9999-12-31", "to"),
        ("scope=project&id=1&to=2025-11-19T00:00:00Z", "to"),
        ("scope=project&id=1&to=٢٠٢٥-11-19", "to"),
    ],
)
async def test_what_cannot_be_summed_up_is_422(site: EventsSite, query: str, name: str) -> None:
    assert (await mistakes(site, f"summary?{query}"))[0]["loc"] == ["query", name]


@pytest.mark.parametrize("scope", ["user", "project", "allocation"])
async def test_an_id_that_the_directory_does_not_have_is_told_in_a_header(
    site: EventsSite, scope: str
) -> None:
    caution = '299 cscs-domain "unknown_id: the directory does not have it"'
    unknown = await site.get(f"summary?scope={scope}&id=gone")
    both = await site.get(f"summary?scope={scope}&id=gone&zone=UTC")

    assert (unknown.status_code, unknown.json()["name"]) == (200, None)
    assert unknown.headers["warning"] == caution
    assert both.headers["warning"] == f'299 cscs-domain "unknown_parameter: zone", {caution}'


async def test_an_unknown_parameter_is_told_in_a_header(site: EventsSite) -> None:
    response = await site.get("summary?scope=project&id=207&zone=x")

    assert response.status_code == 200
    assert response.headers["warning"] == '299 cscs-domain "unknown_parameter: zone"'
    assert response.headers["cache-control"] == "no-store"


async def test_what_could_not_be_linked_is_grouped(site: EventsSite) -> None:
    groups = (await site.answer("unresolved"))["groups"]
    hours = [group["cpu_hours"] for group in groups]

    assert hours == sorted(hours, reverse=True)
    assert {group["identity"]["value"] for group in groups if group["identity"]} >= {"ghost01"}
    assert sum(group["events"] for group in groups) == sum(
        stored.link.state != "resolved" for stored in site.store.book.events.values()
    )


async def test_groups_are_filtered(site: EventsSite) -> None:
    everything = (await site.answer("unresolved?missing=any"))["groups"]
    of_pbs = (await site.answer("unresolved?missing=any&source=pbs"))["groups"]
    of_projects = (await site.answer("unresolved?missing=project"))["groups"]
    later = (await site.answer("unresolved?missing=any&from=2025-11-20"))["groups"]

    assert of_pbs == [group for group in everything if group["source"] == "pbs"]
    assert 0 < len(of_projects) < len(everything)
    assert later == []
    assert (await site.answer("unresolved?missing=any&limit=1"))["groups"] == everything[:1]


@pytest.mark.parametrize(
    "query", ["missing=all", "limit=0", "limit=1001", "from=x", "from=2025-11-20&to=2025-11-19"]
)
async def test_mistakes_about_groups_are_422(site: EventsSite, query: str) -> None:
    assert len(await mistakes(site, f"unresolved?{query}")) == 1
