"""An emulated service that fails as the switchboard says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cscs_fakes.emulators.faults import Asked, Fault, FaultKind, Faults, Service
from cscs_fakes.emulators.faults_exchange import Exchange
from cscs_fakes.emulators.faults_performed import PERFORMED


def asked(service: Service, scope: Scope) -> Asked:
    """What faults look at."""
    query: bytes = scope["query_string"]
    return Asked(service, scope["method"], scope["path"], query.decode("latin-1"))


class FaultyService:
    """The service between its clients and its faults.

    `vanish` is called when rows are to vanish: when the first page is made but not yet sent.
    """

    def __init__(
        self,
        service: Service,
        app: ASGIApp,
        faults: Faults,
        vanish: Callable[[int], None] | None = None,
    ) -> None:
        self._service = service
        self._app = app
        self._faults = faults
        self._vanish = vanish

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        due = self._faults.due(asked(self._service, scope))
        if due.wait:
            await asyncio.sleep(due.wait)
        if due.fault is None:
            await self._app(scope, receive, send)
        elif due.fault.kind is FaultKind.VANISH:
            await self._app(scope, receive, self._vanishing(due.fault, send))
        else:
            await self._failing(due.fault, due.generation, scope, receive, send)

    async def _failing(
        self, fault: Fault, generation: int, scope: Scope, receive: Receive, send: Send
    ) -> None:
        exchange = Exchange(self._app, scope, receive, send, fault, self._faults, generation)
        try:
            await PERFORMED[fault.kind](exchange)
        finally:
            exchange.end()

    def _vanishing(self, fault: Fault, send: Send) -> Send:
        async def sending(message: Message) -> None:
            is_last = message["type"] == "http.response.body" and not message.get("more_body")
            if is_last and self._vanish:
                self._vanish(fault.rows)
            await send(message)

        return sending
