"""Whatever the warehouse leaves out, from its rows to the plan: Waldur's figures stay."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import attrs
import pytest

from cscs_domain.usage.components import Component
from cscs_domain.usage.fetch_usage import fetch_report
from cscs_domain.usage.make_plan import make_plan
from cscs_domain.usage.metering import Metering, UsageKind, WarehouseProfile
from cscs_domain.usage.plan import PlannedFigure, PlanReason
from cscs_domain.usage.submissions import RecordedUsage
from cscs_domain.usage.usage_reporting import PlanRules
from cscs_domain.usage.warehouse_subjects import MeteredAccount
from cscs_fakes.usage_warehouse import FakeUsageWarehouse
from tests.unit.usage.plan_samples import NODES_V2, NOVEMBER, resource

PATH = "/store/g207"
MINE, OTHER = resource("g207", components=None), resource("lp05", components=None)
STORAGE = Metering(
    components=(Component(name="storage"),),
    profile=WarehouseProfile.V2,
    kind=UsageKind.STORAGE,
    storage_paths={"g207": PATH, "lp05": "/store/lp05"},
)
COSTS = attrs.evolve(STORAGE, components=(Component(name="token_cost"),), kind=UsageKind.INFERENCE)


async def planned(
    metering: Metering, rows: Iterable[object], rules: PlanRules | None = None
) -> dict[str | None, PlannedFigure]:
    """What is planned for g207, of which Waldur has 10 in all and 10 of one user."""
    warehouse = FakeUsageWarehouse()
    warehouse.put(metering.kind, NOVEMBER, rows)
    accounts = [MeteredAccount(each.backend_id, resource=each.uuid) for each in (MINE, OTHER)]
    report = await fetch_report(warehouse, metering, NOVEMBER, accounts)
    (component,) = metering.components
    has = RecordedUsage(
        totals={component.name: Decimal(10)},
        users={component.name: {"anovak": Decimal(10)}} if metering is NODES_V2 else {},
    )
    plan = make_plan(
        NOVEMBER, [MINE, OTHER], report, {MINE.uuid: has}, metering, rules or PlanRules()
    )
    return {figure.user: figure for figure in plan.resources[0].figures}


def row(users: Iterable[object] = (), **amounts: object) -> dict[str, object]:
    return {"account": "g207", "users": list(users), **amounts}


FULL = {"account": "lp05", "totalNodeHours": 1}


@pytest.mark.parametrize(
    ("metering", "rows"),
    [
        (NODES_V2, [row(totalNodeHours=None), FULL]),
        (NODES_V2, [row(), FULL]),
        (NODES_V2, [row(total_node_hours=5), {"account": "lp05", "total_node_hours": 1}]),
        (NODES_V2, [row(totalNodeHours=4), row(totalNodeHours=None)]),
        (STORAGE, [{"path": PATH, "spaceUsed": None}]),
        (STORAGE, [{"path": PATH, "space_used": 5}]),
        (COSTS, [{"waldurResourceUuid": MINE.uuid.hex, "totalCost": None}]),
        (COSTS, [{"waldurResourceUuid": MINE.uuid.hex, "cost": 5}]),
    ],
)
async def test_a_total_that_is_left_out_lowers_nothing(
    metering: Metering, rows: list[object]
) -> None:
    total = (await planned(metering, rows))[None]
    assert (total.action.is_sent, total.why) == (False, PlanReason.UNTOLD)
    forced = (await planned(metering, rows, PlanRules(force=True)))[None]
    assert forced.action.is_sent


async def test_nor_does_a_user_of_whom_an_amount_is_null() -> None:
    users = [{"username": "anovak", "nodeHours": 4}, {"username": "anovak", "nodeHours": None}]
    figures = await planned(NODES_V2, [row(users, totalNodeHours=12)])
    assert figures[None].action.is_sent
    assert figures["anovak"].why is PlanReason.UNTOLD


@pytest.mark.parametrize(
    ("metering", "rows"),
    [
        (STORAGE, [{"path": PATH}, {"path": "/store/lp05", "spaceUsed": 1}]),
        (
            COSTS,
            [
                {"waldurResourceUuid": MINE.uuid.hex},
                {"waldurResourceUuid": OTHER.uuid.hex, "totalCost": 1},
            ],
        ),
    ],
)
async def test_storage_and_costs_of_zero_may_be_left_out(
    metering: Metering, rows: list[object]
) -> None:
    total = (await planned(metering, rows))[None]
    assert total.action.is_sent
    assert total.wanted == 0
