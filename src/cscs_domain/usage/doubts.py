"""Which components of an account must not be submitted, and why. Source: DESIGN, section 5."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from cscs_domain._text import label
from cscs_domain.usage.amount_reading import ZERO
from cscs_domain.usage.amounts import to_cents
from cscs_domain.usage.findings import Findings, Oddity

Amounts = Mapping[str, Decimal]


class Doubts:
    """Collects what of the findings stands against submitting, by subject and component."""

    def __init__(self, findings: Findings) -> None:
        self._unreadable: dict[tuple[str | None, str | None], int] = {}
        for about, times in findings.of(Oddity.BAD_AMOUNT):
            place = about.subject, about.component
            self._unreadable[place] = self._unreadable.get(place, 0) + times
        self._without_users = {about.subject for about, _ in findings.of(Oddity.BAD_USERS)}
        self._skipped = {
            about.subject
            for oddity in (Oddity.BAD_DATE, Oddity.NO_USER_ROW, Oddity.OTHER_CLUSTER)
            for about, _ in findings.of(oddity)
        }

    def about(self, subject: str, totals: Amounts, users: Mapping[str, Amounts]) -> dict[str, str]:
        """The reason by component, for those that there is one for."""
        reasons: dict[str, str] = {}
        for component, total in totals.items():
            found = list(self._unreadable_of(subject, component))
            if _is_below_zero(total):
                found.append(f"its total is below zero ({to_cents(total)})")
            found += _negative_users(component, users)
            if found:
                reasons[component] = "; ".join(found)
        return reasons

    def _unreadable_of(self, subject: str, component: str) -> Iterable[str]:
        if times := self._unreadable.get((subject, component)):
            verb = "is" if times == 1 else "are"
            yield f"{times} of its amounts {verb} not readable"
        if subject in self._without_users:
            yield "its users are not readable"
        if subject in self._skipped:
            yield "some of its rows are not readable, or about something else"


def _negative_users(component: str, users: Mapping[str, Amounts]) -> Iterable[str]:
    below = sorted(name for name, amounts in users.items() if _is_below_zero(amounts[component]))
    if below:
        amount = to_cents(users[below[0]][component])
        others = f" and of {len(below) - 1} more" if len(below) > 1 else ""
        yield f"the usage of user {label(below[0])} ({amount}){others} is below zero"


def _is_below_zero(amount: Decimal) -> bool:
    return amount < ZERO and to_cents(amount) < ZERO
