"""Laws of remembered Unix ids: never older than agreed, never asked for more often than needed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import timedelta
from itertools import pairwise
from typing import Final, TypeAlias

import attrs
from hypothesis import given
from hypothesis import strategies as st

from cscs_domain.errors import UpstreamServiceError
from cscs_domain.identities import GidLookup
from cscs_domain.identity_cache_policy import IdentityCachePolicy
from cscs_domain.problems import ProblemCode
from tests.unit.identity_services import DOWN, CacheBench, settle

NAMES: Final = ("a", "b", "c", "d")
POLICY: Final = IdentityCachePolicy()
TIMES: Final = (1, 5, 59, 60, 61, 3600, 17_279, 17_280, 21_599, 21_600, 80_000, 86_400, 90_000)

Step: TypeAlias = tuple[str, object]

some_names = st.frozensets(st.sampled_from(NAMES), min_size=1)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), some_names),
        st.tuples(st.just("ask"), some_names),
        st.tuples(st.just("pass"), st.sampled_from(TIMES)),
        st.tuples(st.just("set"), st.tuples(st.sampled_from(NAMES), st.integers(30_000, 30_005))),
        st.tuples(st.just("remove"), st.sampled_from(NAMES)),
        st.tuples(st.just("fail"), st.none()),
        st.tuples(st.just("recover"), st.none()),
        st.tuples(st.just("forget"), st.sampled_from(NAMES)),
    ),
    max_size=30,
)


@attrs.frozen
class Asked:
    """One look-up: when, for whom, and what came of it (None: an error)."""

    at: timedelta
    names: frozenset[str]
    found: GidLookup | None

    @property
    def is_stale(self) -> bool:
        """Whether it says that the service does not answer."""
        return self.found is not None and any(
            problem.code is ProblemCode.STALE_IDENTITY for problem in self.found.problems
        )


@attrs.define
class Story:
    """A service and a cache over it that live through some steps."""

    bench: CacheBench = attrs.Factory(lambda: CacheBench({}))
    truths: dict[str, list[tuple[timedelta, int | None]]] = attrs.Factory(
        lambda: {name: [(timedelta(0), None)] for name in NAMES}
    )
    look_ups: list[Asked] = attrs.Factory(list)
    questions: list[tuple[timedelta, str]] = attrs.Factory(list)

    async def live(self, steps: Iterable[Step]) -> None:
        """Take these steps, one after the other."""
        for what, detail in steps:
            await self._take(what, detail)
            await settle()
            now = self.bench.clock.monotonic()
            new = [name for names in self.bench.asked for name in names]
            self.questions += [(now, name) for name in new]
            self.bench.asked.clear()
        await self.bench.cache.close()

    async def _take(self, what: str, detail: object) -> None:
        match what, detail:
            case "ask", frozenset():
                await self._ask(detail)
            case "pass", int():
                self.bench.advance(detail)
            case "set", (str() as name, int() as gid):
                self.bench.fake.set_gid(name, gid)
                self._note(name, gid)
            case "remove", str():
                self.bench.fake.remove_project(detail)
                self._note(detail, None)
            case "fail", _:
                self.bench.fake.fail_with(DOWN)
            case "recover", _:
                self.bench.fake.recover()
            case _:
                self.bench.cache.invalidate(str(detail))

    async def _ask(self, names: frozenset[str]) -> None:
        now = self.bench.clock.monotonic()
        try:
            found = await self.bench.cache.gids(names)
        except UpstreamServiceError:
            found = None
        self.look_ups.append(Asked(now, names, found))

    def _note(self, name: str, gid: int | None) -> None:
        self.truths[name].append((self.bench.clock.monotonic(), gid))

    def true_since(self, name: str, begin: timedelta, end: timedelta) -> set[int | None]:
        """Everything that the service had to say about a name in that time."""
        truths = self.truths[name]
        after = [*(at for at, _ in truths[1:]), None]
        return {
            gid
            for (at, gid), until in zip(truths, after, strict=True)
            if at <= end and (until is None or until >= begin)
        }


def lived(steps: Iterable[Step]) -> Story:
    """The story of these steps, in an event loop of its own."""

    async def play() -> Story:
        story = Story()
        await story.live(steps)
        return story

    return asyncio.run(play())


@given(steps)
def test_nothing_served_is_older_than_agreed(taken: list[Step]) -> None:
    """Known or unknown, the service said so within the time to live, or a day during an outage."""
    story = lived(taken)
    for asked in story.look_ups:
        if asked.found is None:
            continue
        for name in asked.names:
            gid = asked.found.resolved.get(name)
            life = POLICY.ttl if gid is not None else POLICY.negative_ttl
            limit = POLICY.stale_on_error if asked.is_stale else life
            assert limit is not None
            assert gid in story.true_since(name, asked.at - limit, asked.at)


@given(steps)
def test_an_answer_is_whole_or_an_error(taken: list[Step]) -> None:
    for asked in lived(taken).look_ups:
        if asked.found is not None:
            assert asked.found.resolved.keys() <= asked.names


@given(steps)
def test_a_service_that_answers_is_never_said_not_to(taken: list[Step]) -> None:
    story = lived([step for step in taken if step[0] != "fail"])

    assert all(asked.found is not None and not asked.is_stale for asked in story.look_ups)


@given(steps)
def test_a_name_is_not_asked_for_again_within_a_minute(taken: list[Step]) -> None:
    """Not even an unknown one, as long as nobody says that it has changed."""
    story = lived([step for step in taken if step[0] not in {"fail", "forget"}])
    last: dict[str, timedelta] = {}
    for at, name in story.questions:
        assert name not in last or at - last[name] >= POLICY.negative_ttl
        last[name] = at


@given(steps)
def test_a_service_that_fails_is_asked_once_in_five_seconds(taken: list[Step]) -> None:
    story = lived([("fail", None), *(step for step in taken if step[0] != "recover")])
    moments = sorted({at for at, _ in story.questions})

    assert all(b - a >= POLICY.pause for a, b in pairwise(moments))


@given(st.dictionaries(st.sampled_from(NAMES), st.integers(-1, 3)), some_names)
def test_at_first_a_cache_says_what_the_service_says(
    gids: dict[str, object], names: frozenset[str]
) -> None:
    async def play() -> None:
        bench = CacheBench(gids)
        direct = await bench.fake.gids(names)

        assert await bench.cache.gids(names) == direct
        assert await bench.cache.gids(names) == direct
        assert bench.fake.gid_lookups == 2
        await bench.cache.close()

    asyncio.run(play())
