"""The body of a request, read up to a bound in bytes and in time."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Final

from starlette.requests import Request

from cscs_api.request_facts import header

PATIENCE: Final = timedelta(seconds=60)
"""How long a whole body may take; clients of collectors give up after 30 seconds."""


class BodyTooLargeError(Exception):
    """The body has more bytes than are read."""

    def __init__(self, most: int) -> None:
        self.most = most
        super().__init__(f"The body has more than {most} bytes.")


class BodyTooSlowError(Exception):
    """The body did not come to its end in time."""

    def __init__(self, patience: timedelta) -> None:
        super().__init__(f"The body was not complete after {patience.total_seconds():g} seconds.")


async def read_body(request: Request, *, most: int, patience: timedelta = PATIENCE) -> bytes:
    """The body. Raises `BodyTooLargeError`, if it is announced before anything is read,
    `BodyTooSlowError`, and `ClientDisconnect` if the client goes away.
    """
    announced = header(request.scope, b"content-length") or ""
    if announced.isdecimal() and int(announced[:20]) > most:
        raise BodyTooLargeError(most)
    try:
        async with asyncio.timeout(patience.total_seconds()):
            return await _read(request, most)
    except TimeoutError:
        raise BodyTooSlowError(patience) from None


async def _read(request: Request, most: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise BodyTooLargeError(most)
    return bytes(body)
