"""Actions on Waldur's orders as a journal: what would be sent is written down instead."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Final
from uuid import UUID

import attrs

from cscs_domain.order_calls import (
    WaldurCall,
    approve_call,
    backend_id_call,
    done_call,
    erred_call,
    options_call,
    reject_call,
    resource_ok_call,
)
from cscs_domain.orders import (
    OrderFacts,
    Outcome,
    ResourceAction,
    already_or_conflict,
    is_allowed,
    state_after,
)
from cscs_domain.ports import Clock, WaldurOrders
from cscs_domain.problems import Problem, ProblemCode, Severity
from cscs_domain.storage.states import OrderState
from cscs_files.order_journal_file import LARGEST_JOURNAL, JournalFile
from cscs_files.order_journal_lines import NotAJournalError, calls_in, line_of
from cscs_json import encode


@attrs.define
class _Noted:
    """What follows from the calls in the journal."""

    states: dict[UUID, OrderState] = attrs.Factory(dict)
    messages: dict[UUID, str] = attrs.Factory(dict)
    latest: dict[tuple[UUID, ResourceAction], bytes] = attrs.Factory(dict)
    unreadable: Sequence[int] = ()

    def take(self, calls: Iterable[WaldurCall]) -> None:
        for call in calls:
            if isinstance(call.action, ResourceAction):
                self.latest[call.subject, call.action] = encode(call.body)
            else:
                self.states[call.subject] = state_after(call.action)
                message = (call.body or {}).get("error_message")
                self.messages[call.subject] = message if isinstance(message, str) else ""

    def order(self, uuid: UUID) -> OrderFacts:
        state = self.states.get(uuid, OrderState.PENDING_PROVIDER)
        return OrderFacts(uuid=uuid, state=state, error_message=self.messages.get(uuid, ""))

    def outcome(self, call: WaldurCall) -> Outcome:
        """`RECORDED` for a call that is still to be noted."""
        if isinstance(call.action, ResourceAction):
            same = self.latest.get((call.subject, call.action)) == encode(call.body)
            return Outcome.ALREADY if same else Outcome.RECORDED
        order = self.order(call.subject)
        allowed = is_allowed(call.action, order.state)
        return Outcome.RECORDED if allowed else already_or_conflict(call.action, order)


class OrderJournal:
    """Notes what would be sent to Waldur, with the time; sends nothing.

    It knows of an order only what it noted itself, and takes all others for orders of an
    agent-driven offering in pending-provider; no order and no resource is unknown to it. A call on
    a resource is `ALREADY` if it was the last of its kind. The file survives a crash: what was
    answered with `RECORDED` is on the storage, and a line that was cut off is passed over. Only
    one program may write to it at a time.
    """

    def __init__(self, path: Path, *, clock: Clock, largest: int = LARGEST_JOURNAL) -> None:
        self._file = JournalFile(path, largest=largest)
        self._clock = clock
        self._noted = _Noted()
        # Of threads: a caller that is cancelled leaves its thread behind, still writing.
        self._one_at_a_time: Final = Lock()

    async def problems(self) -> Sequence[Problem]:
        """Lines that could not be read, as one problem; normally nothing."""
        lines = (await asyncio.to_thread(self._current)).unreadable
        if not lines:
            return ()
        found = f"the journal cannot be read at {len(lines)} of its lines, first at line {lines[0]}"
        hint = "A line that was cut off was never answered; whoever asked will have asked again."
        return (Problem(ProblemCode.MALFORMED_RECORD, Severity.WARNING, found, hint),)

    async def order(self, order: UUID) -> OrderFacts:
        """What the journal makes of the order."""
        return (await asyncio.to_thread(self._current)).order(order)

    async def approve(self, order: UUID) -> Outcome:
        """Note an approval."""
        return await self._note(approve_call(order))

    async def reject(self, order: UUID, *, comment: str = "") -> Outcome:
        """Note a rejection."""
        return await self._note(reject_call(order, comment))

    async def done(self, order: UUID) -> Outcome:
        """Note a success."""
        return await self._note(done_call(order))

    async def erred(self, order: UUID, *, message: str, traceback: str = "") -> Outcome:
        """Note a failure."""
        return await self._note(erred_call(order, message, traceback))

    async def set_backend_id(self, resource: UUID, backend_id: str) -> Outcome:
        """Note a backend id."""
        return await self._note(backend_id_call(resource, backend_id))

    async def set_resource_ok(self, resource: UUID) -> Outcome:
        """Note that a resource is fine."""
        return await self._note(resource_ok_call(resource))

    async def update_options(self, resource: UUID, options: Mapping[str, object]) -> Outcome:
        """Note new options."""
        return await self._note(options_call(resource, options))

    async def _note(self, call: WaldurCall) -> Outcome:
        return await asyncio.to_thread(self._noted_now, call)

    def _noted_now(self, call: WaldurCall) -> Outcome:
        with self._one_at_a_time:
            noted = self._read()
            outcome = noted.outcome(call)
            if outcome is Outcome.RECORDED:
                self._file.append(line_of(call, self._clock.now()))
                noted.take([call])
            return outcome

    def _current(self) -> _Noted:
        with self._one_at_a_time:
            return self._read()

    def _read(self) -> _Noted:
        content = self._file.changed()
        if content is not None:
            self._noted = self._noted_in(content)
        return self._noted

    def _noted_in(self, content: bytes) -> _Noted:
        try:
            calls, unreadable = calls_in(content)
        except NotAJournalError:
            raise self._file.refused("is no journal of orders; check the configured path") from None
        noted = _Noted(unreadable=unreadable)
        noted.take(calls)
        return noted


_: type[WaldurOrders] = OrderJournal
