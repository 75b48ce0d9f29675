"""A journal's lines: one JSON object for each call that would have been sent.

    {"at": "2026-11-20T12:00:00Z", "action": "set_state_done", "order": "<uuid>",
     "path": "marketplace-orders/<hex>/set_state_done/", "body": null}

Actions on a resource have `resource` in the place of `order`. Unknown members are ignored.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, TypeAlias
from uuid import UUID

import attrs

from cscs_domain.order_calls import WaldurCall
from cscs_domain.orders import OrderAction, ResourceAction
from cscs_json import encode
from cscs_json.waldur_decoding import MalformedPageError, decode_json

_BEGINNING: Final = b'{"at":"'

Lines: TypeAlias = tuple[list[WaldurCall], list[int]]
"""The calls, and the numbers (from 1) of the lines that are none."""


@attrs.define
class NotAJournalError(ValueError):
    """The content belongs to something else."""


def line_of(call: WaldurCall, at: datetime) -> bytes:
    """A call as a line with its end."""
    kind = "order" if isinstance(call.action, OrderAction) else "resource"
    members = {
        "at": at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "action": call.action.value,
        kind: call.subject,
        "path": call.path,
        "body": call.body,
    }
    return encode(members) + b"\n"


def calls_in(content: bytes) -> Lines:
    """Read a journal. A line that was cut off, at the end or before the next try, is no call.

    Raises `NotAJournalError` for content without a single line of ours.
    """
    calls: list[WaldurCall] = []
    unreadable: list[int] = []
    for number, line in enumerate(content.split(b"\n"), 1):
        call = _call_in(line)
        if call is not None:
            calls.append(call)
        elif line.strip():
            unreadable.append(number)
    if unreadable and not calls and not _may_have_begun(content):
        raise NotAJournalError
    return calls, unreadable


def _may_have_begun(content: bytes) -> bool:
    """Whether this can be the very first line, cut off."""
    return content[: len(_BEGINNING)] == _BEGINNING[: len(content)]


def _call_in(line: bytes) -> WaldurCall | None:
    try:
        members = decode_json(line)
    except MalformedPageError:
        return None
    if not isinstance(members, Mapping):
        return None
    body = members.get("body")
    if not (body is None or isinstance(body, Mapping)):
        return None
    try:
        return _call_of(members, body)
    except ValueError:  # no such action, no uuid
        return None


def _call_of(members: Mapping[str, object], body: Mapping[str, object] | None) -> WaldurCall:
    action = str(members.get("action"))
    if "order" in members:
        return WaldurCall(OrderAction(action), UUID(str(members["order"])), body)
    return WaldurCall(ResourceAction(action), UUID(str(members.get("resource"))), body)
