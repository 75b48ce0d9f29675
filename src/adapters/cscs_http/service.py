"""One upstream service: requests in, whole answers or errors of the domain out.

Repetition, credentials and the reading of error statuses are here once, so that an adapter knows
only paths and meanings. `exchange` is about a single request.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from types import MappingProxyType
from typing import Final

import httpx
import stamina

from cscs_http.answer import Answer
from cscs_http.connection import Connection, make_client
from cscs_http.credentials import Credentials
from cscs_http.error_texts import readable, said_in
from cscs_http.errors import NoAnswerError, UnexpectedStatusError
from cscs_http.exchange import Call, Exchanger, Headers, Observer, Request
from cscs_http.params import Params
from cscs_http.quoted_secrets import quotes
from cscs_http.retries import REPEATED, AskedToWaitError, Retries, parsed_date, seconds_asked
from cscs_json import encode

__all__ = ["Call", "Observer", "Params", "Service"]

_NONE: Final[Headers] = MappingProxyType({})
_OK: Final = frozenset({200})
_QUOTED: Final = "something that quotes our token"


def _ignore(_call: Call) -> None:
    pass


class Service:
    """Requests to one service, relative to its URL. Close it when it is no longer needed.

    No more than `connection.at_once` are under way; who waits for a turn does not lose time for it.
    """

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
        self._client = client or make_client(connection)
        self._exchanger = Exchanger(self._client, observe)
        self._turns = asyncio.Semaphore(connection.at_once)

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
        headers: Headers = _NONE,
    ) -> Answer:
        """Read; other statuses than those in `accept` are `UnexpectedStatusError`."""
        return await self._send(
            Request(method=method, path=path, params=params, headers=headers, accept=accept)
        )

    async def post(
        self, path: str, body: object = None, *, accept: Collection[int] = _OK
    ) -> Answer:
        """Send a JSON body, or none."""
        headers = _NONE if body is None else {b"content-type": b"application/json"}
        content = b"" if body is None else encode(body)
        return await self._send(
            Request(method="POST", path=path, headers=headers, content=content, accept=accept)
        )

    async def post_form(self, path: str, form: Params, params: Params = ()) -> Answer:
        """Send a form, as token endpoints want it; `params` are the URL's."""
        return await self._send(
            Request(
                method="POST",
                path=path,
                params=params,
                headers={b"content-type": b"application/x-www-form-urlencoded"},
                content=str(httpx.QueryParams(list(form))).encode("ascii"),
            )
        )

    async def _send(self, request: Request) -> Answer:
        """With credentials, and once more if they turn out to have changed."""
        if self._credentials is None:
            return self._checked(request, await self._repeated(request, ""), "")
        header = await self._credentials.header()
        answer = await self._repeated(request, header)
        if answer.status == 401 and await self._credentials.refused(header, answer):
            header = await self._credentials.header()
            answer = await self._repeated(request, header)
        return self._checked(request, answer, header)

    async def _repeated(self, request: Request, header: str) -> Answer:
        """Any answer that asking again would not change. Ends within the total time."""
        total = self.connection.time_limits.total
        async with self._turns:
            try:
                async with asyncio.timeout(total):
                    return await self._attempts(request, header)
            except TimeoutError:
                reason = f"{request.place} did not succeed within {total:g} s"
                raise NoAnswerError(self.connection.service, reason) from None

    async def _attempts(self, request: Request, header: str) -> Answer:
        retries = self._retries
        # As bytes: a text that is no ASCII would end in an error that quotes the token.
        credentials = {b"authorization": header.encode()} if header else _NONE
        async for attempt in stamina.retry_context(
            on=retries.again,
            attempts=retries.attempts,
            timeout=self.connection.time_limits.total,
            wait_initial=retries.first_wait,
            wait_max=retries.longest_wait,
            wait_jitter=retries.jitter,
        ):
            with attempt:
                answer = await self._exchanger.exchange(self.connection, request, credentials)
                if answer.status not in REPEATED:
                    return answer
                return self._checked(request, answer, header)
        raise AssertionError("a retry context ends by returning or raising")

    def _checked(self, request: Request, answer: Answer, header: str) -> Answer:
        if answer.status in request.accept:
            return answer
        said = _said(answer, header.rpartition(" ")[2])
        reason = f"{request.place} answered {answer.status}" + (f": {said}" if said else "")
        if answer.status == 401 and self._credentials is not None:
            reason += f" ({self._credentials.advice(said)})"
        may_pass = answer.status in REPEATED
        error = UnexpectedStatusError(
            self.connection.service,
            reason,
            retryable=may_pass,
            status=answer.status,
            said=said,
            is_json="json" in answer.headers.get("content-type", ""),
        )
        asked = _seconds_asked(answer) if may_pass else None
        raise error if asked is None else AskedToWaitError.instead_of(error, asked)


def _said(answer: Answer, secret: str) -> str:
    """What an error answer tells, unless any of it quotes our token."""
    location = answer.headers.get("location", "")
    said = said_in(answer.body, answer.headers.get("content-type", ""))
    if 300 <= answer.status < 400 and location:
        said = f"a redirect to {readable(location)}, which is not followed"
    whole = answer.body.decode("latin-1")
    return _QUOTED if any(quotes(secret, text) for text in (said, whole, location)) else said


def _seconds_asked(answer: Answer) -> float | None:
    now = parsed_date(answer.headers.get("date"))
    return seconds_asked(answer.headers.get("retry-after"), now)
