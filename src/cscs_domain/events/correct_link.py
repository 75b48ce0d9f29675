"""Correct the links of an event by hand, or take that back. Source: DESIGN section 5; ADR 0022."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

import attrs

from cscs_domain.errors import InvalidValueError, StoreUnavailableError, UnknownEventError
from cscs_domain.events.bounds import LONGEST_NAME
from cscs_domain.events.event import check_text
from cscs_domain.events.link_correction import (
    CorrectionRequest,
    LinkRule,
    check_reason,
    correcting,
)
from cscs_domain.events.linking import link, wanted_by
from cscs_domain.events.links import Correction
from cscs_domain.events.stored import MOST_A_PAGE, LinkChange, StoredEvent

if TYPE_CHECKING:
    from cscs_domain.ports import Directory, UsageEventStore

_MOST_ATTEMPTS: Final = 5


async def correct_link(
    event_id: UUID,
    request: CorrectionRequest,
    *,
    store: UsageEventStore,
    directory: Directory,
    by: str,
    at: datetime,
    dry_run: bool = False,
) -> Sequence[StoredEvent]:
    """Set the links of all events of this id by hand, and return the events as they are then.

    Raises `UnknownEventError`, `UnknownEntryError` for a name that the directory does not have,
    `InvalidValueError` for a user on an erased event and for an id in too many windows, and
    `UpstreamServiceError`.
    """
    correction = Correction(by=_checked(by), at=at, reason=request.reason)

    async def rule_for(there: Sequence[StoredEvent]) -> LinkRule:
        if isinstance(request.user, str):
            _refuse_erased(there, "was erased: it may not be linked to a user again")
        known = await directory.find(request.names.query())
        return correcting(request, known.book, correction)

    return await _put(event_id, rule_for, store, at=at, dry_run=dry_run)


async def withdraw_correction(
    event_id: UUID,
    *,
    store: UsageEventStore,
    directory: Directory,
    by: str,
    at: datetime,
    reason: str,
    dry_run: bool = False,
) -> Sequence[StoredEvent]:
    """Let links by hand be automatic again, and return the events as they are then.

    Links that are automatic already stay as they are. Raises `UnknownEventError`,
    `InvalidValueError` for an erased event, whose link could not be made again, and for an id in
    too many windows, and `UpstreamServiceError`.
    """
    withdrawal = Correction(by=_checked(by), at=at, reason=check_reason(reason))

    async def rule_for(there: Sequence[StoredEvent]) -> LinkRule:
        _refuse_erased(there, "was erased: its link cannot be made again")
        known = await directory.find(wanted_by(stored.event for stored in there))
        return lambda event, old: link(event, known.book) if old.is_manual else old

    return await _put(event_id, rule_for, store, at=at, dry_run=dry_run, withdrawal=withdrawal)


async def _put(
    event_id: UUID,
    rule_for: Callable[[Sequence[StoredEvent]], Awaitable[LinkRule]],
    store: UsageEventStore,
    *,
    at: datetime,
    dry_run: bool,
    withdrawal: Correction | None = None,
) -> Sequence[StoredEvent]:
    """Put the links in that the rule makes, anew if an event was replaced meanwhile."""
    for _ in range(_MOST_ATTEMPTS):
        there = await store.events(event_id)
        if not there:
            raise UnknownEventError(event_id)
        _refuse_many(there)
        rule = await rule_for(there)
        made = [attrs.evolve(stored, link=rule(stored.event, stored.link)) for stored in there]
        changes = [
            LinkChange(key=new.key, revision=new.revision, link=new.link, withdrawal=withdrawal)
            for old, new in zip(there, made, strict=True)
            if old.link != new.link
        ]
        if dry_run or await store.correct(changes, at=at) == len(changes):
            return made
    raise StoreUnavailableError("the event store", f"event {event_id} keeps being replaced")


def _refuse_many(there: Sequence[StoredEvent]) -> None:
    if len(there) >= MOST_A_PAGE:
        reason = f"is in {MOST_A_PAGE} windows or more: give each an id of its own"
        raise InvalidValueError("event", str(there[0].event_id), reason)


def _refuse_erased(there: Sequence[StoredEvent], reason: str) -> None:
    for stored in there:
        if stored.is_erased:
            raise InvalidValueError("event", str(stored.event_id), reason)


def _checked(by: str) -> str:
    check_text("by", by, LONGEST_NAME)
    return by
