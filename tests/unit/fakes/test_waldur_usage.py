"""What the in-memory twin of Waldur's usage offers beyond its port."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

import pytest

from cscs_domain.errors import MonthClosedError, UpstreamServiceError, UsageRefusedError
from cscs_domain.usage.metered_resources import MeteredResource, OfferingChoice
from cscs_domain.usage.months import Month
from cscs_domain.usage.submissions import RecordedUsage, TotalsEntry, UsersEntry
from cscs_fakes.clock import FixedClock
from cscs_fakes.waldur_usage import FakeWaldurUsage

pytestmark = pytest.mark.anyio

NOW: Final = datetime(2026, 11, 20, 12, tzinfo=UTC)
NOVEMBER: Final = Month(2026, 11)
OCTOBER: Final = Month(2026, 10)
OFFERING: Final = UUID(int=7)
RESOURCE: Final = MeteredResource(
    uuid=UUID(int=1), backend_id="g1", offering=OFFERING, cluster="daint"
)
DOWN: Final = UpstreamServiceError("Waldur", "is down")


def holding(*, is_staff: bool = True, keeps_dates: bool = True) -> FakeWaldurUsage:
    return FakeWaldurUsage(
        [RESOURCE],
        clock=FixedClock(NOW),
        accounts=["anna"],
        is_staff=is_staff,
        keeps_dates=keeps_dates,
    )


def totals(amount: str = "1.00", month: Month = NOVEMBER) -> TotalsEntry:
    moment = datetime(month.year, month.month, 15, 12, tzinfo=UTC)
    amounts = {"nodeHours": Decimal(amount)}
    return TotalsEntry(resource=RESOURCE.uuid, month=month, moment=moment, amounts=amounts)


def users(**amounts: str) -> UsersEntry:
    return UsersEntry(
        resource=RESOURCE.uuid,
        month=NOVEMBER,
        component="nodeHours",
        amounts={name: Decimal(amount) for name, amount in amounts.items()},
    )


async def test_an_offering_is_called_by_its_cluster_unless_slugs_are_given() -> None:
    found = await holding().resources(OfferingChoice(slugs=frozenset({"daint"})))

    assert found.resources == (RESOURCE,)
    fake = FakeWaldurUsage([RESOURCE], clock=FixedClock(NOW), slugs={"daint-gpu": OFFERING})
    assert (await fake.resources(OfferingChoice(slugs=frozenset({"daint-gpu"})))).resources == (
        RESOURCE,
    )
    with pytest.raises(UpstreamServiceError, match="no offering daint"):
        await fake.resources(OfferingChoice(slugs=frozenset({"daint"})))


async def test_what_is_recorded_can_be_set_and_seen() -> None:
    fake = holding()
    usage = RecordedUsage(
        totals={"nodeHours": Decimal("2.00")}, users={"nodeHours": {"anna": Decimal("-1.00")}}
    )

    fake.set_record(RESOURCE.uuid, OCTOBER, usage)

    assert fake.record(RESOURCE.uuid, OCTOBER) == usage
    assert await fake.recorded(OCTOBER, [RESOURCE]) == {RESOURCE.uuid: usage}
    assert await fake.recorded(NOVEMBER, [RESOURCE]) == {}


async def test_a_record_that_cannot_be_read_can_be_set() -> None:
    fake = holding()
    doubtful = RecordedUsage(doubt="a record of Waldur has no readable amount")

    fake.set_record(RESOURCE.uuid, NOVEMBER, doubtful)

    assert fake.record(RESOURCE.uuid, NOVEMBER) == doubtful
    assert await fake.recorded(NOVEMBER, [RESOURCE]) == {RESOURCE.uuid: doubtful}


async def test_every_call_fails_until_it_recovers() -> None:
    fake = holding()
    fake.fail_with(DOWN)
    for _ in range(3):
        with pytest.raises(UpstreamServiceError):
            await fake.ping()

    fake.fail_with(None)

    await fake.ping()


async def test_some_calls_fail_and_those_after_them_do_not() -> None:
    fake = holding()
    fake.fail_with(DOWN, times=2)
    for _ in range(2):
        with pytest.raises(UpstreamServiceError):
            await fake.submit_totals(totals())

    await fake.submit_totals(totals())

    assert len(fake.calls) == 1


async def test_totals_and_users_of_a_resource_can_be_refused_by_themselves() -> None:
    fake = holding()
    await fake.submit_totals(totals())
    fake.refuse(RESOURCE.uuid, UsageRefusedError(RESOURCE.uuid, "no"), of=UsersEntry)

    await fake.submit_totals(totals("2.00"))
    with pytest.raises(UsageRefusedError):
        await fake.submit_users(users(anna="1.00"))

    fake.refuse(RESOURCE.uuid, UsageRefusedError(RESOURCE.uuid, "no"))
    with pytest.raises(UsageRefusedError):
        await fake.submit_totals(totals("3.00"))
    assert fake.record(RESOURCE.uuid, NOVEMBER).totals == {"nodeHours": Decimal("2.00")}
    assert fake.record(RESOURCE.uuid, NOVEMBER).users == {}


async def test_single_users_can_be_refused() -> None:
    fake = holding()
    fake.refuse_user("bob", "over the limit")
    await fake.submit_totals(totals())

    result = await fake.submit_users(users(anna="0.50", bob="0.50"))

    assert result.refused == {"bob": "over the limit"}
    assert fake.record(RESOURCE.uuid, NOVEMBER).users == {"nodeHours": {"anna": Decimal("0.50")}}


async def test_a_link_is_settled_by_the_first_figure() -> None:
    fake = holding()
    await fake.submit_totals(totals())
    await fake.submit_users(users(anna="0.50", bob="0.50"))
    fake.accounts.add("bob")

    await fake.submit_users(users(anna="0.25", bob="0.25"))

    assert fake.linked(RESOURCE.uuid, NOVEMBER, "nodeHours") == {"anna"}


async def test_a_token_of_a_provider_changes_past_months_only_where_they_are_open() -> None:
    fake = holding(is_staff=False)
    with pytest.raises(MonthClosedError):
        await fake.submit_totals(totals(month=OCTOBER))
    fake.open_months.add((RESOURCE.uuid, OCTOBER))

    await fake.submit_totals(totals(month=OCTOBER))

    assert fake.record(RESOURCE.uuid, OCTOBER).totals == {"nodeHours": Decimal("1.00")}


async def test_a_total_of_zero_becomes_the_sum_of_its_users() -> None:
    fake, old = holding(), holding(keeps_dates=False)
    for server in (fake, old):
        await server.submit_totals(totals("0.00"))
        await server.submit_users(users(anna="0.50", bob="0.25"))

    assert fake.record(RESOURCE.uuid, NOVEMBER).totals == {"nodeHours": Decimal("0.75")}
    assert old.record(RESOURCE.uuid, NOVEMBER).totals == {"nodeHours": Decimal("0.00")}


async def test_every_entry_that_came_in_is_remembered() -> None:
    fake = holding(is_staff=False)
    with pytest.raises(MonthClosedError):
        await fake.submit_totals(totals(month=OCTOBER))
    await fake.submit_totals(totals())
    await fake.submit_users(users(anna="1.00"))

    assert fake.calls == [totals(month=OCTOBER), totals(), users(anna="1.00")]
