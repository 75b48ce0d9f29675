"""What came of a month, as programs read it. Amounts are numbers with two decimal places."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

from cscs_domain.problems import Problem
from cscs_domain.quantities import normal
from cscs_domain.storage.wire import problem_to_wire
from cscs_domain.usage.plan import PlanAction, PlannedFigure
from cscs_domain.usage.usage_reporting import MonthReport, ResourceOutcome, ResourceResult


def month_to_wire(
    report: MonthReport, results: Sequence[ResourceResult], problems: Sequence[Problem]
) -> dict[str, object]:
    """All figures of all accounts, whether they change or not."""
    outcomes = Counter(result.outcome for result in results)
    return {
        "offering": report.job,
        "month": str(report.month),
        "accounts": list(map(_account_to_wire, results)),
        "counts": {_name(outcome): outcomes[outcome] for outcome in ResourceOutcome},
        "problems": list(map(problem_to_wire, problems)),
        "failure": report.failure or None,
    }


def _account_to_wire(result: ResourceResult) -> dict[str, object]:
    plan = result.plan
    return {
        "account": plan.resource.backend_id,
        "resource": str(plan.resource.uuid),
        "outcome": _name(result.outcome),
        "reason": result.reason or None,
        "figures": list(map(_figure_to_wire, plan.figures)),
        "unattributed": {name: normal(amount) for name, amount in plan.unattributed.items()},
    }


def _figure_to_wire(figure: PlannedFigure) -> dict[str, object]:
    return {
        "component": figure.component,
        "user": figure.user,
        "recorded": _number(figure.recorded),
        "warehouse": _number(figure.of_warehouse),
        "change": normal(figure.change),
        "action": _name(figure.action),
        "why": figure.why.value,
        "reason": figure.reason,
    }


def _name(kind: ResourceOutcome | PlanAction) -> str:
    """As programs like names: `held_back`."""
    return kind.value.replace(" ", "_")


def _number(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else normal(amount)
