"""A directory of users, projects and allocations in memory."""

from __future__ import annotations

from cscs_domain.errors import UpstreamServiceError
from cscs_domain.events.directory import DirectoryQuery, KnownDirectory
from cscs_domain.ports import Directory
from cscs_fakes.directory_selection import select


class FakeDirectory:
    """Answers with what was asked for and nothing more; put another one in `known` at any time.

    `finds` counts the questions.
    """

    def __init__(self, known: KnownDirectory | None = None) -> None:
        self.known = KnownDirectory() if known is None else known
        self.finds = 0
        self._failure: UpstreamServiceError | None = None

    def fail_with(self, error: UpstreamServiceError) -> None:
        """Let every question fail from now on."""
        self._failure = error

    def recover(self) -> None:
        """Let questions be answered again."""
        self._failure = None

    async def find(self, query: DirectoryQuery) -> KnownDirectory:
        """Everything that the query names, with what belongs to it."""
        self.finds += 1
        if self._failure:
            raise self._failure
        return select(self.known.book, query)

    async def close(self) -> None:
        """There is nothing to let go of."""


_: type[Directory] = FakeDirectory
