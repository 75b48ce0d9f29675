"""The figures of one month in lines: what Waldur has, what the warehouse says, what is done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

import attrs

from cscs_cli.terminal import visible
from cscs_cli.usage_amounts import NONE, amount_text, change_text
from cscs_cli.usage_tables import UsageTable
from cscs_domain.usage.plan import PlanAction, PlannedFigure, ResourcePlan
from cscs_domain.usage.usage_reporting import ResourceOutcome, ResourceResult

_TOTAL: Final = "(total)"
_AMOUNTS: Final = frozenset({"Waldur now", "warehouse", "change", "unattributed"})
_COLUMNS: Final = (
    *("account", "component", "Waldur now", "warehouse", "change"),
    *("unattributed", "what"),
)
_USER_COLUMNS: Final = ("account", "component", "user", *_COLUMNS[2:])
_STYLE: Final = {
    PlanAction.CREATE: "green",
    PlanAction.RAISE: "green",
    PlanAction.LOWER: "yellow",
    PlanAction.ZERO: "magenta",
    PlanAction.UNCHANGED: "dim",
    PlanAction.HELD_BACK: "bold red",
}
_AS_PLANNED: Final = frozenset(
    {ResourceOutcome.SUBMITTED, ResourceOutcome.UNCHANGED, ResourceOutcome.HELD_BACK}
)


def figures_table(results: Iterable[ResourceResult], *, verbose: bool) -> UsageTable:
    """Totals that change, or whose users do; if verbose, everything, users by name."""
    lines = [line for result in results for line in _lines(result, verbose=verbose)]
    return UsageTable(
        columns=_USER_COLUMNS if verbose else _COLUMNS,
        amounts=_AMOUNTS,
        rows=[line.cells(with_user=verbose) for line in lines],
        styles=[_STYLE[line.figure.action] for line in lines],
    )


@attrs.frozen(kw_only=True)
class _Line:
    result: ResourceResult
    figure: PlannedFigure
    users: Counter[PlanAction] = attrs.field(factory=Counter)
    """How many users' figures of this component are in which way different, for a total."""

    def cells(self, *, with_user: bool) -> tuple[str, ...]:
        figure, plan = self.figure, self.result.plan
        user = _TOTAL if figure.user is None else visible(figure.user)
        return (
            visible(plan.resource.backend_id),
            visible(figure.component),
            *((user,) if with_user else ()),
            amount_text(figure.recorded),
            amount_text(figure.of_warehouse),
            change_text(figure.change),
            self._unattributed(plan),
            self._what(told_users=with_user),
        )

    def _unattributed(self, plan: ResourcePlan) -> str:
        if self.figure.user is not None:
            return ""
        left = plan.unattributed.get(self.figure.component)
        return amount_text(left) if left else NONE

    def _what(self, *, told_users: bool) -> str:
        """What is done about it, and what came of that where it went otherwise."""
        action, outcome = self.figure.action, self.result.outcome
        text = action.value
        if action.is_sent and outcome not in _AS_PLANNED:
            text = f"{text} ({outcome.value})"
        if self.users and not told_users:
            text += "; users: " + ", ".join(
                f"{self.users[kind]} {kind.value}" for kind in PlanAction if self.users[kind]
            )
        return text


def _lines(result: ResourceResult, *, verbose: bool) -> Iterator[_Line]:
    users: dict[str, list[PlannedFigure]] = {}
    for figure in result.plan.figures:
        if figure.user is not None:
            users.setdefault(figure.component, []).append(figure)
    for total in result.plan.totals:
        of_it = users.get(total.component, [])
        kinds = Counter([figure.action for figure in of_it])
        del kinds[PlanAction.UNCHANGED]
        if verbose or kinds or total.action is not PlanAction.UNCHANGED:
            yield _Line(result=result, figure=total, users=kinds)
        if verbose:
            yield from (_Line(result=result, figure=figure) for figure in of_it)
