"""Waldur's resources over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import TypeVar
from uuid import UUID

import attrs

from cscs_domain.ports import (
    JsonObject,
    ResourcePage,
    ResourceQuery,
    WaldurInspection,
    WaldurOfferings,
    WaldurResources,
)
from cscs_http.params import Params
from cscs_http.service import Service
from cscs_http.waldur_lists import Deadline, Decode, Decoded, WaldurList
from cscs_http.waldur_offering_reading import read_offering_slug
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
    """The provider's resources as a Waldur server tells them; the URL of `service` is its API's.

    A read that is not over after `read_limit` seconds is an error.
    """

    def __init__(self, service: Service, *, read_limit: float = 300.0) -> None:
        self._service = service
        self._read_limit = read_limit

    def pages(self, query: ResourceQuery) -> AsyncIterator[ResourcePage]:
        """Yield one consistent read, with only the members that the domain uses."""
        return self._read(query, SELECTION, _typed)

    def raw_pages(self, query: ResourceQuery) -> AsyncIterator[Sequence[JsonObject]]:
        """Yield one consistent read with everything that Waldur tells. Slow on a real server."""
        return self._read(query, EVERYTHING, _objects)

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

    async def offering_slug(self, offering: UUID) -> str | None:
        """The slug that the provider's endpoint tells, in one request."""
        return await read_offering_slug(self._service, offering)

    async def _offering_uuid(self, slug: str) -> str | None:
        # Older servers do not know the filter and send every offering.
        params = (("slug", slug), ("field", "uuid"), ("field", "slug"))
        deadline = Deadline.within(self._read_limit)
        offerings = WaldurList(self._service, OFFERINGS, params, _objects, deadline)
        async for page in offerings.pages():
            for row in page.content.value:
                uuid = row.get("uuid")
                if row.get("slug") == slug and is_plain_uuid(uuid):
                    return uuid
        return None

    def _read(
        self, query: ResourceQuery, selection: Params, decode: Decode[_T]
    ) -> AsyncIterator[_T]:
        filters, deadline = filters_of(query), Deadline.within(self._read_limit)
        return read_consistently(
            WaldurList(self._service, RESOURCES, (*filters, *selection), decode, deadline),
            WaldurList(self._service, RESOURCES, (*filters, *UUIDS_ONLY), _uuids, deadline),
        )


def _typed(body: bytes, name: str, total: int) -> Decoded[ResourcePage]:
    page = attrs.evolve(decode_rows(body, name), total=total)
    rows = len(page.rows) + len(page.problems)
    # Refused rows are known by their problems: they need not be fetched again.
    uuids = [*(row.uuid for row in page.rows), *(problem.resource for problem in page.problems)]
    return Decoded(page, rows, uuids)


def _objects(body: bytes, _name: str, _total: int) -> Decoded[Sequence[JsonObject]]:
    rows = decode_raw_rows(body)
    objects = [row for row in rows if isinstance(row, Mapping)]
    return Decoded(objects, len(rows), [row.get("uuid") for row in objects])


def _uuids(body: bytes, _name: str, _total: int) -> Decoded[None]:
    rows = decode_raw_rows(body)
    uuids = [row.get("uuid") for row in rows if isinstance(row, Mapping)]
    return Decoded(None, len(rows), uuids)


_resources: type[WaldurResources] = HttpWaldurResources
_inspection: type[WaldurInspection] = HttpWaldurResources
_offerings: type[WaldurOfferings] = HttpWaldurResources
