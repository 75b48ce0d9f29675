"""Readings of storage: a gauge, so the last one of a path counts. Source: DWDI contract, 4.2."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from cscs_domain.usage.amount_reading import ZERO
from cscs_domain.usage.findings import About, Findings, Oddity
from cscs_domain.usage.matching import Fields
from cscs_domain.usage.row_amounts import RowAmounts
from cscs_domain.usage.subject_sums import SubjectSums


class StorageRows:
    """Keeps the last row of every path and looks at no other."""

    subject_field: Final = "path"

    def __init__(self, fields: Sequence[Fields], findings: Findings) -> None:
        self._fields = [(each.component.name, each.in_rows) for each in fields]
        self._used = frozenset(name for each in fields for name in each.in_rows)
        self._seen: set[str] = set()
        self._findings = findings
        self._amounts = RowAmounts(self._fields, findings, Oddity.NULL_TOTAL)
        self._last: dict[str, Mapping[str, object]] = {}

    def take(self, path: str, row: Mapping[str, object]) -> None:
        """Take in a row about a path."""
        if path in self._last:
            self._findings.add(Oddity.DUPLICATE_READING, About(path))
        self._last[path] = {name: row[name] for name in self._used & row.keys()}
        self._seen.update(self._last[path])

    def finish(self) -> tuple[Mapping[str, SubjectSums], set[str]]:
        """What every path that there are rows about has; components that had no field.

        To be called once.
        """
        found: dict[str, SubjectSums] = {}
        for path, row in self._last.items():
            found[path] = SubjectSums([ZERO] * len(self._fields))
            self._amounts.add_totals(found[path], row, path)
        unmatched = {name for name, fields in self._fields if self._seen.isdisjoint(fields)}
        return found, unmatched

    @property
    def unmatched_of_users(self) -> frozenset[str]:
        """None: there are no users."""
        return frozenset()
