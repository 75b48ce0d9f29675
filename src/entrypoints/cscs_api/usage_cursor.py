"""Where a listing goes on: the key of the last event shown, as text that means nothing else."""

from __future__ import annotations

import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from cscs_domain.events.bounds import EARLIEST, LATEST
from cscs_domain.events.stored import EventKey

LENGTH: Final = 32
"""Characters of a cursor."""

_FORM: Final = struct.Struct(">q16s")
_MICROSECOND: Final = timedelta(microseconds=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def cursor_of(key: EventKey) -> str:
    """The cursor behind this event."""
    moment = (key.time_window_start - _EPOCH) // _MICROSECOND
    return urlsafe_b64encode(_FORM.pack(moment, key.event_id.bytes)).decode()


def key_of(cursor: str) -> EventKey | None:
    """The event's key; None for what is no cursor of ours."""
    if len(cursor) != LENGTH or not cursor.isascii():
        return None
    try:
        moment, event_id = _FORM.unpack(urlsafe_b64decode(cursor))
        start = _EPOCH + moment * _MICROSECOND
    except (ValueError, OverflowError, struct.error):
        return None
    return EventKey(start, UUID(bytes=event_id)) if EARLIEST <= start < LATEST else None
