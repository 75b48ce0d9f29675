"""What the adapter of usage asks Waldur for, and what it makes of rows of any kind."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import attrs
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cscs_domain.errors import UpstreamServiceError
from cscs_domain.problems import ProblemCode
from cscs_domain.storage.states import ResourceState
from cscs_domain.usage.metered_resources import OfferingChoice, terminated
from cscs_domain.usage.months import Month
from cscs_domain.usage.submissions import RecordedUsage, UsersEntry
from cscs_fakes.strategies import json_values
from cscs_http.waldur_usage import HttpWaldurUsage
from tests.raw_server import raw_server, silence
from tests.unit.http.services import service_at
from tests.unit.http.waldur_usage_script import (
    ACCOUNTS,
    OFFERING,
    OFFERINGS,
    RESOURCE,
    RESOURCES,
    USAGES,
    USER_USAGES,
    Script,
    account_row,
    metered,
    offering_row,
    page,
    resource_row,
    said,
    usage_of,
    usage_row,
    user_row,
)

pytestmark = pytest.mark.anyio

NOVEMBER: Final = Month(2026, 11)
BY_UUID: Final = OfferingChoice(uuids=frozenset({OFFERING}))
BY_SLUG: Final = OfferingChoice(slugs=frozenset({"daint"}))
OTHER: Final = UUID(int=8).hex
NO_UUIDS: Final[list[object]] = [None, "x", []]
NO_AMOUNTS: Final[list[object]] = [None, "", "much", "NaN", "--1", True, "1e99", []]
NO_MONTHS: Final[list[object]] = [None, "2026-13-01", "November", 202611]
NO_COMPONENTS: Final[list[object]] = [None, "", 7, {}, "\ud800"]
NO_NAMES: Final[list[object]] = [7, [], "\ud800"]
STRAY_URLS: Final[list[object]] = [None, "", "https://waldur/api/", 7, [], "-" * 32]
UNREADABLE_RECORDS: Final = [
    *(("usage", value, "amount") for value in NO_AMOUNTS),
    *(("billing_period", value, "month") for value in NO_MONTHS),
    *(("type", value, "component") for value in NO_COMPONENTS),
    *(("uuid", value, "uuid") for value in NO_UUIDS),
]
UNREADABLE_PARTS: Final = [
    *(("usage", value, "amount") for value in NO_AMOUNTS),
    *(("username", value, "username") for value in NO_NAMES),
]
MEMBERS: Final = {
    RESOURCES: resource_row(),
    OFFERINGS: offering_row(),
    USAGES: usage_row(),
    USER_USAGES: {
        **user_row(1, "anna"),
        "resource_uuid": RESOURCE.hex,
        "billing_period": "2026-11-01",
    },
    ACCOUNTS: account_row(500, "anna"),
}

GONE_OF_SEVEN: Final = said(200, [resource_row(9, state="Terminated")], count=7)


def listing(*rows: Any, **lists: Any) -> Script:
    """A server with these resources."""
    return Script({RESOURCES: list(rows), OFFERINGS: [offering_row()], **lists})


def holding(*records: Any, users: tuple[Any, ...] = ()) -> Script:
    """A server with these records of usage."""
    return Script({USAGES: list(records), USER_USAGES: list(users)})


class TestResources:
    async def test_filters_selection_and_order(self) -> None:
        script = listing(resource_row())
        script.lists[OFFERINGS].append(offering_row(uuid=OTHER, slug="b"))
        async with usage_of(script) as usage:
            await usage.resources(OfferingChoice(slugs=frozenset({"b", "daint"})))
            await usage.resources(BY_UUID)

        queries = [asked.query for asked in script.gets(RESOURCES)]
        by_slug, by_uuid = (query for query in queries if query["state"] != ["Terminated"])
        assert by_slug["offering_slug"] == ["b,daint"]
        assert by_uuid["offering_uuid"] == [OFFERING.hex]
        for query in (by_slug, by_uuid):
            assert query["o"] == ["created"]
            assert query["page_size"] == ["300"]
            assert set(query["state"]) == {"Creating", "OK", "Erred", "Updating", "Terminating"}
            assert set(query["field"]) == {
                *("uuid", "name", "backend_id", "state"),
                *("offering_uuid", "offering_slug", "offering_backend_id"),
            }

    @pytest.mark.parametrize("choice", [BY_UUID, BY_SLUG])
    async def test_what_was_not_asked_for_is_left_out(self, choice: OfferingChoice) -> None:
        script = listing(
            resource_row(1),
            resource_row(2, offering_uuid=OTHER, offering_slug="eiger"),
            resource_row(3, state="Terminated"),
        )
        async with usage_of(script) as usage:
            found = await usage.resources(choice)

        assert [each.uuid.int for each in found.resources] == [1]
        assert found.problems == ()

    async def test_terminated_ones_are_counted_by_one_row(self) -> None:
        script = listing(resource_row(1))
        script.say("GET", RESOURCES, said(200, [resource_row(1)], count=1), GONE_OF_SEVEN)
        async with usage_of(script) as usage:
            found = await usage.resources(BY_UUID)

        assert found.problems == terminated(OFFERING, 7)
        query = script.gets(RESOURCES)[-1].query
        assert query["state"] == ["Terminated"]
        assert query["offering_uuid"] == [OFFERING.hex]
        assert query["page_size"] == ["1"]

    async def test_those_of_a_slug_without_live_ones_are_counted_by_slug(self) -> None:
        script = listing(resource_row(1))
        other = resource_row(9, state="Terminated", offering_slug="eiger", offering_uuid=OTHER)
        script.lists[OFFERINGS].append(offering_row(uuid=OTHER, slug="eiger"))
        script.say(
            "GET",
            RESOURCES,
            said(200, [resource_row(1)], count=1),
            said(200, [], count=0),
            said(200, [other], count=2),
        )
        async with usage_of(script) as usage:
            found = await usage.resources(OfferingChoice(slugs=frozenset({"daint", "eiger"})))

        assert found.problems == terminated(UUID(OTHER), 2)
        assert script.gets(RESOURCES)[-1].query["offering_slug"] == ["eiger"]

    @pytest.mark.parametrize(
        "changes", [{"state": "OK"}, {"state": []}, {"offering_uuid": OTHER}, {"offering_uuid": 7}]
    )
    async def test_a_count_of_others_is_not_told(self, changes: dict[str, Any]) -> None:
        """A server that ignores a filter counts everything."""
        row = resource_row(9, **{"state": "Terminated", **changes})
        script = listing()
        script.say(
            "GET", RESOURCES, said(200, [resource_row(1)], count=1), said(200, [row], count=900)
        )
        async with usage_of(script) as usage:
            assert (await usage.resources(BY_UUID)).problems == ()

    async def test_a_row_that_comes_twice_counts_once(self) -> None:
        script = listing(resource_row(1), resource_row(2), resource_row(1, backend_id="later"))
        async with usage_of(script) as usage:
            found = await usage.resources(BY_UUID)

        assert {each.uuid.int: each.backend_id for each in found.resources} == {1: "later", 2: "g2"}

    async def test_a_state_of_the_future_is_carried(self) -> None:
        async with usage_of(listing(resource_row(state="Paused"))) as usage:
            (found,) = (await usage.resources(BY_UUID)).resources

        assert (found.state, found.state_text) == (ResourceState.UNKNOWN, "Paused")
        assert not found.is_reportable

    async def test_members_that_are_absent_or_null_are_empty(self) -> None:
        row = resource_row(backend_id=None, offering_backend_id=None)
        del row["name"]
        async with usage_of(listing(row)) as usage:
            (found,) = (await usage.resources(BY_UUID)).resources

        assert (found.name, found.backend_id, found.cluster) == ("", "", "")

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"uuid": "nonsense"}, ProblemCode.MALFORMED_RECORD),
            ({"uuid": None}, ProblemCode.MISSING_FIELD),
            ({"state": None}, ProblemCode.MISSING_FIELD),
            ({"state": 7}, ProblemCode.MALFORMED_RECORD),
            ({"backend_id": ["g1"]}, ProblemCode.MALFORMED_RECORD),
            ({"backend_id": "\ud800"}, ProblemCode.MALFORMED_RECORD),
            ({"offering_uuid": None}, ProblemCode.MISSING_FIELD),
            ({"offering_backend_id": 5}, ProblemCode.MALFORMED_RECORD),
            ({"state": []}, ProblemCode.MALFORMED_RECORD),
            ({"offering_uuid": []}, ProblemCode.MALFORMED_RECORD),
        ],
    )
    async def test_a_row_that_makes_no_sense_is_a_problem(
        self, changes: dict[str, Any], code: ProblemCode
    ) -> None:
        async with usage_of(listing(resource_row(2), resource_row(1, **changes))) as usage:
            found = await usage.resources(BY_UUID)

        assert [each.uuid.int for each in found.resources] == [2]
        (problem,) = found.problems
        assert problem.code is code
        assert problem.resource == ("row 1" if "uuid" in changes else str(RESOURCE))

    @pytest.mark.parametrize("slug", [[], {}, 7, "\ud800"])
    async def test_a_slug_that_makes_no_sense_is_a_problem_where_it_matters(
        self, slug: object
    ) -> None:
        script = listing(resource_row(2), resource_row(1, offering_slug=slug))
        async with usage_of(script) as usage:
            by_slug, by_uuid = await usage.resources(BY_SLUG), await usage.resources(BY_UUID)

        assert [each.uuid.int for each in by_slug.resources] == [2]
        assert [problem.resource for problem in by_slug.problems] == [str(RESOURCE)]
        assert sorted(each.uuid.int for each in by_uuid.resources) == [1, 2]
        assert by_uuid.problems == ()

    async def test_a_row_that_is_no_object_is_a_problem(self) -> None:
        async with usage_of(listing(resource_row(2), "nonsense")) as usage:
            found = await usage.resources(BY_UUID)

        assert len(found.resources) == len(found.problems) == 1

    @pytest.mark.parametrize("answer", [said(403, {"detail": "no"}), said(404, {"detail": "no"})])
    async def test_an_offering_that_is_not_shown_has_unknown_components(
        self, answer: httpx.Response
    ) -> None:
        script = listing(resource_row())
        script.say("GET", f"{OFFERINGS}{OFFERING.hex}/", answer)
        async with usage_of(script) as usage:
            (found,) = (await usage.resources(BY_UUID)).resources

        assert found.components is None

    @pytest.mark.parametrize(
        ("components", "types"),
        [
            ([{"type": "a", "billing_type": "usage"}, {"type": "b"}], {"a", "b"}),
            ([{"type": "a", "billing_type": "limit"}, {"type": "b", "billing_type": "one"}], "ab"),
            ([{"type": "a", "billing_type": "fixed"}], ""),
            ([], ""),
            (None, None),
            ("nonsense", None),
            (["nonsense"], None),
            ([{"type": 7}], None),
        ],
    )
    async def test_components_are_those_that_take_usage(
        self, components: object, types: str | set[str] | None
    ) -> None:
        script = listing(resource_row(), **{OFFERINGS: [offering_row(components=components)]})
        async with usage_of(script) as usage:
            (found,) = (await usage.resources(BY_UUID)).resources

        assert found.components == (None if types is None else frozenset(types))

    @pytest.mark.parametrize("answer", [page(502), page(200), said(200, ["nonsense"])])
    async def test_a_failure_of_the_offering_is_one_of_the_read(
        self, answer: httpx.Response
    ) -> None:
        script = listing(resource_row())
        script.say("GET", f"{OFFERINGS}{OFFERING.hex}/", answer)
        async with usage_of(script) as usage:
            with pytest.raises(UpstreamServiceError):
                await usage.resources(BY_UUID)


class TestVersions:
    """Whether the server knows months, from what it sends."""

    async def test_any_row_with_a_slug_means_yes(self) -> None:
        async with usage_of(listing(resource_row(offering_slug=None))) as usage:
            assert (await usage.resources(BY_UUID)).keeps_dates

    async def test_rows_without_slugs_mean_no(self) -> None:
        old = resource_row()
        del old["offering_slug"]
        async with usage_of(listing(old)) as usage:
            assert not (await usage.resources(BY_UUID)).keeps_dates

    @pytest.mark.parametrize(
        ("row", "keeps"), [({"offering_slug": "x"}, True), ({"uuid": "1"}, False)]
    )
    async def test_without_rows_any_other_resource_tells(
        self, row: dict[str, str], keeps: bool
    ) -> None:
        script = listing()
        script.say("GET", RESOURCES, said(200, [], count=0), said(200, [row], count=9))
        async with usage_of(script) as usage:
            found = await usage.resources(BY_UUID)

        assert (found.resources, found.keeps_dates) == ((), keeps)

    async def test_an_answer_that_is_no_list_is_an_error(self) -> None:
        script = listing()
        script.say("GET", RESOURCES, said(200, [], count=0), said(200, {"detail": "hello"}))
        async with usage_of(script) as usage:
            with pytest.raises(UpstreamServiceError, match="no list"):
                await usage.resources(BY_UUID)

    async def test_without_any_resource_it_does_not_matter(self) -> None:
        async with usage_of(listing()) as usage:
            assert (await usage.resources(BY_UUID)).keeps_dates

    async def test_an_old_server_that_ignores_the_slug_is_no_fit(self) -> None:
        old = resource_row(offering_uuid=OTHER)
        del old["offering_slug"]
        async with usage_of(listing(old)) as usage:
            with pytest.raises(UpstreamServiceError, match="uuids"):
                await usage.resources(BY_SLUG)


class TestRecords:
    async def test_a_resource_is_asked_for_in_two_lists(self) -> None:
        script = holding(usage_row())
        async with usage_of(script) as usage:
            await usage.recorded(NOVEMBER, [metered()])

        totals, users = script.asked
        assert (totals.path, users.path) == (USAGES, USER_USAGES)
        assert totals.query["resource_uuid"] == users.query["resource_uuid"] == [RESOURCE.hex]
        assert totals.query["billing_period"] == ["2026-11-01"]
        assert users.query["component_usage__billing_period"] == ["2026-11-01"]
        assert totals.query["page_size"] == users.query["page_size"] == ["300"]

    async def test_many_resources_are_asked_for_by_offering(self) -> None:
        script = holding(usage_row())
        many = [metered(number) for number in range(1, 6)]
        async with usage_of(script) as usage:
            await usage.recorded(NOVEMBER, many)
            await usage.recorded(NOVEMBER, [])

        assert [asked.query.get("offering_uuid") for asked in script.asked] == [[OFFERING.hex]] * 2

    @pytest.mark.parametrize(
        "stray",
        [
            {"billing_period": "2026-10-01"},
            {"billing_period": "2025-11-01"},
            {"resource_uuid": UUID(int=9).hex},
        ],
    )
    async def test_what_was_not_asked_for_is_left_out(self, stray: dict[str, str]) -> None:
        script = holding(
            usage_row(100),
            usage_row(200, "5.00", **stray),
            users=(user_row(1, "anna"), user_row(2, "anna", "7.00", UUID(int=200))),
        )
        async with usage_of(script) as usage:
            found = await usage.recorded(NOVEMBER, [metered()])

        expected = RecordedUsage(
            totals={"nodeHours": Decimal(1)}, users={"nodeHours": {"anna": Decimal(1)}}
        )
        assert found == {RESOURCE: expected}

    async def test_several_records_of_a_component_are_added_up(self) -> None:
        script = holding(
            usage_row(100, "1.10"),
            usage_row(200, "2.20"),
            usage_row(300, "9.00", type="storage"),
            users=(
                user_row(1, "anna", "0.10"),
                user_row(2, "anna", "0.20", UUID(int=200)),
                user_row(3, "bob", "0.40", UUID(int=200)),
            ),
        )
        async with usage_of(script) as usage:
            found = await usage.recorded(NOVEMBER, [metered()])

        assert found[RESOURCE] == RecordedUsage(
            totals={"nodeHours": Decimal("3.30"), "storage": Decimal("9.00")},
            users={"nodeHours": {"anna": Decimal("0.30"), "bob": Decimal("0.40")}},
        )

    @pytest.mark.parametrize(
        ("sent", "amount"),
        [
            ("12.30", "12.30"),
            (12, "12"),
            (12.5, "12.5"),
            ("-3.50", "-3.5"),
            (-2, "-2"),
            (-0.25, "-0.25"),
            ("0.00", "0"),
            ("-0.00", "0"),
        ],
    )
    async def test_amounts_are_numbers_of_either_sign(self, sent: object, amount: str) -> None:
        script = holding(usage_row(usage=sent), users=(user_row(1, "anna", sent),))
        async with usage_of(script) as usage:
            found = await usage.recorded(NOVEMBER, [metered()])

        assert found[RESOURCE].totals == {"nodeHours": Decimal(amount)}
        assert found[RESOURCE].users == {"nodeHours": {"anna": Decimal(amount)}}

    @pytest.mark.parametrize(("member", "value", "told"), UNREADABLE_RECORDS)
    async def test_a_record_that_cannot_be_read_puts_its_resource_in_doubt(
        self, member: str, value: object, told: str
    ) -> None:
        """As if it were not there, any smaller figure would pass for a first one."""
        script = holding(
            {**usage_row(type="storage"), member: value},
            usage_row(200, "2.00"),
            usage_row(300, "3.00", resource_uuid=metered(2).uuid.hex),
        )
        async with usage_of(script) as usage:
            found = await usage.recorded(NOVEMBER, [metered(), metered(2)])

        totals = {"nodeHours": Decimal(2)}
        doubt = f"a record of Waldur has no readable {told}"
        assert found[RESOURCE] == RecordedUsage(totals=totals, doubt=doubt)
        assert found[metered(2).uuid] == RecordedUsage(totals={"nodeHours": Decimal(3)})

    @pytest.mark.parametrize(("member", "value", "told"), UNREADABLE_PARTS)
    async def test_so_does_a_part_that_cannot_be_read(
        self, member: str, value: object, told: str
    ) -> None:
        parts = ({**user_row(1, "anna"), member: value}, user_row(2, "bob"))
        async with usage_of(holding(usage_row(), users=parts)) as usage:
            found = await usage.recorded(NOVEMBER, [metered()])

        assert found[RESOURCE] == RecordedUsage(
            totals={"nodeHours": Decimal(1)},
            users={"nodeHours": {"bob": Decimal(1)}},
            doubt=f"a user's record of Waldur has no readable {told}",
        )

    @pytest.mark.parametrize("url", STRAY_URLS)
    async def test_a_part_of_unknown_belonging_is_a_doubt_if_it_may_be_ours(
        self, url: object
    ) -> None:
        stray = {**user_row(1, "anna"), "component_usage": url}
        ours = {**stray, "resource_uuid": RESOURCE.hex}
        of_another = {**stray, "resource_uuid": UUID(int=9).hex}
        of_october = {**ours, "billing_period": "2026-10-01"}
        for part, is_doubted in (
            (stray, False),
            (of_another, False),
            (of_october, False),
            (ours, True),
        ):
            async with usage_of(holding(usage_row(), users=(part,))) as usage:
                found = await usage.recorded(NOVEMBER, [metered()])
            assert bool(found[RESOURCE].doubt) is is_doubted

    async def test_a_resource_of_which_nothing_can_be_read_is_told(self) -> None:
        async with usage_of(holding(usage_row(usage="much"))) as usage:
            found = await usage.recorded(NOVEMBER, [metered()])

        assert found[RESOURCE].totals == {}
        assert found[RESOURCE].doubt

    @pytest.mark.parametrize(
        "stray",
        [
            *({"resource_uuid": value} for value in NO_UUIDS),
            {"resource_uuid": UUID(int=9).hex},
            {"billing_period": "2026-10-01"},
        ],
    )
    async def test_what_is_not_ours_need_not_be_readable(self, stray: dict[str, Any]) -> None:
        stray = {**usage_row(200, usage="much", type=None), **stray}
        async with usage_of(holding(usage_row(), stray)) as usage:
            found = await usage.recorded(NOVEMBER, [metered()])

        assert found == {RESOURCE: RecordedUsage(totals={"nodeHours": Decimal(1)})}

    async def test_a_server_that_knows_no_filter_counts_nothing_twice(self) -> None:
        other = UUID(int=8)
        rows = [usage_row(number, resource_uuid=UUID(int=number).hex) for number in range(1, 11)]
        script = holding(*rows)
        many = [metered(number) for number in range(1, 6)]
        many += [attrs.evolve(metered(number), offering=other) for number in range(6, 11)]
        async with usage_of(script) as usage:
            found = await usage.recorded(NOVEMBER, many)

        assert [each.totals["nodeHours"] for each in found.values()] == [Decimal(1)] * 10

    @pytest.mark.parametrize("nobody", [None, ""])
    async def test_a_part_of_nobody_is_passed_over(self, nobody: str | None) -> None:
        async with usage_of(holding(usage_row(), users=(user_row(1, nobody),))) as usage:
            found = await usage.recorded(NOVEMBER, [metered()])

        assert found[RESOURCE].users == {}

    async def test_a_list_that_leaves_rows_out_is_read_again(self) -> None:
        script = holding(usage_row(100), usage_row(200), users=())
        twice = said(200, [usage_row(100), usage_row(100)], count=2)
        script.say("GET", USAGES, twice, said(200, script.lists[USAGES], count=2))
        async with usage_of(script) as usage:
            found = await usage.recorded(NOVEMBER, [metered()])

        assert found[RESOURCE].totals == {"nodeHours": Decimal(2)}

    async def test_a_list_that_leaves_rows_out_for_ever_is_an_error(self) -> None:
        script = holding(usage_row(100), usage_row(100))
        async with usage_of(script) as usage:
            with pytest.raises(UpstreamServiceError, match="changes all the time"):
                await usage.recorded(NOVEMBER, [metered()])

        assert len(script.asked) == 3

    @pytest.mark.parametrize("answer", [page(200), said(200, {}, count=1), said(200, [7], count=1)])
    async def test_what_is_no_list_is_an_error(self, answer: httpx.Response) -> None:
        script = Script()
        script.say("GET", USAGES, answer)
        async with usage_of(script) as usage:
            with pytest.raises(UpstreamServiceError):
                await usage.recorded(NOVEMBER, [metered()])

    @given(numbers=st.lists(st.integers(0, 40), unique=True, max_size=20), cap=st.integers(1, 7))
    async def test_pages_of_any_size_bring_every_record(self, numbers: list[int], cap: int) -> None:
        rows = [usage_row(100 + number, f"{number}.01", type=f"c{number}") for number in numbers]
        script = holding(*rows)
        script.page_size = cap
        async with usage_of(script) as usage:
            found = await usage.recorded(NOVEMBER, [metered()])

        totals = found[RESOURCE].totals if numbers else {}
        assert totals == {f"c{number}": Decimal(f"{number}.01") for number in numbers}


class TestPing:
    async def test_one_small_question(self) -> None:
        script = listing(resource_row())
        async with usage_of(script) as usage:
            await usage.ping()

        (asked,) = script.asked
        assert asked.path == RESOURCES
        assert asked.query == {"page_size": ["1"], "field": ["uuid"]}

    @pytest.mark.parametrize(
        ("answer", "told"),
        [
            (page(200), "HTML"),
            (said(200, {"detail": "hello"}), "no list"),
            (said(401, {"detail": "Token has expired."}), "expired"),
            (said(403, {"detail": "You do not have permission."}), "permission"),
            (page(404), "404"),
            (page(503), "503"),
        ],
    )
    async def test_what_stands_in_the_way_is_told(self, answer: httpx.Response, told: str) -> None:
        script = Script()
        script.say("GET", RESOURCES, answer)
        async with usage_of(script) as usage:
            with pytest.raises(UpstreamServiceError, match=told):
                await usage.ping()

    async def test_nobody_waits_for_long(self) -> None:
        async with raw_server(silence) as server, service_at(server.url) as watched:
            with pytest.raises(UpstreamServiceError, match="was not answered within") as caught:
                await HttpWaldurUsage(watched.service, ping_limit=0.05).ping()

        assert caught.value.retryable


def any_rows(path: str) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Rows of a list in which some members are anything."""
    usual = MEMBERS[path]
    strange = st.dictionaries(st.sampled_from(sorted(usual)), json_values(), max_size=3)
    return st.lists(strange.map(lambda changes: {**usual, **changes}), max_size=3)


