"""Filters act on rows, combine with AND and match exactly. DESIGN section 4, spec 001."""

from __future__ import annotations

from itertools import product
from urllib.parse import urlencode

import pytest

from tests.api.site import Json, Site, leaves, resource, site_of


def slugs(rows: list[Json]) -> list[str]:
    """The uuids are made of slugs, but a user's row shows its path only."""
    return sorted(str(row["mountPoint"]["default"]) for row in leaves(rows))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?storage_system=vast", ["/vast/store/cscs/uni/ocean", "/vast/users/cscs/uni/climate"]),
        ("?storage_system=iopsstor", ["/iopsstor/store/cscs/uni/glacier"]),
        ("?data_type=archive", ["/capstor/archive/cscs/uni/glacier"]),
        ("?data_type=users", ["/vast/users/cscs/uni/climate"]),
        ("?status=pending", ["/capstor/store/cscs/uni/ocean"]),
        ("?status=removing", ["/vast/store/cscs/uni/ocean"]),
        ("?status=error", ["/capstor/archive/cscs/uni/glacier"]),
        ("?status=updating", []),
        ("?status=unknown", []),
        ("?state=Creating", ["/capstor/store/cscs/uni/ocean"]),
        ("?state=Erred", ["/capstor/archive/cscs/uni/glacier"]),
        ("?state=Terminating", ["/vast/store/cscs/uni/ocean"]),
        ("?state=Updating", []),
        ("?state=Terminated", ["/iopsstor/store/cscs/uni/climate"]),
        ("?status=removed", ["/iopsstor/store/cscs/uni/climate"]),
        (
            "?storage_system=capstor&data_type=store&status=pending",
            ["/capstor/store/cscs/uni/ocean"],
        ),
        ("?storage_system=capstor&data_type=users", []),
        ("?status=active&state=Creating", []),
        ("?storage_system=vast&state=OK", ["/vast/users/cscs/uni/climate"]),
    ],
)
async def test_each_filter_and_some_together(site: Site, query: str, expected: list[str]) -> None:
    assert expected == slugs(await site.rows(query))


async def test_every_combination_is_what_all_its_filters_have_in_common(site: Site) -> None:
    everything = await site.rows()
    values: dict[str, list[str | None]] = {
        "storage_system": [None, "capstor", "vast"],
        "data_type": [None, "store", "archive", "users"],
        "status": [None, "active", "pending", "error"],
    }
    for chosen in product(*values.values()):
        wanted = {name: value for name, value in zip(values, chosen, strict=True) if value}
        expected = [row for row in everything if _is(row, wanted)]
        assert expected == await site.rows(f"?{urlencode(wanted)}"), wanted


def _is(row: Json, wanted: dict[str, str]) -> bool:
    facts = {
        "storage_system": row["storageSystem"]["key"],
        "data_type": row["storageDataType"]["key"],
        "status": row["status"],
    }
    return all(facts[name] == value for name, value in wanted.items())


async def test_a_parent_that_does_not_match_is_not_shown(site: Site) -> None:
    rows = await site.rows("?storage_system=capstor&data_type=store&status=pending")

    assert [row["target"]["targetType"] for row in rows] == ["project"]


async def test_a_waldur_state_is_asked_of_resources_so_parents_are_not_shown(site: Site) -> None:
    rows = await site.rows("?state=OK")

    assert {row["target"]["targetType"] for row in rows} == {"project", "user"}


@pytest.mark.parametrize("data_type", ["Store", "STORE", " store", "stor", "stores", "%20", "0"])
async def test_an_unknown_data_type_is_an_empty_list_for_matching_is_exact(
    site: Site, data_type: str
) -> None:
    answer = await site.answer(f"?data_type={data_type}")

    assert answer["resources"] == []
    assert answer["pagination"]["total"] == 0


async def test_a_data_type_of_the_sites_own_can_be_asked_for() -> None:
    rows = [resource("r", attributes={"storage_data_type": "Projects-Shared"})]
    async with site_of(rows) as site:
        found = await site.rows("?data_type=projects-shared")

    assert len(leaves(found)) == 1


async def test_the_state_that_is_shown_is_the_state_that_is_asked_for() -> None:
    """A change that the consumer has not approved yet is no change: shown OK, found under OK."""
    waiting = {"uuid": "0" * 32, "type": "Update", "state": "pending-consumer"}
    async with site_of([resource("r", state="Updating", order_in_progress=waiting)]) as site:
        assert len(await site.rows("?state=OK")) == 1
        assert await site.rows("?state=Updating") == []
        assert len(leaves(await site.rows("?status=active"))) == 1


async def test_terminated_resources_are_read_only_when_asked_for(site: Site) -> None:
    before = await site.rows()
    asked = await site.rows("?state=Terminated")

    assert [row["status"] for row in asked] == ["removed"]
    assert before == await site.rows()
    assert "removed" not in {row["status"] for row in before}


async def test_the_answer_tells_which_filters_were_applied(site: Site) -> None:
    plain = await site.answer()
    filtered = await site.answer(
        "?page_size=7&state=OK&storage_system=vast&page=2&data_type=users&status=active"
    )

    assert plain["filters_applied"] == {
        "page": 1,
        "page_size": 100,
        "offering_slugs": ["capstor", "vast", "iopsstor"],
    }
    assert filtered["filters_applied"] == {
        "page": 2,
        "page_size": 7,
        "offering_slugs": ["vast"],
        "storage_system": "vast",
        "data_type": "users",
        "status": "active",
        "state": "OK",
    }


async def test_problems_do_not_depend_on_the_filter(site: Site) -> None:
    site.waldur.add(resource("ghost", project_slug="ghost"))
    whole, filtered = await site.answer(), await site.answer("?storage_system=vast")

    assert len(whole["problems"]) == 1
    assert whole["problems"] == filtered["problems"]
