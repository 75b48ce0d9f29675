"""Invented usage: the same every time, and exactly additive."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cscs_domain.usage.metering import WarehouseProfile
from cscs_domain.usage.months import Days, Month
from cscs_fakes.usage_rows import (
    CLUSTERS,
    cluster_of,
    make_compute_rows,
    make_inference_rows,
    make_storage_rows,
    users_of,
)

NOVEMBER: Final = Month(2026, 11)
RESOURCE: Final = "3c2b7c1a-9d60-4f7f-a1f1-b6a6e1a30207"

days = st.dates(date(2000, 1, 1), date(2100, 1, 1))
accounts = st.text(min_size=1, max_size=8)


def figures(rows: list[dict[str, Any]]) -> dict[tuple[str, str], Decimal]:
    """What each account and each of its users has."""
    found: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in rows:
        found[row["account"], ""] += row["accountNodeHours"]
        for user in row["users"]:
            found[row["account"], user["username"]] += user["nodeHours"]
    return dict(found)


def days_of(month: Month) -> Days:
    return Days(month.first_day, month.last_day)


@given(account=accounts, day=days, length=st.integers(1, 60), cut=st.integers(0, 59))
def test_a_period_is_the_sum_of_its_parts(account: str, day: date, length: int, cut: int) -> None:
    last = day + timedelta(days=length)
    middle = min(last - timedelta(days=1), day + timedelta(days=cut))
    whole = figures(make_compute_rows([account], Days(day, last)))
    first = make_compute_rows([account], Days(day, middle))
    rest = make_compute_rows([account], Days(middle + timedelta(days=1), last))

    assert figures([*first, *rest]) == whole


@pytest.mark.parametrize("month", [NOVEMBER, Month(2024, 2), Month(2025, 12)], ids=str)
def test_a_month_is_the_sum_of_its_days(month: Month) -> None:
    names = [f"g{number:03d}" for number in range(20)]

    by_day = figures(make_compute_rows(names, days_of(month)))
    assert figures(make_compute_rows(names, month)) == by_day


@given(account=accounts, day=days)
def test_clusters_add_up_to_the_whole(account: str, day: date) -> None:
    parts = [
        make_compute_rows([account], Days(day, day), clusters=[cluster]) for cluster in CLUSTERS
    ]

    whole = figures(make_compute_rows([account], Days(day, day)))
    assert figures([row for part in parts for row in part]) == whole


def test_a_row_does_not_depend_on_what_else_is_asked_for() -> None:
    alone = make_compute_rows(["g002"], NOVEMBER)

    assert make_compute_rows(["g001", "g002", "g003"], NOVEMBER)[1:2] == alone
    assert make_compute_rows(["g002"], NOVEMBER, seed=1) != alone


def test_a_day_tells_its_date_and_where_it_was() -> None:
    day = date(2026, 11, 19)
    (row,) = make_compute_rows(["g001"], Days(day, day), users=3)
    users: Any = row["users"]

    assert {user["usageDate"] for user in users} == {"2026-11-19"}
    assert [user["cluster"] for user in users] == [
        cluster_of("g001", user) for user in users_of("g001", users=3)
    ]
    assert "usageDate" not in make_compute_rows(["g001"], NOVEMBER)[0]["users"][0]  # type: ignore[index]


def test_both_profiles_say_the_same_under_their_own_names() -> None:
    (first,) = make_compute_rows(["g001"], NOVEMBER, profile=WarehouseProfile.V1)
    (second,) = make_compute_rows(["g001"], NOVEMBER, profile=WarehouseProfile.V2)

    assert first.pop("accountNodeHours") == second.pop("totalNodeHours")
    assert first == second


def test_amounts_have_four_places_at_most_and_some_usage_is_nobodys() -> None:
    names = [f"g{number:03d}" for number in range(40)]
    found = figures(make_compute_rows(names, NOVEMBER))
    rest = [
        total - sum(amount for (whose, user), amount in found.items() if whose == name and user)
        for (name, _), total in found.items()
        if (name, _) == (name, "")
    ]

    assert all(amount == round(amount, 4) and amount >= 0 for amount in found.values())
    assert min(rest) == 0
    assert 0 < sum(amount > 0 for amount in rest) < 20


def test_people_work_for_several_accounts() -> None:
    names = [f"g{number:03d}" for number in range(200)]
    people = [user for name in names for user in users_of(name)]

    assert len(set(people)) < len(people)
    assert all(len(set(users_of(name))) == 5 for name in names)


def test_there_are_only_so_many_people() -> None:
    assert len(set(users_of("g001", users=997))) == 997
    with pytest.raises(ValueError, match="only 997"):
        users_of("g001", users=998)


def test_storage_is_what_is_there_at_the_end() -> None:
    path = "/capstor/store/uni/g207"
    last = Days(date(2026, 11, 30), date(2026, 11, 30))

    (row,) = make_storage_rows([path], NOVEMBER)
    assert set(row) == {"path", "spaceUsed", "inodesUsed"}
    assert make_storage_rows([path], last) == [row]
    assert make_storage_rows([path], Month(2026, 10)) != [row]


def test_costs_name_the_resource_as_waldur_does() -> None:
    (row,) = make_inference_rows([RESOURCE], NOVEMBER)

    assert row["waldurResourceUuid"] == RESOURCE.replace("-", "")
    assert row == make_inference_rows([RESOURCE.upper()], NOVEMBER)[0]
    assert row == make_inference_rows([RESOURCE], days_of(NOVEMBER))[0]
