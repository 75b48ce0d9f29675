"""The usage warehouse (DWDI) over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from datetime import UTC, date, datetime
from functools import partial
from typing import Final
from uuid import UUID

import attrs

from cscs_domain._text import label, shown
from cscs_domain.ports import UsageWarehouse
from cscs_domain.problems import Problem, ProblemCode, Severity
from cscs_domain.usage.metering import UsageKind, WarehouseProfile
from cscs_domain.usage.warehouse import WarehousePage, WarehouseQuery
from cscs_http.answer import Answer
from cscs_http.as_they_come import as_they_come
from cscs_http.dwdi_requests import (
    DwdiRequest,
    UrlStyle,
    dwdi_base_url,
    ping_request,
    usage_request,
)
from cscs_http.errors import NoAnswerError, UnexpectedStatusError
from cscs_http.service import Service
from cscs_http.url_chunks import RepeatedParam
from cscs_json import decode_usage_rows
from cscs_json.waldur_decoding import MalformedPageError

__all__ = ["HttpUsageWarehouse", "UrlStyle", "dwdi_base_url"]

_MOST_SUBJECTS: Final = 50
"""In one request. With users, days and clusters each may bring hundreds of rows."""

_WORD: Final = {
    UsageKind.COMPUTE: "account",
    UsageKind.STORAGE: "path",
    UsageKind.INFERENCE: "resource",
}

_FORBIDDEN: Final = "check cscs_dwdi_oidc_scope, and what this client may read"
_NOT_FOUND: Final = "check cscs_dwdi_api_url, and whether the service has the profile {}"
_REDIRECT: Final = "a log-in page? check cscs_dwdi_api_url"


def _today() -> date:
    return datetime.now(UTC).date()


class HttpUsageWarehouse:
    """Usage as a warehouse of this profile tells it; the URL of `service` is without `api/v1/`.

    Up to 50 subjects go into one request, and `service.connection.at_once` requests are under way
    at most. What this interface cannot be asked is an `InvalidValueError`: other kinds than compute
    and a cluster in profile v1, several days of storage, days of inference. `kind` is what `ping`
    asks about.
    """

    def __init__(
        self,
        service: Service,
        *,
        profile: WarehouseProfile,
        storage_url_style: UrlStyle = UrlStyle.QUERY,
        kind: UsageKind = UsageKind.COMPUTE,
        today: Callable[[], date] = _today,
    ) -> None:
        self._service = service
        self._profile = profile
        self._style = storage_url_style
        self._kind = kind
        self._today = today

    def pages(self, query: WarehouseQuery) -> AsyncIterator[WarehousePage]:
        """Yield the answers as they arrive.

        Subjects that no URL can hold are in no page's `asked`: a first page is about nobody and
        has a problem for each of them.
        """
        request = usage_request(query, self._profile, self._style)
        return self._read(query, request)

    async def ping(self, *, within: float = 10) -> None:
        """See whether the warehouse answers us, by asking about today and nobody in particular.

        Raises `UpstreamServiceError`, after `within` seconds at the latest.
        """
        request = ping_request(self._kind, self._profile, self._today())
        try:
            async with asyncio.timeout(within):
                (await self._get(request)).json_bytes()
        except TimeoutError:
            service = self._service.connection.service
            raise NoAnswerError(service, f"no answer within {within:g} s") from None

    async def _read(
        self, query: WarehouseQuery, request: DwdiRequest
    ) -> AsyncIterator[WarehousePage]:
        param = RepeatedParam(
            url=self._service.connection.url + request.path,
            name=request.repeated,
            most=_MOST_SUBJECTS,
            beside=request.params,
        )
        unaskable = sorted(each for each in query.subjects if not param.takes(each))
        if unaskable:
            yield _not_asked(query.kind, unaskable)
        fetch = partial(self._page, query.kind, request, param)
        at_once = self._service.connection.at_once
        async with aclosing(as_they_come(param.chunks(query.subjects), fetch, at_once)) as pages:
            async for page in pages:
                yield page
                await asyncio.sleep(0)

    async def _page(
        self, kind: UsageKind, request: DwdiRequest, param: RepeatedParam, chunk: Sequence[str]
    ) -> WarehousePage:
        asked = [_wire_uuid(each) for each in chunk] if kind is UsageKind.INFERENCE else chunk
        answer = await self._get(attrs.evolve(request, params=param.params_of(asked)))
        return WarehousePage(frozenset(chunk), _rows(answer, kind))

    async def _get(self, request: DwdiRequest) -> Answer:
        try:
            return await self._service.get(request.path, request.params)
        except UnexpectedStatusError as error:
            raise self._explained(error) from None

    def _explained(self, error: UnexpectedStatusError) -> UnexpectedStatusError:
        """The same error with what an operator can do about it."""
        match error.status:
            case 403:
                advice = _FORBIDDEN
            case 404:
                advice = _NOT_FOUND.format(self._profile)
            case status if 300 <= status < 400:
                advice = _REDIRECT
            case _:
                return error
        return attrs.evolve(error, reason=f"{error.reason} ({advice})")


def _rows(answer: Answer, kind: UsageKind) -> Sequence[object]:
    try:
        return decode_usage_rows(answer.json_bytes(), kind)
    except MalformedPageError as error:
        raise answer.unusable(f"answered {answer.status} with an unusable body: {error}") from None


def _wire_uuid(text: str) -> str:
    """As Waldur and the warehouse write it: without dashes, and so no longer than in `asked`."""
    try:
        return UUID(text).hex
    except ValueError:
        return text


def _not_asked(kind: UsageKind, subjects: Sequence[str]) -> WarehousePage:
    problems = [
        Problem(
            ProblemCode.MALFORMED_RECORD,
            Severity.ERROR,
            f"the warehouse cannot be asked about {_WORD[kind]} {shown(each)}: no URL can hold it",
            "Correct its name; nothing is known of its usage.",
            label(each),
        )
        for each in subjects
    ]
    return WarehousePage(frozenset(), (), tuple(problems))


_: type[UsageWarehouse] = HttpUsageWarehouse
