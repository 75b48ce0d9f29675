"""Plans and reports of usage, small enough to be read in a test."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final
from uuid import UUID

from cscs_domain.problems import Problem, ProblemCode, Severity
from cscs_domain.usage.metered_resources import MeteredResource
from cscs_domain.usage.months import Month
from cscs_domain.usage.plan import PlanAction, PlannedFigure, PlanReason, ResourcePlan, UsagePlan
from cscs_domain.usage.submissions import RecordedUsage
from cscs_domain.usage.usage_reporting import MonthReport, ResourceOutcome, ResourceResult

NOVEMBER: Final = Month(2026, 11)
OFFERING: Final = UUID("00000000-0000-4000-8000-000000000001")
HELD: Final = Problem(
    ProblemCode.USAGE_HELD_BACK, Severity.WARNING, "nodeHours is held back", "Look.", "g207"
)


def uuid_of(account: str) -> UUID:
    """The uuid of an account's resource."""
    return UUID(int=int.from_bytes(account.encode()[:16], "big"))


def figure(
    action: PlanAction,
    recorded: str | None,
    wanted: str | None,
    *,
    user: str | None = None,
    component: str = "nodeHours",
) -> PlannedFigure:
    """A figure of these amounts."""
    return PlannedFigure(
        component=component,
        user=user,
        recorded=None if recorded is None else Decimal(recorded),
        wanted=None if wanted is None else Decimal(wanted),
        action=action,
        why=PlanReason.DOUBT,
        doubt=f"because of {action}",
    )


def plan_of(
    account: str, *figures: PlannedFigure, unattributed: Mapping[str, str] | None = None
) -> ResourcePlan:
    """The plan of an account."""
    left = {name: Decimal(amount) for name, amount in (unattributed or {}).items()}
    return ResourcePlan(
        resource=MeteredResource(uuid=uuid_of(account), backend_id=account, offering=OFFERING),
        recorded=RecordedUsage(),
        figures=figures,
        unattributed=left,
    )


def submitted(plan: ResourcePlan) -> ResourceResult:
    """It went as planned."""
    return ResourceResult(plan=plan, outcome=ResourceOutcome.SUBMITTED)


def month_of(
    *results: ResourceResult,
    problems: tuple[Problem, ...] = (),
    failure: str = "",
    rehearsed: bool = False,
) -> MonthReport:
    """What came of November; a rehearsal has no results."""
    plan = UsagePlan(month=NOVEMBER, resources=tuple(result.plan for result in results))
    return MonthReport(
        job="daint",
        month=NOVEMBER,
        plan=plan,
        results=() if rehearsed else results,
        problems=problems,
        failure=failure,
    )


RAISED: Final = plan_of(
    "g118",
    figure(PlanAction.RAISE, "640.25", "656.13"),
    figure(PlanAction.RAISE, "600", "655.38", user="bkeller"),
    figure(PlanAction.UNCHANGED, "1.00", "1.00", user="anovak"),
    unattributed={"nodeHours": "0.75"},
)
LOWER: Final = plan_of("g207", figure(PlanAction.HELD_BACK, "1300", "1292.97"))
SAME: Final = plan_of("lp05", figure(PlanAction.UNCHANGED, "2.68", "2.68"))
ONE_OF_EACH: Final = (
    submitted(RAISED),
    ResourceResult(plan=LOWER, outcome=ResourceOutcome.HELD_BACK, reason="is lower"),
    ResourceResult(plan=SAME, outcome=ResourceOutcome.UNCHANGED),
)
