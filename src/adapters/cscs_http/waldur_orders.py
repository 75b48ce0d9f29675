"""Waldur's order and resource actions over HTTP. Source: Waldur contract, sections 1, 4, 5 and 10.

Requests are repeated like reads (`Service`), so a refusal may be the echo of our own first try:
it is judged by reading the order back, never by its text, which differs between versions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from cscs_domain.errors import OrderErredError, UnknownOrderError, UnknownResourceError
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
    OrderAction,
    OrderFacts,
    Outcome,
    already_or_conflict,
    is_allowed,
    resource_already_or_conflict,
)
from cscs_domain.ports import WaldurOrders
from cscs_domain.storage.states import OrderState
from cscs_http.answer import Answer
from cscs_http.service import Service
from cscs_http.waldur_order_reading import absent_as, read_order, read_resource_state

_DONE: Final = frozenset({200, 201, 202})
_ABSENT: Final = 404
_REFUSED: Final = frozenset({405, 409})
"""405: the type of the offering does not know the action; often because it is done by itself."""


class HttpWaldurOrders:
    """Actions of the provider on a Waldur server; the URL of `service` is its API's.

    Bad values, missing permissions and actions that this version of Waldur lacks are an
    `UpstreamServiceError` that is not retryable and says what Waldur said.
    """

    def __init__(self, service: Service) -> None:
        self._service = service

    async def order(self, order: UUID) -> OrderFacts:
        """The order as Waldur has it now."""
        return await read_order(self._service, order)

    async def approve(self, order: UUID) -> Outcome:
        """Approve, and look whether Waldur could process it: its answer does not tell."""
        outcome = await self._about_order(OrderAction.APPROVE, approve_call(order))
        if outcome is Outcome.DONE:
            facts = await self.order(order)
            if facts.state is OrderState.ERRED:
                raise OrderErredError(order, facts.error_message)
        return outcome

    async def reject(self, order: UUID, *, comment: str = "") -> Outcome:
        """Reject, with the comment if there is one."""
        return await self._about_order(OrderAction.REJECT, reject_call(order, comment))

    async def done(self, order: UUID) -> Outcome:
        """Set the order done."""
        return await self._about_order(OrderAction.DONE, done_call(order))

    async def erred(self, order: UUID, *, message: str, traceback: str = "") -> Outcome:
        """Set the order erred, if it is executing.

        Looked up before: Waldur [5.8] takes this action in every state, and then breaks the
        resource of an order that is done.
        """
        call = erred_call(order, message, traceback)
        facts = await self.order(order)
        if not is_allowed(OrderAction.ERRED, facts.state):
            return already_or_conflict(OrderAction.ERRED, facts)
        return await self._about_order(OrderAction.ERRED, call)

    async def set_backend_id(self, resource: UUID, backend_id: str) -> Outcome:
        """Set the resource's backend id; `DONE` also if it had that one."""
        return await self._about_resource(backend_id_call(resource, backend_id))

    async def set_resource_ok(self, resource: UUID) -> Outcome:
        """Set the resource OK, which Waldur [8.1] can."""
        call = resource_ok_call(resource)
        answer = await self._post(call, may_refuse=True)
        _found(answer, UnknownResourceError(resource))
        if answer.status in _REFUSED:
            state, text = await read_resource_state(self._service, resource)
            return resource_already_or_conflict(resource, state, text)
        return Outcome.DONE

    async def update_options(self, resource: UUID, options: Mapping[str, object]) -> Outcome:
        """Set the resource's options, which Waldur [8.1] can; `DONE` also if it had these."""
        return await self._about_resource(options_call(resource, options))

    async def _about_order(self, action: OrderAction, call: WaldurCall) -> Outcome:
        answer = await self._post(call, may_refuse=True)
        _found(answer, UnknownOrderError(call.subject))
        if answer.status in _REFUSED:
            return already_or_conflict(action, await self.order(call.subject))
        return Outcome.DONE

    async def _about_resource(self, call: WaldurCall) -> Outcome:
        _found(await self._post(call), UnknownResourceError(call.subject))
        return Outcome.DONE

    async def _post(self, call: WaldurCall, *, may_refuse: bool = False) -> Answer:
        accept = _DONE | {_ABSENT} | (_REFUSED if may_refuse else frozenset())
        return await self._service.post(call.path, call.body, accept=accept)


def _found(answer: Answer, unknown: UnknownOrderError | UnknownResourceError) -> None:
    """Nothing is read from a body. But a page that is no JSON comes from a proxy, not from Waldur,
    and says nothing about the order, whatever its status.
    """
    if answer.status == _ABSENT:
        raise absent_as(unknown, answer)
    if answer.body:
        answer.json_bytes()


_: type[WaldurOrders] = HttpWaldurOrders
