"""One request in the hands of a fault: what it may do to the answer and to the connection."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Final

import attrs
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cscs_fakes.emulators.faults import Fault, Faults

TRANSPORT: Final = "cscs.emulator.transport"
"""The extension of a scope by which the server hands over the connection."""

_TICK: Final = 0.02
"""Seconds after which something that hangs looks whether its fault is still on."""
_PATIENCE: Final = 5.0
"""Seconds that a connection is given to notice that it is closed."""
_RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)


@attrs.define
class Captured:
    """An answer that was caught on its way out."""

    status: int = 200
    headers: list[tuple[bytes, bytes]] = attrs.field(factory=list)
    body: bytes = b""

    async def take(self, message: Message) -> None:
        """Keep a message instead of sending it."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = list(message.get("headers", ()))
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")

    def headers_with_length(self, length: int) -> list[tuple[bytes, bytes]]:
        """The headers, with this Content-Length instead of theirs."""
        others = [row for row in self.headers if row[0].lower() != b"content-length"]
        return [*others, (b"content-length", str(length).encode())]


@attrs.define(eq=False)
class Exchange:
    """A request, the service that would have answered it, and the fault that is in the way.

    `generation` is that of the faults when this one struck. Whoever makes an exchange ends it.
    """

    app: ASGIApp
    scope: Scope
    receive: Receive
    send: Send
    fault: Fault
    faults: Faults
    generation: int
    _watcher: asyncio.Task[None] | None = attrs.field(default=None, init=False)

    def end(self) -> None:
        """Nobody looks at the connection any more."""
        if self._watcher:
            self._watcher.cancel()

    async def answer(self) -> Captured:
        """What the service answers; it is carried out."""
        captured = Captured()
        await self.app(self.scope, self.receive, captured.take)
        return captured

    async def start(self, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        """Send status and headers."""
        await self.send({"type": "http.response.start", "status": status, "headers": headers})

    async def body(self, data: bytes, *, more: bool = False) -> None:
        """Send part of the body."""
        await self.send({"type": "http.response.body", "body": data, "more_body": more})

    async def whole(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        """Send a whole answer."""
        await self.start(status, [*headers, (b"content-length", str(len(body)).encode())])
        await self.body(body)

    async def gone_within(self, seconds: float) -> bool:
        """Wait for so long; say whether the client went away meanwhile, or the fault did."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while (left := deadline - loop.time()) > 0:
            if self.faults.generation != self.generation:
                return True
            if await self._disconnected(min(left, _TICK)):
                return True
        return False

    async def _disconnected(self, seconds: float) -> bool:
        if self._watcher is None:
            self._watcher = asyncio.create_task(self._watch())
        done, _ = await asyncio.wait({self._watcher}, timeout=seconds)
        return bool(done)

    async def _watch(self) -> None:
        while (await self.receive())["type"] != "http.disconnect":
            pass

    async def close(self) -> None:
        """Close the connection after what was sent, whatever was promised."""
        self._transport().close()
        await self._closed()

    async def abort(self) -> None:
        """Close the connection at once, even if the client does not read."""
        self._transport().abort()
        await self._closed()

    async def reset(self) -> None:
        """Let the client see a connection reset."""
        transport = self._transport()
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        transport.abort()
        await self._closed()

    async def _closed(self) -> None:
        """Wait until the server knows too, so that it does not miss the rest of the answer."""
        await self._disconnected(_PATIENCE)

    def _transport(self) -> asyncio.Transport:
        held = self.scope.get("extensions", {}).get(TRANSPORT)
        if held is None:
            raise RuntimeError(f"the fault {self.fault.kind} needs the emulator's own server")
        transport: asyncio.Transport = held[TRANSPORT]
        return transport
