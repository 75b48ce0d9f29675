"""Figures that count as less than they may be, since the warehouse leaves something out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from itertools import product

from cscs_domain.usage.findings import About, Findings, Oddity
from cscs_domain.usage.metering import Metering, UsageKind
from cscs_domain.usage.subject_sums import SubjectSums


class Untold:
    """Knows what is null, what no row has (`unmatched`), no user's row (`of_users`), and what only
    some rows lack.
    """

    def __init__(
        self,
        metering: Metering,
        findings: Findings,
        unmatched: Collection[str],
        of_users: Collection[str] = (),
    ) -> None:
        # Where storage and costs are zero, the field may be left out (DWDI contract, 4.2, 4.3).
        self._is_needed = metering.kind is UsageKind.COMPUTE
        self._unmatched = frozenset(unmatched)
        self._unmatched_of_users = frozenset(of_users)
        self._findings = findings
        self._null: defaultdict[str | None, set[str]] = defaultdict(set)
        self._null_of_users: defaultdict[str | None, set[tuple[str, str]]] = defaultdict(set)
        for about, _ in findings.of(Oddity.NULL_TOTAL):
            self._null[about.subject].add(about.component or "")
        for about, _ in findings.of(Oddity.NULL_OF_USER):
            self._null_of_users[about.subject].add((about.component or "", about.user or ""))

    def totals(self, subject: str, sums: SubjectSums) -> frozenset[str]:
        """The components of which not all is told; what only this subject lacks is a finding."""
        lacking = frozenset(sums.lacking) if self._is_needed else frozenset[str]()
        for component in lacking - self._unmatched - self._null[subject]:
            self._findings.add(Oddity.NO_TOTAL, About(subject, component))
        return lacking | self._unmatched | self._null[subject]

    def of_users(self, subject: str, sums: SubjectSums) -> frozenset[tuple[str, str]]:
        """Component and user where an amount is null, or no row of any user has the field."""
        everybody = product(self._unmatched_of_users, sums.users)
        return frozenset(self._null_of_users[subject]).union(everybody)
