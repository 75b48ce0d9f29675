"""Every adapter that plays Waldur in the contract suites. A new one joins by a line in the list."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final, Protocol, TypeAlias
from uuid import UUID

import attrs

from cscs_domain.errors import UpstreamServiceError
from cscs_domain.ports import ResourceQuery, WaldurInspection, WaldurOfferings, WaldurResources
from cscs_domain.storage.waldur_rows import WaldurRow
from cscs_fakes.waldur_resources import FakeWaldurResources
from cscs_files import FileWaldurResources
from cscs_http.connection import Connection
from cscs_http.service import Service
from cscs_http.waldur_resources import HttpWaldurResources
from cscs_json import encode
from tests.contract.listing_server import Listings
from tests.unit.http.services import QUICK

Holding: TypeAlias = Callable[[Sequence[object]], "Waldur"]
"""Makes the adapter of a test hold these rows."""

QUERY: Final = ResourceQuery(offering_slugs=frozenset({"capstor"}), include_terminated=True)


class Waldur(WaldurResources, WaldurInspection, WaldurOfferings, Protocol):
    """An adapter of all ports that read Waldur."""


@attrs.frozen
class Place:
    """An empty folder and a server of lists for one adapter; what to close after the test."""

    folder: Path
    listings: Listings
    closing: AsyncExitStack


@attrs.frozen
class WaldurAdapter:
    """How to set an adapter up in its place.

    `holding` gives it these rows; with `breaking` it gets them too, but cannot read to their end.
    """

    name: str
    holding: Callable[[Place, Sequence[object]], Waldur]
    breaking: Callable[[Place, Sequence[object]], Waldur]


def row(number: int, **members: object) -> dict[str, object]:
    """A short but complete row with a uuid made of its number."""
    uuid = UUID(int=number + 1).hex
    return {
        "uuid": uuid,
        "slug": f"res-{number}",
        "name": f"Resource {number}",
        "state": "OK",
        "offering_uuid": "a4e4b0d62d9b5880a14ed505aa2bb387",
        "offering_slug": "capstor",
        "offering_name": "CAPSTOR",
        "offering_type": "Marketplace.Slurm",
        "provider_slug": "cscs",
        "provider_name": "CSCS",
        "customer_slug": "uni",
        "project_slug": "g207",
        "limits": {"storage": 2},
        "attributes": {"storage_data_type": "store"},
        "created": "2026-11-20T23:52:41.555913Z",
        **members,
    }


async def read(waldur: WaldurResources) -> list[WaldurRow]:
    """All rows of one read."""
    return [row async for page in waldur.pages(QUERY) for row in page.rows]


async def read_raw(waldur: WaldurInspection) -> list[dict[str, object]]:
    """All objects of one untouched read."""
    return [dict(row) async for page in waldur.raw_pages(QUERY) for row in page]


def _dump(path: Path, value: object) -> Path:
    try:
        path.write_bytes(encode(value))
    except UnicodeEncodeError:  # lone surrogates, which JSON can write and UTF-8 cannot
        path.write_text(json.dumps(value), encoding="ascii")
    return path


def _fake(_place: Place, rows: Sequence[object]) -> Waldur:
    return FakeWaldurResources(rows)


def _failing_fake(_place: Place, rows: Sequence[object]) -> Waldur:
    fake = FakeWaldurResources(rows, page_size=max(1, len(rows) // 2))
    fake.fail_with(UpstreamServiceError("Waldur", "hung up"), after_pages=1)
    return fake


def _one_file(place: Place, rows: Sequence[object]) -> Waldur:
    return FileWaldurResources([_dump(place.folder / "rows.json", list(rows))])


def _half_written_file(place: Place, rows: Sequence[object]) -> Waldur:
    path = _dump(place.folder / "rows.json", list(rows))
    path.write_bytes(path.read_bytes()[:-7])
    return FileWaldurResources([path])


def _wrapped_file(place: Place, rows: Sequence[object]) -> Waldur:
    return FileWaldurResources([_dump(place.folder / "rows.json", {"resources": list(rows)})])


def _directory(place: Place, rows: Sequence[object]) -> Waldur:
    half = len(rows) // 2
    _dump(place.folder / "a.json", list(rows[:half]))
    _dump(place.folder / "b.json", list(rows[half:]))
    return FileWaldurResources([place.folder])


def _directory_with_a_bad_file(place: Place, rows: Sequence[object]) -> Waldur:
    _dump(place.folder / "a.json", list(rows))
    (place.folder / "b.json").write_text('[{"uuid": "00', encoding="utf-8")
    return FileWaldurResources([place.folder])


def _capture(place: Place, rows: Sequence[object]) -> Waldur:
    half = len(rows) // 2
    exchanges = [_exchange(rows[:half], 1), _exchange(rows[half:], 2)]
    return FileWaldurResources([_dump(place.folder / "capture.json", exchanges)])


def _http(place: Place, rows: Sequence[object]) -> Waldur:
    return _over_http(place, place.listings.listed_at(rows))


def _failing_server(place: Place, rows: Sequence[object]) -> Waldur:
    return _over_http(place, place.listings.listed_at(rows, is_broken=True))


def _over_http(place: Place, url: str) -> Waldur:
    service = Service(Connection(service="Waldur", url=url), retries=QUICK)
    place.closing.push_async_callback(service.close)
    return HttpWaldurResources(service)


def _exchange(rows: Sequence[object], page: int) -> dict[str, object]:
    path = f"/api/marketplace-provider-resources/?page_size=300&page={page}"
    return {
        "request": {"method": "GET", "path": path, "as": "agent"},
        "response": {"status": 200, "headers": {}, "body": list(rows)},
        "note": "",
    }


WALDUR_ADAPTERS: Final = [
    WaldurAdapter("fake", _fake, _failing_fake),
    WaldurAdapter("file", _one_file, _half_written_file),
    WaldurAdapter("wrapped file", _wrapped_file, _half_written_file),
    WaldurAdapter("directory", _directory, _directory_with_a_bad_file),
    WaldurAdapter("capture", _capture, _directory_with_a_bad_file),
    WaldurAdapter("http", _http, _failing_server),
]
