"""Pages of a warehouse's rows, added up to a report. Source: DWDI contract, sections 4 to 9, 12.

Rows are forgotten as soon as they are added, so memory grows with accounts and users alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol

from cscs_domain.problems import Problem, by_urgency
from cscs_domain.usage.compute_rows import ComputeRows
from cscs_domain.usage.findings import Findings, Oddity
from cscs_domain.usage.inference_rows import InferenceRows
from cscs_domain.usage.matching import Fields, fields_of
from cscs_domain.usage.metering import Metering, UsageKind
from cscs_domain.usage.months import Period
from cscs_domain.usage.other_clusters import note_other_clusters
from cscs_domain.usage.report_building import accounts_of, nothing_used
from cscs_domain.usage.reported_days import ReportedDays
from cscs_domain.usage.reports import UsageReport
from cscs_domain.usage.storage_rows import StorageRows
from cscs_domain.usage.subject_sums import SubjectSums
from cscs_domain.usage.unheard_of import (
    missing_accounts,
    unasked_accounts,
    unmatched_among_users,
    unmatched_components,
)
from cscs_domain.usage.untold import Untold
from cscs_domain.usage.warehouse import WarehousePage
from cscs_domain.usage.warehouse_subjects import canonical_uuid, plain_path

NAMELESS: Final = (Oddity.NO_ROW, Oddity.NO_SUBJECT)
"""Rows that may be about any account."""


class _Rows(Protocol):
    @property
    def subject_field(self) -> str: ...

    def take(self, subject: str, row: Mapping[str, object]) -> None: ...

    def finish(self) -> tuple[Mapping[str, SubjectSums], set[str]]: ...

    @property
    def unmatched_of_users(self) -> frozenset[str]: ...


class UsageTally:
    """Call `add` with every page, then `report` once.

    `accounts` has, by what the warehouse is asked for (an account, a path, the canonical uuid of
    a resource), the account of the report that it stands for. Whatever rows hold, nothing raises.
    """

    def __init__(self, metering: Metering, period: Period, accounts: Mapping[str, str]) -> None:
        self._metering: Final = metering
        self._period: Final = period
        self._accounts: Final = accounts
        self._findings: Final = Findings()
        self._days: Final = ReportedDays(period, self._findings)
        self._fields: Final = fields_of(metering)
        self._rows: Final = self._rows_of(metering.kind, self._fields)
        self._strangers: Final[set[str]] = set()
        self._asked: Final[set[str]] = set()
        self._skipped: Final[set[str]] = set()
        self._problems: Final[list[Problem]] = []
        self._count = 0

    def add(self, page: WarehousePage, cluster: str = "") -> None:
        """Take in a page; only rows about what it was asked for count.

        `cluster` is what the answer was to be narrowed to, if anything.
        """
        self._problems.extend(page.problems)
        self._asked.update(page.asked & self._accounts.keys())
        rows, field = self._rows, self._rows.subject_field
        for row in page.rows:
            if not isinstance(row, dict):
                self._findings.add(Oddity.NO_ROW, value=row)
                continue
            subject = self._subject(row.get(field))
            if subject is None:
                self._findings.add(Oddity.NO_SUBJECT)
            elif subject not in page.asked or subject not in self._accounts:
                self._strangers.add(subject)
            elif self._days.take_row(row, subject):
                self._count += 1
                rows.take(subject, row)
                if cluster:
                    note_other_clusters(row, subject, cluster, self._findings)
            else:
                self._skipped.add(subject)

    def report(self) -> UsageReport:
        """What all pages say together."""
        sums, without_field = self._rows.finish()
        unmatched = frozenset(without_field if self._count else ())
        of_users = self._rows.unmatched_of_users - unmatched
        untold = Untold(self._metering, self._findings, unmatched, of_users)
        found = {
            self._accounts[subject]: usage
            for subject, usage in accounts_of(sums, self._metering, self._findings, untold)
        }
        silent = self._asked - self._skipped
        unknown = frozenset(self._accounts[subject] for subject in silent) - found.keys()
        if self._metering.fills_with_zeros:
            found |= dict.fromkeys(unknown, nothing_used(self._metering))
        problems = [
            *self._problems,
            *self._findings.problems(self._accounts.__getitem__),
            *missing_accounts(unknown, is_all=bool(unknown) and not found.keys() - unknown),
            *unasked_accounts(self._strangers - self._accounts.keys()),
            *unmatched_components(unmatched, self._metering),
            *unmatched_among_users(of_users),
        ]
        return UsageReport(
            period=self._period,
            accounts={name: found[name] for name in sorted(found)},
            unknown=unknown,
            rows=self._count,
            is_nameless=any(map(any, map(self._findings.of, NAMELESS))),
            problems=tuple(sorted(problems, key=by_urgency)),
        )

    def _subject(self, value: object) -> str | None:
        if not isinstance(value, str) or not value:
            return None
        match self._metering.kind:
            case UsageKind.INFERENCE:
                return canonical_uuid(value)
            case UsageKind.STORAGE:
                return plain_path(value)
            case UsageKind.COMPUTE:
                return value

    def _rows_of(self, kind: UsageKind, fields: tuple[Fields, ...]) -> _Rows:
        match kind:
            case UsageKind.COMPUTE:
                return ComputeRows(fields, self._days, self._findings)
            case UsageKind.STORAGE:
                return StorageRows(fields, self._findings)
            case UsageKind.INFERENCE:
                return InferenceRows(fields, self._findings)
