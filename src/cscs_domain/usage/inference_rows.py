"""Costs of inference, added up by Waldur resource. Source: DWDI contract, section 4.3."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from cscs_domain.usage.amount_reading import ZERO
from cscs_domain.usage.findings import Findings, Oddity
from cscs_domain.usage.matching import Fields
from cscs_domain.usage.row_amounts import RowAmounts
from cscs_domain.usage.subject_sums import SubjectSums


class InferenceRows:
    """Adds rows up in any order; costs have no users."""

    subject_field: Final = "waldurResourceUuid"

    def __init__(self, fields: Sequence[Fields], findings: Findings) -> None:
        names = [(each.component.name, each.in_rows) for each in fields]
        self._count = len(names)
        self._amounts = RowAmounts(names, findings, Oddity.NULL_TOTAL)
        self._sums: dict[str, SubjectSums] = {}

    def take(self, resource: str, row: Mapping[str, object]) -> None:
        """Take in a row about a resource."""
        sums = self._sums.get(resource)
        if sums is None:
            sums = self._sums[resource] = SubjectSums([ZERO] * self._count)
        self._amounts.add_totals(sums, row, resource)

    def finish(self) -> tuple[Mapping[str, SubjectSums], set[str]]:
        """What every resource that there are rows about has; components that had no field."""
        return self._sums, self._amounts.unmatched

    @property
    def unmatched_of_users(self) -> frozenset[str]:
        """None: there are no users."""
        return frozenset()
