"""The promises of `WaldurUsage`, kept by every adapter in `waldur_usage_adapters`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final, Protocol, TypeAlias
from uuid import UUID

import attrs
import pytest

from cscs_domain.errors import (
    MonthClosedError,
    UpstreamServiceError,
    UsageRefusedError,
    WrongMonthError,
)
from cscs_domain.ports import WaldurUsage
from cscs_domain.problems import ProblemCode, Severity
from cscs_domain.usage.metered_resources import MeteredResource, OfferingChoice, terminated
from cscs_domain.usage.months import Month
from cscs_domain.usage.submissions import RecordedUsage, TotalsEntry, UsersEntry, UsersResult
from tests.contract.waldur_usage_adapters import (
    CREATING,
    CURRENT,
    DAINT,
    EIGER,
    ELSEWHERE,
    EMPTY,
    ERRED,
    EVERY_ADAPTER,
    G1,
    G2,
    GONE,
    NOVEMBER,
    NOW,
    OCTOBER,
    OLD,
    USUAL,
    Desk,
    UsageAdapter,
    UsageServer,
    resource,
    those,
    usage_server,
)

pytestmark = pytest.mark.anyio

UNKNOWN: Final = UUID(int=404)
NOTHING: Final = RecordedUsage()
DAINT_ONLY: Final = OfferingChoice(uuids=frozenset({DAINT}))


class Opens(Protocol):
    """Opens the adapter of a test with other resources or another token than usually."""

    def __call__(
        self, *resources: MeteredResource, is_staff: bool = True
    ) -> AbstractAsyncContextManager[Desk]: ...


@pytest.fixture(scope="module")
def server() -> Iterator[UsageServer]:
    with usage_server() as running:
        yield running


@pytest.fixture(params=EVERY_ADAPTER, ids=lambda adapter: adapter.name)
def adapter(request: pytest.FixtureRequest) -> UsageAdapter:
    made: UsageAdapter = request.param
    return made


@pytest.fixture
def opened(adapter: UsageAdapter, server: UsageServer) -> Opens:
    def open_it(
        *resources: MeteredResource, is_staff: bool = True
    ) -> AbstractAsyncContextManager[Desk]:
        return adapter.opened(server, resources or USUAL, is_staff)

    return open_it


@pytest.fixture
async def desk(opened: Opens) -> AsyncIterator[Desk]:
    async with opened() as made:
        yield made


def middle_of(month: Month) -> datetime:
    """A moment of the month that is not in the future."""
    return datetime(month.year, month.month, 15, 12, tzinfo=UTC)


def totals(
    amounts: dict[str, str],
    of: MeteredResource = G1,
    month: Month = NOVEMBER,
    moment: datetime | None = None,
) -> TotalsEntry:
    return TotalsEntry(
        resource=of.uuid,
        month=month,
        moment=moment or middle_of(month),
        amounts={name: Decimal(amount) for name, amount in amounts.items()},
    )


def hours(amount: str, of: MeteredResource = G1, month: Month = NOVEMBER) -> TotalsEntry:
    return totals({"nodeHours": amount}, of, month)


def users(amounts: dict[str, str], of: MeteredResource = G1, month: Month = NOVEMBER) -> UsersEntry:
    return UsersEntry(
        resource=of.uuid,
        month=month,
        component="nodeHours",
        amounts={name: Decimal(amount) for name, amount in amounts.items()},
    )


def recorded(total: str, **of_users: str) -> RecordedUsage:
    parts = {name: Decimal(amount) for name, amount in of_users.items()}
    return RecordedUsage(
        totals={"nodeHours": Decimal(total)}, users={"nodeHours": parts} if parts else {}
    )


class TestResources:
    async def test_all_that_is_not_terminated_is_told_with_its_account(self, desk: Desk) -> None:
        found = await desk.usage.resources(DAINT_ONLY)

        assert sorted(found.resources, key=lambda each: each.uuid) == [
            *(_as_told(each, desk) for each in (G1, G2, ERRED, CREATING)),
        ]
        assert found.problems == terminated(DAINT, 1)

    async def test_only_some_states_can_be_reported(self, desk: Desk) -> None:
        found = await desk.usage.resources(DAINT_ONLY)

        reportable = {each.uuid for each in found.resources if each.is_reportable}
        assert reportable == {G1.uuid, G2.uuid}

    async def test_several_offerings_come_together(self, desk: Desk) -> None:
        found = await desk.usage.resources(OfferingChoice(uuids=frozenset({DAINT, EIGER})))

        assert {each.uuid for each in found.resources} == {
            each.uuid for each in USUAL if each is not GONE
        }

    async def test_terminated_ones_are_told_with_their_number(self, opened: Opens) -> None:
        gone = attrs.evolve(GONE, uuid=UUID(int=8)), attrs.evolve(GONE, uuid=UUID(int=9))
        async with opened(*USUAL, *gone) as desk:
            found = await desk.usage.resources(OfferingChoice(uuids=frozenset({DAINT, EIGER})))

        (problem,) = found.problems
        assert (problem.code, problem.severity) == (ProblemCode.UNREPORTABLE_STATE, Severity.INFO)
        assert problem.resource == str(DAINT)
        assert "3 terminated" in problem.message
        assert not {each.uuid for each in found.resources} & {GONE.uuid, *(g.uuid for g in gone)}

    async def test_where_none_is_terminated_nothing_is_told(self, opened: Opens) -> None:
        async with opened(G1, ERRED, ELSEWHERE) as desk:
            assert (await desk.usage.resources(DAINT_ONLY)).problems == ()

    @pytest.mark.parametrize("rest", [(), (ELSEWHERE,)], ids=["alone", "beside others"])
    async def test_an_offering_of_which_all_are_terminated_is_told(
        self, opened: Opens, rest: tuple[MeteredResource, ...]
    ) -> None:
        async with opened(GONE, *rest) as desk:
            found = await desk.usage.resources(DAINT_ONLY)

        assert (found.resources, found.problems) == ((), terminated(DAINT, 1))

    @those(CURRENT)
    async def test_so_is_one_that_is_chosen_by_slug(self, opened: Opens) -> None:
        async with opened(GONE, ELSEWHERE) as desk:
            found = await desk.usage.resources(OfferingChoice(slugs=frozenset({"daint", "eiger"})))

        assert (found.resources, found.problems) == ((ELSEWHERE,), terminated(DAINT, 1))

    @those(CURRENT)
    async def test_offerings_are_chosen_by_slug(self, desk: Desk) -> None:
        found = await desk.usage.resources(OfferingChoice(slugs=frozenset({"eiger", "empty"})))

        assert found.resources == (ELSEWHERE,)

    @those(CURRENT)
    async def test_offerings_are_chosen_by_slug_and_uuid_together(self, desk: Desk) -> None:
        choice = OfferingChoice(slugs=frozenset({"eiger", "daint"}), uuids=frozenset({DAINT}))

        found = await desk.usage.resources(choice)

        assert len(found.resources) == 5

    @those(OLD)
    async def test_a_server_without_slugs_says_to_name_uuids(self, desk: Desk) -> None:
        with pytest.raises(UpstreamServiceError, match="uuid") as caught:
            await desk.usage.resources(OfferingChoice(slugs=frozenset({"daint"})))

        assert not caught.value.retryable

    @pytest.mark.parametrize("offering", [DAINT, EMPTY])
    async def test_whether_dates_are_kept_is_told(
        self, desk: Desk, adapter: UsageAdapter, offering: UUID
    ) -> None:
        found = await desk.usage.resources(OfferingChoice(uuids=frozenset({offering})))

        assert found.keeps_dates is (adapter in CURRENT)

    async def test_an_offering_without_resources_is_no_error(self, desk: Desk) -> None:
        found = await desk.usage.resources(OfferingChoice(uuids=frozenset({EMPTY})))

        assert found.resources == ()

    async def test_an_unknown_offering_is_named(self, desk: Desk) -> None:
        choice = OfferingChoice(uuids=frozenset({DAINT, UNKNOWN}))

        with pytest.raises(UpstreamServiceError, match=str(UNKNOWN)) as caught:
            await desk.usage.resources(choice)

        assert not caught.value.retryable

    @those(CURRENT)
    async def test_an_unknown_slug_is_named(self, desk: Desk) -> None:
        choice = OfferingChoice(slugs=frozenset({"daint", "santis"}))

        with pytest.raises(UpstreamServiceError, match="santis") as caught:
            await desk.usage.resources(choice)

        assert not caught.value.retryable
        assert "daint" not in str(caught.value)

    async def test_more_resources_than_a_page_holds(self, opened: Opens) -> None:
        many = [resource(number) for number in range(1, 701)]

        async with opened(*many) as desk:
            found = await desk.usage.resources(DAINT_ONLY)

        assert {each.backend_id for each in found.resources} == {each.backend_id for each in many}
        assert len(found.resources) == 700


def _as_told(each: MeteredResource, desk: Desk) -> MeteredResource:
    return each if desk.tells_clusters else attrs.evolve(each, cluster="")


class TestTotals:
    async def test_nothing_is_recorded_at_first(self, desk: Desk) -> None:
        assert await desk.usage.recorded(NOVEMBER, [G1, G2]) == {}

    async def test_what_is_submitted_is_recorded_to_the_cent(self, desk: Desk) -> None:
        await desk.usage.submit_totals(totals({"nodeHours": "1234567.89", "storage": "0.01"}))

        found = await desk.usage.recorded(NOVEMBER, [G1, G2])
        assert found == {G1.uuid: desk.record(G1.uuid, NOVEMBER)}
        assert found[G1.uuid].totals == {
            "nodeHours": Decimal("1234567.89"),
            "storage": Decimal("0.01"),
        }

    @pytest.mark.parametrize("times", [2, 5])
    async def test_to_submit_again_changes_nothing(self, desk: Desk, times: int) -> None:
        for _ in range(times):
            await desk.usage.submit_totals(hours("7.50"))

        assert desk.record(G1.uuid, NOVEMBER) == recorded("7.50")

    @pytest.mark.parametrize("amounts", [("1.00", "2.00"), ("2.00", "1.00"), ("2.00", "0.00")])
    async def test_the_last_amount_stands(self, desk: Desk, amounts: tuple[str, str]) -> None:
        for amount in amounts:
            await desk.usage.submit_totals(hours(amount))

        assert desk.record(G1.uuid, NOVEMBER) == recorded(amounts[-1])

    async def test_the_largest_amount_is_kept_exactly(self, desk: Desk) -> None:
        largest = "999999999999999999.99"

        await desk.usage.submit_totals(hours(largest))

        assert desk.record(G1.uuid, NOVEMBER) == recorded(largest)
        assert await desk.usage.recorded(NOVEMBER, [G1]) == {G1.uuid: recorded(largest)}

    async def test_components_that_are_not_named_stay(self, desk: Desk) -> None:
        await desk.usage.submit_totals(totals({"storage": "3.00"}))
        await desk.usage.submit_totals(hours("1.00"))

        found = await desk.usage.recorded(NOVEMBER, [G1])
        assert found[G1.uuid].totals == {"nodeHours": Decimal("1.00"), "storage": Decimal("3.00")}

    async def test_resources_do_not_get_in_each_others_way(self, desk: Desk) -> None:
        await desk.usage.submit_totals(hours("1.00"))
        await desk.usage.submit_totals(hours("2.00", of=G2))
        await desk.usage.submit_totals(hours("3.00", of=ELSEWHERE))

        assert await desk.usage.recorded(NOVEMBER, [G2, ELSEWHERE]) == {
            G2.uuid: recorded("2.00"),
            ELSEWHERE.uuid: recorded("3.00"),
        }

    async def test_many_records_are_read_whole(self, opened: Opens) -> None:
        many = [resource(number) for number in range(1, 161)]
        async with opened(*many) as desk:
            for each in many:
                amounts = {"nodeHours": f"{each.uuid.int}.00", "storage": "1.00"}
                await desk.usage.submit_totals(totals(amounts, of=each))

            found = await desk.usage.recorded(NOVEMBER, many)

        assert {uuid.int: int(each.totals["nodeHours"]) for uuid, each in found.items()} == {
            number: number for number in range(1, 161)
        }

    @pytest.mark.parametrize("of", [ERRED, CREATING, GONE], ids=lambda each: each.state_text)
    async def test_a_resource_in_another_state_is_refused(
        self, desk: Desk, of: MeteredResource
    ) -> None:
        with pytest.raises(UsageRefusedError, match="state") as caught:
            await desk.usage.submit_totals(hours("1.00", of=of))

        assert caught.value.resource == of.uuid
        assert desk.record(of.uuid, NOVEMBER) == NOTHING

    async def test_one_unknown_component_refuses_the_others_too(self, desk: Desk) -> None:
        with pytest.raises(UsageRefusedError, match="gpuHours") as caught:
            await desk.usage.submit_totals(totals({"nodeHours": "1.00", "gpuHours": "1.00"}))

        assert not isinstance(caught.value, MonthClosedError)
        assert desk.record(G1.uuid, NOVEMBER) == NOTHING

    async def test_an_unknown_resource_is_refused(self, desk: Desk) -> None:
        with pytest.raises(UsageRefusedError, match="does not exist"):
            await desk.usage.submit_totals(hours("1.00", of=resource(404)))

    @those(CURRENT)
    async def test_the_future_is_refused(self, desk: Desk) -> None:
        entry = totals({"nodeHours": "1.00"}, moment=NOW + timedelta(minutes=5))

        with pytest.raises(UsageRefusedError, match="future") as caught:
            await desk.usage.submit_totals(entry)

        assert not isinstance(caught.value, MonthClosedError)
        assert desk.record(G1.uuid, NOVEMBER) == NOTHING


class TestMonths:
    @those(CURRENT)
    async def test_a_past_month_is_kept_apart(self, desk: Desk) -> None:
        await desk.usage.submit_totals(hours("9.00"))

        await desk.usage.submit_totals(hours("4.00", month=OCTOBER))

        assert desk.record(G1.uuid, OCTOBER) == recorded("4.00")
        assert desk.record(G1.uuid, NOVEMBER) == recorded("9.00")
        assert await desk.usage.recorded(OCTOBER, [G1]) == {G1.uuid: recorded("4.00")}
        assert await desk.usage.recorded(NOVEMBER, [G1]) == {G1.uuid: recorded("9.00")}

    @those(CURRENT)
    async def test_a_past_month_is_corrected(self, desk: Desk) -> None:
        await desk.usage.recorded(OCTOBER, [G1])
        for amount in ("4.00", "3.00", "3.00", "5.00"):
            await desk.usage.submit_totals(hours(amount, month=OCTOBER))

        assert desk.record(G1.uuid, OCTOBER) == recorded("5.00")

    @those(CURRENT)
    async def test_years_of_months_one_after_the_other(self, desk: Desk) -> None:
        months = [NOVEMBER.plus(-back) for back in range(24, -1, -1)]
        for number, month in enumerate(months):
            assert await desk.usage.recorded(month, [G1]) == {}
            await desk.usage.submit_totals(hours(f"{number}.00", month=month))
            await desk.usage.submit_users(users({"anna": f"{number}.00"}, month=month))

        for number, month in enumerate(months):
            assert desk.record(G1.uuid, month) == recorded(f"{number}.00", anna=f"{number}.00")

    @those(CURRENT)
    async def test_a_closed_month_is_told_from_other_refusals(self, opened: Opens) -> None:
        async with opened(is_staff=False) as desk:
            with pytest.raises(MonthClosedError) as caught:
                await desk.usage.submit_totals(hours("1.00", month=OCTOBER))
            assert caught.value.resource == G1.uuid

            with pytest.raises(UsageRefusedError) as other:
                await desk.usage.submit_totals(totals({"gpuHours": "1.00"}, month=OCTOBER))
            assert not isinstance(other.value, MonthClosedError)

            assert desk.record(G1.uuid, OCTOBER) == NOTHING

    @those(CURRENT)
    async def test_a_past_month_that_is_open_still_is_taken(self, opened: Opens) -> None:
        async with opened(is_staff=False) as desk:
            desk.open_invoice(G1.uuid, OCTOBER)

            await desk.usage.submit_totals(hours("1.00", month=OCTOBER))

            assert desk.record(G1.uuid, OCTOBER) == recorded("1.00")

    async def test_a_token_of_a_provider_reports_the_current_month(self, opened: Opens) -> None:
        async with opened(is_staff=False) as desk:
            await desk.usage.submit_totals(hours("1.00"))
            await desk.usage.submit_users(users({"anna": "1.00"}))

            assert desk.record(G1.uuid, NOVEMBER) == recorded("1.00", anna="1.00")

    @those(CURRENT)
    async def test_a_moment_of_another_month_is_noticed(self, desk: Desk) -> None:
        entry = totals({"nodeHours": "1.00"}, moment=middle_of(OCTOBER))

        with pytest.raises(WrongMonthError):
            await desk.usage.submit_totals(entry)

    @those(OLD)
    @pytest.mark.parametrize("reads_before", [False, True])
    async def test_a_server_that_ignores_dates_is_noticed(
        self, desk: Desk, reads_before: bool
    ) -> None:
        await desk.usage.submit_totals(hours("9.00"))
        if reads_before:
            await desk.usage.recorded(OCTOBER, [G1])

        with pytest.raises(WrongMonthError) as caught:
            await desk.usage.submit_totals(hours("4.00", month=OCTOBER))

        assert not caught.value.retryable
        for told in (str(G1.uuid), "2026-10", "let it fall (--allow-decrease)"):
            assert told in str(caught.value)
        assert desk.record(G1.uuid, OCTOBER) == NOTHING

    @those(OLD)
    async def test_reporting_the_current_month_again_mends_it(self, desk: Desk) -> None:
        await desk.usage.submit_totals(hours("9.00"))
        with pytest.raises(WrongMonthError):
            await desk.usage.submit_totals(hours("4.00", month=OCTOBER))
        assert desk.record(G1.uuid, NOVEMBER) == recorded("4.00")

        await desk.usage.submit_totals(hours("9.00"))

        assert desk.record(G1.uuid, NOVEMBER) == recorded("9.00")


class TestUsers:
    async def test_figures_are_recorded_beside_the_total(self, desk: Desk) -> None:
        await desk.usage.submit_totals(hours("10.00"))

        result = await desk.usage.submit_users(users({"anna": "7.50", "bob": "0.25"}))

        assert result == UsersResult()
        assert desk.record(G1.uuid, NOVEMBER) == recorded("10.00", anna="7.50", bob="0.25")
        assert await desk.usage.recorded(NOVEMBER, [G1, G2]) == {
            G1.uuid: recorded("10.00", anna="7.50", bob="0.25")
        }

    async def test_the_last_figure_stands_and_others_stay(self, desk: Desk) -> None:
        await desk.usage.submit_totals(hours("10.00"))
        for amounts in ({"anna": "7.50", "bob": "1.00"}, {"anna": "2.00"}, {"anna": "2.00"}):
            await desk.usage.submit_users(users(amounts))

        assert desk.record(G1.uuid, NOVEMBER) == recorded("10.00", anna="2.00", bob="1.00")

    async def test_a_figure_becomes_zero(self, desk: Desk) -> None:
        await desk.usage.submit_totals(hours("10.00"))
        await desk.usage.submit_users(users({"anna": "7.50"}))
        await desk.usage.submit_users(users({"anna": "0.00"}))

        assert desk.record(G1.uuid, NOVEMBER) == recorded("10.00", anna="0.00")

    async def test_users_with_an_account_are_linked_and_others_told(self, desk: Desk) -> None:
        await desk.usage.submit_totals(hours("10.00"))

        result = await desk.usage.submit_users(
            users({"anna": "1.00", "ghost": "2.00", "Anna": "3.00"})
        )

        assert result == UsersResult(unlinked=frozenset({"ghost", "Anna"}))
        assert desk.linked(G1.uuid, NOVEMBER) == {"anna"}
        assert desk.record(G1.uuid, NOVEMBER) == recorded(
            "10.00", anna="1.00", ghost="2.00", Anna="3.00"
        )

    async def test_one_that_is_refused_does_not_keep_others_out(self, desk: Desk) -> None:
        await desk.usage.submit_totals(hours("10.00"))

        result = await desk.usage.submit_users(users({"anna": "1.00", " ": "2.00", "bob": "3.00"}))

        assert list(result.refused) == [" "]
        assert "blank" in result.refused[" "]
        assert result.unlinked == frozenset()
        assert desk.record(G1.uuid, NOVEMBER) == recorded("10.00", anna="1.00", bob="3.00")

    async def test_many_users(self, desk: Desk) -> None:
        names = {f"user{number:03}": f"{number}.00" for number in range(1, 251)}
        await desk.usage.submit_totals(hours("50000.00"))

        result = await desk.usage.submit_users(users({**names, "": "1.00"}))

        assert list(result.refused) == [""]
        assert len(result.unlinked) == 250
        assert desk.record(G1.uuid, NOVEMBER) == recorded("50000.00", **names)

    async def test_no_users_are_no_error(self, desk: Desk) -> None:
        assert await desk.usage.submit_users(users({})) == UsersResult()

    async def test_there_must_be_a_total(self, desk: Desk) -> None:
        await desk.usage.submit_totals(totals({"storage": "1.00"}))

        with pytest.raises(UsageRefusedError) as caught:
            await desk.usage.submit_users(users({"anna": "1.00"}))

        assert caught.value.resource == G1.uuid
        assert desk.record(G1.uuid, NOVEMBER).users == {}

    async def test_a_total_that_was_there_before_is_enough(self, opened: Opens) -> None:
        async with opened() as desk:
            await desk.usage.submit_totals(hours("10.00"))
            await desk.usage.recorded(OCTOBER, [G2])

            await desk.usage.submit_users(users({"anna": "1.00"}))

            assert desk.record(G1.uuid, NOVEMBER) == recorded("10.00", anna="1.00")

    @those(CURRENT)
    async def test_figures_of_a_past_month_go_there(self, desk: Desk) -> None:
        for month, amount in ((NOVEMBER, "1.00"), (OCTOBER, "2.00")):
            await desk.usage.submit_totals(hours("10.00", month=month))
            await desk.usage.submit_users(users({"anna": amount}, month=month))

        assert desk.record(G1.uuid, NOVEMBER) == recorded("10.00", anna="1.00")
        assert desk.record(G1.uuid, OCTOBER) == recorded("10.00", anna="2.00")
        assert await desk.usage.recorded(OCTOBER, [G1]) == {G1.uuid: recorded("10.00", anna="2.00")}

    @those(CURRENT)
    async def test_a_total_of_zero_becomes_what_its_users_have(self, desk: Desk) -> None:
        await desk.usage.submit_totals(hours("0.00"))

        await desk.usage.submit_users(users({"anna": "1.00"}))

        assert desk.record(G1.uuid, NOVEMBER) == recorded("1.00", anna="1.00")


Call: TypeAlias = Callable[[WaldurUsage], Awaitable[object]]

CALLS: Final[dict[str, Call]] = {
    "resources": lambda usage: usage.resources(DAINT_ONLY),
    "recorded": lambda usage: usage.recorded(NOVEMBER, [G1]),
    "submit_totals": lambda usage: usage.submit_totals(hours("1.00")),
    "submit_users": lambda usage: usage.submit_users(users({"anna": "1.00"})),
    "ping": lambda usage: usage.ping(),
}


class TestFailures:
    async def test_a_service_that_answers_lets_us_in(self, desk: Desk) -> None:
        await desk.usage.ping()

    @pytest.mark.parametrize("name", CALLS)
    async def test_a_service_that_does_not_answer_is_an_upstream_error(
        self, adapter: UsageAdapter, name: str
    ) -> None:
        async with adapter.broken() as usage:
            with pytest.raises(UpstreamServiceError) as caught:
                await CALLS[name](usage)

        assert caught.value.retryable
