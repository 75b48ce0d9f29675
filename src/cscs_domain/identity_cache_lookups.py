"""When a cache asks, who waits for it, and what is served if it fails. For any kind of name."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from datetime import timedelta
from typing import Final, Generic, TypeAlias, TypeVar

import attrs

from cscs_domain.errors import UpstreamServiceError
from cscs_domain.identity_cache_memory import (
    Finding,
    IdentityMemory,
    Lookup,
    Recalled,
    findings_in,
)
from cscs_domain.identity_cache_policy import GidCacheStatistics, IdentityCachePolicy
from cscs_domain.ports import Clock
from cscs_domain.problems import Problem, ProblemCode, Severity, by_urgency

_T = TypeVar("_T")
_HOUR: Final = timedelta(hours=1)

Ask: TypeAlias = Callable[[Collection[str]], Awaitable[Lookup[_T]]]
"""Looks up names, all in one go; raises `UpstreamServiceError`."""

_Findings: TypeAlias = dict[str, Finding[_T]]
_Flight: TypeAlias = "asyncio.Task[_Findings[_T]]"


@attrs.frozen
class _Failure:
    error: Exception
    at: timedelta


class CachedLookups(Generic[_T]):
    """One kind of name; `kind` is its plural. What is asked for stands in `_flights` meanwhile."""

    def __init__(self, kind: str, ask: Ask[_T], clock: Clock, policy: IdentityCachePolicy) -> None:
        self._kind = kind
        self._ask = ask
        self._clock = clock
        self._policy = policy
        self._memory = IdentityMemory[_T](policy)
        self._flights: dict[str, _Flight[_T]] = {}
        self._running: set[_Flight[_T]] = set()
        self._failure: _Failure | None = None
        self._counts = Counter[str]()

    async def look_up(self, names: Collection[str]) -> tuple[dict[str, _T], tuple[Problem, ...]]:
        """What is certain, and the problems. Asks at most once, and for nothing known twice."""
        recalled = self._memory.recall(frozenset(names), self._clock.monotonic())
        self._count(recalled)
        if not recalled.wanting:
            self._ask_behind(recalled.due)
            return _concluded(recalled.served)
        found, error = await self._found(recalled)
        if error is None:
            return _concluded(recalled.served | found)
        old = self._standing_in(recalled, found, error)
        return _concluded(recalled.served | found | old, self._stale(old, error))

    def invalidate(self, name: str) -> None:
        """Forget a name; what is being found out about it now will not be remembered."""
        self._memory.forget(name)
        self._flights.pop(name, None)

    def clear(self) -> None:
        """Forget everything, likewise."""
        self._memory.clear()
        self._flights.clear()
        self._failure = None

    def statistics(self) -> GidCacheStatistics:
        """What was done so far."""
        counts = self._counts
        return GidCacheStatistics(
            size=len(self._memory),
            hits=counts["hits"],
            misses=counts["misses"],
            stale=counts["stale"],
            negative=counts["negative"],
            oldest=self._memory.oldest(self._clock.monotonic()),
        )

    async def close(self) -> None:
        """Stop what is under way."""
        running = list(self._running)
        for flight in running:
            flight.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _count(self, recalled: Recalled[_T]) -> None:
        known = sum(finding.value is not None for finding in recalled.served.values())
        self._counts["hits"] += known
        self._counts["negative"] += len(recalled.served) - known

    # --- asking

    async def _found(self, recalled: Recalled[_T]) -> tuple[_Findings[_T], Exception | None]:
        """What the service says about names that are wanting, and why not about all of them."""
        failure = self._failure
        if failure is not None:
            if self._paused(failure):
                return {}, failure.error
            if self._can_stand_in(recalled):
                # Nobody waits for a service that failed last time and may do so by taking long.
                self._ask_behind(recalled.wanting | recalled.due)
                return {}, failure.error
        self._counts["misses"] += len(recalled.wanting)
        return await self._waited_for(recalled.wanting, recalled.due)

    async def _waited_for(
        self, wanting: set[str], due: set[str]
    ) -> tuple[_Findings[_T], Exception | None]:
        if not wanting <= self._flights.keys():
            self._start((wanting | due) - self._flights.keys())
        flights = {name: self._flights[name] for name in wanting}
        await asyncio.wait(set(flights.values()))  # which spares them if this caller goes away
        errors = {flight: flight.exception() for flight in set(flights.values())}
        found = {
            name: flight.result()[name]
            for name, flight in flights.items()
            if errors[flight] is None
        }
        error = next((each for each in errors.values() if isinstance(each, Exception)), None)
        return found, error

    def _ask_behind(self, names: set[str]) -> None:
        """Ask without anybody waiting; if it fails, these names come up again."""
        names = names - self._flights.keys()
        if names and not (self._failure and self._paused(self._failure)):
            self._start(names)

    def _start(self, names: Iterable[str]) -> None:
        asked = sorted(names)
        flight = asyncio.create_task(self._fly(asked))
        self._flights |= dict.fromkeys(asked, flight)
        self._running.add(flight)
        flight.add_done_callback(self._landed)

    def _landed(self, flight: _Flight[_T]) -> None:
        self._running.discard(flight)
        if not flight.cancelled():
            flight.exception()  # it is kept in `_failure`, also if nobody waited for it

    async def _fly(self, asked: Collection[str]) -> _Findings[_T]:
        flight = asyncio.current_task()
        began = self._clock.monotonic()
        try:
            found = findings_in(await self._ask(asked), asked, began)
        except Exception as error:
            self._failure = _Failure(error, self._clock.monotonic())
            raise
        else:
            self._failure = None
            # What was forgotten meanwhile may have changed before this answer was given.
            current = [name for name in asked if self._flights.get(name) is flight]
            self._memory.keep({name: found[name] for name in current})
        finally:
            for name in asked:
                if self._flights.get(name) is flight:
                    del self._flights[name]
        return found

    def _paused(self, failure: _Failure) -> bool:
        return self._clock.monotonic() - failure.at < self._policy.pause

    # --- standing in

    def _can_stand_in(self, recalled: Recalled[_T]) -> bool:
        return recalled.wanting <= self._usable(recalled.old).keys()

    def _usable(self, old: Mapping[str, Finding[_T]]) -> _Findings[_T]:
        now = self._clock.monotonic()
        return {
            name: finding
            for name, finding in old.items()
            if self._policy.may_stand_in(now - finding.at)
        }

    def _standing_in(
        self, recalled: Recalled[_T], found: _Findings[_T], error: Exception
    ) -> _Findings[_T]:
        """What is known about the rest. Raises the error if that does not suffice."""
        usable = self._usable(recalled.old)
        rest = recalled.wanting - found.keys()
        if not isinstance(error, UpstreamServiceError) or not rest <= usable.keys():
            # Raised to everybody who asks for a while: each time would add its frames to it.
            raise error.with_traceback(None)
        self._counts["stale"] += len(rest)
        return {name: usable[name] for name in rest}

    def _stale(self, old: Mapping[str, Finding[_T]], error: Exception) -> tuple[Problem, ...]:
        now = self._clock.monotonic()
        oldest = max(now - finding.at for finding in old.values())
        # Whole hours: a text that changed with every read would fill the log.
        hours = oldest // _HOUR + 1
        return (
            Problem(
                ProblemCode.STALE_IDENTITY,
                Severity.WARNING,
                f"what is known about Unix ids of {self._kind} is up to {hours} h old: {error}",
                "What has changed since then is not seen: make sure that the service answers.",
            ),
        )


def _concluded(
    findings: Mapping[str, Finding[_T]], more: tuple[Problem, ...] = ()
) -> tuple[dict[str, _T], tuple[Problem, ...]]:
    resolved = {name: each.value for name, each in findings.items() if each.value is not None}
    problems = {problem for each in findings.values() for problem in each.problems}
    return resolved, tuple(sorted({*problems, *more}, key=by_urgency))
