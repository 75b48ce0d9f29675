"""The amounts of one row, added to what is there already, component by component."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from cscs_domain.quantities import EXACT, LARGEST
from cscs_domain.usage.amount_reading import PLAIN_SUMS, ZERO, read_amount
from cscs_domain.usage.findings import About, Findings, Oddity
from cscs_domain.usage.matching import ABSENT, pick


class RowAmounts:
    """Knows where rows of one sort (accounts', users', readings) have the amounts of components.

    `unmatched` are the components that no row had a field for so far.
    """

    def __init__(
        self, fields: Iterable[tuple[str, tuple[str, ...]]], findings: Findings, null: Oddity
    ) -> None:
        self._places = tuple(
            (place, component, names, names[0] if len(names) == 1 else None)
            for place, (component, names) in enumerate(fields)
        )
        self._findings = findings
        self._null = null
        self.unmatched = {component for _, component, _, _ in self._places}

    def add(
        self, sums: list[Decimal], row: Mapping[str, object], subject: str, user: str | None = None
    ) -> None:
        """Add what the row has of each component to the sum at the component's place."""
        for place, component, names, only in self._places:
            if only is not None:
                value = row.get(only, ABSENT)
            else:
                value, is_ambiguous = pick(row, names)
                if is_ambiguous:
                    self._findings.add(Oddity.AMBIGUOUS, About(subject, component, user))
            if type(value) is Decimal or type(value) is int:
                try:
                    if ZERO <= value < LARGEST:
                        sums[place] = PLAIN_SUMS.add(sums[place], value)
                        if self.unmatched:
                            self.unmatched.discard(component)
                        continue
                except ArithmeticError:  # no number, or too many digits for the short way
                    pass
            sums[place] = self._look_closer(sums[place], value, About(subject, component, user))

    def _look_closer(self, total: Decimal, value: object, about: About) -> Decimal:
        """The same for any value; takes ten times as long."""
        if value is ABSENT:
            return total
        self.unmatched.discard(about.component or "")
        if value is None:
            self._findings.add(self._null, about)
            return total
        amount = read_amount(value)
        if amount is None:
            self._findings.add(Oddity.BAD_AMOUNT, about, value)
            return total
        if amount < ZERO:
            self._findings.add(Oddity.NEGATIVE, about, amount)
        return EXACT.add(total, amount)
