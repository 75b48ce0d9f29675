"""Waldur's resources in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from uuid import UUID

import attrs

from cscs_domain.errors import InvalidValueError, UpstreamServiceError
from cscs_domain.ports import (
    JsonObject,
    ResourcePage,
    ResourceQuery,
    WaldurInspection,
    WaldurOfferings,
    WaldurResources,
)
from cscs_json.waldur_decoding import rows_from_objects
from cscs_json.waldur_offerings import offering_from_rows, slug_from_rows


class FakeWaldurResources:
    """A provider's resources in memory, with the keys that Waldur sends; change them at any time.

    Nothing is filtered by the query, which the port allows and an old server does: code that
    forgets to filter fails here too. A read shows the rows as they were when it began. `reads`
    counts the reads of `pages` and `raw_pages` that were begun.
    """

    def __init__(self, rows: Iterable[object] = (), *, page_size: int = 300) -> None:
        if page_size < 1:
            raise InvalidValueError("page_size", str(page_size), "is below 1")
        self._rows = list(rows)
        self._page_size = page_size
        self._failure: UpstreamServiceError | None = None
        self._pages_before_failure = 0
        self.reads = 0

    def add(self, *rows: object) -> None:
        """Append rows; anything may be one, as anything may come from a server."""
        self._rows += rows

    def replace(self, row: Mapping[str, object]) -> None:
        """Put a row in the place of the one with the same uuid; `KeyError` if there is none."""
        self._rows[self._position(row["uuid"])] = row

    def remove(self, uuid: str) -> None:
        """Take a row out; `KeyError` if there is none."""
        del self._rows[self._position(uuid)]

    def fail_with(self, error: UpstreamServiceError, *, after_pages: int = 0) -> None:
        """Let every read fail from now on, after so many good pages."""
        self._failure = error
        self._pages_before_failure = after_pages

    def recover(self) -> None:
        """Let reads succeed again."""
        self._failure = None

    async def pages(self, query: ResourceQuery) -> AsyncIterator[ResourcePage]:
        """Yield the rows in pages of `page_size`."""
        del query
        total = len(self._rows)
        async for first, rows in self._read():
            yield attrs.evolve(rows_from_objects(rows, first=first), total=total)

    async def raw_pages(self, query: ResourceQuery) -> AsyncIterator[Sequence[JsonObject]]:
        """Yield the rows that are objects, with every key."""
        del query
        async for _, rows in self._read():
            yield [row for row in rows if isinstance(row, Mapping)]

    async def offering(self, slug: str) -> JsonObject | None:
        """Return what the rows tell about their offering."""
        if self._failure:
            raise self._failure
        return offering_from_rows((row for row in self._rows if isinstance(row, Mapping)), slug)

    async def offering_slug(self, offering: UUID) -> str | None:
        """The slug in the first row of the offering that has one."""
        if self._failure:
            raise self._failure
        return slug_from_rows(rows_from_objects(self._rows).rows, offering)

    async def _read(self) -> AsyncIterator[tuple[int, Sequence[object]]]:
        self.reads += 1
        rows = tuple(self._rows)
        for number, first in enumerate(range(0, len(rows), self._page_size)):
            self._fail_at(number)
            yield first, rows[first : first + self._page_size]
            await asyncio.sleep(0)
        self._fail_at(self._pages_before_failure)

    def _fail_at(self, page: int) -> None:
        if self._failure and page >= self._pages_before_failure:
            raise self._failure

    def _position(self, uuid: object) -> int:
        for position, row in enumerate(self._rows):
            if isinstance(row, Mapping) and row.get("uuid") == uuid:
                return position
        raise KeyError(uuid)


_resources: type[WaldurResources] = FakeWaldurResources
_inspection: type[WaldurInspection] = FakeWaldurResources
_offerings: type[WaldurOfferings] = FakeWaldurResources
