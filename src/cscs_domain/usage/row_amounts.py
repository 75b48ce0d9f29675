"""The amounts of one row, added to what is there already, component by component."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from cscs_domain.quantities import EXACT
from cscs_domain.usage.amount_reading import ZERO, read_amount
from cscs_domain.usage.findings import About, Findings, Oddity
from cscs_domain.usage.matching import ABSENT, pick
from cscs_domain.usage.subject_sums import SubjectSums


class RowAmounts:
    """Knows where rows of one sort (accounts', users', readings) have the amounts of components.

    `unmatched` are the components that no row had a field for so far; `plain_fields` the fields of
    all components if each can stand in one field alone.
    """

    def __init__(
        self, fields: Iterable[tuple[str, tuple[str, ...]]], findings: Findings, null: Oddity
    ) -> None:
        self._places = tuple((place, *each) for place, each in enumerate(fields))
        self._findings = findings
        self._null = null
        self.unmatched = {component for _, component, _ in self._places}
        several = any(len(names) > 1 for _, _, names in self._places)
        self.plain_fields = None if several else [names[0] for _, _, names in self._places]

    def add_totals(self, sums: SubjectSums, row: Mapping[str, object], subject: str) -> None:
        """Add what a row has of its subject's totals."""
        self.add(sums.totals, row, subject)
        sums.lacking.update(
            component
            for _, component, names in self._places
            if all(row.get(name) is None for name in names)
        )

    def add(
        self, sums: list[Decimal], row: Mapping[str, object], subject: str, user: str | None = None
    ) -> None:
        """Add what the row has of each component to the sum at the component's place."""
        for place, component, names in self._places:
            about = About(subject, component, user)
            value, is_ambiguous = pick(row, names)
            if is_ambiguous:
                self._findings.add(Oddity.AMBIGUOUS, about)
            if value is not ABSENT:
                self.unmatched.discard(component)
                sums[place] = EXACT.add(sums[place], self._amount(value, about))

    def add_sums(
        self, users: Mapping[str, list[Decimal]], sums: Mapping[str, Mapping[str, Decimal]]
    ) -> None:
        """Add what several rows have of `plain_fields`, by field and user."""
        for place, component, names in self._places:
            if (found := sums.get(names[0])) is not None:
                self.unmatched.discard(component)
                for user, amount in found.items():
                    users[user][place] = EXACT.add(users[user][place], amount)

    def _amount(self, value: object, about: About) -> Decimal:
        """Zero if it cannot be told."""
        if value is None:
            self._findings.add(self._null, about)
            return ZERO
        amount = read_amount(value)
        if amount is None:
            self._findings.add(Oddity.BAD_AMOUNT, about, value)
            return ZERO
        if amount < ZERO:
            self._findings.add(Oddity.NEGATIVE, about, amount)
        return amount
