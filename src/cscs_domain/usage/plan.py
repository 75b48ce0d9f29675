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
from cscs_domain.usage.submissions import RecordedUsage

_NO_AMOUNTS: Final[Mapping[str, Decimal]] = MappingProxyType({})


class PlanAction(StrEnum):
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


class PlanReason(StrEnum):
    """Why an action was chosen: a word for programs; `sentence` is for people."""

    NEW = "new"
    EQUAL = "equal"
    MORE = "more"
    LESS = "less"
    DOUBT = "doubt"
    """The figure's own reason says more."""
    FORGOTTEN = "forgotten"
    EMPTY = "empty"
    NAMELESS = "nameless"
    NOT_TOLD = "not_told"
    UNTOLD = "untold"
    FOLLOWS = "follows"
    FILLED = "filled"

    @property
    def sentence(self) -> str:
        """The reason in words."""
        return _SENTENCES[self]


_SENTENCES: Final = {
    PlanReason.NEW: "Waldur has none yet",
    PlanReason.EQUAL: "Waldur has it",
    PlanReason.MORE: "the warehouse has more",
    PlanReason.LESS: "the warehouse has less",
    PlanReason.DOUBT: "it is in doubt",
    PlanReason.FORGOTTEN: "the warehouse does not know it (any more)",
    PlanReason.EMPTY: "the warehouse knows none of the accounts of the offering",
    PlanReason.NAMELESS: "the warehouse does not name it, but has rows that may be about it",
    PlanReason.NOT_TOLD: "nothing that the warehouse says about the account can be used",
    PlanReason.UNTOLD: "the warehouse leaves it out, or part of it",
    PlanReason.FOLLOWS: "the total is held back",
    PlanReason.FILLED: "Waldur would make the sum of the users the total",
}
_SENT: Final = frozenset({PlanAction.CREATE, PlanAction.RAISE, PlanAction.LOWER, PlanAction.ZERO})


@attrs.frozen(kw_only=True)
class PlannedFigure:
    """One figure: the total of a component, or what a user has of it.

    `recorded` is Waldur's figure, None if it has none; `wanted` is what it is to be, the
    warehouse's rounded or zero, None if nobody knows. `doubt` is the reason of `PlanReason.DOUBT`.
    """

    component: str
    user: str | None = None
    recorded: Decimal | None
    wanted: Decimal | None
    action: PlanAction
    why: PlanReason
    doubt: str = ""

    @property
    def reason(self) -> str:
        """Why, as a sentence for people."""
        return self.doubt or self.why.sentence

    @property
    def of_warehouse(self) -> Decimal | None:
        """The warehouse's own figure: None also for one that becomes zero by reconciliation."""
        return None if self.action is PlanAction.ZERO else self.wanted

    @property
    def afterwards(self) -> Decimal | None:
        """What Waldur has when the plan is carried out."""
        return self.wanted if self.action.is_sent else self.recorded

    @property
    def change(self) -> Decimal:
        """What would be added to Waldur's figure."""
        return (self.wanted or NOTHING) - (self.recorded or NOTHING)


@attrs.frozen(kw_only=True)
class ResourcePlan:
    """The figures of one resource: totals first, then users, each in the order of names.

    `recorded` is what Waldur had when the plan was made. `unattributed` has, by component, the
    rounded part of the warehouse's total that no user has.
    """

    resource: MeteredResource
    recorded: RecordedUsage
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
        """Totals that change."""
        return {
            figure.component: figure.wanted
            for figure in self.totals
            if figure.action.is_sent and figure.wanted is not None
        }

    def totals_afterwards(self) -> dict[str, Decimal]:
        """All totals as Waldur is to have them. One below zero, which somebody else has submitted,
        is not submitted again.
        """
        return {
            figure.component: figure.afterwards
            for figure in self.totals
            if figure.afterwards is not None and figure.afterwards >= 0
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
    """The figures of one month, resource by resource in the order of accounts."""

    month: Month
    resources: tuple[ResourcePlan, ...]
    problems: tuple[Problem, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is submitted."""
        return all(each.is_empty for each in self.resources)
