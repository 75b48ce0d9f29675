"""What each kind of fault does to a request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import MappingProxyType
from typing import Final, TypeAlias

from cscs_fakes.emulators.faults import FaultKind
from cscs_fakes.emulators.faults_exchange import Exchange

Perform: TypeAlias = Callable[[Exchange], Awaitable[None]]

_HTML: Final = (b"content-type", b"text/html; charset=utf-8")
_JSON: Final = (b"content-type", b"application/json")
_LOG_IN: Final = b"""<!doctype html>
<html><head><title>Log in</title></head>
<body><form method="post"><input name="username"><input name="password"></form></body></html>
"""
_GARBAGE: Final = b'{"unexpected":["shape",1,null]}'
_HALF: Final = b'[{"uuid": "5d0b'
_ROW: Final = b'{"padding": "' + b"x" * 65_500 + b'"},\n'
_DATE: Final = "date+"
_FOREVER: Final = 1e9


async def _error(exchange: Exchange) -> None:
    """A page as a web server or a framework makes it."""
    status = int(exchange.fault.kind)
    page = f"<html><body><h1>{status} {_REASONS[status]}</h1></body></html>".encode()
    asked = exchange.fault.retry_after
    headers = [_HTML, *([(b"retry-after", _retry_after(asked))] if asked else [])]
    await exchange.whole(status, headers, page)


_REASONS: Final = {
    429: "Too Many Requests",
    500: "Server Error",
    502: "Bad Gateway",
    503: "Service Temporarily Unavailable",
    504: "Gateway Time-out",
}


def _retry_after(text: str) -> bytes:
    seconds = text.removeprefix(_DATE)
    if not text.startswith(_DATE) or not seconds.isdecimal():
        return text.encode("latin-1", "replace")
    until = datetime.now(UTC) + timedelta(seconds=int(seconds))
    return format_datetime(until, usegmt=True).encode("ascii")


async def _truncate(exchange: Exchange) -> None:
    captured = await exchange.answer()
    length = max(len(captured.body), 2)
    await exchange.start(captured.status, captured.headers_with_length(length))
    await exchange.body(captured.body[: length // 2], more=True)
    await exchange.close()


async def _reset(exchange: Exchange) -> None:
    await exchange.reset()


async def _lost(exchange: Exchange) -> None:
    await exchange.answer()
    await exchange.reset()


async def _slow(exchange: Exchange) -> None:
    captured = await exchange.answer()
    body, size = captured.body, exchange.fault.size
    await exchange.start(captured.status, captured.headers_with_length(len(body)))
    for begin in range(0, len(body), size):
        if await exchange.gone_within(exchange.fault.ms / 1000):
            break
        await exchange.body(body[begin : begin + size], more=True)
    else:
        await exchange.body(b"")
        return
    await exchange.abort()


async def _hang(exchange: Exchange) -> None:
    await exchange.gone_within(_FOREVER)
    await exchange.abort()


async def _html(exchange: Exchange) -> None:
    await exchange.whole(200, [_HTML], _LOG_IN)


async def _garbage(exchange: Exchange) -> None:
    await exchange.whole(200, [_JSON], _GARBAGE)


async def _half_json(exchange: Exchange) -> None:
    await exchange.whole(200, [_JSON], _HALF)


async def _huge(exchange: Exchange) -> None:
    """Rows without end, as fast as the client reads them."""
    await exchange.start(200, [_JSON])
    await exchange.body(b"[", more=True)
    while not await exchange.gone_within(0.001):
        for _ in range(16):
            await exchange.body(_ROW, more=True)
    await exchange.abort()


PERFORMED: Final[Mapping[FaultKind, Perform]] = MappingProxyType(
    {
        FaultKind.ERROR_500: _error,
        FaultKind.ERROR_502: _error,
        FaultKind.ERROR_503: _error,
        FaultKind.ERROR_504: _error,
        FaultKind.TOO_MANY: _error,
        FaultKind.TRUNCATE: _truncate,
        FaultKind.RESET: _reset,
        FaultKind.LOST: _lost,
        FaultKind.SLOW: _slow,
        FaultKind.HANG: _hang,
        FaultKind.HTML: _html,
        FaultKind.GARBAGE: _garbage,
        FaultKind.HALF_JSON: _half_json,
        FaultKind.HUGE: _huge,
    }
)
"""Of the other kinds the service answers as ever; what they do happens around its answer."""
