"""Walks over pages that are pinned to one snapshot. Source: DESIGN section 4, "Snapshots"."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Final

from cscs_client.answers import StoragePage
from cscs_client.filters import filter_params
from cscs_client.page_decoding import page_of
from cscs_client.refusals import REFUSALS, refusal_of
from cscs_client.tokens import WatchedCredentials
from cscs_domain.storage.filters import LARGEST_PAGE_SIZE, PageRequest, RowFilter
from cscs_http.answer import Answer
from cscs_http.service import Service

LARGEST_PAGE: Final = LARGEST_PAGE_SIZE

_PATH: Final = "storage-resources/"
_UNCHANGED: Final = 304
_GOOD: Final = frozenset({200})


class StoragePages:
    """Pages of the storage API, `page_size` rows each (1 to 500)."""

    def __init__(
        self, service: Service, credentials: WatchedCredentials | None, page_size: int
    ) -> None:
        self._service = service
        self._credentials = credentials
        self._size = PageRequest(1, page_size).size

    async def walk(
        self, wanted: RowFilter, headers: Mapping[bytes, bytes]
    ) -> AsyncIterator[StoragePage]:
        """All pages of one snapshot; none if the server says that nothing has changed.

        `headers` go with the first page. Raises `SnapshotGoneError` in the middle, and
        `UpstreamServiceError` if the pages together are not the whole.
        """
        good = _GOOD | {_UNCHANGED} if b"if-none-match" in headers else _GOOD
        answer = await self._ask(wanted, 1, None, headers, good)
        if answer.status == _UNCHANGED:
            return
        first = page_of(answer)
        rows = first.size
        yield first
        for number in range(2, first.pages + 1):
            answer = await self._ask(wanted, number, first.snapshot, {}, _GOOD)
            page = page_of(answer)
            if (page.snapshot, page.number) != (first.snapshot, number) or not page.size:
                raise answer.unusable("answered with another page than was asked for")
            rows += page.size
            yield page
        if rows != first.total:
            raise answer.unusable(f"told of {first.total} rows, and its pages have {rows}")

    async def _ask(
        self,
        wanted: RowFilter,
        number: int,
        snapshot: str | None,
        headers: Mapping[bytes, bytes],
        good: frozenset[int],
    ) -> Answer:
        params = [*filter_params(wanted), ("page", str(number)), ("page_size", str(self._size))]
        if snapshot is not None:
            params.append(("snapshot", snapshot))
        answer = await self._service.get(_PATH, params, accept=good | REFUSALS, headers=headers)
        if answer.status in REFUSALS:
            raise refusal_of(answer, snapshot, self._quotes_token)
        return answer

    def _quotes_token(self, text: str) -> bool:
        return self._credentials is not None and self._credentials.quoted_in(text)
