"""The storage API and the way back to Waldur, for scripts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self, TypedDict, TypeVar, Unpack

import httpx

from cscs_client.answers import StorageAnswer, StoragePage
from cscs_client.client import AsyncStorageClient, Token
from cscs_client.filters import Filters
from cscs_client.sync_actions import RowActions
from cscs_client.tokens import Secret
from cscs_domain.ports import WaldurOrders
from cscs_domain.storage.rows import StorageRow

_T = TypeVar("_T")


class ClientOptions(TypedDict, total=False):
    """The options of `AsyncStorageClient`, which explains them."""

    token: Token | None
    waldur_url: str | None
    waldur_token: Secret | None
    ca_file: Path | None
    proxy: Secret | None
    timeout: float
    page_size: int
    orders: WaldurOrders | None
    http: httpx.AsyncClient | None


class StorageClient:
    """`AsyncStorageClient` for scripts: the same methods with the same promises.

    Use it in one thread, and not in one where an event loop runs. Close it, or use it in `with`.
    Whatever is done against that is a `RuntimeError` that says so.
    """

    def __init__(self, url: str, **options: Unpack[ClientOptions]) -> None:
        self._client = AsyncStorageClient(url, **options)
        self._runner = asyncio.Runner()
        self._is_closed = False

    def read(self, *, fresh: bool = False, **filters: Unpack[Filters]) -> StorageAnswer:
        """All rows that match, out of one snapshot; `fresh` has the server read anew for it."""
        return self._run(lambda: self._client.read(fresh=fresh, **filters))

    def changed_since(
        self, previous: StorageAnswer, *, fresh: bool = False
    ) -> StorageAnswer | None:
        """The answer to the same question, or None if it would have the same rows and problems."""
        return self._run(lambda: self._client.changed_since(previous, fresh=fresh))

    def walk(self, *, fresh: bool = False, **filters: Unpack[Filters]) -> Iterator[StoragePage]:
        """The pages of one snapshot as they come; raises `SnapshotGoneError` in the middle."""
        pages = self._client.walk(fresh=fresh, **filters)
        yield from iter(lambda: self._run(lambda: anext(pages, None)), None)

    def actions(self, row: StorageRow) -> RowActions:
        """What may be done about a row."""
        return RowActions(self._client.actions(row), self._run)

    def close(self) -> None:
        """Close all connections. It may be called again."""
        if self._is_closed:
            return
        _refuse_running_loop()
        try:
            self._run(self._client.close)
        finally:
            self._is_closed = True
            self._runner.close()

    def __enter__(self) -> Self:
        self._refuse_if_closed()
        _refuse_running_loop()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _run(self, call: Callable[[], Awaitable[_T]], /) -> _T:
        async def called() -> _T:
            return await call()

        # Both before there is anything that would have to be awaited.
        self._refuse_if_closed()
        _refuse_running_loop()
        return self._runner.run(called())

    def _refuse_if_closed(self) -> None:
        if self._is_closed:
            raise RuntimeError("this StorageClient is closed: make a new one")


def _refuse_running_loop() -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise RuntimeError("an event loop runs in this thread: use AsyncStorageClient there")
