"""The use case of an export: what is done, in which order, and what a failure leaves behind."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import attrs
import pytest

from cscs_domain.errors import DocumentsBusyError, InvalidValueError, UpstreamServiceError
from cscs_domain.problems import ProblemCode, Severity
from cscs_domain.progress import Stage, no_progress
from cscs_domain.storage.changes import changes
from cscs_domain.storage.document_names import DocumentName, Series
from cscs_domain.storage.documents import DocumentFormat, DocumentHead, DocumentMeta
from cscs_domain.storage.export_documents import (
    Baseline,
    Comparison,
    ExportReport,
    ExportRequest,
    Scope,
    Strictness,
    counted,
    export_all,
)
from cscs_domain.storage.hierarchy import Hierarchy
from cscs_domain.storage.mappings import ORGANISATION_LEGACY
from cscs_domain.storage.policy import StoragePolicy
from cscs_domain.storage.rows import StorageRow
from cscs_domain.storage.waldur_rows import WaldurRow
from cscs_fakes.clock import FixedClock
from tests.unit.storage.exporting import (
    BROKEN,
    MOMENT,
    NAME,
    VERSION,
    ToldStore,
    Upstreams,
    named,
)
from tests.unit.storage.samples import POLICY, answer, sample, uuid_of

REQUEST = ExportRequest(zone=UTC, version=VERSION)
COMPARE = attrs.evolve(REQUEST, compare=True)
ZURICH = ZoneInfo("Europe/Zurich")
OLD = "2026-11-20-08-00-all.json"
GOOD = sample()
NOBODYS = sample("lost", project_slug="nobody-knows")
DOUBTFUL = sample("odd", attributes={"storage_data_type": "work"})
UNSAFE = sample("unsafe", customer_slug="..")


async def export(
    store: ToldStore,
    read: Upstreams,
    request: ExportRequest = REQUEST,
    *,
    now: datetime = MOMENT,
) -> ExportReport:
    """An export at that moment."""
    return await export_all(read, store, request, clock=FixedClock(now))


async def compared(
    store: ToldStore, read: Upstreams, request: ExportRequest = COMPARE
) -> Comparison:
    """What an export says that it changes."""
    comparison = (await export(store, read, request)).comparison
    assert comparison is not None
    return comparison


class TestWhatIsWritten:
    async def test_all_rows_in_the_order_of_the_answer_and_a_link_to_them(self) -> None:
        store, read = ToldStore(), Upstreams(GOOD, sample("b", project_slug="ocean"))
        report = await export(store, read)

        assert report.name == named(NAME)
        assert report.hierarchy == read.hierarchy()
        assert store.rows_of(NAME) == report.hierarchy.rows
        assert store.linked == {"latest.json": NAME}
        assert not report.is_doubtful

    @pytest.mark.parametrize("form", DocumentFormat)
    async def test_a_document_of_the_format_that_was_asked_for(self, form: DocumentFormat) -> None:
        store = ToldStore()
        report = await export(store, Upstreams(GOOD), attrs.evolve(REQUEST, form=form))
        (document,) = store.documents.values()

        assert document is not None
        assert document.head == DocumentHead.of(form, DocumentMeta(MOMENT, VERSION))
        assert store.linked == {f"latest.{form.suffix}": str(report.name)}

    async def test_problems_stand_beside_the_good_rows(self) -> None:
        store = ToldStore()
        report = await export(store, Upstreams(GOOD, NOBODYS))

        assert len(store.rows_of(NAME)) == 3
        assert store.problems == {named(NAME): report.hierarchy.problems}
        assert report.is_doubtful

    async def test_a_site_without_resources_gets_an_empty_document(self) -> None:
        """Waldur did answer, and said so."""
        store = ToldStore()
        await export(store, Upstreams())

        assert store.rows_of(NAME) == ()

    async def test_a_second_export_of_one_minute_overwrites_nothing(self) -> None:
        store, read = ToldStore(), Upstreams(GOOD)
        await export(store, read)
        read.rows = (GOOD, sample("b", project_slug="ocean"))
        second = await export(store, read, now=MOMENT + timedelta(seconds=29))

        assert str(second.name) == "2026-11-21-13-05-all.2.json"
        assert len(store.rows_of(NAME)) == 3
        assert store.linked == {"latest.json": "2026-11-21-13-05-all.2.json"}

    @pytest.mark.parametrize(
        ("zone", "now", "stamp", "date"),
        [
            ("UTC", MOMENT, "2026-11-21-13-05", "2026-11-21T13:05:30+00:00"),
            ("Europe/Zurich", MOMENT, "2026-11-21-14-05", "2026-11-21T14:05:30+01:00"),
            ("Pacific/Kiritimati", MOMENT, "2026-11-22-03-05", "2026-11-22T03:05:30+14:00"),
            (
                "Europe/Zurich",
                datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
                "2026-10-25-02-30",
                "2026-10-25T02:30:00+02:00",
            ),
            (
                "Europe/Zurich",
                datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
                "2026-10-25-02-30",
                "2026-10-25T02:30:00+01:00",
            ),
        ],
    )
    async def test_name_and_date_are_in_the_zone_of_the_site(
        self, zone: str, now: datetime, stamp: str, date: str
    ) -> None:
        store = ToldStore()
        request = attrs.evolve(REQUEST, zone=ZoneInfo(zone))
        report = await export(store, Upstreams(GOOD), request, now=now)
        (document,) = store.documents.values()

        assert report.moment.astimezone(UTC) == now
        assert report.name == DocumentName(stamp=stamp)
        assert document is not None
        assert document.head.meta is not None
        assert document.head.meta.date.isoformat() == date

    async def test_the_document_of_the_hour_that_comes_twice_is_a_copy_and_the_newest(self) -> None:
        """Its name says the same minute, so only the link tells which one to take."""
        store, read = ToldStore(), Upstreams(GOOD)
        request = attrs.evolve(REQUEST, zone=ZURICH)
        first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
        await export(store, read, request, now=first)
        await export(store, read, request, now=first + timedelta(hours=1))

        assert store.listed == ["2026-10-25-02-30-all.json", "2026-10-25-02-30-all.2.json"]
        assert store.linked == {"latest.json": "2026-10-25-02-30-all.2.json"}

    async def test_the_minute_is_the_one_in_which_reading_began(self) -> None:
        clock, store = FixedClock(MOMENT), ToldStore()
        hierarchy = answer(GOOD)

        async def slow() -> Hierarchy:
            clock.advance(timedelta(minutes=7))
            return hierarchy

        report = await export_all(slow, store, REQUEST, clock=clock)

        assert report.name == named(NAME)


class TestSteps:
    """Each is only safe after the one before."""

    @pytest.mark.parametrize(
        ("request_", "steps"),
        [
            (REQUEST, ["enter", "latest", "write", "link", "leave"]),
            (attrs.evolve(REQUEST, keep=2), ["enter", "latest", "write", "link", "prune", "leave"]),
            (COMPARE, ["enter", "latest", "latest", "read", "write", "link", "leave"]),
            (
                attrs.evolve(COMPARE, keep=1),
                ["enter", "latest", "latest", "read", "write", "link", "prune", "leave"],
            ),
        ],
        ids=["plain", "keep", "compare", "both"],
    )
    async def test_they_come_in_one_order(self, request_: ExportRequest, steps: list[str]) -> None:
        store = ToldStore()
        store.put(OLD, link="latest.json")
        await export(store, Upstreams(GOOD), request_)

        assert store.steps == steps

    async def test_upstreams_are_read_once_others_are_out(self) -> None:
        """Otherwise the slower of two would link the older data."""
        store = ToldStore()

        async def read() -> Hierarchy:
            store.note("read upstreams")
            return answer(GOOD)

        await export_all(read, store, REQUEST, clock=FixedClock(MOMENT))

        assert store.steps == ["enter", "latest", "read upstreams", "write", "link", "leave"]

    @pytest.mark.parametrize(
        ("breaks_at", "documents", "link"),
        [
            ("enter", [OLD], OLD),
            ("latest", [OLD], OLD),
            ("write", [OLD], OLD),
        ],
    )
    async def test_a_failure_before_anything_is_written_leaves_all_as_it_was(
        self, breaks_at: str, documents: list[str], link: str
    ) -> None:
        store, read = ToldStore(), Upstreams(GOOD)
        store.put(OLD, link="latest.json")
        store.breaks_at = breaks_at
        request = attrs.evolve(COMPARE, keep=1)

        with pytest.raises(UpstreamServiceError) as caught:
            await export(store, read, request)
        assert caught.value is BROKEN
        assert store.listed == documents
        assert store.linked == {"latest.json": link}

        store.breaks_at = ""
        again = await export(store, read, request)
        assert store.linked == {"latest.json": str(again.name)}
        assert store.listed == [str(again.name)]

    async def test_a_link_that_cannot_be_switched_fails_and_names_the_document(self) -> None:
        store = ToldStore()
        store.put(OLD, link="latest.json")
        store.breaks_at = "link"

        with pytest.raises(UpstreamServiceError) as caught:
            await export(store, Upstreams(GOOD), attrs.evolve(REQUEST, keep=1))
        assert NAME in caught.value.reason
        assert BROKEN.reason in caught.value.reason
        assert (store.listed, store.linked) == ([OLD, NAME], {"latest.json": OLD})

    async def test_what_cannot_be_pruned_is_trouble_after_a_good_export(self) -> None:
        store = ToldStore()
        store.put(OLD, link="latest.json")
        store.breaks_at = "prune"
        report = await export(store, Upstreams(GOOD), attrs.evolve(REQUEST, keep=1))

        assert (report.name, report.trouble, report.pruned) == (named(NAME), str(BROKEN), ())
        assert report.is_doubtful
        assert store.linked == {"latest.json": NAME}

    async def test_a_disk_that_is_full_in_the_middle_of_a_document_changes_nothing(self) -> None:
        store = ToldStore()
        store.put(OLD, link="latest.json")
        store.fail_with(BROKEN)

        with pytest.raises(UpstreamServiceError):
            await export(store, Upstreams(GOOD))
        assert (store.listed, store.linked) == ([OLD], {"latest.json": OLD})

    @pytest.mark.parametrize("request_", [REQUEST, COMPARE], ids=["plain", "compare"])
    async def test_an_upstream_that_does_not_answer_changes_nothing(
        self, request_: ExportRequest
    ) -> None:
        """The first generation wrote an empty list, and its consumers deleted everything."""
        store, read = ToldStore(), Upstreams(GOOD)
        store.put(OLD, link="latest.json")
        read.failure = UpstreamServiceError("Waldur", "is gone")

        with pytest.raises(UpstreamServiceError) as caught:
            await export(store, read, request_)
        assert caught.value is read.failure
        assert (store.listed, store.linked) == ([OLD], {"latest.json": OLD})

        read.failure = None
        assert (await export(store, read, request_)).name == named(NAME)


class TestTwoAtOnce:
    async def test_the_second_ends_at_once_and_reads_nothing(self) -> None:
        store, read = ToldStore(), Upstreams(GOOD)
        async with store.exclusive(timedelta(0)):
            with pytest.raises(DocumentsBusyError):
                await export(store, read)

        assert (read.reads, store.listed) == ([], [])

    async def test_one_that_waits_reads_after_the_first_and_is_named_after_that(self) -> None:
        clock, store, read = FixedClock(MOMENT), ToldStore(), Upstreams(GOOD)
        patient = attrs.evolve(REQUEST, patience=timedelta(minutes=5))
        async with store.exclusive(timedelta(0)):
            second = asyncio.create_task(export_all(read, store, patient, clock=clock))
            await asyncio.sleep(0)
            clock.advance(timedelta(minutes=2))
            before = list(read.reads)

        assert before == []
        assert str((await second).name) == "2026-11-21-13-07-all.json"


class TestRehearsal:
    @pytest.mark.parametrize(
        "request_",
        [REQUEST, COMPARE, attrs.evolve(COMPARE, keep=1)],
        ids=["plain", "compare", "keep"],
    )
    async def test_it_reads_and_computes_and_touches_nothing(self, request_: ExportRequest) -> None:
        store, read = ToldStore(), Upstreams(GOOD, NOBODYS)
        store.put("2026-11-19-08-00-all.json")
        store.put(OLD, link="latest.json")
        documents = dict(store.documents)
        report = await export(store, read, attrs.evolve(request_, rehearse=True))

        assert (store.documents, store.problems) == (documents, {})
        assert store.linked == {"latest.json": OLD}
        assert {"enter", "write", "link", "prune"}.isdisjoint(store.steps)
        assert (report.name, report.pruned) == (None, ())
        assert report.hierarchy == read.hierarchy()
        assert (report.comparison is not None) is request_.compare

    async def test_it_needs_no_lock(self) -> None:
        store = ToldStore()
        async with store.exclusive(timedelta(0)):
            report = await export(store, Upstreams(GOOD), attrs.evolve(REQUEST, rehearse=True))

        assert len(report.hierarchy.rows) == 3

    async def test_it_says_what_a_strict_export_would_object_to(self) -> None:
        request = attrs.evolve(REQUEST, rehearse=True, strictness=Strictness.ANY)
        report = await export(ToldStore(), Upstreams(GOOD, NOBODYS), request)

        assert [problem.code for problem in report.objections] == [ProblemCode.MISSING_IDENTITY]


class TestStrictness:
    @pytest.mark.parametrize(
        ("rows", "none", "identities", "any_"),
        [
            ([GOOD], True, True, True),
            ([GOOD, NOBODYS], True, False, False),
            ([GOOD, UNSAFE], True, True, False),
            ([GOOD, DOUBTFUL], True, True, False),
        ],
        ids=["no problem", "missing identity", "another error", "a warning"],
    )
    async def test_it_decides_which_problems_keep_a_document_from_being_written(
        self, rows: list[WaldurRow], *, none: bool, identities: bool, any_: bool
    ) -> None:
        expected = {
            Strictness.NONE: none,
            Strictness.IDENTITIES: identities,
            Strictness.ANY: any_,
        }
        read = Upstreams(*rows)
        is_written = {}
        for strictness in Strictness:
            store = ToldStore()
            report = await export(store, read, attrs.evolve(REQUEST, strictness=strictness))
            is_written[strictness] = report.name is not None
            assert bool(store.documents) is bool(store.links) is is_written[strictness]
            assert bool(report.objections) is not is_written[strictness]

        assert is_written == expected

    async def test_what_is_merely_worth_knowing_is_no_doubt(self) -> None:
        problem = attrs.evolve(answer(DOUBTFUL).problems[0], severity=Severity.INFO)

        async def read() -> Hierarchy:
            return attrs.evolve(answer(GOOD), problems=(problem,))

        request = attrs.evolve(REQUEST, strictness=Strictness.ANY)
        report = await export_all(read, ToldStore(), request, clock=FixedClock(MOMENT))

        assert report.name is not None
        assert not report.is_doubtful

    async def test_an_objection_prunes_nothing_and_moves_no_link(self) -> None:
        store = ToldStore()
        store.put("2026-11-19-08-00-all.json")
        store.put(OLD, link="latest.json")
        request = attrs.evolve(REQUEST, strictness=Strictness.ANY, keep=1)
        await export(store, Upstreams(NOBODYS), request)

        assert store.listed == ["2026-11-19-08-00-all.json", OLD]
        assert store.linked == {"latest.json": OLD}
        assert store.problems == {}


class TestComparison:
    BEFORE = answer(sample("old")).rows

    async def test_there_is_none_unless_asked_for(self) -> None:
        store = ToldStore()
        store.put(OLD, self.BEFORE, link="latest.json")

        assert (await export(store, Upstreams(GOOD))).comparison is None

    async def test_without_an_earlier_document_every_row_is_created(self) -> None:
        store, read = ToldStore(), Upstreams(GOOD)
        store.put(f"2026-11-20-08-00-create_{uuid_of('order')}.json", read.hierarchy().rows)
        found = await compared(store, read)

        assert found.against is None
        assert found.changes == changes((), read.hierarchy().rows)

    async def test_it_is_with_the_document_that_the_link_leads_to(self) -> None:
        store, read = ToldStore(), Upstreams(GOOD)
        store.put(OLD, self.BEFORE, link="latest.json")
        store.put("2026-11-21-13-04-all.json")
        found = await compared(store, read)

        assert found == Comparison(against=OLD, changes=changes(self.BEFORE, read.hierarchy().rows))

    async def test_without_a_link_it_is_with_the_newest_of_all_rows(self) -> None:
        """As the first generation left its folder."""
        store, read = ToldStore(), Upstreams(GOOD)
        store.put("2026-11-19-08-00-all.json")
        store.put(OLD, self.BEFORE)
        store.put(f"2026-11-20-09-00-create_{uuid_of('order')}.json")
        found = await compared(store, read)

        assert (found.against, found.changes) == (
            OLD,
            changes(self.BEFORE, read.hierarchy().rows),
        )

    async def test_chosen_systems_without_a_link_are_compared_with_the_latest_of_all(self) -> None:
        """The newest document may be one of other systems, which tells nothing about these."""
        policy = attrs.evolve(POLICY, only=frozenset({"vast"}))
        store = ToldStore()
        store.put(OLD, link="latest.json")
        store.put("2026-11-21-08-00-all.json", link="latest-capstor.json")
        request = attrs.evolve(COMPARE, scope=Scope.of(policy))

        assert (await compared(store, Upstreams(policy=policy), request)).against == OLD

    async def test_a_link_to_a_document_that_is_gone_is_no_link(self) -> None:
        store = ToldStore()
        store.put(OLD, self.BEFORE)
        store.links["latest.json"] = named("2026-11-21-08-00-all.json")

        assert (await compared(store, Upstreams(GOOD))).against == OLD

    async def test_a_given_document_is_taken_instead_and_the_store_not_asked(self) -> None:
        store, read = ToldStore(), Upstreams(GOOD)
        store.put(OLD, link="latest.json")
        baseline = Baseline("mine.json", self.BEFORE)
        found = await compared(store, read, attrs.evolve(COMPARE, against=baseline))

        assert found == Comparison(
            against="mine.json", changes=changes(self.BEFORE, read.hierarchy().rows)
        )
        assert "read" not in store.steps

    async def test_an_earlier_document_that_makes_no_sense_is_told_and_stops_nothing(self) -> None:
        store = ToldStore()
        store.put(OLD, link="latest.json")
        store.documents[named(OLD)] = None
        report = await export(store, Upstreams(GOOD), COMPARE)

        assert report.name == named(NAME)
        assert report.comparison is not None
        assert (report.comparison.against, report.comparison.changes) == (OLD, None)
        assert OLD in report.comparison.unreadable

    async def test_one_that_cannot_be_opened_likewise(self) -> None:
        store = ToldStore()
        store.put(OLD, link="latest.json")
        store.breaks_at = "read"
        report = await export(store, Upstreams(GOOD), COMPARE)

        assert report.name == named(NAME)
        assert report.comparison == Comparison(against=OLD, changes=None, unreadable=str(BROKEN))

    async def test_what_moves_here_from_a_system_out_of_scope_is_no_new_row(self) -> None:
        """A directory that moves is dangerous, also for those who look at one of the systems."""
        before = answer(sample(offering_slug="vast-offering")).rows
        policy = attrs.evolve(POLICY, only=frozenset({"capstor"}))
        store = ToldStore()
        store.put(OLD, before, link="latest.json")
        request = attrs.evolve(COMPARE, scope=Scope.of(policy))
        found = (await compared(store, Upstreams(GOOD, policy=policy), request)).changes

        assert found is not None
        assert len(found.dangerous) == 1
        assert found.removed == ()

    async def test_it_is_with_what_was_there_before_this_export(self) -> None:
        store, read = ToldStore(), Upstreams(GOOD)
        await export(store, read, COMPARE)
        found = await compared(store, read)

        assert found.against == NAME
        assert found.changes is not None
        assert found.changes.is_empty

    @pytest.mark.parametrize("link", ["latest.json", "latest-vast.json"])
    @pytest.mark.parametrize("given", [True, False], ids=["given", "found"])
    async def test_of_chosen_systems_the_rows_of_the_others_are_not_gone(
        self, link: str, *, given: bool
    ) -> None:
        everything = answer(GOOD, sample("b", offering_slug="vast-offering")).rows
        policy = attrs.evolve(POLICY, only=frozenset({"vast"}))
        store, read = ToldStore(), Upstreams(GOOD, policy=policy)
        store.put(OLD, everything, link=link)
        baseline = Baseline("mine.json", everything) if given else None
        request = attrs.evolve(COMPARE, scope=Scope.of(policy), against=baseline)
        found = (await compared(store, read, request)).changes

        assert found is not None
        assert (found.created, found.changed) == ((), ())
        assert {row.system.key for row in found.removed} == {"vast"}
        assert len(found.removed) == 3


class TestScope:
    CHOSEN = attrs.evolve(POLICY, only=frozenset({"vast"}))
    ALL_CHOSEN = attrs.evolve(POLICY, only=frozenset({"vast", "capstor"}))

    @pytest.mark.parametrize(
        ("policy", "shares_folder", "names", "keys"),
        [
            (POLICY, False, (), {"capstor", "vast"}),
            (ALL_CHOSEN, False, (), {"capstor", "vast"}),
            (POLICY, True, ("capstor", "vast"), {"capstor", "vast"}),
            (CHOSEN, False, ("vast",), {"vast"}),
            (CHOSEN, True, ("vast",), {"vast"}),
            (
                attrs.evolve(CHOSEN, mapping=ORGANISATION_LEGACY),
                False,
                ("vast",),
                {"vast-offering"},
            ),
        ],
        ids=["all", "all by name", "all of a shared folder", "some", "some shared", "legacy"],
    )
    def test_it_names_systems_if_the_folder_shows_more_than_these(
        self, policy: StoragePolicy, names: tuple[str, ...], keys: set[str], *, shares_folder: bool
    ) -> None:
        scope = Scope.of(policy, shares_folder=shares_folder)

        assert scope == Scope(names, frozenset(keys))

    async def test_a_part_never_becomes_the_latest_of_all(self) -> None:
        """Who follows `latest.json` takes rows that are absent for gone."""
        store, read = ToldStore(), Upstreams(GOOD, policy=self.CHOSEN)
        store.put(OLD, link="latest.json")
        request = attrs.evolve(REQUEST, scope=Scope.of(self.CHOSEN))
        await export(store, read, request)

        assert request.series == Series(("vast",))
        assert store.linked == {"latest.json": OLD, "latest-vast.json": NAME}

    @pytest.mark.parametrize("policy", [CHOSEN, attrs.evolve(CHOSEN, mapping=ORGANISATION_LEGACY)])
    def test_it_holds_just_the_rows_that_its_policy_reads(self, policy: StoragePolicy) -> None:
        rows = (GOOD, sample("b", offering_slug="vast-offering"))
        full = attrs.evolve(policy, only=None)
        scope = Scope.of(policy)
        held = tuple(filter(scope.holds, answer(*rows, policy=full).rows))

        assert held == answer(*rows, policy=policy).rows


class TestNothingBecomesEmptyByMistake:
    """A wrong slug and a token that lost its rights look like a site without rows."""

    ROWS = answer(GOOD).rows

    async def test_no_rows_do_not_follow_some(self) -> None:
        store = ToldStore()
        store.put(OLD, self.ROWS, link="latest.json")
        report = await export(store, Upstreams(), attrs.evolve(REQUEST, keep=1))

        assert report.name is None
        assert report.is_doubtful
        assert [problem.code for problem in report.objections] == [ProblemCode.VANISHED_SYSTEM]
        assert (store.listed, store.linked) == ([OLD], {"latest.json": OLD})

    async def test_the_earlier_document_is_read_once_for_that_and_the_comparison(self) -> None:
        store = ToldStore()
        store.put(OLD, self.ROWS, link="latest.json")
        await export(store, Upstreams(), COMPARE)

        assert store.steps.count("read") == 1

    async def test_nor_what_nobody_can_read(self) -> None:
        store = ToldStore()
        store.put(OLD, link="latest.json")
        store.documents[named(OLD)] = None

        assert (await export(store, Upstreams())).name is None

    async def test_all_of_them_being_left_out_is_the_same(self) -> None:
        store = ToldStore()
        store.put(OLD, self.ROWS, link="latest.json")

        assert (await export(store, Upstreams(NOBODYS))).name is None

    @pytest.mark.parametrize("rows", [(), ROWS], ids=["empty before", "some before"])
    async def test_they_may_if_somebody_says_so_or_there_were_none(
        self, rows: tuple[StorageRow, ...]
    ) -> None:
        store = ToldStore()
        store.put(OLD, rows, link="latest.json")
        report = await export(store, Upstreams(), attrs.evolve(REQUEST, allow_empty=bool(rows)))

        assert report.name == named(NAME)

    async def test_a_system_that_vanishes_among_others_is_the_same(self) -> None:
        both = (GOOD, sample("b", offering_slug="vast-offering"))
        store = ToldStore()
        store.put(OLD, answer(*both).rows, link="latest.json")
        request = attrs.evolve(REQUEST, scope=Scope.of(POLICY))
        report = await export(store, Upstreams(GOOD), request)

        assert [problem.resource for problem in report.objections] == ["vast"]
        assert report.name is None
        allowed = attrs.evolve(request, allow_empty=True)
        assert (await export(store, Upstreams(GOOD), allowed)).name == named(NAME)

    async def test_a_system_that_is_not_configured_any_more_may_go(self) -> None:
        both = (GOOD, sample("b", offering_slug="vast-offering"))
        policy = StoragePolicy.for_systems(capstor="cscs-capstor-offering")
        store = ToldStore()
        store.put(OLD, answer(*both).rows, link="latest.json")
        request = attrs.evolve(REQUEST, scope=Scope.of(policy))

        assert (await export(store, Upstreams(GOOD), request)).name == named(NAME)

    async def test_a_system_that_never_had_any_does_not_matter(self) -> None:
        store = ToldStore()
        store.put(OLD, self.ROWS, link="latest.json")
        request = attrs.evolve(REQUEST, scope=Scope.of(POLICY))

        assert (await export(store, Upstreams(GOOD), request)).name == named(NAME)

    async def test_rows_of_other_systems_do_not_count(self) -> None:
        policy = attrs.evolve(POLICY, only=frozenset({"vast"}))
        store = ToldStore()
        store.put(OLD, self.ROWS, link="latest.json")
        request = attrs.evolve(REQUEST, scope=Scope.of(policy))

        assert (await export(store, Upstreams(policy=policy), request)).name == named(NAME)


class TestPruning:
    async def test_it_comes_after_a_good_write_and_is_told(self) -> None:
        store = ToldStore()
        for day in range(10, 20):
            store.put(f"2026-11-{day}-08-00-all.json")
        order = f"2026-11-09-08-00-create_{uuid_of('order')}.json"
        store.put(order)
        report = await export(store, Upstreams(GOOD), attrs.evolve(REQUEST, keep=3))

        assert store.listed == [
            order,
            "2026-11-18-08-00-all.json",
            "2026-11-19-08-00-all.json",
            NAME,
        ]
        assert len(report.pruned) == 8

    async def test_what_another_link_leads_to_stays(self) -> None:
        store = ToldStore()
        store.put(OLD, link="latest-vast.json")
        await export(store, Upstreams(GOOD), attrs.evolve(REQUEST, keep=1))

        assert store.listed == [OLD, NAME]

    @pytest.mark.parametrize("keep", [0, -1])
    def test_keeping_none_is_refused(self, keep: int) -> None:
        with pytest.raises(InvalidValueError, match="below 1"):
            attrs.evolve(REQUEST, keep=keep)


class TestProgress:
    async def test_comparing_and_writing_are_told(self) -> None:
        told: list[tuple[Stage, int, int | None]] = []

        def progress(stage: Stage, done: int, total: int | None) -> None:
            told.append((stage, done, total))

        await export_all(
            Upstreams(GOOD), ToldStore(), COMPARE, clock=FixedClock(MOMENT), progress=progress
        )

        assert list(dict.fromkeys(stage for stage, _, _ in told)) == [
            Stage.COMPARING,
            Stage.WRITING,
        ]
        assert told[-1] == (Stage.WRITING, 3, 3)

    @pytest.mark.parametrize(("rows", "calls"), [(0, 1), (1, 2), (500, 2), (501, 3), (2000, 5)])
    def test_counting_tells_every_few_hundred_rows_and_passes_all_on(
        self, rows: int, calls: int
    ) -> None:
        told: list[int] = []
        given = answer(GOOD).rows[:1] * rows

        def progress(stage: Stage, done: int, total: int | None) -> None:
            assert (stage, total) == (Stage.WRITING, rows)
            told.append(done)

        assert tuple(counted(given, Stage.WRITING, progress)) == given
        assert len(told) == calls
        assert told == sorted(told)
        assert told[-1] == rows

    def test_rows_are_taken_only_when_they_are_wanted(self) -> None:
        rows = counted(answer(GOOD).rows, Stage.WRITING, no_progress)

        assert next(rows) == answer(GOOD).rows[0]
