"""What the storage API answered, as values."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import attrs

from cscs_domain.problems import Problem
from cscs_domain.storage.data_types import TargetType
from cscs_domain.storage.filters import EVERYTHING, RowFilter
from cscs_domain.storage.rows import StorageRow


@attrs.frozen(kw_only=True)
class ReportedProblem:
    """A problem as a server told it, or as this client found it in a row.

    `code` and `severity` are the server's words, which a newer server may have more of than
    `ProblemCode` and `Severity`; those of the enums compare equal to them. Texts are escaped and
    cut to 300 characters.
    """

    code: str
    severity: str
    message: str
    hint: str = ""
    resource: str | None = None

    @classmethod
    def of(cls, problem: Problem) -> ReportedProblem:
        """A problem that was found on this side."""
        return cls(
            code=problem.code.value,
            severity=problem.severity.value,
            message=problem.message,
            hint=problem.hint,
            resource=problem.resource,
        )


@attrs.frozen(kw_only=True)
class StoragePage:
    """One page of a walk. `problems` are those of the whole snapshot; `unreadable` are rows of
    this page that this client cannot understand. `age`: time since the read of the data began;
    `stale`: an upstream of the server failed, and the data is older than it should be.
    """

    number: int
    pages: int
    total: int
    snapshot: str
    rows: tuple[StorageRow, ...]
    problems: tuple[ReportedProblem, ...] = ()
    unreadable: tuple[ReportedProblem, ...] = ()
    age: timedelta = timedelta(0)
    stale: bool = False
    version: str = ""
    etag: str = attrs.field(default="", repr=False)

    @property
    def size(self) -> int:
        """How many rows there are, readable or not."""
        return len(self.rows) + len(self.unreadable)


@attrs.frozen(kw_only=True)
class StorageAnswer:
    """All rows of one snapshot that match a filter: tenants, customers, then projects and users.

    `problems` are the server's, then rows that this client cannot understand. See `StoragePage`
    for the rest.
    """

    rows: tuple[StorageRow, ...]
    problems: tuple[ReportedProblem, ...]
    snapshot: str
    age: timedelta
    stale: bool
    version: str
    etag: str = attrs.field(repr=False)
    filter: RowFilter = EVERYTHING

    @classmethod
    def of(cls, pages: Sequence[StoragePage], wanted: RowFilter) -> StorageAnswer:
        """The pages of one walk put together."""
        first = pages[0]
        return cls(
            rows=tuple(row for page in pages for row in page.rows),
            problems=first.problems + tuple(each for page in pages for each in page.unreadable),
            snapshot=first.snapshot,
            age=first.age,
            stale=first.stale,
            version=first.version,
            etag=first.etag,
            filter=wanted,
        )

    @property
    def directories(self) -> tuple[StorageRow, ...]:
        """The rows of projects and users: those that are ordered, changed and removed."""
        return tuple(row for row in self.rows if row.target_type in _LEAVES)

    def problems_of(self, row: StorageRow) -> tuple[ReportedProblem, ...]:
        """What is told about this row's resource; nothing for tenants and customers."""
        if row.target_type not in _LEAVES:
            return ()
        name = str(row.item_id)
        return tuple(problem for problem in self.problems if problem.resource == name)


_LEAVES = frozenset({TargetType.PROJECT, TargetType.USER})
