"""The one path that collectors know. Source: usage events contract, section 2."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from cscs_api.collector_answers import CollectorRefusal, refusal_response
from cscs_api.request_facts import facts_of

PATH: Final = "/collector/resource-usage"

_METHOD: Final = "POST"


class CollectorEntrance(Route):
    """Lets POST in; other methods are told in the collector's form that they may not enter."""

    def __init__(self, endpoint: Callable[[Request], Awaitable[Response]]) -> None:
        super().__init__(PATH, endpoint, methods=[_METHOD])

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request of this path."""
        if scope["method"] == _METHOD:
            await super().handle(scope, receive, send)
            return
        message = f"Send batches with {_METHOD}; nothing can be read here."
        refusal = CollectorRefusal(405, message, headers={"allow": _METHOD})
        facts = facts_of(scope)
        facts.note(error=refusal.phrase)
        await refusal_response(facts.request_id, refusal)(scope, receive, send)
