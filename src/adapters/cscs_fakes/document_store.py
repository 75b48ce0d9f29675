"""Documents in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from cscs_domain._text import shown
from cscs_domain.errors import DocumentsBusyError, InvalidValueError, UpstreamServiceError
from cscs_domain.ports import DocumentStore
from cscs_domain.problems import Problem
from cscs_domain.storage.document_names import DocumentName, Series
from cscs_domain.storage.documents import DocumentHead, StorageDocument
from cscs_domain.storage.rows import StorageRow


class FakeDocumentStore:
    """Documents that tests can look at and put there.

    `documents` has None where something is that is no document. `problems` has the lists beside
    documents, `links` what each link (`latest.json`) leads to.
    """

    def __init__(self) -> None:
        self.documents: dict[DocumentName, StorageDocument | None] = {}
        self.problems: dict[DocumentName, tuple[Problem, ...]] = {}
        self.links: dict[str, DocumentName] = {}
        self._failure: UpstreamServiceError | None = None
        self._lock = asyncio.Lock()

    def fail_with(self, error: UpstreamServiceError) -> None:
        """Let the next write fail when all rows have been taken, as on a disk that is full."""
        self._failure = error

    @asynccontextmanager
    async def exclusive(self, patience: timedelta) -> AsyncIterator[None]:
        """Hold the only key."""
        try:
            async with asyncio.timeout(patience.total_seconds()):
                await self._lock.acquire()
        except TimeoutError:
            raise DocumentsBusyError("memory", "another writer") from None
        try:
            yield
        finally:
            self._lock.release()

    async def names(self) -> Sequence[DocumentName]:
        """The documents, the oldest first."""
        return sorted(self.documents, key=lambda name: name.age_order)

    async def latest(self, series: Series) -> DocumentName | None:
        """What the link leads to, if it is there."""
        name = self.links.get(series.link)
        return name if name in self.documents else None

    async def read(self, name: DocumentName) -> StorageDocument:
        """The document as it was written."""
        found = self._there(name)
        if found is None:
            raise InvalidValueError("document", shown(name.text), "is no document of ours")
        return found

    async def write(
        self,
        name: DocumentName,
        head: DocumentHead,
        rows: Iterable[StorageRow],
        problems: Sequence[Problem] = (),
        *,
        moment: datetime | None = None,
    ) -> DocumentName:
        """Keep the document."""
        if problems and moment is None and head.meta is None:
            raise InvalidValueError("list of problems", name.problems_text, "has no date")
        document = StorageDocument(head, tuple(rows))
        failure, self._failure = self._failure, None
        if failure:
            raise failure
        try:
            name = name.after((*self.documents, *self.problems))
        except InvalidValueError:
            reason = f"no number is left for another {name}"
            raise UpstreamServiceError("documents", reason, retryable=False) from None
        self.documents[name] = document
        if problems:
            self.problems[name] = tuple(problems)
        return name

    async def switch_latest(self, series: Series, name: DocumentName) -> None:
        """Remember what is the newest."""
        self._there(name)
        self.links[series.link] = name

    async def prune(self, series: Series, keep: int) -> Sequence[DocumentName]:
        """Forget the oldest."""
        if keep < 1:
            raise InvalidValueError("number of documents to keep", str(keep), "is below 1")
        names = await self.names()
        every = [name for name in names if name.is_all and name.suffix == series.suffix]
        doomed = [name for name in every[:-keep] if name not in self.links.values()]
        for name in doomed:
            del self.documents[name]
            self.problems.pop(name, None)
        return doomed

    def _there(self, name: DocumentName) -> StorageDocument | None:
        if name not in self.documents:
            raise UpstreamServiceError("documents", f"{name} is not there", retryable=False)
        return self.documents[name]


_: type[DocumentStore] = FakeDocumentStore
