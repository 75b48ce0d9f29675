"""When an issuer's keys are read: once for everybody, seldom, and never in the way of a caller.

Source: DESIGN section 9. Keys are read before the first token, again in the background when they
are six hours old, and for a token that names an unknown one, at most once a minute whatever came of
it. Until a read succeeds the keys at hand are used, for a day.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

import attrs

from cscs_domain.ports import Clock
from cscs_http.realm import RealmKeys

REFRESHED_AFTER: Final = timedelta(hours=6)
BELIEVED_FOR: Final = timedelta(hours=24)
BETWEEN_UNKNOWN_KEYS: Final = timedelta(minutes=1)
BETWEEN_BACKGROUND_READS: Final = timedelta(minutes=1)
PAUSE_AFTER_FAILURE: Final = timedelta(seconds=2)


@attrs.frozen
class _Failure:
    error: Exception
    at: timedelta


class SigningKeySource:
    """Keeps the keys. `changed` hears of every set of keys before anybody uses it."""

    def __init__(
        self,
        read: Callable[[], Awaitable[RealmKeys]],
        clock: Clock,
        changed: Callable[[RealmKeys | None], None],
    ) -> None:
        self._read = read
        self._clock = clock
        self._changed = changed
        self._current: RealmKeys | None = None
        self._read_at = timedelta()
        self._asked_for_unknown: timedelta | None = None
        self._failure: _Failure | None = None
        self._running: asyncio.Task[RealmKeys] | None = None

    def look_at_age(self) -> RealmKeys | None:
        """The keys at hand. Starts a read in the background if they are old; forgets them if they
        are too old.
        """
        if self._current is None:
            return None
        age = self._clock.monotonic() - self._read_at
        if age >= BELIEVED_FOR:
            self._current = None
            self._changed(None)
        elif age >= REFRESHED_AFTER and not self._failed_within(BETWEEN_BACKGROUND_READS):
            self._start()
        return self._current

    async def keys(self) -> RealmKeys:
        """The keys at hand, or read now. Raises what the read raised, as a rule
        `UpstreamServiceError`; for two seconds to everybody, without trying again.
        """
        if (current := self.look_at_age()) is not None:
            return current
        if self._running is None and self._failure and self._failed_within(PAUSE_AFTER_FAILURE):
            raise self._failure.error.with_traceback(None)
        return await self._wait()

    async def newer_than(self, known: RealmKeys | None) -> RealmKeys:
        """The keys for a token whose key is not among the known ones; None: there were none yet.

        Read again unless that was done for another such token less than a minute ago. Raises what
        the read raised, also to those who come within that minute: nobody can tell then.
        """
        if known is None:  # they have just been read for this very token
            self._asked_for_unknown = self._clock.monotonic()
        if known is None or known is not self._current:
            return await self.keys()
        if self._running is not None:
            return await self._wait()
        if self._may_ask_for_unknown():
            self._asked_for_unknown = self._clock.monotonic()
            return await self._wait()
        if self._failure is not None:
            raise self._failure.error.with_traceback(None)
        return known

    async def close(self) -> None:
        """Stop a read that is under way."""
        running, self._running = self._running, None
        if running is not None:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    async def _wait(self) -> RealmKeys:
        # A caller that goes away must not take the others' read with it.
        return await asyncio.shield(self._start())

    def _start(self) -> asyncio.Task[RealmKeys]:
        """Start a read, or join the one under way."""
        if self._running is None:
            self._running = asyncio.create_task(self._read_once())
            self._running.add_done_callback(self._ended)
        return self._running

    def _ended(self, task: asyncio.Task[RealmKeys]) -> None:
        if self._running is task:  # else it was closed
            self._running = None
        if not task.cancelled():
            task.exception()  # nobody may be waiting: the error is kept, and was not lost

    async def _read_once(self) -> RealmKeys:
        began = self._clock.monotonic()
        try:
            found = await self._read()
        except Exception as error:
            self._failure = _Failure(error, self._clock.monotonic())
            raise
        self._failure = None
        self._changed(found)
        self._current, self._read_at = found, began
        return found

    def _may_ask_for_unknown(self) -> bool:
        asked = self._asked_for_unknown
        return asked is None or self._clock.monotonic() - asked >= BETWEEN_UNKNOWN_KEYS

    def _failed_within(self, time: timedelta) -> bool:
        failure = self._failure
        return failure is not None and self._clock.monotonic() - failure.at < time