class TestAnyRows:
    """Whatever the members of rows are, the answer is one or `UpstreamServiceError`."""

    @given(
        choice=st.sampled_from([BY_UUID, BY_SLUG]),
        resources=any_rows(RESOURCES),
        offerings=any_rows(OFFERINGS),
    )
    async def test_of_resources_and_offerings(
        self, choice: OfferingChoice, resources: list[Any], offerings: list[Any]
    ) -> None:
        script = listing(resource_row(9), *resources, **{OFFERINGS: [offering_row(), *offerings]})
        async with usage_of(script) as usage:
            with suppress(UpstreamServiceError):
                found = await usage.resources(choice)
                assert 9 in {each.uuid.int for each in found.resources}

    @given(records=any_rows(USAGES), parts=any_rows(USER_USAGES))
    async def test_of_records_and_parts(self, records: list[Any], parts: list[Any]) -> None:
        other = usage_row(300, resource_uuid=UUID(int=9).hex)
        async with usage_of(holding(other, *records, users=tuple(parts))) as usage:
            with suppress(UpstreamServiceError):
                found = await usage.recorded(NOVEMBER, [metered(), metered(9)])
                assert found[UUID(int=9)].totals == {"nodeHours": Decimal(1)}

    @given(records=any_rows(USAGES), parts=any_rows(USER_USAGES), accounts=any_rows(ACCOUNTS))
    async def test_of_records_parts_and_accounts_when_users_are_sent(
        self, records: list[Any], parts: list[Any], accounts: list[Any]
    ) -> None:
        script = holding(usage_row(), usage_row(200), *records, users=tuple(parts))
        script.lists[ACCOUNTS] = [account_row(600, "bob"), *accounts]
        amounts = {name: Decimal(1) for name in ("anna", "bob")}
        entry = UsersEntry(
            resource=RESOURCE, month=NOVEMBER, component="nodeHours", amounts=amounts
        )
        async with usage_of(script) as usage:
            with suppress(UpstreamServiceError):
                result = await usage.submit_users(entry)
                assert result.refused.keys() | result.unlinked <= amounts.keys()
