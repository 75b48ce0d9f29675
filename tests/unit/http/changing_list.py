"""A list like Waldur's that changes while it is read, in memory and to the letter of a script."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import attrs
import httpx

from cscs_http.connection import Connection
from cscs_http.service import Service
from cscs_http.waldur_resources import HttpWaldurResources
from tests.unit.http.services import QUICK

Row = dict[str, object]
Change = Callable[["ChangingList"], None]


def row(number: int) -> Row:
    """A row with a uuid made of its number."""
    return {"uuid": UUID(int=number + 1).hex, "slug": f"res-{number}", "offering_slug": "capstor"}


@attrs.define
class ChangingList:
    """Rows in order of creation, pages of at most `cap` rows, a change before each request."""

    rows: list[Row]
    cap: int = 5
    changes: list[Change] = attrs.Factory(list)
    requests: list[str] = attrs.Factory(list)
    count_header: bool = True
    count: str | None = None

    def answer(self, request: httpx.Request) -> httpx.Response:
        """What a server of this list answers."""
        url = urlsplit(str(request.url))
        self.requests.append(f"{url.path}?{url.query}")
        if self.changes:
            self.changes.pop(0)(self)
        query = parse_qs(url.query)
        selected = query.get("field")
        *_, last = url.path.rstrip("/").split("/")
        if last != "marketplace-provider-resources":
            found = [self._shown(r, selected) for r in self.rows if r.get("uuid") == last]
            return _json(200, found[0]) if found else _json(404, {"detail": "No Resource."})
        return self._page(int(query["page"][0]), int(query["page_size"][0]), selected)

    def _page(self, number: int, size: int, selected: list[str] | None) -> httpx.Response:
        size = min(size, self.cap)
        shown = self.rows[(number - 1) * size : number * size]
        if not shown and number > 1:
            return _json(404, {"detail": "Invalid page."})
        headers = (
            {"X-Result-Count": str(len(self.rows)) if self.count is None else self.count}
            if self.count_header
            else {}
        )
        return _json(200, [self._shown(r, selected) for r in shown], headers)

    def _shown(self, one: Row, selected: list[str] | None) -> Row:
        return {k: v for k, v in one.items() if selected is None or k in selected}


def _json(status: int, body: object, headers: dict[str, str] | None = None) -> httpx.Response:
    return httpx.Response(status, json=json.loads(json.dumps(body)), headers=headers)


@asynccontextmanager
async def reader_of(
    served: ChangingList, at_once: int = 3, read_limit: float = 60
) -> AsyncIterator[HttpWaldurResources]:
    """The adapter over this list."""
    client = httpx.AsyncClient(transport=httpx.MockTransport(served.answer))
    connection = Connection(service="Waldur", url="http://waldur/api/", at_once=at_once)
    service = Service(connection, retries=QUICK, client=client)
    try:
        yield HttpWaldurResources(service, read_limit=read_limit)
    finally:
        await service.close()


def removing(position: int) -> Change:
    """A change: the row at this position leaves the list."""

    def change(served: ChangingList) -> None:
        if served.rows:
            del served.rows[position % len(served.rows)]

    return change


def adding(numbers: Iterable[int]) -> Change:
    """A change: rows with these numbers are created."""
    made = [row(number) for number in numbers]
    return lambda served: served.rows.extend(made)


def both(first: Change, second: Change) -> Change:
    """Two changes at once."""

    def change(served: ChangingList) -> None:
        first(served)
        second(served)

    return change


def doing_nothing(_served: ChangingList) -> None:
    """No change."""
