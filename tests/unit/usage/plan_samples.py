"""Short ways to write down what Waldur has, what the warehouse says, and what is planned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final, TypeAlias
from uuid import NAMESPACE_URL, UUID, uuid5

from cscs_domain.storage.states import ResourceState
from cscs_domain.usage.components import Component
from cscs_domain.usage.make_plan import make_plan
from cscs_domain.usage.metered_resources import MeteredResource
from cscs_domain.usage.metering import Metering, WarehouseProfile
from cscs_domain.usage.months import Month
from cscs_domain.usage.plan import UsagePlan
from cscs_domain.usage.reports import AccountUsage, UsageReport
from cscs_domain.usage.submissions import RecordedUsage
from cscs_domain.usage.usage_reporting import PlanRules

NOVEMBER: Final = Month(2026, 11)
OFFERING: Final = UUID(int=1)
NODE_HOURS: Final = Component(name="nodeHours")
NODES: Final = Metering(components=(NODE_HOURS,))
NODES_V2: Final = Metering(components=(NODE_HOURS,), profile=WarehouseProfile.V2)

Users: TypeAlias = Mapping[str, str]


def resource(
    account: str,
    *,
    components: Iterable[str] | None = ("nodeHours",),
    state: ResourceState = ResourceState.OK,
    key: str = "",
) -> MeteredResource:
    """A resource of this account; `key` makes another one of the same."""
    return MeteredResource(
        uuid=uuid5(NAMESPACE_URL, account + key),
        backend_id=account,
        offering=OFFERING,
        name=f"res-{account}",
        state=state,
        state_text=state.value,
        components=None if components is None else frozenset(components),
    )


def usage(total: str, users: Users | None = None, *, doubt: str = "") -> AccountUsage:
    """An account with node hours only."""
    return AccountUsage(
        totals={"nodeHours": Decimal(total)},
        users={user: {"nodeHours": Decimal(amount)} for user, amount in (users or {}).items()},
        doubts={"nodeHours": doubt} if doubt else {},
    )


def report(
    accounts: Mapping[str, AccountUsage], unknown: Iterable[str] = (), period: Month = NOVEMBER
) -> UsageReport:
    """What the warehouse says."""
    return UsageReport(
        period=period, accounts=accounts, unknown=frozenset(unknown), rows=len(accounts)
    )


def recorded(total: str | None, users: Users | None = None) -> RecordedUsage:
    """What Waldur has of one resource."""
    parts = {user: Decimal(amount) for user, amount in (users or {}).items()}
    return RecordedUsage(
        totals={} if total is None else {"nodeHours": Decimal(total)},
        users={"nodeHours": parts} if parts else {},
    )


def plan_for(
    says: AccountUsage | None,
    has: RecordedUsage | None = None,
    *,
    rules: PlanRules | None = None,
    metering: Metering = NODES,
) -> UsagePlan:
    """The plan for the account g207 beside another one that needs nothing.

    The warehouse says `says` of it (None: it does not know it), and Waldur has `has`.
    """
    mine, other = resource("g207"), resource("lp05")
    accounts = {"lp05": usage("1")} | ({} if says is None else {"g207": says})
    known = {other.uuid: recorded("1.00")} | ({} if has is None else {mine.uuid: has})
    unknown = ["g207"] if says is None else []
    return make_plan(
        NOVEMBER, [mine, other], report(accounts, unknown), known, metering, rules or PlanRules()
    )


def lines(plan: UsagePlan, account: str = "g207") -> list[str]:
    """The figures of an account, such as `total raise 1.00 -> 2.00`."""
    return [
        f"{figure.user or 'total'} {figure.action.value} {figure.recorded} -> {figure.wanted}"
        for each in plan.resources
        if each.resource.backend_id == account
        for figure in each.figures
    ]
