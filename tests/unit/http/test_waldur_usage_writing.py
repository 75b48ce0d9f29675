"""What the adapter of usage sends to Waldur, and what it makes of every kind of answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import httpx
import pytest

from cscs_domain.errors import (
    MonthClosedError,
    UpstreamServiceError,
    UsageRefusedError,
    WrongMonthError,
)
from cscs_domain.usage.months import Month
from cscs_domain.usage.submissions import TotalsEntry, UsersEntry, UsersResult
from tests.unit.http.waldur_usage_script import (
    ACCOUNTS,
    BASE,
    OFFERING,
    RECORD,
    RESOURCE,
    SET_USAGE,
    TOKEN,
    USAGES,
    USER_USAGES,
    Asked,
    Script,
    account_row,
    metered,
    page,
    said,
    usage_of,
    usage_row,
    user_row,
)

pytestmark = pytest.mark.anyio

NOVEMBER: Final = Month(2026, 11)
MOMENT: Final = datetime(2026, 11, 15, 12, tzinfo=UTC)
TOO_LATE: Final = (
    "Service providers can only specify date for limit-based or prepaid billing components "
    "when backfilling past billing periods."
)
BULK: Final = f"{USAGES}{RECORD.hex}/set_user_usages/"
SINGLE: Final = f"{USAGES}{RECORD.hex}/set_user_usage/"
FORBIDDEN: Final = {"detail": "You do not have permission to perform this action."}
ABSENT: Final = {"detail": "No ComponentUsage matches the given query."}
LONG_PAGE: Final = httpx.Response(
    404, text="<html>" + " " * 100_000, headers={"content-type": "text/html"}
)
BLANK: Final = {"usages": [{"username": ["This field may not be blank."]}]}


def totals(moment: datetime = MOMENT, **amounts: str) -> TotalsEntry:
    found = {name: Decimal(amount) for name, amount in (amounts or {"nodeHours": "1.00"}).items()}
    return TotalsEntry(resource=RESOURCE, month=NOVEMBER, moment=moment, amounts=found)


def users(**amounts: str) -> UsersEntry:
    found = {name: Decimal(amount) for name, amount in amounts.items()}
    return UsersEntry(resource=RESOURCE, month=NOVEMBER, component="nodeHours", amounts=found)


def holding(*records: Any, parts: tuple[Any, ...] = (), accounts: tuple[Any, ...] = ()) -> Script:
    """A server with these records of usage, and one of node hours if there are none."""
    found = list(records) or [usage_row()]
    return Script({USAGES: found, USER_USAGES: list(parts), ACCOUNTS: list(accounts)})


def amounts_of(sent: Asked) -> dict[str, str]:
    """By user, as it was sent together or for one alone."""
    items = sent.body.get("usages", [sent.body])
    return {item["username"]: item["usage"] for item in items}


class TestTotals:
    async def test_all_components_go_in_one_request(self) -> None:
        script = holding(usage_row(), usage_row(200, "0.50", type="storage"))
        async with usage_of(script) as usage:
            await usage.submit_totals(totals(storage="0.50", nodeHours="1"))

        (sent,) = script.posts()
        assert sent.path == SET_USAGE
        assert sent.body == {
            "resource": RESOURCE.hex,
            "date": "2026-11-15T12:00:00Z",
            "usages": [
                {"type": "nodeHours", "amount": "1.00"},
                {"type": "storage", "amount": "0.50"},
            ],
        }

    @pytest.mark.parametrize(
        ("moment", "text"),
        [
            (MOMENT + timedelta(microseconds=5), "2026-11-15T12:00:00.000005Z"),
            (
                datetime(2026, 11, 1, 1, 30, tzinfo=timezone(timedelta(hours=1))),
                "2026-11-01T00:30:00Z",
            ),
        ],
    )
    async def test_times_are_in_utc_and_whole(self, moment: datetime, text: str) -> None:
        script = holding()
        async with usage_of(script) as usage:
            await usage.submit_totals(totals(moment))

        assert script.posts()[0].body["date"] == text

    @pytest.mark.parametrize(
        "amount", ["0.00", "0.10", "1E+3", "999999999999999999.99", "123456789012345678.90"]
    )
    async def test_amounts_have_two_places_and_every_digit(self, amount: str) -> None:
        plain = f"{Decimal(amount):.2f}"
        script = holding(usage_row(usage=plain))
        async with usage_of(script) as usage:
            await usage.submit_totals(totals(nodeHours=amount))

        (item,) = script.posts()[0].body["usages"]
        assert item["amount"] == plain
        assert Decimal(item["amount"]) == Decimal(amount)

    @pytest.mark.parametrize(
        ("answer", "told"),
        [
            (said(400, {"resource": ["Resource is not in valid state."]}), "valid state"),
            (said(400, {"non_field_errors": ["These components are invalid: x."]}), "invalid: x"),
            (said(400, {"usages": [{}, {"amount": ["A valid number is required."]}]}), "number"),
            (said(400, ["Offering is unavailable."]), "unavailable"),
            (said(400, {"date": ["Cannot submit usage for future dates."]}), "future"),
            (said(403, FORBIDDEN), "permission"),
            (said(404, {"detail": "No Resource matches the given query."}), "No Resource"),
        ],
    )
    async def test_what_waldur_refuses_is_told_in_its_words(
        self, answer: httpx.Response, told: str
    ) -> None:
        script = holding()
        script.say("POST", SET_USAGE, answer)
        async with usage_of(script) as usage:
            with pytest.raises(UsageRefusedError, match=told) as caught:
                await usage.submit_totals(totals())

        assert type(caught.value) is UsageRefusedError
        assert caught.value.resource == RESOURCE
        assert len(script.asked) == 1

    async def test_a_closed_month_is_told_from_other_refusals(self) -> None:
        script = holding()
        script.say("POST", SET_USAGE, said(400, {"date": [TOO_LATE]}))
        async with usage_of(script) as usage:
            with pytest.raises(MonthClosedError) as caught:
                await usage.submit_totals(totals())

        assert caught.value.resource == RESOURCE

    async def test_a_long_story_is_cut(self) -> None:
        script = holding()
        script.say("POST", SET_USAGE, said(400, {"detail": "no\n" * 5_000}))
        async with usage_of(script) as usage:
            with pytest.raises(UsageRefusedError) as caught:
                await usage.submit_totals(totals())

        assert len(caught.value.reason) < 400
        assert "\n" not in caught.value.reason

    async def test_an_answer_that_quotes_the_token_is_not_shown(self) -> None:
        script = holding()
        script.say("POST", SET_USAGE, said(400, {"detail": f"what is {TOKEN}?"}))
        async with usage_of(script) as usage:
            with pytest.raises(UsageRefusedError) as caught:
                await usage.submit_totals(totals())

        assert TOKEN[:8] not in str(caught.value)

    @pytest.mark.parametrize(
        "answer",
        [
            *(page(status) for status in (200, 201, 400, 403, 404, 500, 502)),
            *(said(status, {"detail": "no"}) for status in (401, 405, 409, 415, 429, 503)),
            httpx.Response(400),
            httpx.Response(404),
            httpx.Response(302, headers={"location": "https://login.example.org/"}),
        ],
        ids=lambda answer: f"{answer.status_code} {answer.headers.get('content-type')}",
    )
    async def test_anything_else_is_a_failure_of_the_service(self, answer: httpx.Response) -> None:
        script = holding()
        script.say("POST", SET_USAGE, answer)
        async with usage_of(script) as usage:
            with pytest.raises(UpstreamServiceError) as caught:
                await usage.submit_totals(totals())

        assert not isinstance(caught.value, WrongMonthError)

    async def test_it_is_sent_again_after_a_failure(self) -> None:
        script = holding()
        script.say("POST", SET_USAGE, page(502), page(503), httpx.Response(201))
        async with usage_of(script) as usage:
            await usage.submit_totals(totals())

        first, second, third = script.posts()
        assert first.body == second.body == third.body


class TestReadingBack:
    async def test_the_month_of_the_resource_is_asked_for(self) -> None:
        script = holding()
        async with usage_of(script) as usage:
            await usage.submit_totals(totals())

        (asked,) = script.gets(USAGES)
        assert asked.query["resource_uuid"] == [RESOURCE.hex]
        assert asked.query["billing_period"] == ["2026-11-01"]

    @pytest.mark.parametrize(
        "records",
        [
            [],
            [usage_row(billing_period="2026-12-01", usage="9.00")],
            [usage_row(resource_uuid=UUID(int=9).hex)],
            [usage_row(type="storage")],
            [usage_row(usage="5.00"), usage_row(200, billing_period="2026-12-01")],
            [
                usage_row(usage="5.00"),
                usage_row(200, "0.75", billing_period="2026-12-01"),
                usage_row(300, "0.25", billing_period="2026-12-01"),
            ],
        ],
        ids=[
            *("none", "of another month", "of another resource", "another component"),
            *("old figure", "old figure, several plans"),
        ],
    )
    @pytest.mark.parametrize("reads_before", [False, True])
    async def test_what_is_not_there_went_into_another_month(
        self, records: list[Any], reads_before: bool
    ) -> None:
        script = Script({USAGES: records, USER_USAGES: []})
        async with usage_of(script) as usage:
            if reads_before:
                await usage.recorded(NOVEMBER, [metered()])
            with pytest.raises(WrongMonthError) as caught:
                await usage.submit_totals(totals())

        assert not caught.value.retryable
        for told in (str(RESOURCE), "2026-11", "nodeHours", "--allow-decrease"):
            assert told in str(caught.value)

    @pytest.mark.parametrize(
        "others",
        [
            [],
            [usage_row(200, "5.00", billing_period="2026-12-01")],
            [usage_row(200, billing_period="2026-12-01", type="storage")],
            [usage_row(200, billing_period="2026-12-01", resource_uuid=UUID(int=9).hex)],
            [usage_row(200, billing_period="nonsense", resource_uuid=UUID(int=9).hex)],
        ],
    )
    @pytest.mark.parametrize("reads_before", [False, True])
    async def test_an_old_figure_alone_is_no_wrong_month(
        self, others: list[Any], reads_before: bool
    ) -> None:
        script = Script({USAGES: [usage_row(usage="5.00"), *others], USER_USAGES: []})
        async with usage_of(script) as usage:
            if reads_before:
                await usage.recorded(NOVEMBER, [metered()])
            with pytest.raises(UpstreamServiceError, match=r"has 5\.00 where 1\.00") as caught:
                await usage.submit_totals(totals())

        assert not isinstance(caught.value, WrongMonthError)
        assert "billing_period" not in script.gets(USAGES)[-1].query

    async def test_what_cannot_be_read_back_is_no_wrong_month(self) -> None:
        script = holding(usage_row(), usage_row(200, "much", type="storage"))
        async with usage_of(script) as usage:
            with pytest.raises(UpstreamServiceError, match="no readable amount") as caught:
                await usage.submit_totals(totals())

        assert not isinstance(caught.value, WrongMonthError)

    async def test_one_component_that_is_not_there_is_enough(self) -> None:
        async with usage_of(holding(usage_row())) as usage:
            with pytest.raises(WrongMonthError, match="storage"):
                await usage.submit_totals(totals(nodeHours="1.00", storage="1.00"))

    @pytest.mark.parametrize("before", [[], [usage_row(usage="3.00")]])
    async def test_a_figure_that_somebody_else_has_changed_is_no_wrong_month(
        self, before: list[Any]
    ) -> None:
        script = Script({USAGES: before, USER_USAGES: []})
        async with usage_of(script) as usage:
            await usage.recorded(NOVEMBER, [metered()])
            script.lists[USAGES] = [usage_row(usage="5.00")]
            with pytest.raises(UpstreamServiceError, match="somebody else") as caught:
                await usage.submit_totals(totals())

        assert not isinstance(caught.value, WrongMonthError)

    async def test_records_of_earlier_plans_count(self) -> None:
        script = holding(usage_row(100, "0.75"), usage_row(200, "0.25"))
        async with usage_of(script) as usage:
            await usage.submit_totals(totals(nodeHours="1.00"))

    async def test_a_total_below_that_of_earlier_plans_cannot_be(self) -> None:
        newer = usage_row(50, "0.00", date="2026-11-16T12:00:00Z")
        async with usage_of(holding(usage_row(100, "2.00"), newer)) as usage:
            with pytest.raises(UsageRefusedError, match="earlier plans"):
                await usage.submit_totals(totals(nodeHours="1.00"))

    async def test_a_failure_to_read_back_is_no_wrong_month(self) -> None:
        script = holding()
        script.say("GET", USAGES, page(500))
        async with usage_of(script) as usage:
            with pytest.raises(UpstreamServiceError) as caught:
                await usage.submit_totals(totals())

        assert not isinstance(caught.value, WrongMonthError)


class TestUsers:
    async def test_many_go_in_one_request_with_the_urls_of_their_accounts(self) -> None:
        script = holding(accounts=(account_row(500, "anna"),))
        async with usage_of(script) as usage:
            result = await usage.submit_users(users(bob="2.50", anna="1"))

        (sent,) = script.posts()
        assert sent.path == BULK
        link = f"{BASE}{ACCOUNTS}{UUID(int=500).hex}/"
        assert sent.body == {
            "usages": [
                {"username": "anna", "usage": "1.00", "user": link},
                {"username": "bob", "usage": "2.50"},
            ]
        }
        assert result == UsersResult(unlinked=frozenset({"bob"}))

    async def test_very_many_go_in_several(self) -> None:
        script = holding()
        names = {f"u{number:03}": "1.00" for number in range(450)}
        async with usage_of(script) as usage:
            await usage.submit_users(users(**names))

        assert [len(sent.body["usages"]) for sent in script.posts()] == [200, 200, 50]
        sent = [item["username"] for each in script.posts() for item in each.body["usages"]]
        assert sent == sorted(names)

    async def test_nothing_is_asked_for_nobody(self) -> None:
        script = holding()
        async with usage_of(script) as usage:
            await usage.submit_users(users())

        assert script.asked == []

    @pytest.mark.parametrize(
        "answer", [page(404), LONG_PAGE, httpx.Response(404), said(405, {"detail": "not allowed"})]
    )
    async def test_a_server_that_takes_one_at_a_time_is_remembered(
        self, answer: httpx.Response
    ) -> None:
        script = holding()
        script.say("POST", BULK, answer)
        async with usage_of(script) as usage:
            for _ in range(2):
                await usage.submit_users(users(anna="1.00", bob="2.00"))

        paths = [sent.path for sent in script.posts()]
        assert paths == [BULK, *[SINGLE] * 4]
        assert script.posts()[1].body == {"username": "anna", "usage": "1.00"}

    async def test_only_what_is_bad_in_a_chunk_is_refused(self) -> None:
        script = holding()
        script.say("POST", BULK, said(400, BLANK))
        limit = said(400, {"usage": ["Limit of 5 exceeded."]})
        script.say("POST", SINGLE, httpx.Response(201), limit, httpx.Response(201))
        async with usage_of(script) as usage:
            result = await usage.submit_users(users(anna="1.00", bob="9.00", carl="2.00"))

        assert result.refused == {"bob": "usage: Limit of 5 exceeded."}
        assert result.unlinked == {"anna", "carl"}

    async def test_a_bad_chunk_does_not_slow_down_the_next(self) -> None:
        script = holding()
        script.say("POST", BULK, said(400, BLANK), httpx.Response(201))
        async with usage_of(script) as usage:
            await usage.submit_users(users(**{f"u{number:03}": "1.00" for number in range(201)}))

        assert [sent.path for sent in script.posts()] == [BULK, *[SINGLE] * 200, BULK]

    @pytest.mark.parametrize("action", [BULK, SINGLE])
    @pytest.mark.parametrize("answer", [said(403, FORBIDDEN), said(404, ABSENT)])
    async def test_a_record_that_takes_nobody_is_a_refusal(
        self, action: str, answer: httpx.Response
    ) -> None:
        script = holding()
        script.say("POST", BULK, page(404))
        script.say("POST", action, answer)
        async with usage_of(script) as usage:
            with pytest.raises(UsageRefusedError) as caught:
                await usage.submit_users(users(anna="1.00"))

        assert caught.value.resource == RESOURCE

    @pytest.mark.parametrize("action", [BULK, SINGLE])
    @pytest.mark.parametrize(
        "answer",
        [
            *(page(status) for status in (200, 400, 403, 502)),
            httpx.Response(400, text="<html>" + " " * 100_000),
            said(401, {"detail": "no"}),
        ],
        ids=lambda answer: f"{answer.status_code}",
    )
    async def test_anything_else_is_a_failure_of_the_service(
        self, action: str, answer: httpx.Response
    ) -> None:
        script = holding()
        script.say("POST", BULK, page(404))
        script.say("POST", action, answer)
        async with usage_of(script) as usage:
            with pytest.raises(UpstreamServiceError):
                await usage.submit_users(users(anna="1.00"))

    async def test_a_page_instead_of_both_actions_is_a_failure(self) -> None:
        script = holding()
        script.say("POST", BULK, page(404))
        script.say("POST", SINGLE, page(404))
        async with usage_of(script) as usage:
            with pytest.raises(UpstreamServiceError, match="404"):
                await usage.submit_users(users(anna="1.00"))


class TestRecordsOfUsers:
    async def test_a_record_that_was_seen_is_not_asked_for_again(self) -> None:
        script = holding()
        async with usage_of(script) as usage:
            await usage.recorded(NOVEMBER, [metered()])
            script.asked.clear()
            await usage.submit_users(users(anna="1.00"))

        assert script.gets(USAGES) == []

    async def test_nor_is_one_that_was_just_written(self) -> None:
        script = holding()
        async with usage_of(script) as usage:
            await usage.submit_totals(totals())
            await usage.submit_users(users(anna="1.00"))

        assert len(script.gets(USAGES)) == 1

    async def test_a_record_that_is_gone_is_looked_for_next_time(self) -> None:
        script = holding()
        script.say("POST", BULK, said(404, ABSENT))
        async with usage_of(script) as usage:
            with pytest.raises(UsageRefusedError):
                await usage.submit_users(users(anna="1.00"))
            script.lists[USAGES] = [usage_row(300)]
            await usage.submit_users(users(anna="1.00"))

        assert script.posts()[-1].path == f"{USAGES}{UUID(int=300).hex}/set_user_usages/"

    async def test_without_a_record_nothing_is_sent(self) -> None:
        script = holding(usage_row(type="storage"))
        async with usage_of(script) as usage:
            with pytest.raises(UsageRefusedError, match="no total"):
                await usage.submit_users(users(anna="1.00"))

        assert script.posts() == []

    async def test_the_newest_is_the_one_that_was_created_last(self) -> None:
        dates = {"date": "2026-12-05T00:00:00Z", "created": "2026-11-01T00:00:00Z"}
        script = holding(
            usage_row(200, "1.00", **dates),
            usage_row(100, "1.00", created="2026-11-10T00:00:00Z"),
        )
        async with usage_of(script) as usage:
            await usage.submit_users(users(anna="1.00"))

        assert [sent.path for sent in script.posts()] == [BULK]
        assert "created" in script.gets(USAGES)[0].query["field"]

    async def test_users_go_to_the_newest_record_that_holds_something(self) -> None:
        """Waldur would make the users' sum the total of another, on top of what there is."""
        script = holding(
            usage_row(100, "0.00", created="2026-11-10T00:00:00Z"),
            usage_row(200, "5.00", created="2026-11-05T00:00:00Z"),
            usage_row(300, "5.00", created="2026-11-01T00:00:00Z"),
        )
        async with usage_of(script) as usage:
            result = await usage.submit_users(users(anna="1.00", bob="0.00"))

        (sent,) = script.posts()
        assert sent.path == f"{USAGES}{UUID(int=200).hex}/set_user_usages/"
        assert amounts_of(sent) == {"anna": "1.00"}
        assert result.refused == {}

    async def test_where_all_records_hold_nothing_the_newest_gets_only_nothing(self) -> None:
        script = holding(
            usage_row(100, "0.00", created="2026-11-10T00:00:00Z"),
            usage_row(200, "0.00", created="2026-11-01T00:00:00Z"),
            parts=(user_row(1, "anna", "2.00", RECORD), user_row(2, "bob", "2.00", RECORD)),
        )
        async with usage_of(script) as usage:
            result = await usage.submit_users(users(anna="0.00", bob="1.00"))

        (sent,) = script.posts()
        assert sent.path == BULK
        assert amounts_of(sent) == {"anna": "0.00"}
        assert result.refused.keys() == {"bob"}

    async def test_a_record_in_doubt_gets_none(self) -> None:
        script = holding(usage_row(100), usage_row(200, "much"))
        async with usage_of(script) as usage:
            await usage.recorded(NOVEMBER, [metered()])
            with pytest.raises(UpstreamServiceError, match="no readable amount"):
                await usage.submit_users(users(anna="1.00"))

        assert script.posts() == []

    @pytest.mark.parametrize("takes_many", [True, False])
    async def test_figures_are_spread_over_the_records(self, takes_many: bool) -> None:
        second, third = UUID(int=200), UUID(int=300)
        script = holding(
            usage_row(100, "1.00", date="2026-11-17T00:00:00Z"),
            usage_row(200, "5.00", date="2026-11-16T00:00:00Z"),
            usage_row(300, "5.00", date="2026-11-15T00:00:00Z"),
            parts=(
                user_row(1, "anna", "0.50", second),
                user_row(2, "anna", "0.25", third),
                user_row(3, "anna", "9.00", RECORD),
                user_row(4, "bob", "3.00", second),
                user_row(5, "bob", "1.50", third),
                user_row(6, "carl", "2.00", second),
            ),
        )
        if not takes_many:
            script.say("POST", BULK, page(404))
        async with usage_of(script) as usage:
            result = await usage.submit_users(
                users(anna="1.00", bob="1.00", carl="2.00", dora="4.00")
            )

        sent: dict[str, dict[str, str]] = {}
        for each in script.posts()[0 if takes_many else 1 :]:
            record, action = each.path.rstrip("/").split("/")[1:]
            assert action == ("set_user_usages" if takes_many else "set_user_usage")
            sent.setdefault(record, {}).update(amounts_of(each))
        assert sent == {
            RECORD.hex: {"anna": "0.25", "dora": "4.00"},
            second.hex: {"bob": "0.00"},
            third.hex: {"bob": "1.00"},
        }
        assert result.refused == {}
        assert result.unlinked == {"anna", "bob", "carl", "dora"}

    async def test_what_is_there_already_is_not_sent(self) -> None:
        script = holding(
            usage_row(100, "1.00", date="2026-11-17T00:00:00Z"),
            usage_row(200, "5.00", date="2026-11-16T00:00:00Z"),
            parts=(user_row(1, "anna", "2.00", UUID(int=200)), user_row(2, "anna", "1.00", RECORD)),
        )
        async with usage_of(script) as usage:
            assert (await usage.submit_users(users(anna="3.00"))).refused == {}

        assert script.posts() == []

    async def test_a_refusal_in_any_record_is_told(self) -> None:
        script = holding(
            usage_row(100, "1.00", date="2026-11-17T00:00:00Z"),
            usage_row(200, "5.00", date="2026-11-16T00:00:00Z"),
            parts=(user_row(1, "anna", "2.00", UUID(int=200)),),
        )
        older = f"{USAGES}{UUID(int=200).hex}/"
        script.say("POST", f"{older}set_user_usages/", said(400, BLANK))
        script.say("POST", f"{older}set_user_usage/", said(400, {"usage": ["Too little."]}))
        async with usage_of(script) as usage:
            result = await usage.submit_users(users(anna="1.00", bob="1.00"))

        assert result.refused == {"anna": "usage: Too little."}
        assert result.unlinked == {"bob"}
        assert amounts_of(script.posts()[0]) == {"bob": "1.00"}


