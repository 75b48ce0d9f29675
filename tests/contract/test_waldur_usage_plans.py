"""Usage of resources whose plan changes within a month: several records of one component."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Final

import attrs
import pytest

from cscs_domain.errors import UsageRefusedError
from cscs_domain.usage.components import Component
from cscs_domain.usage.metered_resources import OfferingChoice
from cscs_domain.usage.metering import Metering, UsageKind
from cscs_domain.usage.months import Month
from cscs_domain.usage.report_usage import report_usage
from cscs_domain.usage.submissions import RecordedUsage, TotalsEntry, UsersEntry
from cscs_domain.usage.usage_reporting import (
    MonthReport,
    PlanRules,
    ReportRequest,
    ResourceOutcome,
    UsageJob,
)
from cscs_fakes.clock import FixedClock
from cscs_fakes.usage_warehouse import FakeUsageWarehouse
from tests.contract.waldur_usage_adapters import (
    DAINT,
    G1,
    HTTP,
    NOVEMBER,
    NOW,
    OCTOBER,
    OLD_HTTP,
    HttpDesk,
    UsageServer,
    usage_server,
)

pytestmark = pytest.mark.anyio

JOB: Final = UsageJob(
    name="daint",
    offerings=OfferingChoice(uuids={DAINT}),
    metering=Metering(components=(Component(name="nodeHours"),)),
)

BOTH_JOB: Final = attrs.evolve(
    JOB, metering=Metering(components=(Component(name="nodeHours"), Component(name="storage")))
)


@pytest.fixture(scope="module")
def server() -> Iterator[UsageServer]:
    with usage_server() as running:
        yield running


@pytest.fixture
async def desk(server: UsageServer) -> AsyncIterator[HttpDesk]:
    async with HTTP.opened(server, [G1], True) as made:
        assert isinstance(made, HttpDesk)
        yield made


def change_plan(desk: HttpDesk, month: Month = NOVEMBER) -> None:
    desk.server.emulator.change_plan(G1.uuid.hex, str(month))
    desk.server.now += timedelta(minutes=1)


async def report(
    desk: HttpDesk, total: str, month: Month = NOVEMBER, **users: str
) -> tuple[int, MonthReport]:
    """What the warehouse says is reported; with it goes how many requests changed something."""
    rows = [{"username": name, "nodeHours": Decimal(amount)} for name, amount in users.items()]
    row = {"account": "g001", "accountNodeHours": Decimal(total), "users": rows}
    return await report_row(desk, JOB, month, row)


async def report_both(
    desk: HttpDesk, hours: str, storage: str, **users: str
) -> tuple[int, MonthReport]:
    """The same of two components. A user has node hours only."""
    rows = [
        {"username": name, "nodeHours": Decimal(amount), "storage": Decimal(0)}
        for name, amount in users.items()
    ]
    totals = {"accountNodeHours": Decimal(hours), "accountStorage": Decimal(storage)}
    return await report_row(desk, BOTH_JOB, NOVEMBER, {"account": "g001", **totals, "users": rows})


async def report_row(
    desk: HttpDesk, job: UsageJob, month: Month, row: dict[str, object]
) -> tuple[int, MonthReport]:
    warehouse = FakeUsageWarehouse()
    warehouse.put(UsageKind.COMPUTE, month, [row])
    before = posts(desk)
    request = ReportRequest(months=(month,), rules=PlanRules(allow_decrease=True))
    reports = report_usage(
        job, request, waldur=desk.usage, warehouse=warehouse, clock=FixedClock(NOW)
    )
    (found,) = [each async for each in reports]
    return posts(desk) - before, found


def posts(desk: HttpDesk) -> int:
    calls = desk.server.emulator.calls
    return sum(count for (method, _), count in calls.items() if method == "POST")


def users_of(desk: HttpDesk) -> Mapping[str, Decimal]:
    return desk.record(G1.uuid, NOVEMBER).users["nodeHours"]


def recorded(total: str, **users: str) -> RecordedUsage:
    parts = {name: Decimal(amount) for name, amount in users.items()}
    return RecordedUsage(totals={"nodeHours": Decimal(total)}, users={"nodeHours": parts})


@pytest.mark.parametrize("month", [NOVEMBER, OCTOBER], ids=str)
async def test_what_is_reported_after_a_change_adds_up_with_what_was_before(
    desk: HttpDesk, month: Month
) -> None:
    await report(desk, "5.00", month, anna="3.00", bob="2.00")
    change_plan(desk, month)
    _, found = await report(desk, "9.00", month, anna="4.50", bob="2.00", carl="2.50")

    wanted = recorded("9.00", anna="4.50", bob="2.00", carl="2.50")
    assert [each.outcome for each in found.results] == [ResourceOutcome.SUBMITTED]
    assert desk.record(G1.uuid, month) == wanted
    assert await desk.usage.recorded(month, [G1]) == {G1.uuid: wanted}
    rows = desk.totals(G1.uuid, month)
    assert sorted(row["usage"] for row in rows) == ["4.00", "5.00"]


async def test_a_report_that_is_repeated_changes_nothing(desk: HttpDesk) -> None:
    for change in range(3):
        for _ in range(2):
            sent, _ = await report(desk, f"{5 + change}.00", anna=f"{3 + change}.00")
        assert sent == 0
        change_plan(desk)

    assert desk.record(G1.uuid, NOVEMBER) == recorded("7.00", anna="5.00")


async def test_a_correction_takes_only_from_the_present_plan(desk: HttpDesk) -> None:
    await report(desk, "5.00", anna="3.00")
    change_plan(desk)
    await report(desk, "9.00", anna="7.00")
    await report(desk, "6.00", anna="4.00")
    assert desk.record(G1.uuid, NOVEMBER) == recorded("6.00", anna="4.00")

    _, found = await report(desk, "4.00", anna="4.00")

    (result,) = found.results
    assert "earlier plans" in result.reason
    assert desk.record(G1.uuid, NOVEMBER).totals == {"nodeHours": Decimal("5.00")}


async def test_users_of_a_component_that_did_not_change_arrive(desk: HttpDesk) -> None:
    """Its total goes along with that of another, so that its new plan has a record of nothing."""
    await report_both(desk, "5.00", "1.00", anna="3.00", bob="2.00")
    change_plan(desk)
    _, found = await report_both(desk, "5.00", "2.00", anna="3.50", bob="1.50")

    assert [each.outcome for each in found.results] == [ResourceOutcome.SUBMITTED]
    rows = desk.totals(G1.uuid, NOVEMBER)
    hours = [row["usage"] for row in rows if row["type"] == "nodeHours"]
    assert sorted(hours) == ["0.00", "5.00"]
    wanted = {"nodeHours": Decimal("5.00"), "storage": Decimal("2.00")}
    assert desk.record(G1.uuid, NOVEMBER).totals == wanted
    assert users_of(desk) == {"anna": Decimal("3.50"), "bob": Decimal("1.50")}

    sent, _ = await report_both(desk, "5.00", "2.00", anna="3.50", bob="1.50")
    assert sent == 0


async def test_the_component_rises_again_later(desk: HttpDesk) -> None:
    await report_both(desk, "5.00", "1.00", anna="3.00", bob="2.00")
    change_plan(desk)
    await report_both(desk, "5.00", "2.00", anna="3.50", bob="1.50")
    await report_both(desk, "8.00", "2.00", anna="4.00", bob="1.00", carl="3.00")

    assert desk.record(G1.uuid, NOVEMBER).totals["nodeHours"] == Decimal("8.00")
    assert users_of(desk) == {"anna": Decimal(4), "bob": Decimal(1), "carl": Decimal(3)}


async def test_a_user_may_fall_below_what_earlier_plans_hold(desk: HttpDesk) -> None:
    await report(desk, "5.00", anna="3.00", bob="2.00")
    change_plan(desk)
    await report(desk, "7.00", anna="4.00", bob="3.00")
    change_plan(desk)
    await report(desk, "9.00", anna="5.00", bob="4.00")

    _, found = await report(desk, "9.00", anna="0.50", bob="8.50")

    assert [each.outcome for each in found.results] == [ResourceOutcome.SUBMITTED]
    wanted = recorded("9.00", anna="0.50", bob="8.50")
    assert desk.record(G1.uuid, NOVEMBER) == wanted
    assert await desk.usage.recorded(NOVEMBER, [G1]) == {G1.uuid: wanted}
    sent, _ = await report(desk, "9.00", anna="0.50", bob="8.50")
    assert sent == 0


async def test_users_do_not_make_a_new_plans_nothing_grow(desk: HttpDesk) -> None:
    await report(desk, "5.00", anna="3.00")
    change_plan(desk)
    await submit(desk, "5.00")

    result = await desk.usage.submit_users(users(anna="4.00"))

    assert result.refused == {}
    assert desk.record(G1.uuid, NOVEMBER) == recorded("5.00", anna="4.00")


async def test_users_of_a_plan_that_lost_its_total_are_told_if_they_cannot_be_mended(
    desk: HttpDesk,
) -> None:
    await report(desk, "5.00", anna="3.00", bob="2.00")
    change_plan(desk)
    await report(desk, "9.00", anna="4.50", bob="2.00", carl="2.50")

    _, found = await report(desk, "5.00", anna="3.00", bob="2.00", carl="0.00")

    assert [each.outcome for each in found.results] == [ResourceOutcome.PARTLY]
    wanted = recorded("5.00", anna="3.00", bob="2.00", carl="2.50")
    assert desk.record(G1.uuid, NOVEMBER) == wanted


async def test_other_months_and_later_reports_are_not_touched(desk: HttpDesk) -> None:
    await report(desk, "5.00", OCTOBER, anna="3.00")
    change_plan(desk)
    await report(desk, "6.00", OCTOBER, anna="4.00")
    await report(desk, "1.00", NOVEMBER, anna="1.00")

    assert desk.record(G1.uuid, OCTOBER) == recorded("6.00", anna="4.00")
    assert desk.record(G1.uuid, NOVEMBER) == recorded("1.00", anna="1.00")
    assert len(desk.totals(G1.uuid, OCTOBER)) == len(desk.totals(G1.uuid, NOVEMBER)) == 1


async def test_a_total_below_that_of_earlier_plans_is_refused(desk: HttpDesk) -> None:
    await submit(desk, "5.00")
    change_plan(desk)

    with pytest.raises(UsageRefusedError, match="earlier plans"):
        await submit(desk, "4.00")


async def submit(desk: HttpDesk, total: str) -> None:
    amounts = {"nodeHours": Decimal(total)}
    entry = TotalsEntry(resource=G1.uuid, month=NOVEMBER, moment=NOW, amounts=amounts)
    await desk.usage.submit_totals(entry)


def users(**amounts: str) -> UsersEntry:
    found = {name: Decimal(amount) for name, amount in amounts.items()}
    return UsersEntry(resource=G1.uuid, month=NOVEMBER, component="nodeHours", amounts=found)


async def test_version_5_8_keeps_one_record_whatever_the_plan(server: UsageServer) -> None:
    async with OLD_HTTP.opened(server, [G1], True):
        with pytest.raises(ValueError, match=r"5\.8"):
            server.emulator.change_plan(G1.uuid.hex)
