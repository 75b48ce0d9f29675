"""The use case behind everything: what one read is made of, and how it leaves others room."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable
from datetime import UTC, datetime, timedelta

import attrs
import pytest

from cscs_domain.errors import UpstreamServiceError
from cscs_domain.identities import UserLookup
from cscs_domain.ports import HpcUsers, ResourcePage, ResourceQuery, WaldurResources
from cscs_domain.problems import ProblemCode, Severity
from cscs_domain.progress import Stage
from cscs_domain.storage.policy import StoragePolicy
from cscs_domain.storage.read_storage import StorageSources, read_hierarchy, take_snapshot
from cscs_domain.storage.snapshots import Snapshot
from cscs_domain.storage.states import Status
from cscs_domain.storage.targets import ProjectTarget
from cscs_fakes.clock import FixedClock
from cscs_fakes.hpc_users import FakeHpcUsers
from cscs_fakes.waldur_resources import FakeWaldurResources
from cscs_fakes.waldur_rows import make_gids, make_rows
from cscs_json import encode_row

POLICY = StoragePolicy.for_systems(capstor="capstor", vast="vast", iopsstor="iopsstor")
MOCKING = attrs.evolve(POLICY, mock_identities=True)
START = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
ROWS = make_rows(1500)
SOME = ROWS[:40]
DOWN = UpstreamServiceError("HPC users", "is being upgraded")


def sources(rows: Iterable[dict[str, object]] = SOME) -> tuple[FakeWaldurResources, FakeHpcUsers]:
    """Both upstreams; everybody in the rows has an id."""
    known = list(rows)
    return FakeWaldurResources(known), FakeHpcUsers(make_gids(known))


async def snapshot(
    waldur: WaldurResources,
    users: HpcUsers,
    *,
    policy: StoragePolicy = MOCKING,
    previous: Snapshot | None = None,
    include_terminated: bool = False,
) -> Snapshot:
    """A snapshot of these upstreams."""
    return await take_snapshot(
        StorageSources(waldur, users),
        policy,
        clock=FixedClock(START),
        encode=encode_row,
        include_terminated=include_terminated,
        previous=previous,
    )


class Ticking:
    """Counts how often the event loop looks at something else while a read is under way."""

    def __init__(self) -> None:
        self.ticks = 0
        self._task = asyncio.create_task(self._tick())

    async def _tick(self) -> None:
        while True:
            self.ticks += 1
            await asyncio.sleep(0)

    async def stop(self) -> int:
        """End it and return the count."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        return self.ticks


class OnePage:
    """An upstream that gives everything at once, so that only the use case makes room."""

    def __init__(self, waldur: FakeWaldurResources) -> None:
        self._waldur = waldur

    async def pages(self, query: ResourceQuery) -> AsyncIterator[ResourcePage]:
        """All rows on one page."""
        pages = [page async for page in self._waldur.pages(query)]
        yield ResourcePage([row for page in pages for row in page.rows])


async def test_a_snapshot_holds_the_rows_of_the_tree_encoded_in_the_same_order() -> None:
    waldur, users = sources()
    tree = await read_hierarchy(StorageSources(waldur, users), MOCKING)
    taken = await snapshot(waldur, users)

    assert [encode_row(row) for row in tree.rows] == list(taken.rows)
    assert [listed.facts for listed in tree.listed] == list(taken.facts)
    assert tree.problems == taken.problems


async def test_control_goes_back_to_the_event_loop_every_few_hundred_rows() -> None:
    waldur, users = sources(ROWS)
    counts = []
    for read in (
        snapshot(OnePage(waldur), users),
        read_hierarchy(StorageSources(OnePage(waldur), users), MOCKING),
    ):
        ticking = Ticking()
        await read
        counts.append(await ticking.stop())

    # 1500 resources to be placed, as many rows and more to be written, a few hundred at a time
    assert min(counts) >= 10


async def test_the_snapshot_is_as_old_as_the_beginning_of_the_read() -> None:
    clock = FixedClock(START)
    clock.advance(timedelta(seconds=9))

    class Slow(FakeWaldurResources):
        async def pages(self, query: ResourceQuery) -> AsyncIterator[ResourcePage]:
            clock.advance(timedelta(seconds=5))
            async for page in super().pages(query):
                yield page

    taken = await take_snapshot(
        StorageSources(Slow(SOME), FakeHpcUsers()), MOCKING, clock=clock, encode=encode_row
    )

    assert taken.taken == timedelta(seconds=9)
    assert taken.taken_at == START + timedelta(seconds=9)
    assert clock.monotonic() == timedelta(seconds=14)


