"""What would have to be submitted so that Waldur has what the warehouse says.

Every figure of either side has its place in the plan, with what is done about it and why.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import attrs

from cscs_domain.problems import Problem
from cscs_domain.usage.amounts import NOTHING
from cscs_domain.usage.metered_resources import MeteredResource
from cscs_domain.usage.months import Month

_NO_AMOUNTS: Final[Mapping[str, Decimal]] = MappingProxyType({})


class Action(StrEnum):
    """What is done about a figure."""

    CREATE = "create"
    """Waldur has none yet."""
    RAISE = "raise"
    LOWER = "lower"
    ZERO = "zero"
    """The warehouse does not know it any more (reconciliation)."""
    UNCHANGED = "unchanged"
    HELD_BACK = "held back"
    """It differs, and is not submitted."""

    @property
    def is_sent(self) -> bool:
        """Whether it is submitted."""
        return self in _SENT


_SENT: Final = frozenset({Action.CREATE, Action.RAISE, Action.LOWER, Action.ZERO})


@attrs.frozen(kw_only=True)
class PlannedFigure:
    """One figure: the total of a component, or what a user has of it.

    `recorded` is Waldur's figure, None if it has none; `wanted` is the warehouse's, rounded, None
    if it has none. `reason` is a sentence for people.
    """

    component: str
    user: str | None = None
    recorded: Decimal | None
    wanted: Decimal | None
    action: Action
    reason: str

    @property
    def change(self) -> Decimal:
        """What would be added to Waldur's figure."""
        return (self.wanted or NOTHING) - (self.recorded or NOTHING)


@attrs.frozen(kw_only=True)
class ResourcePlan:
    """The figures of one resource: totals first, then users, each in the order of names.

    `unattributed` has, by component, the rounded part of the warehouse's total that no user has.
    """

    resource: MeteredResource
    figures: tuple[PlannedFigure, ...]
    unattributed: Mapping[str, Decimal] = _NO_AMOUNTS

    @property
    def totals(self) -> Iterator[PlannedFigure]:
        """The figures of the account itself."""
        return (figure for figure in self.figures if figure.user is None)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is submitted."""
        return not any(figure.action.is_sent for figure in self.figures)

    def totals_to_send(self) -> dict[str, Decimal]:
        """All totals that Waldur is to have afterwards, or nothing if none of them changes.

        Old servers forget in `current_usages` what is not sent along, so totals that stay as they
        are go with those that change, and those that are held back go as they were.
        """
        if not any(figure.action.is_sent for figure in self.totals):
            return {}
        return self.totals_afterwards()

    def totals_afterwards(self) -> dict[str, Decimal]:
        """All totals as Waldur is to have them. One below zero, which somebody else has submitted,
        is not submitted again.
        """
        amounts = {
            figure.component: figure.wanted if figure.action.is_sent else figure.recorded
            for figure in self.totals
        }
        return {
            name: amount for name, amount in amounts.items() if amount is not None and amount >= 0
        }

    def users_to_send(self) -> dict[str, dict[str, Decimal]]:
        """Users' figures that change, by component."""
        found: dict[str, dict[str, Decimal]] = {}
        for figure in self.figures:
            if figure.user is not None and figure.action.is_sent and figure.wanted is not None:
                found.setdefault(figure.component, {})[figure.user] = figure.wanted
        return found


@attrs.frozen(kw_only=True)
class UsagePlan:
    """The figures of one month, resource by resource in the order of accounts.

    `refusal` is set if the plan must not be carried out, and says why.
    """

    month: Month
    resources: tuple[ResourcePlan, ...]
    problems: tuple[Problem, ...] = ()
    refusal: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is submitted."""
        return all(each.is_empty for each in self.resources)
