"""Comparing what Waldur has with what the warehouse says, figure by figure.

Source: DWDI contract, sections 10 and 11; Waldur contract, sections 7 to 9.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

import attrs

from cscs_domain.usage.amounts import NOTHING, is_reportable, to_cents
from cscs_domain.usage.components import Component
from cscs_domain.usage.metered_resources import MeteredResource
from cscs_domain.usage.metering import Metering
from cscs_domain.usage.months import Month
from cscs_domain.usage.plan import Action, PlannedFigure, ResourcePlan, UsagePlan
from cscs_domain.usage.plan_problems import (
    DECREASE,
    FILLED,
    FOLLOWS,
    NOT_ASKED,
    UNKNOWN,
    UNMATCHED,
    held_back,
    refused,
    unknown_components,
)
from cscs_domain.usage.reports import AccountUsage, UsageReport
from cscs_domain.usage.submissions import RecordedMonth, RecordedUsage
from cscs_domain.usage.usage_reporting import PlanRules


def make_plan(
    month: Month,
    resources: Sequence[MeteredResource],
    report: UsageReport,
    recorded: RecordedMonth,
    metering: Metering,
    rules: PlanRules,
    *,
    is_whole: bool = True,
) -> UsagePlan:
    """The plan of one month for these resources, one an account.

    `is_whole` says that they are all of their offerings: then nothing at all in the warehouse is
    rather a fault than the truth, and zeros and smaller figures need `rules.force`.
    """
    nothing = RecordedUsage()
    plans = tuple(
        _Comparison(
            resource=resource,
            usage=report.accounts.get(resource.backend_id),
            is_forgotten=resource.backend_id in report.unknown,
            unmatched=report.unmatched,
            recorded=recorded.get(resource.uuid, nothing),
            metering=metering,
            rules=rules,
        ).plan()
        for resource in resources
    )
    refusal = _refusal(month, plans, report, rules) if is_whole else ""
    return UsagePlan(
        month=month,
        resources=plans,
        problems=(
            *refused(refusal),
            *unknown_components(resources, metering),
            *held_back(plans),
        ),
        refusal=refusal,
    )


@attrs.frozen(kw_only=True)
class _Comparison:
    """One resource: what either side says about it, and what is allowed."""

    resource: MeteredResource
    usage: AccountUsage | None
    is_forgotten: bool
    unmatched: frozenset[str]
    recorded: RecordedUsage
    metering: Metering
    rules: PlanRules

    def plan(self) -> ResourcePlan:
        components = [each for each in self.metering.components if self._is_sold(each.name)]
        totals = [
            total for component in components if (total := self._total(component)) is not None
        ]
        users: list[PlannedFigure] = []
        if not self.rules.totals_only:
            by_name = {component.name: component for component in components}
            for total in totals:
                users += self._users(by_name[total.component], total)
        return ResourcePlan(
            resource=self.resource,
            figures=(*totals, *users),
            unattributed=self._unattributed(components),
        )

    def _is_sold(self, component: str) -> bool:
        sold = self.resource.components
        return sold is None or component in sold

    def _unattributed(self, components: Iterable[Component]) -> dict[str, Decimal]:
        usage = self.usage
        if usage is None:
            return {}
        return {each.name: to_cents(usage.unattributed(each.name)) for each in components}

    # --- totals

    def _total(self, component: Component) -> PlannedFigure | None:
        name = component.name
        before = self.recorded.totals.get(name)
        if self.usage is None or (self.is_forgotten and before is not None):
            return self._forgotten(name, None, before)
        amount = self.usage.totals[name]
        if doubt := self.usage.doubts.get(name):
            return _figure(name, None, before, amount, Action.HELD_BACK, doubt)
        return self._compared(component, None, before, amount)

    def _compared(
        self, component: Component, user: str | None, before: Decimal | None, amount: Decimal
    ) -> PlannedFigure:
        name, wanted = component.name, to_cents(amount)
        if not is_reportable(amount):
            reason = "is negative" if wanted < 0 else "is more than Waldur can hold"
            return _figure(name, user, before, amount, Action.HELD_BACK, reason)
        if before is None:
            return _figure(name, user, None, amount, Action.CREATE, "Waldur has none yet")
        if wanted == before:
            return _figure(name, user, before, amount, Action.UNCHANGED, "Waldur has it")
        if wanted > before:
            return _figure(name, user, before, amount, Action.RAISE, "the warehouse has more")
        if name in self.unmatched and not self.rules.force:
            return _figure(name, user, before, amount, Action.HELD_BACK, UNMATCHED)
        action = Action.LOWER if self._may_decrease(component) else Action.HELD_BACK
        return _figure(name, user, before, amount, action, DECREASE)

    def _may_decrease(self, component: Component) -> bool:
        if self.rules.allow_decrease or component.allow_decrease:
            return True
        return self.metering.may_decrease

    def _forgotten(
        self, component: str, user: str | None, before: Decimal | None
    ) -> PlannedFigure | None:
        """A figure that only Waldur has; None if nobody has one."""
        if before is None:
            return None
        if self.usage is None and not self.is_forgotten:
            return _figure(component, user, before, None, Action.HELD_BACK, NOT_ASKED)
        if before == 0:
            action, wanted = Action.UNCHANGED, None
        elif self.rules.reconcile:
            action, wanted = Action.ZERO, NOTHING
        else:
            action, wanted = Action.HELD_BACK, None
        return _figure(component, user, before, wanted, action, UNKNOWN)

    # --- users

    def _users(self, component: Component, total: PlannedFigure) -> Iterator[PlannedFigure]:
        found = {} if self.usage is None else self.usage.users
        before = self.recorded.users.get(component.name, {})
        for user in sorted(found.keys() | before.keys()):
            if user in found:
                amount = found[user][component.name]
                figure = self._user(component, user, before.get(user), amount)
            else:
                figure = self._forgotten(component.name, user, before[user])
            if figure is not None:
                yield _as_its_total_allows(figure, total)

    def _user(
        self, component: Component, user: str, before: Decimal | None, amount: Decimal
    ) -> PlannedFigure | None:
        if before is None and not to_cents(amount):
            return None  # nobody misses a record of nothing
        return self._compared(component, user, before, amount)


def _figure(
    component: str,
    user: str | None,
    before: Decimal | None,
    amount: Decimal | None,
    action: Action,
    reason: str,
) -> PlannedFigure:
    return PlannedFigure(
        component=component,
        user=user,
        recorded=None if before is None else to_cents(before),
        wanted=None if amount is None else to_cents(amount),
        action=action,
        reason=reason,
    )


def _as_its_total_allows(figure: PlannedFigure, total: PlannedFigure) -> PlannedFigure:
    """A user's figure, held back where it would not stand beside its total."""
    if not figure.action.is_sent:
        return figure
    if total.action is Action.HELD_BACK:
        return attrs.evolve(figure, action=Action.HELD_BACK, reason=FOLLOWS)
    if total.wanted == 0 and figure.wanted:
        return attrs.evolve(figure, action=Action.HELD_BACK, reason=FILLED)
    return figure


def _refusal(
    month: Month, plans: Iterable[ResourcePlan], report: UsageReport, rules: PlanRules
) -> str:
    if rules.force or report.accounts.keys() - report.unknown:
        return ""
    lowered = sum(
        figure.action in {Action.LOWER, Action.ZERO} and figure.user is None
        for plan in plans
        for figure in plan.figures
    )
    if not lowered:
        return ""
    return (
        f"the warehouse knows none of the accounts in {month}, and {lowered} figures in Waldur "
        "would become zero; nothing was submitted. If that is right, --force does it."
    )
