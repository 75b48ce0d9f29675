"""What exports are tried out on: upstreams that can change, a store that tells what is done."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Final

from cscs_domain.errors import UpstreamServiceError
from cscs_domain.problems import Problem
from cscs_domain.storage.document_names import DocumentName, Series
from cscs_domain.storage.documents import DocumentHead, DocumentMeta, StorageDocument
from cscs_domain.storage.hierarchy import Hierarchy
from cscs_domain.storage.policy import StoragePolicy
from cscs_domain.storage.rows import StorageRow
from cscs_domain.storage.waldur_rows import WaldurRow
from cscs_fakes.document_store import FakeDocumentStore
from tests.unit.storage.samples import POLICY, answer

MOMENT: Final = datetime(2026, 11, 21, 13, 5, 30, tzinfo=UTC)
NAME: Final = "2026-11-21-13-05-all.json"
"""Of a document made at that moment, in UTC."""
VERSION: Final = "1.2.3"
BROKEN: Final = UpstreamServiceError("documents", "the disk is full")


def named(text: str) -> DocumentName:
    """The name of this text."""
    name = DocumentName.parse(text)
    assert name is not None
    return name


class ToldStore(FakeDocumentStore):
    """Notes each step but looking at names, and fails at the one that it is told to break at.

    `breaks_from` is the time at which that step fails first.
    """

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[str] = []
        self.breaks_at = ""
        self.breaks_from = 1

    def put(self, text: str, rows: Iterable[StorageRow] = (), *, link: str = "") -> None:
        """Let there be a document from earlier on."""
        head = DocumentHead(meta=DocumentMeta(MOMENT - timedelta(days=1), "1.0"))
        self.documents[named(text)] = StorageDocument(head, tuple(rows))
        if link:
            self.links[link] = named(text)

    @property
    def listed(self) -> list[str]:
        """The names of all documents, the oldest first."""
        return [name.text for name in sorted(self.documents, key=lambda name: name.age_order)]

    @property
    def linked(self) -> dict[str, str]:
        """Which link leads to which document."""
        return {link: name.text for link, name in self.links.items()}

    def rows_of(self, text: str) -> tuple[StorageRow, ...]:
        """What a document holds."""
        document = self.documents[named(text)]
        assert document is not None
        return document.rows

    def note(self, step: str) -> None:
        """Write a step down, and break if it is that one."""
        self.steps.append(step)
        if step == self.breaks_at and self.steps.count(step) >= self.breaks_from:
            raise BROKEN

    @asynccontextmanager
    async def exclusive(self, patience: timedelta) -> AsyncIterator[None]:
        self.note("enter")
        async with super().exclusive(patience):
            yield
        self.note("leave")

    async def latest(self, series: Series) -> DocumentName | None:
        self.note("latest")
        return await super().latest(series)

    async def read(self, name: DocumentName) -> StorageDocument:
        self.note("read")
        return await super().read(name)

    async def write(
        self,
        name: DocumentName,
        head: DocumentHead,
        rows: Iterable[StorageRow],
        problems: Sequence[Problem] = (),
        *,
        moment: datetime | None = None,
    ) -> DocumentName:
        self.note("write")
        return await super().write(name, head, rows, problems, moment=moment)

    async def switch_latest(self, series: Series, name: DocumentName) -> None:
        self.note("link")
        await super().switch_latest(series, name)

    async def prune(self, series: Series, keep: int) -> Sequence[DocumentName]:
        self.note("prune")
        return await super().prune(series, keep)


class Upstreams:
    """Waldur's rows, built into a tree whenever they are read."""

    def __init__(self, *rows: WaldurRow, policy: StoragePolicy = POLICY) -> None:
        self.rows = rows
        self.policy = policy
        self.reads: list[str] = []
        self.failure: UpstreamServiceError | None = None

    async def __call__(self, *, include_terminated: bool = False) -> Hierarchy:
        """What `StorageService.read` does, without the service."""
        self.reads.append("all" if include_terminated else "usual")
        if self.failure:
            raise self.failure
        return self.hierarchy(include_terminated=include_terminated)

    def hierarchy(self, *, include_terminated: bool = False) -> Hierarchy:
        """The tree as it is now."""
        return answer(*self.rows, policy=self.policy, include_terminated=include_terminated)
