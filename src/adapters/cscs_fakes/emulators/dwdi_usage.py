"""Whose usage an emulated warehouse knows, and what it says of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import TypeAlias

import attrs

from cscs_domain.usage.metering import UsageKind, WarehouseProfile
from cscs_domain.usage.months import Days, Month, Period
from cscs_fakes.usage_rows import (
    CLUSTERS,
    make_compute_rows,
    make_inference_rows,
    make_storage_rows,
)
from cscs_fakes.usage_warehouse import by_subject, rows_about, subject_of

_Rows: TypeAlias = Sequence[object]
_BySubject: TypeAlias = Mapping[str | None, _Rows]


@attrs.frozen(kw_only=True)
class Question:
    """What a request is about. What is empty narrows nothing: without subjects all are meant."""

    kind: UsageKind
    periods: Sequence[Period]
    profile: WarehouseProfile = WarehouseProfile.V2
    subjects: frozenset[str] = frozenset()
    clusters: frozenset[str] = frozenset()
    filesystem: str = ""
    data_type: str = ""


@attrs.define(kw_only=True)
class UsageBook:
    """Of the `known` subjects usage is invented; rows that are put take the place of that."""

    known: Mapping[UsageKind, Sequence[str]]
    users: int
    seed: int
    _put: dict[tuple[UsageKind, Period], dict[str, _BySubject]] = attrs.field(factory=dict)

    def put(self, kind: UsageKind, period: Period, rows: _Rows, cluster: str) -> None:
        """Say just these rows of a kind and period, beside those of other clusters."""
        self._put.setdefault((kind, period), {})[cluster] = by_subject(kind, rows)

    def rows(self, question: Question) -> _Rows:
        """The rows that answer a question."""
        parts = [part for period in question.periods for part in self._parts(question, period)]
        found = [row for part in parts for row in self._of(question, part)]
        if question.kind is UsageKind.STORAGE:
            found = [row for row in found if _lies_there(question, row)]
        return found

    def _parts(self, question: Question, period: Period) -> Sequence[Period]:
        """The period; but day by day if some of its days have been put."""
        if isinstance(period, Month):
            return [period]
        count = (period.last - period.first).days + 1
        days = [_one_day(period.first + timedelta(days=number)) for number in range(count)]
        return days if any((question.kind, day) in self._put for day in days) else [period]

    def _of(self, question: Question, period: Period) -> _Rows:
        put = self._put.get((question.kind, period))
        if put is None:
            return self._invented(question, period)
        wanted = {*question.clusters, ""} if question.clusters else put.keys()
        said = [rows for cluster, rows in put.items() if cluster in wanted]
        if question.subjects:
            return [row for rows in said for row in rows_about(question.subjects, rows)]
        return [row for rows in said for some in rows.values() for row in some]

    def _invented(self, question: Question, period: Period) -> _Rows:
        known = self.known.get(question.kind, ())
        whose = [each for each in known if not question.subjects or each in question.subjects]
        match question.kind:
            case UsageKind.STORAGE:
                return make_storage_rows(whose, period, seed=self.seed)
            case UsageKind.INFERENCE:
                return make_inference_rows(whose, period, seed=self.seed)
            case UsageKind.COMPUTE:
                return make_compute_rows(
                    whose,
                    period,
                    users=self.users,
                    seed=self.seed,
                    profile=question.profile,
                    clusters=question.clusters or CLUSTERS,
                )


def period_of(text: str) -> Period:
    """A month (`2026-11`) or a day (`2026-11-19`). Raises `ValueError`."""
    return Month.parse(text) if text.count("-") == 1 else _one_day(day_of(text))


def day_of(text: str) -> date:
    """A day out of `2026-11-19` and nothing else. Raises `ValueError`."""
    day = date.fromisoformat(text)
    if day.isoformat() != text:
        raise ValueError(f"{text!r} is not written as 2026-11-19")
    return day


def _one_day(day: date) -> Days:
    return Days(day, day)


def _lies_there(question: Question, row: object) -> bool:
    """A path begins with its file system and its type of data."""
    parts = [*(subject_of(UsageKind.STORAGE, row) or "").split("/"), "", ""]
    wanted = (question.filesystem or parts[1], question.data_type or parts[2])
    return wanted == (parts[1], parts[2])
