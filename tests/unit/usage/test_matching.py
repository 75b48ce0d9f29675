"""Which fields hold a component's amount: DWDI contract, section 5."""

from __future__ import annotations

from decimal import Decimal

import pytest

from cscs_domain.usage.components import Component
from cscs_domain.usage.matching import ABSENT, Fields, fields_of, pick
from cscs_domain.usage.metering import Metering, UsageKind, WarehouseProfile


def fields(
    name: str, profile: WarehouseProfile = WarehouseProfile.V1, kind: UsageKind = UsageKind.COMPUTE
) -> Fields:
    metering = Metering(components=(Component(name=name),), profile=profile, kind=kind)
    (found,) = fields_of(metering)
    return found


def test_the_four_fields_of_an_account_in_their_order() -> None:
    found = fields("nodeHours")

    assert found.in_rows == ("nodeHours", "accountNodeHours", "totalNodeHours", "accountnodeHours")
    assert found.in_users == ("nodeHours",)


def test_only_the_first_letter_is_changed() -> None:
    assert fields("gPU_hours").in_rows[1] == "accountGPU_hours"
    assert fields("NodeHours").in_rows == ("NodeHours", "accountNodeHours", "totalNodeHours")


def test_the_second_profile_reads_node_hours_for_whatever_is_called_node() -> None:
    found = fields("daint_node_time", WarehouseProfile.V2)

    assert found.in_rows[-1] == "totalNodeHours"
    assert found.in_users == ("daint_node_time", "nodeHours")


@pytest.mark.parametrize("name", ["NodeTime", "cpuHours"])
def test_other_names_have_only_their_own_fields(name: str) -> None:
    found = fields(name, WarehouseProfile.V2)

    assert "totalNodeHours" not in found.in_rows
    assert found.in_users == (name,)


@pytest.mark.parametrize(
    ("kind", "name", "field"),
    [
        (UsageKind.STORAGE, "storage", "spaceUsed"),
        (UsageKind.STORAGE, "Storage", "spaceUsed"),
        (UsageKind.STORAGE, "storage_space", "spaceUsed"),
        (UsageKind.STORAGE, "inodes_usage", "inodesUsed"),
        (UsageKind.STORAGE, "storage_inodes_usage", "inodesUsed"),
        (UsageKind.INFERENCE, "token_cost", "totalCost"),
        (UsageKind.INFERENCE, "TOKEN_COST", "totalCost"),
    ],
)
def test_fields_of_readings_and_costs(kind: UsageKind, name: str, field: str) -> None:
    assert fields(name, WarehouseProfile.V2, kind).in_rows[-1] == field


@pytest.mark.parametrize(
    ("kind", "name"), [(UsageKind.STORAGE, "storage_inodes"), (UsageKind.INFERENCE, "cost")]
)
def test_names_that_match_nothing_have_only_their_own_fields(kind: UsageKind, name: str) -> None:
    assert all(name[1:] in field for field in fields(name, WarehouseProfile.V2, kind).in_rows)


NAMES = ("nodeHours", "accountNodeHours", "totalNodeHours")


@pytest.mark.parametrize(
    ("row", "value", "is_ambiguous"),
    [
        ({}, ABSENT, False),
        ({"other": 1}, ABSENT, False),
        ({"nodeHours": None}, None, False),
        ({"nodeHours": 1, "accountNodeHours": 2}, 1, True),
        ({"accountNodeHours": 2, "totalNodeHours": 3}, 2, True),
        ({"totalNodeHours": 3}, 3, False),
        ({"nodeHours": None, "totalNodeHours": 3}, 3, False),
        ({"nodeHours": 1, "accountNodeHours": Decimal("1.0"), "totalNodeHours": "1"}, 1, False),
        ({"nodeHours": 1, "accountNodeHours": "many"}, 1, True),
    ],
    ids=repr,
)
def test_the_most_exact_name_wins(
    row: dict[str, object], value: object, is_ambiguous: bool
) -> None:
    assert pick(row, NAMES) == (value, is_ambiguous)
