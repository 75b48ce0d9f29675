"""A server that says exactly what a test tells it to, down to the byte that never comes."""

from __future__ import annotations

import asyncio
import json
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from socket import SO_LINGER, SOL_SOCKET, socket
from typing import Final, TypeAlias

import attrs

Reply: TypeAlias = bytes | Callable[[asyncio.StreamWriter], Awaitable[None]]
_REASONS: Final = {200: "OK", 404: "Not Found"}


@attrs.frozen
class Request:
    """One request as it arrived."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@attrs.define
class RawServer:
    """Where it listens and what it was asked."""

    url: str
    requests: list[Request] = attrs.Factory(list)


def answer(
    status: int = 200, body: object = None, *, kind: str = "application/json", **headers: str
) -> bytes:
    """A whole answer; a body that is no bytes is written as JSON. Underscores are dashes."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [
        f"HTTP/1.1 {status} {_REASONS.get(status, 'Status')}",
        f"content-type: {kind}",
        f"content-length: {len(content)}",
        "connection: close",
        *(f"{name}: {value}" for name, value in named.items()),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


async def hang_up(writer: asyncio.StreamWriter) -> None:
    """Close without a word."""
    writer.close()


async def reset(writer: asyncio.StreamWriter) -> None:
    """Reset the connection."""
    connection: socket = writer.get_extra_info("socket")
    connection.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def silence(writer: asyncio.StreamWriter) -> None:
    """Say nothing, and leave the connection open."""
    await asyncio.Event().wait()


async def drip(writer: asyncio.StreamWriter) -> None:
    """Send a byte now and then, for ever."""
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n[")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.005)


@asynccontextmanager
async def raw_server(
    *replies: Reply, tls: ssl.SSLContext | None = None
) -> AsyncIterator[RawServer]:
    """Serve the replies one after the other, one a connection; the last one for ever."""
    scheme = "https" if tls else "http"
    waiting = list(replies)
    running: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        running.add(task)
        with suppress(OSError, EOFError, asyncio.CancelledError):
            made.requests.append(await _request(reader))
            reply = waiting.pop(0) if len(waiting) > 1 else waiting[0]
            if isinstance(reply, bytes):
                writer.write(reply)
                await writer.drain()
            else:
                await reply(writer)
        writer.close()
        with suppress(OSError, asyncio.CancelledError):
            await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    made = RawServer(f"{scheme}://127.0.0.1:{port}/")
    try:
        yield made
    finally:
        server.close()
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _request(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.strip().split("\r\n")
    method, target, _ = first.split(" ")
    headers = {
        name.strip().lower(): value.strip()
        for name, _, value in (line.partition(":") for line in lines)
    }
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method, target, headers, body)