class TestProgress:
    """For people who wait for a large site."""

    async def _told(
        self, waldur: WaldurResources, users: HpcUsers
    ) -> list[tuple[Stage, int, int | None]]:
        told: list[tuple[Stage, int, int | None]] = []

        def progress(stage: Stage, done: int, total: int | None) -> None:
            told.append((stage, done, total))

        await read_hierarchy(StorageSources(waldur, users), MOCKING, progress=progress)
        return told

    async def test_the_stages_come_one_after_the_other_and_each_only_grows(self) -> None:
        told = await self._told(*sources(ROWS))
        stages = [stage for stage, _, _ in told]

        assert list(dict.fromkeys(stages)) == [Stage.READING, Stage.LOOKING_UP, Stage.BUILDING]
        for stage in set(stages):
            done = [count for other, count, _ in told if other is stage]
            assert done == sorted(done)
        assert told == sorted(told, key=lambda call: list(Stage).index(call[0]))

    async def test_reading_tells_the_rows_so_far_refused_ones_included(self) -> None:
        waldur, users = sources(ROWS)
        waldur.add({"uuid": "x"}, {"order_in_progress": 7})
        reading = [call[1:] for call in await self._told(waldur, users) if call[0] is Stage.READING]

        assert len(reading) > 3
        assert reading[-1] == (len(ROWS) + 2, len(ROWS) + 2)

    async def test_an_upstream_that_does_not_know_its_total_has_none(self) -> None:
        waldur, users = sources(SOME)
        told = await self._told(OnePage(waldur), users)

        assert [call for call in told if call[0] is Stage.READING] == [
            (Stage.READING, len(SOME), None)
        ]

    async def test_looking_up_tells_how_many_names_are_asked_for(self) -> None:
        told = await self._told(*sources(ROWS))
        asked = [(done, total) for stage, done, total in told if stage is Stage.LOOKING_UP]
        names = asked[-1][0]

        assert asked == [(0, names), (names, names)]
        assert names >= len({row["project_slug"] for row in ROWS})

    async def test_building_tells_the_rows_of_the_answer(self) -> None:
        waldur, users = sources(ROWS)
        tree = await read_hierarchy(StorageSources(waldur, users), MOCKING)
        *_, last = await self._told(waldur, users)

        assert last == (Stage.BUILDING, len(tree.rows), None)

    async def test_a_read_that_fails_tells_of_no_later_stage(self) -> None:
        waldur, users = sources(ROWS)
        waldur.fail_with(UpstreamServiceError("Waldur", "is gone"), after_pages=1)
        told: list[Stage] = []

        def progress(stage: Stage, done: int, total: int | None) -> None:
            told.append(stage)

        with pytest.raises(UpstreamServiceError):
            await read_hierarchy(StorageSources(waldur, users), MOCKING, progress=progress)

        assert told == [Stage.READING]


async def test_the_tree_has_the_orders_in_progress_and_their_rows() -> None:
    waldur, users = sources(ROWS)
    tree = await read_hierarchy(StorageSources(waldur, users), MOCKING)
    rows = {row.item_id: row for row in tree.rows}

    assert tree.orders != ()
    assert all(order.row is rows[order.resource] for order in tree.orders)


class TestFailures:
    @pytest.mark.parametrize("after_pages", [0, 1, 4])
    async def test_waldur_failing_at_any_page_fails_the_read(self, after_pages: int) -> None:
        waldur, users = sources(ROWS)
        waldur.fail_with(UpstreamServiceError("Waldur", "is gone"), after_pages=after_pages)

        with pytest.raises(UpstreamServiceError, match="Waldur: is gone"):
            await snapshot(waldur, users)

    async def test_the_identity_service_failing_fails_the_read(self) -> None:
        waldur, users = sources()
        users.fail_with(DOWN)

        with pytest.raises(UpstreamServiceError) as caught:
            await snapshot(waldur, users, policy=POLICY)
        assert caught.value is DOWN

    async def test_in_mock_mode_it_is_told_and_ids_are_made_up(self) -> None:
        waldur, users = sources()
        known = await snapshot(waldur, users)
        users.fail_with(DOWN)
        mocked = await snapshot(waldur, users)
        (told,) = [problem for problem in mocked.problems if problem.resource is None]

        assert len(mocked.rows) == len(known.rows)
        assert told.code is ProblemCode.MOCK_IDENTITY
        assert told.severity is Severity.WARNING
        assert str(DOWN) in told.message

    async def test_in_mock_mode_what_was_found_is_kept_although_the_rest_failed(self) -> None:
        class NoUsers(FakeHpcUsers):
            """Knows projects, and fails for users."""

            async def users(self, usernames: Collection[str]) -> UserLookup:
                raise DOWN

        users = NoUsers(make_gids(SOME))
        tree = await read_hierarchy(StorageSources(FakeWaldurResources(SOME), users), MOCKING)
        gids = {row.target.unix_gid for row in tree.rows if isinstance(row.target, ProjectTarget)}

        assert gids
        assert gids <= set(make_gids(SOME).values())

    async def test_mock_mode_does_not_help_when_waldur_is_down(self) -> None:
        waldur, users = sources()
        waldur.fail_with(UpstreamServiceError("Waldur", "is gone"))

        with pytest.raises(UpstreamServiceError):
            await snapshot(waldur, users, policy=MOCKING)


