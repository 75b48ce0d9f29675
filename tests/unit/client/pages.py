"""Pages of tests, as a server of some version may send them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from cscs_client import AsyncStorageClient
from cscs_json import encode_row
from tests.api.site import Site
from tests.raw_server import RawServer, Reply, answer, raw_server
from tests.unit.client.directories import directory

Json = dict[str, Any]


def client_of(site: Site, **options: Any) -> AsyncStorageClient:
    """A client of an application in this process."""
    return AsyncStorageClient("http://localhost", http=site.client, **options)


@asynccontextmanager
async def told(
    *replies: Reply, **options: Any
) -> AsyncIterator[tuple[AsyncStorageClient, RawServer]]:
    """A client of a server that says this."""
    async with (
        raw_server(*replies) as server,
        AsyncStorageClient(server.url, timeout=5, **options) as client,
    ):
        yield client, server


def row(**changes: object) -> Json:
    """A row as a server sends it."""
    plain: Json = json.loads(encode_row(directory()))
    return plain | changes


def page(
    *rows: object,
    number: int = 1,
    pages: int = 1,
    total: int = 1,
    snapshot: str = "s1",
    **rest: object,
) -> Json:
    """A page as a server sends it."""
    pagination = {
        "current": number,
        "limit": 1,
        "offset": number - 1,
        "pages": pages,
        "total": total,
        "has_next": number < pages,
        "snapshot": snapshot,
    }
    frame = {"version": "9.9", "status": "success", "resources": list(rows), "problems": []}
    return frame | {"pagination": pagination} | rest


def sent(*rows: object, **arguments: Any) -> bytes:
    """The same as a good answer."""
    return answer(200, page(*rows, **arguments))
