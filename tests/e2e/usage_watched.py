"""An emulated site that keeps what is sent to its Waldur, and lets others meddle with requests."""

from __future__ import annotations

import json
from typing import Any

import attrs
from starlette.types import Message, Receive, Scope, Send

from cscs_fakes.emulators.site import EmulatedSite


@attrs.define
class Arrived:
    """A request as it arrived. `is_handled` says that it has been carried out, or refused."""

    method: str
    path: str
    body: bytes
    is_handled: bool = False

    @property
    def content(self) -> dict[str, Any]:
        """The JSON object that it brought."""
        found: dict[str, Any] = json.loads(self.body)
        return found


class Bystander:
    """Sees requests come and go, and may meddle."""

    async def comes(self, request: Arrived) -> bool:
        """Called before a request is looked at; False lets nobody do so."""
        del request
        return True

    async def is_done(self, request: Arrived) -> None:
        """Called when a request has been carried out, before anybody is told."""


class WatchedSite(EmulatedSite):
    """A site of compute accounts that keeps everything that is sent to Waldur."""

    def __init__(self, *, mode: str, accounts: int) -> None:
        super().__init__(mode=mode, resources=0, accounts=accounts)
        self.bystander = Bystander()
        self.sent: list[Arrived] = []

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request while somebody looks on."""
        body = await _body(receive) if scope["type"] == "http" else None
        if body is None:
            return
        request = Arrived(scope["method"], scope["path"], body)
        if request.method == "POST" and request.path.startswith("/api/"):
            self.sent.append(request)
        if not await self.bystander.comes(request):
            await send({"type": "http.response.start", "status": 503, "headers": []})
            await send({"type": "http.response.body"})
            return
        unread = [body]

        async def again() -> Message:
            if unread:
                return {"type": "http.request", "body": unread.pop(), "more_body": False}
            return await receive()

        async def telling(message: Message) -> None:
            if message["type"] == "http.response.start":
                request.is_handled = True
                await self.bystander.is_done(request)
            await send(message)

        await super().app(scope, again, telling)


async def _body(receive: Receive) -> bytes | None:
    """The whole body; None if the client has gone before its end."""
    parts = []
    while (message := await receive())["type"] == "http.request":
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)
    return None
