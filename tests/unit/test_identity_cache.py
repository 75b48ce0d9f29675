"""When a cache of Unix ids asks, what it serves meanwhile, and what it says about it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from cscs_domain.errors import InvalidValueError, UpstreamServiceError
from cscs_domain.identities import UnixUser
from cscs_domain.identity_cache_policy import GidCacheStatistics, IdentityCachePolicy
from cscs_domain.problems import Problem, ProblemCode, Severity
from tests.unit.identity_services import DOWN, HOUR, CacheBench, settle

pytestmark = pytest.mark.anyio

GIDS: dict[str, object] = {"a": 30001, "b": 30002, "c": 30003, "bad": 0}
ALENA = UnixUser("anovak", 21001, "a@uni.example.org")
STALE = ProblemCode.STALE_IDENTITY


@pytest.fixture
async def bench() -> AsyncIterator[CacheBench]:
    made = CacheBench(GIDS)
    yield made
    await made.cache.close()


async def bench_with(**policy: Any) -> CacheBench:
    """A bench with another policy that knows project `a` already."""
    made = CacheBench(GIDS, IdentityCachePolicy(**policy))
    await made.cache.gids(["a"])
    return made


class TestMemory:
    async def test_what_is_known_is_not_asked_again(self, bench: CacheBench) -> None:
        first = await bench.cache.gids(["a", "b"])
        second = await bench.cache.gids(["b", "a", "b"])

        assert first == second
        assert second.resolved == {"a": 30001, "b": 30002}
        assert bench.asked == [["a", "b"]]

    async def test_only_what_is_not_known_is_asked_all_at_once(self, bench: CacheBench) -> None:
        await bench.cache.gids(["b"])
        found = await bench.cache.gids(["c", "b", "a"])

        assert found.resolved == {"a": 30001, "b": 30002, "c": 30003}
        assert bench.asked == [["b"], ["a", "c"]]

    async def test_nothing_asked_is_nothing_answered(self, bench: CacheBench) -> None:
        assert (await bench.cache.gids([])).resolved == {}
        assert (await bench.cache.users([])).resolved == {}
        assert bench.asked == []

    async def test_a_user_and_a_project_of_one_name_are_two(self, bench: CacheBench) -> None:
        bench.fake.set_gid("anovak", 30500)
        bench.fake.set_user(ALENA)

        assert (await bench.cache.gids(["anovak"])).resolved == {"anovak": 30500}
        assert (await bench.cache.users(["anovak"])).resolved == {"anovak": ALENA}
        assert (await bench.cache.users(["anovak"])).resolved == {"anovak": ALENA}
        assert bench.asked == [["anovak"], ["anovak"]]

    async def test_a_forgotten_name_is_asked_again_and_no_other(self, bench: CacheBench) -> None:
        await bench.cache.gids(["a", "b"])
        bench.fake.set_gid("a", 30501)
        bench.cache.invalidate("a")
        bench.cache.invalidate("never heard of")

        assert (await bench.cache.gids(["a", "b"])).resolved == {"a": 30501, "b": 30002}
        assert bench.asked == [["a", "b"], ["a"]]

    async def test_after_clear_everything_is_asked_again(self, bench: CacheBench) -> None:
        await bench.cache.gids(["a", "b"])
        bench.cache.clear()
        await bench.cache.gids(["a", "b"])

        assert bench.asked == [["a", "b"]] * 2

    async def test_what_is_forgotten_while_it_is_asked_is_not_remembered(
        self, bench: CacheBench
    ) -> None:
        """Somebody corrects a GID and says so; the answer of before must not come back."""
        bench.inner.open.clear()
        before = await bench.begin("a", "b")
        bench.fake.set_gid("a", 30501)
        bench.cache.invalidate("a")
        after = await bench.begin("a", "b")
        bench.inner.open.set()

        assert (await before).resolved == {"a": 30001, "b": 30002}
        assert (await after).resolved == {"a": 30501, "b": 30002}
        assert (await bench.cache.gids(["a"])).resolved == {"a": 30501}
        assert bench.asked == [["a", "b"], ["a"]]

    async def test_what_is_too_much_is_forgotten_the_oldest_first(self) -> None:
        bench = CacheBench(GIDS, IdentityCachePolicy(most=2))

        assert (await bench.cache.gids(["a", "b", "c"])).resolved.keys() == {"a", "b", "c"}
        await bench.cache.gids(["b", "c"])
        await bench.cache.gids(["a"])
        await bench.cache.gids(["c"])
        assert bench.asked == [["a", "b", "c"], ["a"]]
        await bench.cache.gids(["b"])
        assert bench.asked[2:] == [["b"]]

    async def test_what_was_looked_up_again_is_not_old(self) -> None:
        bench = CacheBench(GIDS, IdentityCachePolicy(most=2))
        await bench.cache.gids(["a"])
        bench.advance(HOUR)
        await bench.cache.gids(["b"])
        bench.advance(5 * HOUR)
        await bench.cache.gids(["a"])
        await bench.cache.gids(["c"])
        bench.asked.clear()

        await bench.cache.gids(["a", "c"])

        assert bench.asked == []


class TestAge:
    async def test_a_found_id_is_believed_for_six_hours(self, bench: CacheBench) -> None:
        await bench.cache.gids(["a"])
        bench.fake.set_gid("a", 30501)
        bench.advance(6 * HOUR)

        assert (await bench.cache.gids(["a"])).resolved == {"a": 30501}

    async def test_from_four_fifths_on_it_is_looked_up_behind_the_scenes(
        self, bench: CacheBench
    ) -> None:
        await bench.cache.gids(["a", "b"])
        bench.fake.set_gid("a", 30501)
        bench.advance(4.8 * HOUR - timedelta(seconds=1))
        assert (await bench.cache.gids(["a"])).resolved == {"a": 30001}
        assert len(bench.asked) == 1
        bench.advance(1)

        assert (await bench.cache.gids(["a"])).resolved == {"a": 30001}
        await settle()
        assert (await bench.cache.gids(["a"])).resolved == {"a": 30501}
        assert bench.asked == [["a", "b"], ["a"]]

    async def test_nobody_waits_for_what_happens_behind_the_scenes(self, bench: CacheBench) -> None:
        await bench.cache.gids(["a"])
        bench.advance(5 * HOUR)
        bench.inner.open.clear()

        for _ in range(3):
            assert (await bench.cache.gids(["a"])).resolved == {"a": 30001}
            await settle()
        assert bench.asked == [["a"], ["a"]]

    async def test_who_has_to_ask_anyway_asks_for_those_too(self, bench: CacheBench) -> None:
        await bench.cache.gids(["a"])
        bench.advance(5 * HOUR)

        await bench.cache.gids(["a", "b"])

        assert bench.asked == [["a"], ["a", "b"]]

    async def test_a_refresh_that_fails_spoils_nothing(self, bench: CacheBench) -> None:
        await bench.cache.gids(["a"])
        bench.advance(5 * HOUR)
        bench.fake.fail_with(DOWN)
        await bench.cache.gids(["a"])
        await settle()

        found = await bench.cache.gids(["a"])

        assert (found.resolved, found.problems) == ({"a": 30001}, ())

    async def test_without_a_ttl_an_id_is_believed_until_the_end(self) -> None:
        bench = await bench_with(ttl=None)
        bench.advance(100_000 * HOUR)
        bench.fake.fail_with(DOWN)

        found = await bench.cache.gids(["a"])

        assert (found.resolved, found.problems) == ({"a": 30001}, ())
        assert len(bench.asked) == 1

    async def test_with_a_ttl_of_zero_every_look_up_asks(self) -> None:
        bench = await bench_with(ttl=timedelta(0), negative_ttl=timedelta(0))

        await bench.cache.gids(["a", "ghost"])
        await bench.cache.gids(["a", "ghost"])

        assert bench.asked == [["a"], ["a", "ghost"], ["a", "ghost"]]

    async def test_an_age_counts_from_when_the_question_was_asked(self, bench: CacheBench) -> None:
        bench.inner.open.clear()
        asking = await bench.begin("a")
        bench.advance(3 * HOUR)
        bench.inner.open.set()
        await asking
        bench.advance(3 * HOUR)
        await bench.cache.gids(["a"])

        assert len(bench.asked) == 2


class TestUnknownNames:
    @pytest.mark.parametrize("name", ["ghost", "bad"])
    async def test_it_is_not_asked_again_for_a_minute(self, bench: CacheBench, name: str) -> None:
        first = await bench.cache.gids([name])
        bench.advance(59.999)
        assert await bench.cache.gids([name]) == first
        assert bench.asked == [[name]]
        bench.advance(0.001)
        await bench.cache.gids([name])

        assert bench.asked == [[name]] * 2

    async def test_the_problem_of_a_doubtful_id_is_told_as_long_as_it_is_remembered(
        self, bench: CacheBench
    ) -> None:
        first = await bench.cache.gids(["a", "bad"])
        second = await bench.cache.gids(["bad"])

        assert [problem.resource for problem in first.problems] == ["bad"]
        assert second.problems == first.problems
        assert (await bench.cache.gids(["a"])).problems == ()

    async def test_a_problem_of_no_name_is_told_to_those_who_are_unknown(
        self, bench: CacheBench
    ) -> None:
        odd = Problem(ProblemCode.MALFORMED_RECORD, Severity.ERROR, "2 records are no objects")
        bench.inner.more = (odd,)
        await bench.cache.gids(["a", "ghost", "ghoul"])

        assert (await bench.cache.gids(["ghost", "ghoul", "a"])).problems == (odd,)
        assert (await bench.cache.gids(["a"])).problems == ()

    async def test_one_that_has_been_provisioned_is_found(self, bench: CacheBench) -> None:
        await bench.cache.gids(["ghost"])
        bench.fake.set_gid("ghost", 30500)
        bench.advance(60)

        assert (await bench.cache.gids(["ghost"])).resolved == {"ghost": 30500}

    async def test_one_that_has_gone_is_unknown(self, bench: CacheBench) -> None:
        await bench.cache.gids(["a"])
        bench.fake.remove_project("a")
        bench.advance(6 * HOUR)

        assert (await bench.cache.gids(["a"])).resolved == {}


class TestManyCallers:
    async def test_fifty_callers_ask_once(self, bench: CacheBench) -> None:
        bench.inner.open.clear()
        asking = [await bench.begin("a", "b") for _ in range(50)]
        bench.inner.open.set()
        found = await asyncio.gather(*asking)

        assert [each.resolved for each in found] == [{"a": 30001, "b": 30002}] * 50
        assert bench.asked == [["a", "b"]]

    async def test_who_needs_more_asks_for_the_rest(self, bench: CacheBench) -> None:
        bench.inner.open.clear()
        first = await bench.begin("a", "b")
        second = await bench.begin("b", "c")
        bench.inner.open.set()

        assert (await first).resolved == {"a": 30001, "b": 30002}
        assert (await second).resolved == {"b": 30002, "c": 30003}
        assert bench.asked == [["a", "b"], ["c"]]

    async def test_a_caller_that_goes_away_takes_nothing_from_the_others(
        self, bench: CacheBench
    ) -> None:
        bench.inner.open.clear()
        first, second = await bench.begin("a"), await bench.begin("a")
        first.cancel()
        await asyncio.wait([first])
        bench.inner.open.set()

        assert first.cancelled()
        assert (await second).resolved == {"a": 30001}
        assert bench.asked == [["a"]]

    async def test_an_error_reaches_everybody_who_waits(self, bench: CacheBench) -> None:
        bench.fake.fail_with(DOWN)
        bench.inner.open.clear()
        asking = [await bench.begin("a") for _ in range(5)]
        bench.inner.open.set()

        assert await asyncio.gather(*asking, return_exceptions=True) == [DOWN] * 5
        assert bench.asked == [["a"]]

    async def test_an_error_nobody_waits_for_any_more_disturbs_nobody(
        self, bench: CacheBench
    ) -> None:
        bench.fake.fail_with(DOWN)
        bench.inner.open.clear()
        asking = await bench.begin("a")
        asking.cancel()
        await asyncio.wait([asking])
        assert len(flights()) == 1
        bench.inner.open.set()
        await settle()

        assert flights() == []

    async def test_closing_ends_what_is_under_way(self, bench: CacheBench) -> None:
        bench.inner.open.clear()
        asking = await bench.begin("a")
        await bench.cache.close()
        await asyncio.wait([asking])

        assert asking.cancelled()


class TestFailures:
    async def test_without_any_knowledge_the_error_is_raised(self, bench: CacheBench) -> None:
        bench.fake.fail_with(DOWN)

        with pytest.raises(UpstreamServiceError) as caught:
            await bench.cache.gids(["a"])
        assert caught.value is DOWN

    @pytest.mark.parametrize("age", [6 * HOUR, 24 * HOUR])
    async def test_for_a_day_the_old_id_stands_in_and_says_so(
        self, bench: CacheBench, age: timedelta
    ) -> None:
        await bench.cache.gids(["a"])
        bench.advance(age)
        bench.fake.fail_with(DOWN)

        found = await bench.cache.gids(["a"])

        assert found.resolved == {"a": 30001}
        (problem,) = found.problems
        assert (problem.code, problem.severity) == (STALE, Severity.WARNING)
        assert f"up to {age // HOUR + 1} h old" in problem.message
        assert "HPC users: does not answer" in problem.message

    async def test_beyond_a_day_the_error_is_raised(self, bench: CacheBench) -> None:
        await bench.cache.gids(["a"])
        bench.advance(24 * HOUR + timedelta(seconds=1))
        bench.fake.fail_with(DOWN)

        with pytest.raises(UpstreamServiceError):
            await bench.cache.gids(["a"])

    async def test_the_day_counts_when_the_call_has_failed_not_when_it_began(
        self, bench: CacheBench
    ) -> None:
        await bench.cache.gids(["a"])
        bench.advance(24 * HOUR)
        bench.fake.fail_with(DOWN)
        bench.inner.open.clear()
        asking = await bench.begin("a")
        bench.advance(1)
        bench.inner.open.set()

        with pytest.raises(UpstreamServiceError):
            await asking

    async def test_one_name_nothing_is_known_about_raises_the_error(
        self, bench: CacheBench
    ) -> None:
        """Its directory would leave the answer, as if somebody had said that it is unknown."""
        await bench.cache.gids(["a"])
        bench.advance(6 * HOUR)
        bench.fake.fail_with(DOWN)

        with pytest.raises(UpstreamServiceError):
            await bench.cache.gids(["a", "b"])

    async def test_what_was_unknown_before_stays_unknown(self, bench: CacheBench) -> None:
        """Else one project that waits for its GID would fail every answer during an outage."""
        await bench.cache.gids(["a", "ghost", "bad"])
        bench.advance(7 * HOUR)
        bench.fake.fail_with(DOWN)

        found = await bench.cache.gids(["a", "ghost", "bad"])

        assert found.resolved == {"a": 30001}
        assert {problem.code for problem in found.problems} == {STALE, ProblemCode.BAD_IDENTITY}

    async def test_what_is_still_believed_needs_no_warning(self, bench: CacheBench) -> None:
        await bench.cache.gids(["a"])
        bench.fake.fail_with(DOWN)
        bench.advance(4 * HOUR)

        assert (await bench.cache.gids(["a"])).problems == ()

    async def test_a_service_that_failed_is_left_alone_for_a_moment(
        self, bench: CacheBench
    ) -> None:
        bench.fake.fail_with(DOWN)
        for name in ["a", "b", "a"]:
            with pytest.raises(UpstreamServiceError):
                await bench.cache.gids([name])
        bench.fake.recover()
        bench.advance(4.999)
        with pytest.raises(UpstreamServiceError):
            await bench.cache.gids(["a"])
        assert bench.asked == [["a"]]
        bench.advance(0.001)

        assert (await bench.cache.gids(["a"])).resolved == {"a": 30001}

    async def test_while_it_is_left_alone_old_ids_stand_in(self, bench: CacheBench) -> None:
        await bench.cache.gids(["a"])
        bench.advance(7 * HOUR)
        bench.fake.fail_with(DOWN)
        first = await bench.cache.gids(["a"])
        second = await bench.cache.gids(["a"])

        assert first == second
        assert bench.asked == [["a"]] * 2

    async def test_nobody_waits_for_a_service_that_failed_last_time(
        self, bench: CacheBench
    ) -> None:
        """It may fail by taking as long as it may, and the old ids are there."""
        await bench.cache.gids(["a"])
        bench.advance(7 * HOUR)
        bench.fake.fail_with(DOWN)
        await bench.cache.gids(["a"])
        bench.advance(5)
        bench.inner.open.clear()

        assert (await bench.cache.gids(["a"])).resolved == {"a": 30001}
        await settle()
        assert bench.asked == [["a"]] * 3

    async def test_when_it_is_back_the_look_up_after_next_is_fresh(self, bench: CacheBench) -> None:
        await bench.cache.gids(["a"])
        bench.advance(7 * HOUR)
        bench.fake.fail_with(DOWN)
        await bench.cache.gids(["a"])
        bench.fake.recover()
        bench.fake.set_gid("a", 30501)
        bench.advance(5)

        assert (await bench.cache.gids(["a"])).resolved == {"a": 30001}
        await settle()
        found = await bench.cache.gids(["a"])
        assert (found.resolved, found.problems) == ({"a": 30501}, ())

    async def test_once_it_is_back_callers_wait_for_it_again(self, bench: CacheBench) -> None:
        bench.fake.fail_with(DOWN)
        with pytest.raises(UpstreamServiceError):
            await bench.cache.gids(["a"])
        bench.fake.recover()
        bench.advance(5)
        await bench.cache.gids(["a"])
        bench.fake.set_gid("a", 30501)
        bench.advance(6 * HOUR)

        found = await bench.cache.gids(["a"])

        assert (found.resolved, found.problems) == ({"a": 30501}, ())

    async def test_users_may_fail_while_projects_do_not(self, bench: CacheBench) -> None:
        bench.fake.fail_with(DOWN)
        with pytest.raises(UpstreamServiceError):
            await bench.cache.users(["anovak"])
        bench.fake.recover()

        assert (await bench.cache.gids(["a"])).resolved == {"a": 30001}

    async def test_clear_forgets_the_failure_too(self, bench: CacheBench) -> None:
        bench.fake.fail_with(DOWN)
        with pytest.raises(UpstreamServiceError):
            await bench.cache.gids(["a"])
        bench.fake.recover()
        bench.cache.clear()

        assert (await bench.cache.gids(["a"])).resolved == {"a": 30001}

    async def test_an_error_nobody_expected_is_not_papered_over(self, bench: CacheBench) -> None:
        await bench.cache.gids(["a"])
        bench.advance(7 * HOUR)
        mistake = TypeError("a mistake of ours")
        bench.fake.fail_with(mistake)  # type: ignore[arg-type]

        with pytest.raises(TypeError):
            await bench.cache.gids(["a"])

    async def test_what_another_call_has_found_is_served_beside_what_is_old(
        self, bench: CacheBench
    ) -> None:
        await bench.cache.gids(["a"])
        bench.advance(7 * HOUR)
        bench.inner.open.clear()
        succeeding = await bench.begin("b")
        bench.fake.fail_with(DOWN)
        asking = await bench.begin("a", "b")
        bench.inner.open.set()

        assert (await succeeding).resolved == {"b": 30002}
        found = await asking
        assert found.resolved == {"a": 30001, "b": 30002}
        assert [problem.code for problem in found.problems] == [STALE]


class TestStatistics:
    async def test_a_new_cache_has_done_nothing(self, bench: CacheBench) -> None:
        assert bench.cache.statistics() == GidCacheStatistics(
            size=0, hits=0, misses=0, stale=0, negative=0, oldest=None
        )

    async def test_names_are_counted_by_where_their_answer_came_from(
        self, bench: CacheBench
    ) -> None:
        await bench.cache.gids(["a", "ghost"])
        bench.advance(30)
        await bench.cache.gids(["a", "b", "ghost"])

        assert bench.cache.statistics() == GidCacheStatistics(
            size=3, hits=1, misses=3, stale=0, negative=1, oldest=timedelta(seconds=30)
        )

    async def test_what_stands_in_is_counted(self, bench: CacheBench) -> None:
        await bench.cache.gids(["a", "b"])
        bench.advance(7 * HOUR)
        bench.fake.fail_with(DOWN)
        await bench.cache.gids(["a", "b"])
        await bench.cache.gids(["a"])

        assert bench.cache.statistics() == GidCacheStatistics(
            size=2, hits=0, misses=4, stale=3, negative=0, oldest=7 * HOUR
        )

    async def test_users_are_counted_for_themselves(self, bench: CacheBench) -> None:
        await bench.cache.users(["anovak"])

        assert bench.cache.user_statistics().misses == 1
        assert bench.cache.statistics().misses == 0


class TestPolicy:
    @pytest.mark.parametrize("name", ["ttl", "negative_ttl", "stale_on_error", "pause"])
    def test_a_time_is_not_negative(self, name: str) -> None:
        settings: dict[str, Any] = {name: timedelta(seconds=-1)}
        with pytest.raises(InvalidValueError, match=name):
            IdentityCachePolicy(**settings)

    def test_nor_is_a_size(self) -> None:
        with pytest.raises(InvalidValueError, match="most"):
            IdentityCachePolicy(most=-1)

    def test_a_refresh_begins_after_four_fifths(self) -> None:
        assert IdentityCachePolicy(ttl=5 * HOUR).refresh_after == 4 * HOUR
        assert IdentityCachePolicy(ttl=None).refresh_after is None


def flights() -> list[str]:
    """The cache's tasks that are under way."""
    return [text for task in asyncio.all_tasks() if "CachedLookups" in (text := repr(task))]
