"""The resources of an emulated site."""

from __future__ import annotations

from itertools import pairwise

import pytest

from cscs_fakes.emulators.site_rows import (
    OFFERING_SLUGS,
    Passed,
    clone_of,
    site_rows,
    with_progress,
)
from cscs_fakes.waldur_rows import make_gids, make_rows, make_users


def test_the_same_arguments_make_the_same_rows() -> None:
    assert list(site_rows(50, 3)) == list(site_rows(50, 3)) != list(site_rows(50, 4))


def test_every_offering_has_resources() -> None:
    assert {row["offering_slug"] for row in site_rows(60, 0)} == set(OFFERING_SLUGS)


def test_resources_sold_by_people_say_so_in_their_orders_as_well() -> None:
    basic = [row for row in site_rows(200, 0) if row["offering_type"] == "Marketplace.Basic"]
    orders = [row[name] for row in basic for name in ("creation_order", "order_in_progress")]

    assert len(basic) == 10
    assert {row["offering_slug"] for row in basic} == {"manual-share"}
    assert {row["backend_id"] for row in basic} == {""}
    assert {
        (order["offering_type"], order["offering_uuid"])
        for order in orders
        if isinstance(order, dict)
    } == {("Marketplace.Basic", basic[0]["offering_uuid"])}


def test_rows_that_pass_are_remembered_with_their_people() -> None:
    rows = make_rows(40)
    passed = Passed()

    assert list(passed.watch(rows)) == rows
    assert {p["posixName"]: p["unixGid"] for p in passed.projects()} == make_gids(rows)
    assert passed.users() == list(make_users(rows).values())
    assert passed.uuids() == [row["uuid"] for row in rows]


def test_rows_without_a_project_have_no_people() -> None:
    passed = Passed()

    list(passed.watch([{"uuid": "1", "attributes": {"storage_data_type": "users"}}]))

    assert (passed.projects(), passed.users(), passed.uuids()) == ([], [], ["1"])


def test_progress_is_told_at_every_ten_thousandth() -> None:
    told: list[int] = []

    list(with_progress(({} for _ in range(20_001)), told.append))

    assert told == [10_000, 20_000]


@pytest.mark.parametrize("number", [1, 2])
def test_a_clone_is_another_resource_and_has_no_orders(number: int) -> None:
    row = make_rows(1)[0]
    clone = clone_of(row, number, "2026-11-21T08:00:00.000000Z")

    assert clone["uuid"] != row["uuid"]
    assert clone["slug"] == f"{row['slug']}-{number}"
    assert (clone["order_in_progress"], clone["creation_order"]) == (None, None)
    assert set(clone) == set(row)


def test_rows_come_oldest_first() -> None:
    created = [str(row["created"]) for row in site_rows(50, 0)]

    assert all(earlier <= later for earlier, later in pairwise(created))
