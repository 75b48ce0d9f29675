"""uvicorn for emulators: it hands connections over to faults, and ends at once when asked."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Final

from starlette.types import ASGIApp
from uvicorn import Config, Server
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from cscs_fakes.emulators.faults_exchange import TRANSPORT

_TICK: Final = 0.1
_LAST_WORDS: Final = 1.0
"""Seconds that requests under way are given when the server ends."""


class ConnectedProtocol(HttpToolsProtocol):
    """HTTP/1.1 whose scopes carry the connection, which some faults break."""

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self.scope["extensions"] = {TRANSPORT: {TRANSPORT: self.transport}}


class EmulatorServer(Server):
    """Serves until a signal or `stop`. `let_go` tells whatever hangs on purpose that it is over."""

    def __init__(self, app: ASGIApp, let_go: Callable[[], None]) -> None:
        super().__init__(
            Config(
                app,
                interface="asgi3",
                loop="auto",
                http=ConnectedProtocol,
                ws="none",
                lifespan="off",
                log_config=None,
                log_level="warning",
                access_log=False,
                server_header=False,
                proxy_headers=False,
                backlog=4096,
            )
        )
        self._let_go = let_go
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped = asyncio.Event()

    def stop(self) -> None:
        """End soon; from any thread."""
        self.should_exit = True
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stopped.set)

    async def main_loop(self) -> None:
        """Keep the Date header right until it is time to end."""
        self._loop = asyncio.get_running_loop()
        counter = 0
        while not await self.on_tick(counter):
            counter += 1
            try:
                async with asyncio.timeout(_TICK):
                    await self._stopped.wait()
            except TimeoutError:
                continue

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close everything now: nobody depends on an emulator's last answers."""
        for server in self.servers:
            server.close()
        for each in sockets or ():
            each.close()
        self._let_go()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        if self.server_state.tasks:
            await asyncio.wait(self.server_state.tasks, timeout=_LAST_WORDS)
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await asyncio.sleep(0)