class TestTerminated:
    ROWS = (SOME[0] | {"state": "Terminated", "order_in_progress": None}, *SOME[1:])

    async def test_they_are_left_out_even_if_the_upstream_sends_them(self) -> None:
        taken = await snapshot(*sources(self.ROWS))

        assert Status.REMOVED not in {facts.status for facts in taken.facts}

    async def test_they_are_there_when_asked_for(self) -> None:
        taken = await snapshot(*sources(self.ROWS), include_terminated=True)

        assert [f.status for f in taken.facts].count(Status.REMOVED) == 1

    @pytest.mark.parametrize("include_terminated", [True, False])
    async def test_the_upstream_is_asked_accordingly(self, include_terminated: bool) -> None:
        asked: list[ResourceQuery] = []

        class Listening(FakeWaldurResources):
            def pages(self, query: ResourceQuery) -> AsyncIterator[ResourcePage]:
                asked.append(query)
                return super().pages(query)

        await snapshot(Listening(SOME), FakeHpcUsers(), include_terminated=include_terminated)

        assert asked == [
            ResourceQuery(
                offering_slugs=frozenset({"capstor", "vast", "iopsstor"}),
                include_terminated=include_terminated,
            )
        ]


class TestPrevious:
    async def test_an_unchanged_upstream_gives_the_same_rows_and_id(self) -> None:
        waldur, users = sources()
        first = await snapshot(waldur, users)
        second = await snapshot(waldur, users, previous=first)

        assert first.id == second.id
        assert first.rows is second.rows

    async def test_of_a_changed_one_the_rows_that_stayed_are_shared(self) -> None:
        waldur, users = sources()
        first = await snapshot(waldur, users)
        waldur.replace(SOME[-1] | {"state": "Erred", "order_in_progress": None})
        second = await snapshot(waldur, users, previous=first)
        held = {id(row) for row in first.rows}

        assert first.id != second.id
        assert sum(id(row) not in held for row in second.rows) <= 3

    async def test_an_id_says_what_is_in_it_and_not_when_or_after_what_it_was_read(self) -> None:
        waldur, users = sources()
        first = await snapshot(waldur, users)
        waldur.remove(str(SOME[0]["uuid"]))
        second = await snapshot(waldur, users, previous=first)
        waldur.add(SOME[0])
        third = await snapshot(waldur, users, previous=second)

        assert second.id != first.id
        assert third.id == first.id
        assert third.rows == first.rows


async def test_each_identity_is_asked_for_once_all_in_one_go() -> None:
    waldur, users = sources(ROWS)
    await snapshot(waldur, users)

    assert (users.gid_lookups, users.user_lookups) == (1, 1)


async def test_problems_of_all_stages_are_there_once_the_most_urgent_first() -> None:
    bad = [SOME[0] | {"uuid": "x"}, SOME[1] | {"project_slug": "ghost"}, SOME[2] | {"state": "?"}]
    waldur, users = sources(SOME[3:])
    waldur.add(*bad, *bad)
    users.set_gid(str(SOME[3]["project_slug"]), 0)
    problems = (await snapshot(waldur, users, policy=POLICY)).problems
    codes = [problem.code for problem in problems]
    ranks = [["error", "warning", "info"].index(problem.severity) for problem in problems]

    assert {
        ProblemCode.MALFORMED_RECORD,
        ProblemCode.MISSING_IDENTITY,
        ProblemCode.UNKNOWN_STATE,
        ProblemCode.BAD_IDENTITY,
    } <= set(codes)
    assert len(set(problems)) == len(problems)
    assert ranks == sorted(ranks)
