"""Comparing what Waldur has with what the warehouse says, figure by figure.

Source: DWDI contract, sections 10 and 11; Waldur contract, sections 7 to 9.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from uuid import UUID

import attrs

from cscs_domain.usage.amounts import NOTHING, is_reportable, to_cents
from cscs_domain.usage.components import Component
from cscs_domain.usage.metered_resources import MeteredResource
from cscs_domain.usage.metering import Metering, UsageKind
from cscs_domain.usage.months import Month
from cscs_domain.usage.plan import PlanAction, PlannedFigure, PlanReason, ResourcePlan, UsagePlan
from cscs_domain.usage.plan_problems import held_back, unknown_components
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
) -> UsagePlan:
    """The plan of one month for these resources, one an account.

    An offering of which the warehouse knows none of these accounts is rather a fault than the
    truth, so its zeros need `rules.force`.
    """
    nothing = RecordedUsage()
    empty = set() if rules.force else _empty_offerings(resources, report)
    plans = tuple(
        _Comparison(
            resource=resource,
            usage=report.accounts.get(resource.backend_id),
            is_forgotten=resource.backend_id in report.unknown,
            is_empty=resource.offering in empty,
            is_nameless=report.is_nameless and not rules.force,
            recorded=recorded.get(resource.uuid, nothing),
            metering=metering,
            rules=rules,
        ).plan()
        for resource in resources
    )
    problems = (*unknown_components(resources, metering), *held_back(plans))
    return UsagePlan(month=month, resources=plans, problems=problems)


def _empty_offerings(resources: Iterable[MeteredResource], report: UsageReport) -> set[UUID]:
    """Offerings of which the warehouse knows no account."""
    known: dict[UUID, bool] = defaultdict(bool)
    for resource in resources:
        account = resource.backend_id
        known[resource.offering] |= account in report.accounts and account not in report.unknown
    return {offering for offering, is_known in known.items() if not is_known}


@attrs.frozen(kw_only=True)
class _Comparison:
    """One resource: what either side says about it, and what is allowed."""

    resource: MeteredResource
    usage: AccountUsage | None
    is_forgotten: bool
    is_empty: bool
    is_nameless: bool
    recorded: RecordedUsage
    metering: Metering
    rules: PlanRules

    def plan(self) -> ResourcePlan:
        components = [each for each in self.metering.components if self._is_sold(each.name)]
        totals: list[PlannedFigure] = []
        users: list[PlannedFigure] = []
        for component in components:
            total = self._total(component)
            if total is None:
                continue
            totals.append(total)
            if not self.rules.totals_only:
                users += _beside(total, list(self._users(component)))
        return ResourcePlan(
            resource=self.resource,
            recorded=self.recorded,
            figures=(*totals, *users),
            unattributed=self._unattributed(components),
        )

    def _is_sold(self, component: str) -> bool:
        sold = self.resource.components
        return sold is None or component in sold

    def _unattributed(self, components: Iterable[Component]) -> dict[str, Decimal]:
        usage = self.usage
        if usage is None or self.metering.kind is not UsageKind.COMPUTE:
            return {}  # elsewhere there are no users
        return {each.name: to_cents(usage.unattributed(each.name)) for each in components}

    def _total(self, component: Component) -> PlannedFigure | None:
        before = self.recorded.totals.get(component.name)
        if self.usage is None or (self.is_forgotten and before is not None):
            return self._forgotten(component.name, None, before)
        return self._compared(component, None, before, self.usage.totals[component.name])

    def _users(self, component: Component) -> Iterator[PlannedFigure]:
        name = component.name
        found = {} if self.usage is None else self.usage.users
        recorded = self.recorded.users.get(name, {})
        for user in sorted(found.keys() | recorded.keys()):
            before = recorded.get(user)
            if user not in found:
                figure = self._forgotten(name, user, before)
            elif before is None and not to_cents(found[user][name]):
                continue  # nobody misses a record of nothing
            else:
                figure = self._compared(component, user, before, found[user][name])
            if figure is not None:
                yield figure

    def _compared(
        self, component: Component, user: str | None, before: Decimal | None, amount: Decimal
    ) -> PlannedFigure:
        """A figure that the warehouse knows."""
        figure = _Figures(component.name, user, before)
        wanted = to_cents(amount)
        if doubt := self._doubt(component.name, amount):
            return figure.held(PlanReason.DOUBT, wanted, doubt)
        if before is None:
            return figure.sent(PlanAction.CREATE, PlanReason.NEW, wanted)
        if wanted > before:
            return figure.sent(PlanAction.RAISE, PlanReason.MORE, wanted)
        if wanted < before:
            return self._lowered(component, figure, wanted)
        return figure.unchanged(PlanReason.EQUAL, wanted)

    def _lowered(self, component: Component, figure: _Figures, wanted: Decimal) -> PlannedFigure:
        is_told = self.usage is None or self.usage.is_told(component.name, figure.user)
        if not is_told and not self.rules.force:
            return figure.held(PlanReason.UNTOLD, wanted)
        if not self._may_decrease(component):
            return figure.held(PlanReason.LESS, wanted)
        return figure.sent(PlanAction.LOWER, PlanReason.LESS, wanted)

    def _forgotten(
        self, component: str, user: str | None, before: Decimal | None
    ) -> PlannedFigure | None:
        """A figure that only Waldur has; None if nobody has one."""
        if before is None:
            return None
        figure = _Figures(component, user, before)
        if self.usage is None and not self.is_forgotten:
            return figure.held(PlanReason.NOT_TOLD)
        if doubt := self._doubt(component):
            return figure.held(PlanReason.DOUBT, doubt=doubt)
        return figure.unchanged(PlanReason.FORGOTTEN) if before == 0 else self._zeroed(figure)

    def _zeroed(self, figure: _Figures) -> PlannedFigure:
        if self.is_empty:
            return figure.held(PlanReason.EMPTY)
        if not self.rules.reconcile:
            return figure.held(PlanReason.FORGOTTEN)
        if self._may_be_nameless(figure):
            return figure.held(PlanReason.NAMELESS)
        return figure.sent(PlanAction.ZERO, PlanReason.FORGOTTEN, NOTHING)

    def _may_be_nameless(self, figure: _Figures) -> bool:
        """Whether rows that name nobody may be about it; or users are missing altogether."""
        usage = self.usage
        if usage is None or figure.user is None or self.is_forgotten:
            return self.is_nameless
        if self.rules.force:
            return False
        return usage.is_nameless or (not usage.users and usage.totals[figure.component] != 0)

    def _doubt(self, component: str, amount: Decimal = NOTHING) -> str:
        """Why nothing may be submitted of a component, whatever Waldur has; empty if it may."""
        if self.recorded.doubt:
            return self.recorded.doubt
        if self.usage is not None and (doubt := self.usage.doubts.get(component)):
            return doubt
        if not is_reportable(amount):
            return "it is negative" if amount < 0 else "it is more than Waldur can hold"
        return ""

    def _may_decrease(self, component: Component) -> bool:
        if self.rules.allow_decrease or component.allow_decrease:
            return True
        return self.metering.may_decrease


@attrs.frozen
class _Figures:
    """Makes the planned figure of one component or user."""

    component: str
    user: str | None
    before: Decimal | None

    def sent(self, action: PlanAction, why: PlanReason, wanted: Decimal) -> PlannedFigure:
        return self._made(action, why, wanted, "")

    def unchanged(self, why: PlanReason, wanted: Decimal | None = None) -> PlannedFigure:
        return self._made(PlanAction.UNCHANGED, why, wanted, "")

    def held(
        self, why: PlanReason, wanted: Decimal | None = None, doubt: str = ""
    ) -> PlannedFigure:
        return self._made(PlanAction.HELD_BACK, why, wanted, doubt)

    def _made(
        self, action: PlanAction, why: PlanReason, wanted: Decimal | None, doubt: str
    ) -> PlannedFigure:
        return PlannedFigure(
            component=self.component,
            user=self.user,
            recorded=None if self.before is None else to_cents(self.before),
            wanted=wanted,
            action=action,
            why=why,
            doubt=doubt,
        )


def _beside(total: PlannedFigure, users: Sequence[PlannedFigure]) -> Iterator[PlannedFigure]:
    """The users' figures, held back where they would not stand beside their total.

    While a total is zero, Waldur makes the sum of the users the total as soon as it is told about
    one; so none is, unless all of them become zero.
    """
    why = PlanReason.FOLLOWS if total.action is PlanAction.HELD_BACK else None
    if total.afterwards == 0 and any(each.afterwards for each in users):
        why = why or PlanReason.FILLED
    for figure in users:
        if why and figure.action.is_sent:
            yield attrs.evolve(figure, action=PlanAction.HELD_BACK, why=why)
        else:
            yield figure
