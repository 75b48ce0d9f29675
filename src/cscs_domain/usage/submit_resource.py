"""Submitting one resource of a plan. Source: Waldur contract, sections 7, 8 and 10."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from decimal import Decimal
from typing import TypeAlias

import attrs

from cscs_domain._text import label, shown
from cscs_domain.errors import (
    MonthClosedError,
    UpstreamServiceError,
    UsageRefusedError,
    WrongMonthError,
)
from cscs_domain.ports import Clock, WaldurUsage
from cscs_domain.problems import ProblemCode, Severity
from cscs_domain.usage.months import Month, safe_moment
from cscs_domain.usage.plan import ResourcePlan
from cscs_domain.usage.submission_log import SubmissionLog, some_of
from cscs_domain.usage.submissions import TotalsEntry, UsersEntry, UsersResult
from cscs_domain.usage.usage_reporting import ResourceOutcome, ResourceResult

_Users: TypeAlias = Mapping[str, Mapping[str, Decimal]]


@attrs.define(kw_only=True)
class ResourceSubmission:
    """One resource of a plan on its way; `submit` it once."""

    month: Month
    plan: ResourcePlan
    waldur: WaldurUsage
    clock: Clock
    log: SubmissionLog
    keeps_dates: bool = True
    _has_sent: bool = attrs.field(default=False, init=False)
    _is_partly_refused: bool = attrs.field(default=False, init=False)

    @property
    def account(self) -> str:
        """Whose usage it is."""
        return self.plan.resource.backend_id

    async def submit(self) -> ResourceResult:
        """Send what the plan says. What fails is noted and told, never raised."""
        try:
            await self._send()
        except MonthClosedError as error:
            self.log.answered()
            return self._closed(error)
        except UsageRefusedError as error:
            self.log.answered()
            return self._refused(error)
        except UpstreamServiceError as error:
            self.log.failed(self.account, error)
            return self._ended(ResourceOutcome.FAILED, str(error))
        self.log.answered()
        if self._is_partly_refused:
            return result_of(
                self.plan, ResourceOutcome.PARTLY, "Waldur refused users, see problems"
            )
        return result_of(self.plan, ResourceOutcome.SUBMITTED)

    async def _send(self) -> None:
        """Totals before users, who are attached to them; but after those of a total of zero.

        Waldur makes the users' sum the total when it is told about a user while the total is
        zero, so users become zero first and the total is set once more afterwards.
        """
        users, afterwards = self.plan.users_to_send(), self.plan.totals_afterwards()
        early = {name: amounts for name, amounts in users.items() if afterwards.get(name) == 0}
        totals = afterwards if early else self.plan.totals_to_send()
        await self._send_users(early)
        if totals:
            await self._send_totals(totals)
        await self._send_users({name: users[name] for name in users.keys() - early.keys()})

    async def _send_totals(self, totals: Mapping[str, Decimal]) -> None:
        now = self.clock.now()
        moment = safe_moment(self.month, now)
        if moment is None or not (self.keeps_dates or Month.of(now, UTC) == self.month):
            raise WrongMonthError("Waldur", f"{self.month} ended while it was reported")
        entry = TotalsEntry(
            resource=self.plan.resource.uuid, month=self.month, moment=moment, amounts=totals
        )
        await self.waldur.submit_totals(entry)
        self._has_sent = True

    async def _send_users(self, users: _Users) -> None:
        for component in sorted(users):
            entry = UsersEntry(
                resource=self.plan.resource.uuid,
                month=self.month,
                component=component,
                amounts=users[component],
            )
            result = await self.waldur.submit_users(entry)
            self._has_sent = True
            self._note_users(component, result)

    def _note_users(self, component: str, result: UsersResult) -> None:
        for user, reason in sorted(result.refused.items()):
            self._is_partly_refused = True
            message = f"Waldur does not take {label(component)} of user {label(user)}: "
            self.log.note(
                ProblemCode.USAGE_REFUSED,
                Severity.ERROR,
                message + shown(reason),
                "The next report tries again.",
                self.account,
            )
        if result.unlinked:
            self.log.note(
                ProblemCode.UNLINKED_USER,
                Severity.INFO,
                f"{some_of(result.unlinked)}: no usable account in Waldur, so {label(component)} "
                "stands under the bare name",
                "Waldur links a figure only when it gets it for the first time.",
                self.account,
            )

    # --- how it ended

    def _closed(self, error: MonthClosedError) -> ResourceResult:
        self.log.closed(self.account, error.reason)
        return self._ended(ResourceOutcome.CLOSED, error.reason)

    def _refused(self, error: UsageRefusedError) -> ResourceResult:
        self.log.note(
            ProblemCode.USAGE_REFUSED,
            Severity.ERROR,
            f"Waldur does not take its usage: {shown(error.reason)}",
            "Mend what Waldur says, then report the month again.",
            self.account,
        )
        return self._ended(ResourceOutcome.REFUSED, error.reason)

    def _ended(self, outcome: ResourceOutcome, reason: str) -> ResourceResult:
        return result_of(self.plan, ResourceOutcome.PARTLY if self._has_sent else outcome, reason)


def result_of(plan: ResourcePlan, outcome: ResourceOutcome, reason: str = "") -> ResourceResult:
    """What came of a resource."""
    return ResourceResult(plan=plan, outcome=outcome, reason=reason)
