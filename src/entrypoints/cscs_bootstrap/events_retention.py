"""How old events may be that are taken in. Source: ADR 0023, docs/how-to/TIMESCALE_SETUP.md.

Only TimescaleDB deletes old events. There a late one would be all that its day still has, and the
sums of the day with it; elsewhere everything is kept, and a bound would only turn events away.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import attrs
import structlog

from cscs_bootstrap.settings import AdapterKind, Settings
from cscs_domain.errors import Mistake

if TYPE_CHECKING:
    # What SQL takes is loaded when it is used.
    from cscs_sql.dialects import Layout

_LOG: Final = structlog.get_logger("cscs.configuration")
_KEY: Final = "events.retention_days"
_VARIABLE: Final = "CSCS_EVENTS__RETENTION_DAYS"
_TIMESCALEDB: Final = "timescaledb"
_OTHERS: Final = {"sqlite": "a file of SQLite", "postgresql": "tables of plain PostgreSQL"}


@attrs.define(eq=False)
class Retention:
    """After which time events are deleted, once it is known that somebody does so.

    `carries_out` asks the store: None as long as it has no tables. It is asked until it knows.
    """

    _length: timedelta
    _carries_out: Callable[[], Awaitable[bool | None]]
    _known: bool | None = None

    async def bound(self) -> timedelta | None:
        """The age from which on events are deleted; None if they are not.

        Raises `StoreUnavailableError` if that is not known yet.
        """
        if self._known is None:
            known = await self._carries_out()
            # Several batches may have asked at once.
            if known is False and self._known is None:
                notice = f"{_KEY} is not used: only TimescaleDB deletes events."
                _LOG.warning("configuration_notice", notice=notice)
            self._known = known
        return self._length if self._known else None


def retention_of(settings: Settings) -> Retention | None:
    """The one of these settings; None if everything is kept."""
    days = settings.events.retention_days
    if days is None or settings.adapters.events.kind is not AdapterKind.SQL:
        return None

    async def carries_out() -> bool | None:
        # A server may start while its database is away.
        layout = await asyncio.to_thread(store_layout, settings)
        return None if layout is None else layout == _TIMESCALEDB

    return Retention(timedelta(days), carries_out)


def store_layout(settings: Settings) -> Layout | None:
    """How events lie in the database; None if there are no tables. Blocks.

    Raises `StoreUnavailableError`.
    """
    from cscs_sql.layouts import layout_at

    return layout_at(settings.events.database_url.reveal())


def refused_retention(settings: Settings, layout: Layout | None) -> Iterator[Mistake]:
    """What is wrong with a retention that nothing would carry out in a store of this layout."""
    if settings.events.retention_days is None or layout in (None, _TIMESCALEDB):
        return
    place = _OTHERS[layout]
    reason = f"needs TimescaleDB, and events are in {place}, where nothing deletes them."
    yield Mistake(_KEY, _VARIABLE, reason, "Leave it out, or say never.")
