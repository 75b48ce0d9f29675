"""The storage answer as a running service: two snapshots, what it logs, how it ends."""

from __future__ import annotations

import asyncio
import gc
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import attrs
import pytest
from structlog.testing import capture_logs

from cscs_bootstrap.storage_service import StorageService
from cscs_domain.errors import SnapshotGoneError, UpstreamServiceError
from cscs_domain.storage.filters import EVERYTHING, RowFilter
from cscs_domain.storage.policy import StoragePolicy
from cscs_domain.storage.read_storage import StorageSources
from cscs_domain.storage.states import ResourceState, Status
from cscs_fakes.clock import FixedClock
from cscs_fakes.hpc_users import FakeHpcUsers
from cscs_fakes.waldur_resources import FakeWaldurResources
from cscs_fakes.waldur_rows import make_gids, make_rows
from cscs_json import encode_row

ROWS = make_rows(20)
GONE = ROWS[0] | {"state": "Terminated", "order_in_progress": None}
POLICY = StoragePolicy.for_systems(capstor="capstor", vast="vast", iopsstor="iopsstor")
TERMINATED = RowFilter(state=ResourceState.TERMINATED)
DOWN = UpstreamServiceError("Waldur", "does not answer")


class Bench:
    """A service and what lies behind it."""

    def __init__(self, *, include_terminated: bool = False) -> None:
        self.waldur = FakeWaldurResources([GONE, *ROWS[1:]])
        self.clock = FixedClock(datetime(2026, 11, 21, tzinfo=UTC))
        self.service = StorageService(
            policy=POLICY,
            sources=StorageSources(self.waldur, FakeHpcUsers(make_gids(ROWS))),
            inspection=self.waldur,
            offerings=self.waldur,
            clock=self.clock,
            encode=encode_row,
            include_terminated=include_terminated,
        )

    async def statuses(self, wanted: RowFilter = EVERYTHING) -> set[Status]:
        """What can be found in the snapshot that answers a filter."""
        return {facts.status for facts in (await self.service.serve(wanted)).snapshot.facts}


class TestTwoSnapshots:
    async def test_terminated_resources_are_in_a_second_one(self) -> None:
        bench = Bench()

        assert Status.REMOVED not in await bench.statuses()
        assert bench.service.complete.current is None
        assert Status.REMOVED in await bench.statuses(TERMINATED)
        assert Status.REMOVED in await bench.statuses(RowFilter(status=Status.REMOVED))
        assert bench.waldur.reads == 2

    async def test_one_is_enough_if_they_are_always_shown(self) -> None:
        bench = Bench(include_terminated=True)

        assert bench.service.usual is bench.service.complete
        assert Status.REMOVED in await bench.statuses()
        assert Status.REMOVED in await bench.statuses(TERMINATED)
        assert bench.waldur.reads == 1

    async def test_a_walk_may_be_pinned_to_either(self) -> None:
        bench = Bench()
        usual = (await bench.service.serve(EVERYTHING)).snapshot
        complete = (await bench.service.serve(TERMINATED)).snapshot

        assert usual.id != complete.id
        assert bench.service.pinned(usual.id, EVERYTHING).snapshot is usual
        assert bench.service.pinned(complete.id, TERMINATED).snapshot is complete
        with pytest.raises(SnapshotGoneError):
            bench.service.pinned("other", EVERYTHING)

    async def test_a_walk_is_never_pinned_to_what_cannot_answer_it(self) -> None:
        """A snapshot without terminated resources must not say that there are none."""
        bench = Bench()
        usual = (await bench.service.serve(EVERYTHING)).snapshot
        complete = (await bench.service.serve(TERMINATED)).snapshot

        with pytest.raises(SnapshotGoneError):
            bench.service.pinned(usual.id, TERMINATED)
        with pytest.raises(SnapshotGoneError):
            bench.service.pinned(complete.id, EVERYTHING)

    async def test_one_failing_does_not_make_the_other_fail(self) -> None:
        bench = Bench()
        await bench.service.serve(EVERYTHING)
        bench.waldur.fail_with(DOWN)

        with pytest.raises(UpstreamServiceError):
            await bench.service.serve(TERMINATED)
        assert (await bench.service.serve(EVERYTHING)).failure is None


class TestTree:
    async def test_it_is_read_now_and_not_out_of_a_snapshot(self) -> None:
        bench = Bench()
        before = len((await bench.service.read()).rows)
        bench.waldur.remove(str(ROWS[1]["uuid"]))

        assert len((await bench.service.read()).rows) < before
        assert bench.service.usual.current is None

    @pytest.mark.parametrize(
        ("always", "asked", "expected"),
        [(False, False, False), (False, True, True), (True, False, True)],
    )
    async def test_terminated_resources_are_in_it_if_asked_for(
        self, always: bool, asked: bool, expected: bool
    ) -> None:
        bench = Bench(include_terminated=always)
        tree = await bench.service.read(include_terminated=asked)

        assert expected == (Status.REMOVED in {listed.facts.status for listed in tree.listed})


