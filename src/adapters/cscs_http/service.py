"""One upstream service: requests in, whole answers or errors of the domain out.

Retries, bounds on size and time, credentials and the translation of everything that httpx raises
are here once, so that an adapter knows only paths and meanings.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Final, TypeAlias

import attrs
import httpx
import stamina
from httpx_socks import ProxyError
from socksio.exceptions import SOCKSError

from cscs_http.answer import Answer
from cscs_http.connection import Connection, make_client
from cscs_http.credentials import Credentials
from cscs_http.error_texts import readable, said_in
from cscs_http.errors import NoAnswerError, UnexpectedStatusError, UnusableAnswerError
from cscs_http.retries import REPEATED, AskedToWaitError, Retries, parsed_date, seconds_asked
from cscs_json import encode

Params: TypeAlias = Sequence[tuple[str, str]]

_Headers: TypeAlias = Mapping[bytes, bytes]
_NONE: Final[_Headers] = MappingProxyType({})
_OK: Final = frozenset({200})
_TELLING: Final = 8
"""So many characters of a token could not be a coincidence."""
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
class Call:
    """One attempt, for logs and counters. `status` is None if there was no answer."""

    service: str
    method: str
    path: str
    status: int | None
    seconds: float
    failure: str = ""


Observer: TypeAlias = Callable[[Call], None]


@attrs.frozen(kw_only=True)
class _Request:
    method: str
    path: str
    params: Params
    headers: _Headers
    content: bytes | None
    accept: Collection[int]

    @property
    def place(self) -> str:
        """The request in an error: without its query, which may be long."""
        return f"{self.method} {readable(self.path)}"


def _ignore(_call: Call) -> None:
    pass


class Service:
    """Requests to one service, relative to its URL. Close it when it is no longer needed."""

    def __init__(
        self,
        connection: Connection,
        *,
        credentials: Credentials | None = None,
        retries: Retries | None = None,
        observe: Observer = _ignore,
        client: httpx.AsyncClient | None = None,
    ) -> None:
        self.connection = connection
        self._credentials = credentials
        self._retries = retries or Retries()
        self._observe = observe
        self._client = client or make_client(connection)

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def get(
        self,
        path: str,
        params: Params = (),
        *,
        accept: Collection[int] = _OK,
        method: str = "GET",
        headers: _Headers = _NONE,
    ) -> Answer:
        """Read; other statuses than those in `accept` are `UnexpectedStatusError`."""
        request = _Request(
            method=method, path=path, params=params, headers=headers, content=None, accept=accept
        )
        return await self._send(request)

    async def post(
        self, path: str, body: object = None, *, accept: Collection[int] = _OK
    ) -> Answer:
        """Send a JSON body, or none."""
        headers = {} if body is None else {b"content-type": b"application/json"}
        content = b"" if body is None else encode(body)
        request = _Request(
            method="POST", path=path, params=(), headers=headers, content=content, accept=accept
        )
        return await self._send(request)

    async def post_form(self, path: str, form: Params, params: Params = ()) -> Answer:
        """Send a form, as token endpoints want it; `params` are the URL's."""
        request = _Request(
            method="POST",
            path=path,
            params=params,
            headers={b"content-type": b"application/x-www-form-urlencoded"},
            content=str(httpx.QueryParams(list(form))).encode("ascii"),
            accept=_OK,
        )
        return await self._send(request)

    async def _send(self, request: _Request) -> Answer:
        """With credentials, and once more if they turn out to have changed."""
        if self._credentials is None:
            return self._checked(request, await self._repeated(request, {}), {})
        header = await self._credentials.header()
        answer = await self._repeated(request, _authorised(header))
        if answer.status == 401 and await self._credentials.refused(header, answer):
            header = await self._credentials.header()
            answer = await self._repeated(request, _authorised(header))
        return self._checked(request, answer, _authorised(header))

    async def _repeated(self, request: _Request, headers: _Headers) -> Answer:
        """Any answer that asking again would not change. Ends within the total time."""
        total = self.connection.time_limits.total
        try:
            async with asyncio.timeout(total):
                return await self._attempts(request, headers)
        except TimeoutError:
            reason = f"{request.place} did not succeed within {total:g} s"
            raise NoAnswerError(self.connection.service, reason) from None

    async def _attempts(self, request: _Request, headers: _Headers) -> Answer:
        retries = self._retries
        async for attempt in stamina.retry_context(
            on=retries.again,
            attempts=retries.attempts,
            timeout=self.connection.time_limits.total,
            wait_initial=retries.first_wait,
            wait_max=retries.longest_wait,
            wait_jitter=retries.jitter,
        ):
            with attempt:
                answer = await self._attempt(request, headers)
                if answer.status not in REPEATED:
                    return answer
                return self._checked(request, answer, headers)
        raise AssertionError("a retry context ends by returning or raising")

    async def _attempt(self, request: _Request, headers: _Headers) -> Answer:
        began = time.monotonic()
        result = await self._tried(request, headers)
        if isinstance(result, NoAnswerError):
            self._observe(self._call(request, None, began, result.reason))
            # Raised here and not where it was caught, so that it does not carry along an error
            # of httpx, which may quote our header.
            raise result
        self._observe(self._call(request, result.status, began))
        return result

    async def _tried(self, request: _Request, headers: _Headers) -> Answer | NoAnswerError:
        limit = self.connection.time_limits.answer
        try:
            async with asyncio.timeout(limit):
                return await self._exchange(request, headers)
        except _NO_ANSWER as error:
            why = f"was not over within {limit:g} s" if type(error) is TimeoutError else _why(error)
            reason = f"{request.place} {why}"
            return NoAnswerError(self.connection.service, reason, retryable=_may_pass(error))

    async def _exchange(self, request: _Request, headers: _Headers) -> Answer:
        async with self._client.stream(
            request.method,
            self.connection.url + request.path,
            params=list(request.params) or None,
            headers=[*request.headers.items(), *headers.items()],
            content=request.content,
        ) as response:
            body = await self._read(request, response)
        return Answer(
            service=self.connection.service,
            place=request.place,
            status=response.status_code,
            headers=MappingProxyType(dict(response.headers.items())),
            body=body,
        )

    async def _read(self, request: _Request, response: httpx.Response) -> bytes:
        largest = self.connection.largest_answer
        parts: list[bytes] = []
        size = 0
        async for part in response.aiter_bytes():
            size += len(part)
            if size > largest:
                reason = f"{request.place} answered with more than {largest} bytes"
                raise UnusableAnswerError(self.connection.service, reason)
            parts.append(part)
        return b"".join(parts)

    def _checked(self, request: _Request, answer: Answer, headers: _Headers) -> Answer:
        if answer.status in request.accept:
            return answer
        said = _harmless(said_in(answer.body, answer.headers.get("content-type", "")), headers)
        reason = f"{request.place} answered {answer.status}" + (f": {said}" if said else "")
        if answer.status == 401 and self._credentials is not None:
            reason += f" ({self._credentials.advice(said)})"
        may_pass = answer.status in REPEATED
        error = UnexpectedStatusError(
            self.connection.service, reason, retryable=may_pass, status=answer.status, said=said
        )
        asked = _seconds_asked(answer) if may_pass else None
        raise error if asked is None else AskedToWaitError.instead_of(error, asked)

    def _call(self, request: _Request, status: int | None, began: float, failure: str = "") -> Call:
        return Call(
            service=self.connection.service,
            method=request.method,
            path=request.path,
            status=status,
            seconds=time.monotonic() - began,
            failure=failure,
        )