class TestAccounts:
    async def linked(self, *accounts: Any) -> set[str]:
        script = holding(accounts=accounts)
        async with usage_of(script) as usage:
            await usage.submit_users(users(anna="1.00", bob="1.00"))
        return {item["username"] for item in script.posts()[0].body["usages"] if "user" in item}

    async def test_only_usable_ones_count(self) -> None:
        assert await self.linked(account_row(1, "anna"), account_row(2, "bob")) == {"anna", "bob"}
        requested = account_row(2, "bob", state="Requested")
        assert await self.linked(account_row(1, "anna"), requested) == {"anna"}

    async def test_old_servers_send_no_state(self) -> None:
        old = account_row(1, "anna")
        del old["state"]
        assert await self.linked(old) == {"anna"}

    async def test_two_of_one_name_are_none(self) -> None:
        twice = account_row(1, "anna"), account_row(2, "anna"), account_row(3, "bob")
        assert await self.linked(*twice) == {"bob"}

    async def test_one_that_is_not_usable_does_not_get_in_the_way(self) -> None:
        found = account_row(1, "anna"), account_row(2, "anna", state="Deleted")
        assert await self.linked(*found) == {"anna"}

    async def test_those_of_other_offerings_do_not_count(self) -> None:
        assert await self.linked(account_row(1, "anna", offering_uuid=UUID(int=8).hex)) == set()

    @pytest.mark.parametrize("name", [None, "", 7, ["anna"]])
    async def test_those_without_a_name_do_not_count(self, name: object) -> None:
        assert await self.linked(account_row(1, name), account_row(2, "bob")) == {"bob"}

    @pytest.mark.parametrize(
        "changes", [{"state": []}, {"state": {}}, {"offering_uuid": []}, {"uuid": None}]
    )
    async def test_those_that_make_no_sense_do_not_count(self, changes: dict[str, Any]) -> None:
        strange = {**account_row(1, "anna"), **changes}
        assert await self.linked(strange, account_row(2, "bob")) == {"bob"}

    async def test_both_forms_of_a_uuid_are_known(self) -> None:
        assert await self.linked(account_row(1, "anna", offering_uuid=str(OFFERING))) == {"anna"}

    @pytest.mark.parametrize(
        "answer",
        [said(403, FORBIDDEN), said(404, {"detail": "no"}), page(404), said(200, [], count=0)],
    )
    async def test_where_none_are_shown_all_stand_under_their_bare_names(
        self, answer: httpx.Response
    ) -> None:
        script = holding()
        script.say("GET", ACCOUNTS, answer)
        async with usage_of(script) as usage:
            result = await usage.submit_users(users(anna="1.00"))

        assert result.unlinked == {"anna"}

    async def test_a_record_of_no_offering_has_none(self) -> None:
        script = holding(usage_row(offering_uuid=None), accounts=(account_row(1, "anna"),))
        async with usage_of(script) as usage:
            result = await usage.submit_users(users(anna="1.00"))

        assert result.unlinked == {"anna"}

    async def test_they_are_read_once(self) -> None:
        script = holding(accounts=(account_row(1, "anna"),))
        async with usage_of(script) as usage:
            for _ in range(3):
                await usage.submit_users(users(anna="1.00"))

        (asked,) = script.gets(ACCOUNTS)
        assert asked.query["offering_uuid"] == [OFFERING.hex]

    async def test_a_failure_is_not_remembered(self) -> None:
        script = holding(accounts=(account_row(1, "anna"),))
        script.say("GET", ACCOUNTS, page(500))
        async with usage_of(script) as usage:
            with pytest.raises(UpstreamServiceError):
                await usage.submit_users(users(anna="1.00"))
            assert script.posts() == []
            del script.answers["GET", ACCOUNTS]
            assert await usage.submit_users(users(anna="1.00")) == UsersResult()
