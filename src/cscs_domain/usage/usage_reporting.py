"""What is reported, and what came of it."""

from __future__ import annotations

from enum import StrEnum

import attrs

from cscs_domain.problems import Problem
from cscs_domain.usage.metered_resources import OfferingChoice
from cscs_domain.usage.metering import Metering
from cscs_domain.usage.months import Month
from cscs_domain.usage.plan import PlanAction, ResourcePlan, UsagePlan


@attrs.frozen(kw_only=True)
class PlanRules:
    """What may be submitted.

    `allow_decrease`: smaller figures than Waldur has. `reconcile`: zeros for accounts and users
    that the warehouse does not know any more. `force`: either, even where the warehouse rather
    seems to be at fault. `totals_only`: no users.
    """

    allow_decrease: bool = False
    reconcile: bool = False
    force: bool = False
    totals_only: bool = False


@attrs.frozen(kw_only=True)
class UsageJob:
    """What is reported together: offerings of one Waldur whose usage is read in one way.

    `accounts` narrows it to these; empty means all that the resources name. `elsewhere` are
    accounts that other jobs would report as well, so that none may.
    """

    name: str
    offerings: OfferingChoice
    metering: Metering
    accounts: frozenset[str] = frozenset()
    elsewhere: frozenset[str] = frozenset()


@attrs.frozen(kw_only=True)
class ReportRequest:
    """`months` oldest first. `open_months` are past ones that are reported by habit, as long as
    they are not closed: it is no problem if they are. With `rehearse` nothing is submitted.
    """

    months: tuple[Month, ...]
    open_months: frozenset[Month] = frozenset()
    rules: PlanRules = PlanRules()
    rehearse: bool = False


class ResourceOutcome(StrEnum):
    """What came of one resource in one month."""

    SUBMITTED = "submitted"
    UNCHANGED = "unchanged"
    HELD_BACK = "held back"
    """Nothing was sent, since everything that differs is held back."""
    PARTLY = "partly submitted"
    """Some of it was refused or could not be sent."""
    CLOSED = "closed"
    """Waldur takes no more usage of this month."""
    REFUSED = "refused"
    """Waldur does not take it."""
    FAILED = "failed"
    """Waldur did not answer."""
    NOT_TRIED = "not tried"
    """Waldur had failed too often before."""


@attrs.frozen(kw_only=True)
class ResourceResult:
    """One resource of the plan and what came of it; `reason` says why it is not as it should be."""

    plan: ResourcePlan
    outcome: ResourceOutcome
    reason: str = ""


def expected(plan: ResourcePlan) -> ResourceResult:
    """What comes of a resource if nothing fails."""
    if not plan.is_empty:
        return ResourceResult(plan=plan, outcome=ResourceOutcome.SUBMITTED)
    held = [figure for figure in plan.figures if figure.action is PlanAction.HELD_BACK]
    if not held:
        return ResourceResult(plan=plan, outcome=ResourceOutcome.UNCHANGED)
    return ResourceResult(plan=plan, outcome=ResourceOutcome.HELD_BACK, reason=held[0].reason)


@attrs.frozen(kw_only=True)
class MonthReport:
    """What came of one month.

    `results` is empty in a rehearsal and where the month could not be planned. `failure` is set if
    a service failed, be it for one resource, and says how. `problems` are those of reading,
    planning and submitting, together.
    """

    job: str
    month: Month
    plan: UsagePlan | None
    results: tuple[ResourceResult, ...] = ()
    problems: tuple[Problem, ...] = ()
    failure: str = ""
