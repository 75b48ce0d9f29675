"""A Waldur in memory that answers about usage as a test tells it, filters or no filters."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qs
from uuid import UUID

import attrs
import httpx

from cscs_domain.usage.metered_resources import MeteredResource
from cscs_http.connection import Connection
from cscs_http.credentials import WaldurToken
from cscs_http.service import Service
from cscs_http.waldur_usage import HttpWaldurUsage
from tests.unit.http.services import QUICK

Row: TypeAlias = dict[str, Any]
Answer: TypeAlias = httpx.Response | Callable[[], httpx.Response]

BASE: Final = "http://waldur.test/api/"
TOKEN: Final = "0123456789abcdef0123456789abcdef01234567"
RESOURCES: Final = "marketplace-provider-resources/"
OFFERINGS: Final = "marketplace-provider-offerings/"
USAGES: Final = "marketplace-component-usages/"
USER_USAGES: Final = "marketplace-component-user-usages/"
ACCOUNTS: Final = "marketplace-offering-users/"
SET_USAGE: Final = f"{USAGES}set_usage/"

OFFERING: Final = UUID(int=7)
RESOURCE: Final = UUID(int=1)
RECORD: Final = UUID(int=100)
PAGE: Final = "<!doctype html><html><head><title>Not Found</title></head></html>"


@attrs.define
class Asked:
    """One request."""

    method: str
    path: str
    query: dict[str, list[str]]
    body: Any


@attrs.define
class Script:
    """`lists` are rows by path; `answers` come first, one a request, for paths and for methods."""

    lists: dict[str, list[Any]] = attrs.Factory(dict)
    answers: dict[tuple[str, str], list[Answer]] = attrs.Factory(dict)
    asked: list[Asked] = attrs.Factory(list)
    page_size: int = 300

    def say(self, method: str, path: str, *answers: Answer) -> None:
        """Answer the next requests of this kind so; the last answer stays."""
        self.answers[method, path] = list(answers)

    def posts(self) -> list[Asked]:
        """What was sent."""
        return [each for each in self.asked if each.method == "POST"]

    def gets(self, path: str) -> list[Asked]:
        """How a list was asked for."""
        return [each for each in self.asked if (each.method, each.path) == ("GET", path)]

    def answer(self, request: httpx.Request) -> httpx.Response:
        """The answer to a request."""
        path = request.url.path.removeprefix("/api/")
        query = parse_qs(request.url.query.decode())
        body = json.loads(request.content) if request.content else None
        self.asked.append(Asked(request.method, path, query, body))
        waiting = self.answers.get((request.method, path), [])
        if waiting:
            found = waiting.pop(0) if len(waiting) > 1 else waiting[0]
            # Copied, since an answer that has been read cannot be read again.
            made = found() if callable(found) else found
            return httpx.Response(made.status_code, headers=made.headers, content=made.content)
        if request.method == "GET":
            return self._read(path, query)
        return httpx.Response(201)

    def _read(self, path: str, query: dict[str, list[str]]) -> httpx.Response:
        if path not in self.lists:
            name, _, uuid = path.rstrip("/").rpartition("/")
            rows = [row for row in self.lists.get(f"{name}/", []) if row["uuid"] == uuid]
            return said(200, rows[0]) if rows else said(404, {"detail": "Not found."})
        rows = self.lists[path]
        size = min(self.page_size, int(query["page_size"][0]))
        first = (int(query.get("page", ["1"])[0]) - 1) * size
        return said(200, rows[first : first + size], count=len(rows))


def said(status: int, body: Any, *, count: int | None = None) -> httpx.Response:
    """An answer in JSON."""
    headers = {} if count is None else {"x-result-count": str(count)}
    headers["content-type"] = "application/json"
    # In ASCII: lone surrogates, which JSON can write, have no UTF-8.
    return httpx.Response(
        status, content=json.dumps(body, default=float).encode("ascii"), headers=headers
    )


def page(status: int) -> httpx.Response:
    """A page of HTML."""
    return httpx.Response(status, text=PAGE, headers={"content-type": "text/html; charset=utf-8"})


@asynccontextmanager
async def usage_of(script: Script) -> AsyncIterator[HttpWaldurUsage]:
    """The adapter that talks to it."""
    service = Service(
        Connection(service="Waldur", url=BASE, at_once=3),
        credentials=WaldurToken(lambda: TOKEN),
        retries=QUICK,
        client=httpx.AsyncClient(transport=httpx.MockTransport(script.answer)),
    )
    try:
        yield HttpWaldurUsage(service)
    finally:
        await service.close()


def metered(number: int = 1) -> MeteredResource:
    """A resource of the offering."""
    return MeteredResource(uuid=UUID(int=number), backend_id=f"g{number}", offering=OFFERING)


def resource_row(number: int = 1, **changes: Any) -> Row:
    """A row of version 8.1."""
    row = {
        "uuid": UUID(int=number).hex,
        "name": f"Group {number}",
        "backend_id": f"g{number}",
        "state": "OK",
        "offering_uuid": OFFERING.hex,
        "offering_slug": "daint",
        "offering_backend_id": "daint-alps",
    }
    return {**row, **changes}


def offering_row(**changes: Any) -> Row:
    """The offering as its provider sees it."""
    components = [{"type": "nodeHours", "billing_type": "usage"}]
    return {"uuid": OFFERING.hex, "slug": "daint", "components": components, **changes}


def usage_row(number: int = 100, usage: Any = "1.00", **changes: Any) -> Row:
    """A record of node hours in November."""
    row = {
        "uuid": UUID(int=number).hex,
        "type": "nodeHours",
        "usage": usage,
        "date": "2026-11-15T12:00:00Z",
        "billing_period": "2026-11-01",
        "resource_uuid": RESOURCE.hex,
        "offering_uuid": OFFERING.hex,
    }
    return {**row, **changes}


def user_row(number: int, username: Any, usage: Any = "1.00", record: UUID = RECORD) -> Row:
    """What a user has in a record; as in version 5.8, without a month."""
    return {
        "uuid": UUID(int=number).hex,
        "username": username,
        "usage": usage,
        "component_usage": f"https://elsewhere.example.org/api/{USAGES}{record.hex}/",
    }


def account_row(number: int, username: Any, **changes: Any) -> Row:
    """An account of the offering."""
    row = {
        "uuid": UUID(int=number).hex,
        "username": username,
        "state": "OK",
        "offering_uuid": OFFERING.hex,
        "url": "https://elsewhere.example.org/api/whatever/",
    }
    return {**row, **changes}
