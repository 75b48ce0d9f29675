"""Who gets which snapshot, and when a new one is read. DESIGN section 4, "Snapshots"."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import attrs
import pytest

from cscs_domain.errors import UpstreamServiceError
from cscs_domain.storage.filters import RowFilter
from cscs_domain.storage.snapshot_keeper import SnapshotKeeper
from cscs_domain.storage.snapshots import Snapshot
from cscs_fakes.clock import FixedClock
from tests.unit.storage.controlled_reads import DOWN, POLICY, Bench, rows_of, settle

A, B, C = b'{"a":1}', b'{"b":2}', b'{"c":3}'


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    made = Bench()
    yield made
    await made.keeper.close()


class TestOneReader:
    async def test_a_hundred_callers_of_an_empty_keeper_share_one_read(self, bench: Bench) -> None:
        asking = [await bench.ask() for _ in range(100)]
        assert len(bench.reads) == 1
        bench.reads[0].succeed(A)

        served = await asyncio.gather(*asking)

        assert {id(each.snapshot) for each in served} == {id(bench.keeper.current)}

    async def test_all_who_wait_share_a_failure(self, bench: Bench) -> None:
        asking = [await bench.ask() for _ in range(3)]
        bench.reads[0].fail()

        outcomes = await asyncio.gather(*asking, return_exceptions=True)

        assert outcomes == [DOWN] * 3
        assert len(bench.reads) == 1

    async def test_a_caller_that_is_cancelled_does_not_cancel_the_read_of_others(
        self, bench: Bench
    ) -> None:
        first, second = await bench.ask(), await bench.ask()
        first.cancel()
        await settle()
        bench.reads[0].succeed(A)

        assert rows_of(await second) == (A,)
        assert first.cancelled()

    async def test_a_read_goes_on_when_the_only_caller_has_gone(self, bench: Bench) -> None:
        only = await bench.ask()
        only.cancel()
        await settle()
        bench.reads[0].succeed(A)
        await settle()

        assert rows_of(await bench.keeper.serve()) == (A,)
        assert len(bench.reads) == 1

    async def test_a_read_is_given_the_snapshot_before_it(self, bench: Bench) -> None:
        first = await bench.take(A)
        await bench.take(B)

        assert [read.previous for read in bench.reads] == [None, first]


class TestAges:
    async def test_younger_than_max_age_is_served_without_a_read(self, bench: Bench) -> None:
        await bench.take(A)
        bench.advance(14.999)
        served = await bench.keeper.serve()

        assert served.age == timedelta(seconds=14.999)
        assert served.failure is None
        await settle()
        assert len(bench.reads) == 1

    @pytest.mark.parametrize("age", [15, 15.001, 29.999])
    async def test_from_max_age_on_it_is_served_at_once_while_one_refresh_runs(
        self, bench: Bench, age: float
    ) -> None:
        await bench.take(A)
        bench.advance(age)
        served = [await bench.keeper.serve() for _ in range(5)]
        await settle()

        assert {rows_of(each) for each in served} == {(A,)}
        assert len(bench.reads) == 2
        bench.reads[1].succeed(B)
        await settle()
        assert rows_of(await bench.keeper.serve()) == (B,)

    @pytest.mark.parametrize("age", [30, 30.001, 10_000])
    async def test_from_two_max_ages_on_it_is_never_served_before_the_refresh_has_ended(
        self, bench: Bench, age: float
    ) -> None:
        await bench.take(A)
        bench.advance(age)
        asking = await bench.ask()

        assert not asking.done()
        bench.reads[1].succeed(B)
        assert rows_of(await asking) == (B,)

    async def test_a_refresh_begun_behind_the_scenes_is_waited_for_once_the_old_one_is_too_old(
        self, bench: Bench
    ) -> None:
        await bench.take(A)
        bench.advance(20)
        await bench.keeper.serve()
        await settle()
        bench.advance(10)
        asking = await bench.ask()

        assert not asking.done()
        assert len(bench.reads) == 2
        bench.reads[1].succeed(B)
        assert (await asking).age == timedelta(seconds=10)

    async def test_age_counts_from_the_beginning_of_the_read(self, bench: Bench) -> None:
        asking = await bench.ask()
        bench.advance(4)
        bench.reads[0].succeed(A)

        assert (await asking).age == timedelta(seconds=4)

    async def test_max_age_zero_reads_each_time(self) -> None:
        bench = Bench(attrs.evolve(POLICY, max_age=timedelta(0)))
        for number in range(3):
            asking = await bench.ask()
            bench.reads[number].succeed(A)
            await asking

        assert len(bench.reads) == 3


class TestFresh:
    async def test_a_young_snapshot_does_not_do(self, bench: Bench) -> None:
        await bench.take(A)
        asking = await bench.ask(fresh=True)

        assert not asking.done()
        bench.reads[1].succeed(B)
        assert rows_of(await asking) == (B,)

    async def test_a_read_under_way_does_not_do_for_it_began_before(self, bench: Bench) -> None:
        usual = await bench.ask()
        asking = await bench.ask(fresh=True)
        bench.reads[0].succeed(A)
        await settle()

        assert rows_of(await usual) == (A,)
        assert not asking.done()
        bench.reads[1].succeed(B)
        assert rows_of(await asking) == (B,)

    async def test_several_share_one_read(self, bench: Bench) -> None:
        await bench.ask()
        asking = [await bench.ask(fresh=True) for _ in range(5)]
        bench.reads[0].succeed(A)
        await settle()
        bench.reads[1].succeed(B)

        assert {rows_of(each) for each in await asyncio.gather(*asking)} == {(B,)}
        assert len(bench.reads) == 2

    async def test_it_reads_again_after_a_read_under_way_that_fails(self, bench: Bench) -> None:
        usual = await bench.ask()
        asking = await bench.ask(fresh=True)
        bench.reads[0].fail()
        await settle()
        bench.reads[1].succeed(B)

        assert rows_of(await asking) == (B,)
        assert usual.exception() is DOWN

    async def test_it_reads_although_a_read_has_failed_just_now(self, bench: Bench) -> None:
        await bench.fail()
        asking = await bench.ask(fresh=True)
        bench.reads[1].succeed(A)

        assert rows_of(await asking) == (A,)
        assert bench.keeper.failure is None


class TestSameContent:
    async def test_it_keeps_id_rows_and_selections(self, bench: Bench) -> None:
        wanted = RowFilter(data_type="store")
        first = await bench.take(A, B)
        chosen = first.select(wanted)
        bench.advance(100)
        second = await bench.take(bytes(bytearray(A)), B)

        assert second.id == first.id
        assert second.rows is first.rows
        assert second.select(wanted) is chosen
        assert second.taken - first.taken == timedelta(seconds=100)

    async def test_a_changed_snapshot_shares_the_rows_that_stayed(self, bench: Bench) -> None:
        first = await bench.take(A, B)
        second = await bench.take(bytes(bytearray(A)), C)

        assert second.id != first.id
        assert second.rows[0] is first.rows[0]

    async def test_order_and_number_of_rows_are_content(self, bench: Bench) -> None:
        ids = {(await bench.take(*rows)).id for rows in [(A, B), (B, A), (A,), (A, A), ()]}

        assert len(ids) == 5


class TestClosing:
    async def test_it_ends_a_running_read(self, bench: Bench) -> None:
        asking = await bench.ask()
        await bench.keeper.close()

        assert bench.reads[0].outcome.cancelled()
        with pytest.raises(asyncio.CancelledError):
            await asking

    async def test_it_ends_a_read_that_has_not_begun(self, bench: Bench) -> None:
        await bench.take(A)
        bench.advance(15)
        await bench.keeper.serve()
        await bench.keeper.close()
        await settle()

        assert len(bench.reads) == 1

    async def test_a_closed_keeper_can_be_asked_again(self, bench: Bench) -> None:
        await bench.take(A)
        bench.advance(15)
        await bench.keeper.serve()
        await bench.keeper.close()
        bench.advance(15)
        asking = await bench.ask()
        bench.reads[-1].succeed(B)

        assert rows_of(await asking) == (B,)

    async def test_a_read_that_is_slow_to_end_does_not_hide_the_one_after_it(self) -> None:
        """Otherwise a second reader would begin beside the first."""
        begun: list[int] = []
        ended = asyncio.Event()

        async def read(_previous: Snapshot | None) -> Snapshot:
            begun.append(len(begun))
            never: asyncio.Future[Snapshot] = asyncio.get_running_loop().create_future()
            try:
                return await never
            finally:
                await ended.wait()

        keeper = SnapshotKeeper(read, FixedClock(datetime(2026, 11, 21, tzinfo=UTC)), POLICY)
        asking = [asyncio.create_task(keeper.serve())]
        await settle()
        closing = asyncio.create_task(keeper.close())
        await settle()
        asking.append(asyncio.create_task(keeper.serve()))
        await settle()
        ended.set()
        await settle()
        asking.append(asyncio.create_task(keeper.serve()))
        await settle()

        assert begun == [0, 1]
        await keeper.close()
        await closing
        await asyncio.gather(*asking, return_exceptions=True)

    async def test_it_does_nothing_to_an_idle_keeper(self, bench: Bench) -> None:
        await bench.keeper.close()
        await bench.take(A)
        await bench.keeper.close()

        assert rows_of(await bench.keeper.serve()) == (A,)


async def test_an_unexpected_error_reaches_the_waiters_and_the_next_read_can_succeed(
    bench: Bench,
) -> None:
    broken = ZeroDivisionError("a bug")
    asking = [await bench.ask() for _ in range(2)]
    bench.reads[0].fail(broken)

    assert await asyncio.gather(*asking, return_exceptions=True) == [broken, broken]
    assert bench.keeper.failure is broken
    bench.advance(60)
    retry = await bench.ask()
    bench.reads[1].succeed(A)
    assert rows_of(await retry) == (A,)
    assert bench.keeper.failure is None


async def test_an_older_answer_stands_in_for_an_unexpected_error_too(bench: Bench) -> None:
    await bench.take(A)
    bench.advance(40)
    asking = await bench.ask()
    broken = ZeroDivisionError("a bug")
    bench.reads[-1].fail(broken)

    served = await asking

    assert (served.snapshot.rows, served.failure) == ((A,), broken)


async def test_errors_that_are_repeated_do_not_pile_up_frames(bench: Bench) -> None:
    """One error answers everybody who asks within `retry_after`: thousands, under load."""
    error = UpstreamServiceError("Waldur", "is down")
    await bench.fail(error)
    for _ in range(50):
        with pytest.raises(UpstreamServiceError):
            await bench.keeper.serve()
    frames, frame = 0, error.__traceback__
    while frame is not None:
        frames, frame = frames + 1, frame.tb_next

    assert frames < 10