def _authorised(header: str) -> _Headers:
    # As bytes: a text that is no ASCII would end in an error that quotes the token.
    return {b"authorization": header.encode()}


def _harmless(said: str, headers: _Headers) -> str:
    """What the service said, unless it quotes our token, be it only the beginning."""
    secrets = [readable(value.decode().rpartition(" ")[2])[:_TELLING] for value in headers.values()]
    quotes_one = any(len(secret) == _TELLING and secret in said for secret in secrets)
    return "something that quotes our token" if quotes_one else said


def _seconds_asked(answer: Answer) -> float | None:
    now = parsed_date(answer.headers.get("date"))
    return seconds_asked(answer.headers.get("retry-after"), now)


def _why(error: Exception) -> str:
    """What went wrong with a connection, for people. Its own text may come from the other side."""
    match error:
        case httpx.ConnectTimeout():
            return "found nobody to connect to in time"
        case httpx.TimeoutException():
            return "got no answer in time"
        case httpx.LocalProtocolError():  # its text quotes the header, token and all
            return "cannot be sent: a header holds what HTTP does not allow (a line end?)"
        case ProxyError() | httpx.ProxyError() | SOCKSError():
            return f"failed at the proxy: {readable(str(error)) or type(error).__name__}"
        case _:
            return f"failed: {readable(str(error)) or type(error).__name__}"


def _may_pass(error: Exception) -> bool:
    """Whether it may go away by itself; a certificate that is not believed does not."""
    return "CERTIFICATE_VERIFY_FAILED" not in str(error)
