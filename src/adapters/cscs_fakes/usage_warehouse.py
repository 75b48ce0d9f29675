"""The usage warehouse in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Final

import attrs

from cscs_domain.errors import InvalidValueError
from cscs_domain.ports import UsageWarehouse
from cscs_domain.usage.metering import UsageKind
from cscs_domain.usage.months import Days, Period
from cscs_domain.usage.warehouse import WarehousePage, WarehouseQuery
from cscs_domain.usage.warehouse_subjects import canonical_uuid

SUBJECT_FIELDS: Final = {
    UsageKind.COMPUTE: "account",
    UsageKind.STORAGE: "path",
    UsageKind.INFERENCE: "waldurResourceUuid",
}
"""Which field of a row says what it is about."""


@attrs.frozen
class _Saved:
    kind: UsageKind
    period: Period
    cluster: str
    rows: tuple[object, ...]


class FakeUsageWarehouse:
    """Rows as the warehouse sends them, decoded; put more in at any time.

    `answers_everything` makes it ignore whose rows are asked for, as a warehouse may; the rows then
    come with every page. `queries` are the reads that were begun. A page is about `page_size`
    subjects.
    """

    def __init__(self, *, page_size: int = 50) -> None:
        if page_size < 1:
            raise InvalidValueError("page_size", str(page_size), "is below 1")
        self._saved: list[_Saved] = []
        self._page_size = page_size
        self._failure: Exception | None = None
        self._pages_before_failure = 0
        self.answers_everything = False
        self.queries: list[WarehouseQuery] = []

    def put(
        self, kind: UsageKind, period: Period, rows: Iterable[object], *, cluster: str = ""
    ) -> None:
        """Add rows, even such as no warehouse should send.

        A question about several days is answered with the rows of every period of days in it. Rows
        of a cluster are not for questions about another one; rows of none are for all questions.
        """
        self._saved.append(_Saved(kind, period, cluster, tuple(rows)))

    def clear(self) -> None:
        """Forget all rows."""
        self._saved.clear()

    def fail_with(self, error: Exception | None, *, after_pages: int = 0) -> None:
        """Let every read fail from now on, after so many good pages; None ends that."""
        self._failure = error
        self._pages_before_failure = after_pages

    async def pages(self, query: WarehouseQuery) -> AsyncIterator[WarehousePage]:
        """Yield the rows as they were when the read began."""
        self.queries.append(query)
        saved = [row for each in self._saved if _concerns(each, query) for row in each.rows]
        known = by_subject(query.kind, saved)
        subjects = sorted(query.subjects)
        for number, first in enumerate(range(0, len(subjects), self._page_size)):
            self._fail_at(number)
            asked = frozenset(subjects[first : first + self._page_size])
            rows = saved if self.answers_everything else rows_about(asked, known)
            yield WarehousePage(asked, rows)
            await asyncio.sleep(0)
        self._fail_at(self._pages_before_failure)

    async def ping(self) -> None:
        """Let everybody in, unless it fails."""
        self._fail_at(self._pages_before_failure)

    def _fail_at(self, page: int) -> None:
        if self._failure and page >= self._pages_before_failure:
            raise self._failure


def by_subject(kind: UsageKind, rows: Iterable[object]) -> dict[str | None, list[object]]:
    """The rows about each subject, and under None those about nobody."""
    found: dict[str | None, list[object]] = {}
    for row in rows:
        found.setdefault(subject_of(kind, row), []).append(row)
    return found


def rows_about(
    subjects: Iterable[str], known: Mapping[str | None, Sequence[object]]
) -> list[object]:
    """The rows about these subjects, subject by subject."""
    return [row for subject in sorted(subjects) for row in known.get(subject, ())]


def subject_of(kind: UsageKind, row: object) -> str | None:
    """What a row is about; None if it does not say."""
    value = row.get(SUBJECT_FIELDS[kind]) if isinstance(row, Mapping) else None
    if not isinstance(value, str):
        return None
    return canonical_uuid(value) if kind is UsageKind.INFERENCE else value


def _concerns(saved: _Saved, query: WarehouseQuery) -> bool:
    if saved.kind is not query.kind or not _lies_in(saved.period, query.period):
        return False
    return not query.cluster or saved.cluster in ("", query.cluster)


def _lies_in(part: Period, whole: Period) -> bool:
    if isinstance(part, Days) and isinstance(whole, Days):
        return whole.holds(part.first) and whole.holds(part.last)
    return part == whole


_: type[UsageWarehouse] = FakeUsageWarehouse
