"""Waldur's resources over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import TypeVar

from cscs_domain.ports import (
    JsonObject,
    ResourcePage,
    ResourceQuery,
    WaldurInspection,
    WaldurResources,
)
from cscs_http.service import Params, Service
from cscs_http.waldur_lists import Decode, Decoded, WaldurList
from cscs_http.waldur_query import (
    EVERYTHING,
    OFFERINGS,
    RESOURCES,
    SELECTION,
    UUIDS_ONLY,
    filters_of,
    is_plain_uuid,
)
from cscs_http.waldur_reading import read_consistently
from cscs_json import decode_raw_rows, decode_rows, is_secret_name

_T = TypeVar("_T")


class HttpWaldurResources:
    """The provider's resources as a Waldur server tells them; the URL of `service` is its API's."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def pages(self, query: ResourceQuery) -> AsyncIterator[ResourcePage]:
        """Yield one consistent read, with only the members that the domain uses."""
        whole = self._list(query, SELECTION, _typed)
        return read_consistently(whole, self._list(query, UUIDS_ONLY, _uuids))

    def raw_pages(self, query: ResourceQuery) -> AsyncIterator[Sequence[JsonObject]]:
        """Yield one consistent read with everything that Waldur tells. Slow on a real server."""
        whole = self._list(query, EVERYTHING, _objects)
        return read_consistently(whole, self._list(query, UUIDS_ONLY, _uuids))

    async def offering(self, slug: str) -> JsonObject | None:
        """Return what the provider's endpoint tells about an offering, without secrets."""
        uuid = await self._offering_uuid(slug)
        if uuid is None:
            return None
        answer = await self._service.get(f"{OFFERINGS}{uuid}/")
        found = answer.json()
        if not isinstance(found, Mapping):
            raise answer.unusable("answered with something that is no offering")
        return {name: value for name, value in found.items() if not is_secret_name(name)}

    async def _offering_uuid(self, slug: str) -> str | None:
        # Older servers do not know the filter and send every offering.
        params = (("slug", slug), ("field", "uuid"), ("field", "slug"))
        async for page in WaldurList(self._service, OFFERINGS, params, _objects).pages():
            for row in page.content.value:
                uuid = row.get("uuid")
                if row.get("slug") == slug and is_plain_uuid(uuid):
                    return uuid
        return None

    def _list(self, query: ResourceQuery, selection: Params, decode: Decode[_T]) -> WaldurList[_T]:
        return WaldurList(self._service, RESOURCES, (*filters_of(query), *selection), decode)


def _typed(body: bytes, name: str) -> Decoded[ResourcePage]:
    page = decode_rows(body, name)
    rows = len(page.rows) + len(page.problems)
    return Decoded(page, rows, [row.uuid for row in page.rows])


def _objects(body: bytes, _name: str) -> Decoded[Sequence[JsonObject]]:
    rows = decode_raw_rows(body)
    objects = [row for row in rows if isinstance(row, Mapping)]
    return Decoded(objects, len(rows), [row.get("uuid") for row in objects])


def _uuids(body: bytes, _name: str) -> Decoded[None]:
    rows = decode_raw_rows(body)
    uuids = [row.get("uuid") for row in rows if isinstance(row, Mapping)]
    return Decoded(None, len(rows), uuids)


_resources: type[WaldurResources] = HttpWaldurResources
_inspection: type[WaldurInspection] = HttpWaldurResources
