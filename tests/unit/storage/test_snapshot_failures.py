"""What a keeper does while its upstream is down, and for walks that are pinned to a snapshot."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import attrs
import pytest

from cscs_domain.errors import SnapshotGoneError, UpstreamServiceError
from tests.unit.storage.controlled_reads import DOWN, POLICY, Bench, rows_of, settle

A, B, C = b'{"a":1}', b'{"b":2}', b'{"c":3}'


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    made = Bench()
    yield made
    await made.keeper.close()


class TestStaleIfError:
    @pytest.mark.parametrize("age", [30, 299.999, 300])
    async def test_up_to_the_limit_the_old_snapshot_stands_in_and_says_why(
        self, bench: Bench, age: float
    ) -> None:
        await bench.take(A)
        bench.advance(age)
        asking = await bench.ask()
        bench.reads[1].fail()
        served = await asking

        assert rows_of(served) == (A,)
        assert served.failure is DOWN
        assert served.age == timedelta(seconds=age)

    async def test_beyond_the_limit_the_error_is_raised(self, bench: Bench) -> None:
        await bench.take(A)
        bench.advance(300.001)
        asking = await bench.ask()
        bench.reads[1].fail()

        with pytest.raises(UpstreamServiceError) as caught:
            await asking
        assert caught.value is DOWN

    async def test_the_limit_counts_when_the_read_has_failed_not_when_it_began(
        self, bench: Bench
    ) -> None:
        await bench.take(A)
        bench.advance(290)
        asking = await bench.ask()
        bench.advance(11)
        bench.reads[1].fail()

        with pytest.raises(UpstreamServiceError):
            await asking

    async def test_zero_never_serves_an_old_one(self) -> None:
        bench = Bench(attrs.evolve(POLICY, stale_if_error=timedelta(0)))
        await bench.take(A)
        bench.advance(30)
        asking = await bench.ask()
        bench.reads[1].fail()

        with pytest.raises(UpstreamServiceError):
            await asking

    async def test_a_fresh_caller_gets_it_too(self, bench: Bench) -> None:
        await bench.take(A)
        asking = await bench.ask(fresh=True)
        bench.reads[1].fail()
        served = await asking

        assert (rows_of(served), served.failure) == ((A,), DOWN)

    async def test_the_first_read_has_nothing_to_stand_in(self, bench: Bench) -> None:
        asking = await bench.ask()
        bench.reads[0].fail()

        with pytest.raises(UpstreamServiceError):
            await asking
        assert bench.keeper.current is None
        assert bench.keeper.failure is DOWN


class TestRetryAfter:
    async def test_within_it_nobody_reads_again(self, bench: Bench) -> None:
        await bench.take(A)
        bench.advance(40)
        await bench.fail()
        bench.advance(1.999)
        served = await bench.keeper.serve()

        assert (rows_of(served), served.failure) == ((A,), DOWN)
        assert len(bench.reads) == 2

    async def test_within_it_an_empty_keeper_fails_at_once(self, bench: Bench) -> None:
        await bench.fail()

        with pytest.raises(UpstreamServiceError):
            await bench.keeper.serve()
        assert len(bench.reads) == 1

    async def test_after_it_the_next_caller_reads_again(self, bench: Bench) -> None:
        await bench.fail()
        bench.advance(2)
        asking = await bench.ask()
        bench.reads[1].succeed(A)

        assert (await asking).failure is None

    async def test_between_one_and_two_max_ages_it_holds_for_refreshes_too(
        self, bench: Bench
    ) -> None:
        await bench.take(A)
        bench.advance(16)
        await bench.fail()
        bench.advance(1)
        await bench.keeper.serve()
        await settle()
        assert len(bench.reads) == 2

        bench.advance(1)
        await bench.keeper.serve()
        await settle()
        assert len(bench.reads) == 3

    async def test_a_failed_refresh_nobody_waited_for_is_remembered(self, bench: Bench) -> None:
        await bench.take(A)
        bench.advance(15)
        await bench.keeper.serve()
        await settle()
        bench.reads[1].fail()
        await settle()

        assert bench.keeper.failure is DOWN
        assert rows_of(await bench.keeper.serve()) == (A,)


class TestPinned:
    async def test_the_current_snapshot_can_be_walked(self, bench: Bench) -> None:
        current = await bench.take(A)
        bench.advance(7)
        served = bench.keeper.pinned(current.id)

        assert served.snapshot is current
        assert served.age == timedelta(seconds=7)

    async def test_a_replaced_one_is_kept_for_so_long(self, bench: Bench) -> None:
        first = await bench.take(A)
        bench.advance(1000)
        await bench.take(B)
        bench.advance(200)

        assert bench.keeper.pinned(first.id).snapshot is first

    async def test_then_it_is_gone(self, bench: Bench) -> None:
        first = await bench.take(A)
        await bench.take(B)
        bench.advance(200.001)

        with pytest.raises(SnapshotGoneError, match=first.id):
            bench.keeper.pinned(first.id)

    async def test_the_current_one_is_not_gone_however_old(self, bench: Bench) -> None:
        current = await bench.take(A)
        bench.advance(100_000)

        assert bench.keeper.pinned(current.id).snapshot is current

    async def test_several_replaced_ones_are_kept_each_for_its_own_time(self, bench: Bench) -> None:
        first = await bench.take(A)
        second = await bench.take(B)
        bench.advance(150)
        await bench.take(C)
        bench.advance(100)

        assert bench.keeper.pinned(second.id).snapshot is second
        with pytest.raises(SnapshotGoneError):
            bench.keeper.pinned(first.id)

    async def test_content_that_comes_back_is_the_current_snapshot_again(
        self, bench: Bench
    ) -> None:
        first = await bench.take(A)
        await bench.take(B)
        again = await bench.take(A)
        bench.advance(500)

        assert again.id == first.id
        assert bench.keeper.pinned(first.id).snapshot is again

    @pytest.mark.parametrize("unknown", ["", "x", "a" * 1000, "\x00"])
    async def test_an_unknown_one_is_gone(self, bench: Bench, unknown: str) -> None:
        await bench.take(A)

        with pytest.raises(SnapshotGoneError):
            bench.keeper.pinned(unknown)

    async def test_a_walk_begins_no_read(self, bench: Bench) -> None:
        current = await bench.take(A)
        bench.advance(100)
        bench.keeper.pinned(current.id)
        await settle()

        assert len(bench.reads) == 1

    async def test_a_walk_goes_on_while_the_upstream_is_down(self, bench: Bench) -> None:
        current = await bench.take(A)
        bench.advance(5000)
        await bench.fail()

        assert bench.keeper.pinned(current.id).snapshot is current