class TestWarmingUp:
    async def test_it_reads_once_however_often_it_is_asked(self) -> None:
        bench = Bench()
        for _ in range(3):
            bench.service.warm_up()
        await bench.service.serve(EVERYTHING)

        assert bench.waldur.reads == 1
        await bench.service.close()

    async def test_its_failure_is_remembered_and_not_raised_anywhere(self) -> None:
        bench = Bench()
        bench.waldur.fail_with(DOWN)
        bench.service.warm_up()
        with pytest.raises(UpstreamServiceError):
            await bench.service.serve(EVERYTHING)

        assert bench.service.usual.failure is DOWN
        await bench.service.close()


class TestClosing:
    async def test_it_ends_a_read_under_way(self) -> None:
        bench = Bench()
        bench.service.warm_up()
        asking = asyncio.create_task(bench.service.serve(EVERYTHING))
        await asyncio.sleep(0)
        await bench.service.close()

        with pytest.raises(asyncio.CancelledError):
            await asking
        assert bench.service.usual.current is None
        assert gc.isenabled()

    async def test_it_may_be_closed_without_ever_having_been_used(self) -> None:
        await Bench().service.close()

    @pytest.mark.parametrize("error", [None, ValueError("of the caller")])
    async def test_a_context_closes_it_at_the_end_whatever_happens(
        self, error: Exception | None
    ) -> None:
        closed: list[str] = []

        async def close() -> None:
            closed.append("connections")

        with suppress(ValueError):
            async with attrs.evolve(Bench().service, closers=(close,)) as service:
                await service.read()
                if error is not None:
                    raise error

        assert closed == ["connections"]


class TestCollector:
    async def test_it_runs_again_after_a_read_that_failed(self) -> None:
        bench = Bench()
        bench.waldur.fail_with(DOWN)
        with pytest.raises(UpstreamServiceError):
            await bench.service.serve(EVERYTHING)

        assert gc.isenabled()

    async def test_it_stands_still_during_a_read(self) -> None:
        bench, seen = Bench(), set()

        def encode(row: object) -> bytes:
            seen.add(gc.isenabled())
            return b"{}"

        bench.service.encode = encode
        await bench.service.serve(EVERYTHING)

        assert seen == {False}
        assert gc.isenabled()


class TestLog:
    async def events(self, *changes: dict[str, object]) -> list[str]:
        """The events of a first read, and of one more after each change of a row."""
        bench = Bench()
        with capture_logs() as lines:
            await bench.service.serve(EVERYTHING)
            for change in changes:
                lines.append({"event": "--", "log_level": "info"})
                bench.waldur.replace(ROWS[1] | change)
                bench.clock.advance(timedelta(minutes=1))
                await bench.service.serve(EVERYTHING)
        return [line["event"] for line in lines if line["log_level"] != "debug"]

    async def test_a_read_is_told_with_rows_problems_and_duration(self) -> None:
        bench = Bench()
        with capture_logs() as lines:
            served = await bench.service.serve(EVERYTHING)
        (taken,) = [line for line in lines if line["event"] == "snapshot_taken"]

        assert taken["rows"] == len(served.snapshot.rows)
        assert taken["snapshot"] == served.snapshot.id
        assert taken["duration_ms"] == 0
        assert taken["log_level"] == "info"

    async def test_an_unchanged_read_is_not_worth_a_line(self) -> None:
        events = await self.events({}, {})

        assert events[events.index("--") :] == ["--", "--"]

    async def test_a_problem_is_told_when_it_appears_and_when_it_goes(self) -> None:
        broken: dict[str, object] = {"limits": {"storage": -1}}
        events = await self.events(broken, broken | {"modified": "2026-11-20T00:00:00Z"}, {})
        parts = "|".join(events).split("--")

        assert parts[1].count("problem") == 1
        assert "problem" not in parts[2]
        assert "problem_gone" in parts[3]

    async def test_a_failed_read_is_told_with_its_reason(self) -> None:
        bench = Bench()
        bench.waldur.fail_with(DOWN)
        with capture_logs() as lines, pytest.raises(UpstreamServiceError):
            await bench.service.serve(EVERYTHING)

        assert [line["event"] for line in lines] == ["snapshot_failed"]
        assert lines[0]["log_level"] == "error"
        assert lines[0]["reason"] == str(DOWN)
