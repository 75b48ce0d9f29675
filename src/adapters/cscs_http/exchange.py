"""One request and its answer, within its time and size: everything that httpx raises ends here."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

import attrs
import httpx
from httpx_socks import ProxyError
from socksio.exceptions import SOCKSError

from cscs_domain.errors import UpstreamServiceError
from cscs_http.answer import Answer
from cscs_http.bodies import BodyError, read_body
from cscs_http.connection import Connection
from cscs_http.error_texts import readable
from cscs_http.errors import NoAnswerError, UnusableAnswerError
from cscs_http.params import Params

Headers: TypeAlias = Mapping[bytes, bytes]

_NO_ANSWER: Final = (
    httpx.HTTPError,
    httpx.InvalidURL,
    httpx.StreamError,
    ProxyError,
    SOCKSError,
    TimeoutError,
    OSError,
)


@attrs.frozen(kw_only=True)
class Request:
    """What is asked. Statuses in `accept` are answers, all others are errors."""

    method: str
    path: str
    params: Params = ()
    headers: Headers = MappingProxyType({})
    content: bytes | None = None
    accept: Collection[int] = frozenset({200})

    @property
    def place(self) -> str:
        """The request in an error: without its query, which may be long."""
        return f"{self.method} {readable(self.path)}"


@attrs.frozen(kw_only=True)
class Call:
    """One attempt, for logs and counters. `status` is None if there was no whole answer."""

    service: str
    method: str
    path: str
    status: int | None
    seconds: float
    failure: str = ""


Observer: TypeAlias = Callable[[Call], None]


@attrs.frozen
class Exchanger:
    """Sends single requests of one service."""

    client: httpx.AsyncClient
    observe: Observer

    async def exchange(
        self, connection: Connection, request: Request, credentials: Headers
    ) -> Answer:
        """The answer, whatever its status. Raises `NoAnswerError` or `UnusableAnswerError`."""
        began = time.monotonic()
        result = await self._tried(connection, request, credentials)
        call = Call(
            service=connection.service,
            method=request.method,
            path=request.path,
            status=result.status if isinstance(result, Answer) else None,
            seconds=time.monotonic() - began,
            failure="" if isinstance(result, Answer) else result.reason,
        )
        self.observe(call)
        if not isinstance(result, Answer):
            # Raised here and not where it was caught, so that it does not carry along an error
            # of httpx, which may quote our header.
            raise result
        return result

    async def _tried(
        self, connection: Connection, request: Request, credentials: Headers
    ) -> Answer | UpstreamServiceError:
        service, limit = connection.service, connection.time_limits.answer
        try:
            async with asyncio.timeout(limit):
                return await self._sent(connection, request, credentials)
        except BodyError as error:
            return UnusableAnswerError(service, f"{request.place} {error}")
        except _NO_ANSWER as error:
            is_late = type(error) is TimeoutError
            why = f"was not over within {limit:g} s" if is_late else _why(error, connection)
            reason = f"{request.place} {why}"
            return NoAnswerError(service, reason, retryable=_may_pass(error))

    async def _sent(self, connection: Connection, request: Request, credentials: Headers) -> Answer:
        async with self.client.stream(
            request.method,
            connection.url + request.path,
            params=list(request.params) or None,
            headers=[*request.headers.items(), *credentials.items()],
            content=request.content,
        ) as response:
            body = await read_body(response, connection.largest_answer)
        return Answer(
            service=connection.service,
            place=request.place,
            status=response.status_code,
            headers=MappingProxyType(dict(response.headers.items())),
            body=body,
        )


def _why(error: Exception, connection: Connection) -> str:
    """What went wrong, for people. Texts about the protocol are not repeated: they quote headers,
    a token and all.
    """
    said = readable(str(error)) or type(error).__name__
    match error:
        case httpx.LocalProtocolError():
            why = "cannot be sent: a header holds what HTTP does not allow (a line end?)"
        case httpx.RemoteProtocolError():
            why = "broke off, or got something that is no HTTP"
        case httpx.ConnectTimeout():
            why = f"found nobody at {_place_of(connection)} in time"
        case httpx.TimeoutException():
            why = "got no answer in time"
        case ProxyError() | httpx.ProxyError() | SOCKSError():
            why = f"failed at the proxy: {said}"
        case httpx.ConnectError():
            why = f"failed at {_place_of(connection)}: {said}"
        case _:
            why = f"failed: {said}"
    return why


def _place_of(connection: Connection) -> str:
    url = httpx.URL(connection.url)
    way = " through the configured proxy" if connection.proxy else ""
    return f"{url.scheme}://{url.netloc.decode('ascii')}{way}"


def _may_pass(error: Exception) -> bool:
    """Whether it may go away by itself; a certificate that is not believed does not."""
    return "CERTIFICATE_VERIFY_FAILED" not in str(error)
