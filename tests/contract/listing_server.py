"""A server that lists whatever it is told as Waldur lists resources, on a real socket.

The emulated Waldur has rows as Waldur has them; this one also has what no Waldur should send.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final
from urllib.parse import parse_qs
from uuid import NAMESPACE_URL, uuid5

import attrs
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from cscs_fakes.emulators.server import EmulatorServer
from cscs_json import encode
from cscs_json.waldur_offerings import offering_from_rows

_LARGEST_PAGE: Final = 300
_RESOURCES: Final = "marketplace-provider-resources"
_OFFERINGS: Final = "marketplace-provider-offerings"
Query = Mapping[str, Sequence[str]]


@attrs.frozen
class Listing:
    """Rows behind one URL; a broken one fails after the first page."""

    rows: Sequence[object]
    is_broken: bool

    def answer(self, path: str, query: Query) -> Response:
        """What a server of these rows answers."""
        _, endpoint, *rest = path.strip("/").split("/")
        if endpoint == _RESOURCES and not rest:
            return self._page(query)
        if self.is_broken:
            return _json(500, {"detail": "A broken server."})
        if endpoint == _RESOURCES:
            return self._one(rest[0], query)
        return self._offering(rest[0]) if rest else self._offerings()

    def _page(self, query: Query) -> Response:
        number, size = int(query["page"][0]), min(int(query["page_size"][0]), _LARGEST_PAGE)
        if self.is_broken and number > 1:
            return _json(500, {"detail": "A broken server."})
        rows = self.rows[(number - 1) * size : number * size]
        if not rows and number > 1:
            return _json(404, {"detail": "Invalid page."})
        return _json(200, [_selected(row, query) for row in rows], len(self.rows))

    def _one(self, uuid: str, query: Query) -> Response:
        found = [row for row in self.rows if isinstance(row, Mapping) and row.get("uuid") == uuid]
        return _json(200, _selected(found[0], query)) if found else _json(404, {"detail": "No."})

    def _offerings(self) -> Response:
        rows = [{"uuid": _id_of(slug), "slug": slug} for slug in self._slugs()]
        return _json(200, rows, len(rows))

    def _offering(self, uuid: str) -> Response:
        objects = [row for row in self.rows if isinstance(row, Mapping)]
        ids = {_id_of(slug): slug for slug in self._slugs()}
        slug = ids.get(uuid) or self._told_by_rows(uuid)
        if slug is None:
            return _json(404, {"detail": "No Offering matches the given query."})
        known = dict(offering_from_rows(objects, slug) or {})
        return _json(200, known | {"secret_options": {"token": "hunter2"}})

    def _told_by_rows(self, uuid: str) -> str | None:
        objects = (row for row in self.rows if isinstance(row, Mapping))
        told = {
            str(row.get("offering_uuid")).replace("-", "").lower(): row.get("offering_slug")
            for row in objects
        }
        slug = told.get(uuid)
        return slug if isinstance(slug, str) else None

    def _slugs(self) -> list[str]:
        slugs = [row.get("offering_slug") for row in self.rows if isinstance(row, Mapping)]
        return sorted({slug for slug in slugs if isinstance(slug, str)})


def _id_of(slug: str) -> str:
    return uuid5(NAMESPACE_URL, slug).hex


def _selected(row: object, query: Query) -> object:
    names = query.get("field")
    if names is None or not isinstance(row, Mapping):
        return row
    return {name: row[name] for name in names if name in row}


def as_json(value: object) -> bytes:
    """Any value that JSON can write, lone surrogates and exact decimals included."""
    try:
        return encode(value)
    except UnicodeEncodeError:
        return json.dumps(value).encode("ascii")


def _json(status: int, body: object, total: int | None = None) -> Response:
    headers = {} if total is None else {"X-Result-Count": str(total)}
    return Response(as_json(body), status, headers, "application/json")


@attrs.define(eq=False)
class Listings:
    """Lists of rows on one server, each under a number. `base` is the server's URL."""

    base: str = ""
    _listings: list[Listing] = attrs.Factory(list)

    def listed_at(self, rows: Sequence[object], *, is_broken: bool = False) -> str:
        """List these rows; return the URL of an API that does, ending in `/api/`."""
        self._listings.append(Listing(rows, is_broken))
        return f"{self.base}/{len(self._listings) - 1}/api/"

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        number, _, path = scope["path"].strip("/").partition("/")
        query = parse_qs(scope["query_string"].decode())
        answer = self._listings[int(number)].answer(path, query)
        await answer(scope, receive, send)


@contextmanager
def listing_server() -> Iterator[Listings]:
    """Serve lists from a thread."""
    listings = Listings()
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listener:
        listings.base = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server = EmulatorServer(listings.app, let_go=lambda: None)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield listings
        finally:
            server.stop()
            thread.join()
