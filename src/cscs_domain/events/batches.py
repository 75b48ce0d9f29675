"""A batch of events as a collector sends it. Source: usage events contract, section 2."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final, Self

import attrs

from cscs_domain.events.event import ResourceUsageEvent
from cscs_domain.events.event_wire import event_from_wire
from cscs_domain.events.field_errors import (
    MOST_ERRORS_OF_AN_EVENT,
    Faults,
    FieldError,
    MalformedBatchError,
    MalformedEventError,
)
from cscs_domain.events.utc_times import utc_text

MOST_ERRORS_OF_A_BATCH: Final = 1000
"""After these every further bad event is told one fault, and `messages` tells no more."""


@attrs.frozen
class RejectedEvent:
    """An event that could not be taken: its position in the batch, and why. Paths begin at it."""

    index: int
    errors: tuple[FieldError, ...]

    def messages(self) -> list[str]:
        """One sentence a fault, with paths that begin at the batch."""
        return [str(error.below(f"events.{self.index}")) for error in self.errors]


@attrs.frozen(kw_only=True)
class EventBatch:
    """The events of a batch that can be taken, each with its position, and the others."""

    events: tuple[tuple[int, ResourceUsageEvent], ...]
    rejected: tuple[RejectedEvent, ...]
    is_last: bool
    received: int

    def not_before(self, moment: datetime) -> Self:
        """The batch without events whose windows begin earlier, which it rejects then.

        For stores that delete old events: their days cannot be summed up again.
        """
        reason = f"must not be before {utc_text(moment)}: older events are not kept here"
        fault = (FieldError("time_window_start", reason),)
        late = [
            RejectedEvent(index, fault)
            for index, event in self.events
            if event.time_window_start < moment
        ]
        if not late:
            return self
        return attrs.evolve(
            self,
            events=tuple(one for one in self.events if one[1].time_window_start >= moment),
            rejected=tuple(sorted([*self.rejected, *late], key=lambda one: one.index)),
        )

    def messages(self) -> list[str]:
        """All faults of the batch in sentences; the last one says if that is not all."""
        messages: list[str] = []
        for position, event in enumerate(self.rejected):
            if len(messages) >= MOST_ERRORS_OF_A_BATCH:
                left = len(self.rejected) - position
                return [*messages, f"events have errors in {left} more elements"]
            messages += event.messages()
        return messages


def parse_batch(payload: object, *, sources: Collection[str], most_events: int) -> EventBatch:
    """A batch out of a decoded JSON value. A bad event concerns no other.

    Raises `MalformedBatchError` if it is no batch, or one of more than `most_events`.
    """
    faults = Faults()
    if not isinstance(payload, dict):
        faults.add_value("", "the body must be an object with events", payload)
        raise MalformedBatchError(faults.listed())
    events, is_last = _events(payload, most_events, faults), _is_last(payload, faults)
    if faults:
        raise MalformedBatchError(faults.listed())
    good, rejected = _read_each(events, sources)
    return EventBatch(events=good, rejected=rejected, is_last=is_last, received=len(events))


def _events(payload: Mapping[str, object], most: int, faults: Faults) -> list[object]:
    events = payload.get("events")
    if not isinstance(events, list):
        faults.add_value("events", "must be an array", events)
        return []
    if len(events) > most:
        faults.add_value("events", f"must contain no more than {most} elements", events)
    return events


def _is_last(payload: Mapping[str, object], faults: Faults) -> bool:
    is_last = payload.get("is_last_batch")
    if isinstance(is_last, bool):
        return is_last
    if is_last is not None:
        faults.add("is_last_batch", "must be a boolean")
    return False


def _read_each(
    events: list[object], sources: Collection[str]
) -> tuple[tuple[tuple[int, ResourceUsageEvent], ...], tuple[RejectedEvent, ...]]:
    good: list[tuple[int, ResourceUsageEvent]] = []
    rejected: list[RejectedEvent] = []
    room = MOST_ERRORS_OF_A_BATCH
    for index, event in enumerate(events):
        most = max(1, min(room, MOST_ERRORS_OF_AN_EVENT))
        try:
            good.append((index, event_from_wire(event, sources=sources, most_errors=most)))
        except MalformedEventError as error:
            rejected.append(RejectedEvent(index, error.errors))
            room -= len(error.errors)
    return tuple(good), tuple(rejected)
