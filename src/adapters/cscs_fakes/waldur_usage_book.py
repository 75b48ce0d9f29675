"""What the fake of Waldur's usage remembers, and what it makes of submissions.

The rules are those of Waldur contract, sections 7 and 8, written down here once more, so that this
twin shares no mistake with the adapter that talks to a server.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final
from uuid import UUID

import attrs

from cscs_domain.usage.months import Month
from cscs_domain.usage.submissions import RecordedUsage

_ZERO: Final = Decimal("0.00")


@attrs.define
class FakeUsage:
    """One resource and month; `linked` are pairs of component and user.

    `doubt` stands for a record that nobody can read, and stays until everything is replaced.
    """

    totals: dict[str, Decimal] = attrs.Factory(dict)
    users: dict[str, dict[str, Decimal]] = attrs.Factory(dict)
    linked: set[tuple[str, str]] = attrs.Factory(set)
    doubt: str = ""

    def seen(self) -> RecordedUsage:
        """A copy in the domain's words."""
        users = {component: dict(amounts) for component, amounts in self.users.items()}
        return RecordedUsage(totals=dict(self.totals), users=users, doubt=self.doubt)


class FakeUsageBook:
    """Usage by resource and month."""

    def __init__(self) -> None:
        self._pages: dict[tuple[UUID, Month], FakeUsage] = {}

    def seen(self, resource: UUID, month: Month) -> RecordedUsage:
        """What is recorded; nothing at all for what was never submitted."""
        found = self._pages.get((resource, month))
        return found.seen() if found else RecordedUsage()

    def put(self, resource: UUID, month: Month, usage: RecordedUsage) -> None:
        """Replace what is recorded."""
        users = {component: dict(amounts) for component, amounts in usage.users.items()}
        self._pages[resource, month] = FakeUsage(dict(usage.totals), users, doubt=usage.doubt)

    def store_totals(self, resource: UUID, month: Month, amounts: Mapping[str, Decimal]) -> None:
        """Set these totals and keep the others."""
        self._page(resource, month).totals.update(amounts)

    def store_user(
        self, place: tuple[UUID, Month, str], user: str, amount: Decimal, *, is_linked: bool
    ) -> None:
        """Set a user's part of a component. Whether it is linked is settled by the first one."""
        resource, month, component = place
        page = self._page(resource, month)
        parts = page.users.setdefault(component, {})
        if is_linked and user not in parts:
            page.linked.add((component, user))
        parts[user] = amount

    def fill_total(self, place: tuple[UUID, Month, str]) -> None:
        """A total of zero becomes the sum of its users."""
        resource, month, component = place
        page = self._page(resource, month)
        if not page.totals[component]:
            page.totals[component] = sum(page.users[component].values(), _ZERO)

    def linked(self, resource: UUID, month: Month, component: str) -> frozenset[str]:
        """The users whose rows are linked to an account."""
        found = self._pages.get((resource, month), FakeUsage())
        return frozenset(user for of, user in found.linked if of == component)

    def _page(self, resource: UUID, month: Month) -> FakeUsage:
        return self._pages.setdefault((resource, month), FakeUsage())
