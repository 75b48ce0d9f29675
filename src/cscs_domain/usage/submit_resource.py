"""Submitting one resource of a plan. Source: Waldur contract, sections 7, 8 and 10."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from decimal import Decimal
from typing import TypeAlias

import attrs

from cscs_domain._text import label, some_of, told
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
from cscs_domain.usage.submission_log import SubmissionLog
from cscs_domain.usage.submissions import RecordedUsage, TotalsEntry, UsersEntry, UsersResult
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
    limits: frozenset[str] = frozenset()
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
            if await self._has_changed():
                return self._left_alone()
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
            reason = "Waldur refused users, see problems"
            return result_of(self.plan, ResourceOutcome.PARTLY, reason)
        return result_of(self.plan, ResourceOutcome.SUBMITTED)

    async def _has_changed(self) -> bool:
        """Whether somebody else has reported since the plan was made, from figures there were."""
        planned, resource = self.plan.recorded, self.plan.resource
        if not planned.totals:
            return False
        fresh = await self.waldur.recorded(self.month, [resource])
        return not fresh.get(resource.uuid, RecordedUsage()).is_like(planned)

    async def _send(self) -> None:
        """Totals, then users, who are attached to them. Users of a total that was refused wait."""
        users = self.plan.users_to_send()
        totals = self._totals(users)
        refusal, taken = await self._sent_totals(totals)
        waiting = self._moving(totals) - taken.keys() if refusal else set[str]()
        await self._send_users(
            {name: amounts for name, amounts in users.items() if name not in waiting}, totals
        )
        if refusal is not None:
            raise refusal

    def _moving(self, totals: Mapping[str, Decimal]) -> set[str]:
        """Components whose total changes, or would if users were told beside a total of zero."""
        zeros = {name for name, amount in totals.items() if amount == 0}
        return self.plan.totals_to_send().keys() | zeros

    async def _sent_totals(
        self, totals: Mapping[str, Decimal]
    ) -> tuple[UsageRefusedError | None, Mapping[str, Decimal]]:
        """Why Waldur does not take all of the totals, if so, and those that it takes."""
        try:
            await self._send_totals(totals)
        except MonthClosedError as error:
            # One component that is billed by usage makes Waldur refuse the whole call.
            taken = {name: amount for name, amount in totals.items() if name in self.limits}
            if taken == totals:
                return error, {}
            await self._send_totals(taken)
            return error, taken
        except UsageRefusedError as error:
            return error, {}
        return None, totals

    def _totals(self, users: _Users) -> dict[str, Decimal]:
        """What has to be sent so that changes arrive.

        In the current month all totals go along, since old servers forget in `current_usages` what
        is not sent; what is over is left alone as far as it can be.
        """
        changing, afterwards = self.plan.totals_to_send(), self.plan.totals_afterwards()
        zeros = {name for name in users if afterwards.get(name) == 0}
        if not self._is_past:
            return afterwards if changing or zeros else {}
        return {name: afterwards[name] for name in afterwards if name in changing.keys() | zeros}

    @property
    def _is_past(self) -> bool:
        return self.month < Month.of(self.clock.now(), UTC)

    async def _send_totals(self, totals: Mapping[str, Decimal]) -> None:
        if not totals:
            return
        now = self.clock.now()
        moment = safe_moment(self.month, now)
        if moment is None or not (self.keeps_dates or Month.of(now, UTC) == self.month):
            raise WrongMonthError("Waldur", f"{self.month} ended while it was reported")
        entry = TotalsEntry(
            resource=self.plan.resource.uuid, month=self.month, moment=moment, amounts=totals
        )
        await self.waldur.submit_totals(entry)
        self._has_sent = self.log.is_confirmed = True

    async def _send_users(self, users: _Users, totals: Mapping[str, Decimal]) -> None:
        """One component after the other.

        Waldur makes the users' sum the total when it is told about a user while the total is
        zero. So a total of zero is set once more after its users, whatever became of them.
        """
        for component in sorted(users):
            try:
                await self._send_users_of(component, users[component])
            finally:
                if totals.get(component) == 0:
                    again = {component: totals[component]}
                    await self._send_totals(again if self._is_past else totals)

    async def _send_users_of(self, component: str, amounts: Mapping[str, Decimal]) -> None:
        entry = UsersEntry(
            resource=self.plan.resource.uuid,
            month=self.month,
            component=component,
            amounts=amounts,
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
                message + told(reason),
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

    def _left_alone(self) -> ResourceResult:
        reason = "its figures in Waldur have changed since they were read"
        self.log.note(
            ProblemCode.USAGE_HELD_BACK,
            Severity.WARNING,
            f"it is held back: {reason}; does somebody else report as well?",
            "Report the month again.",
            self.account,
        )
        return result_of(self.plan, ResourceOutcome.HELD_BACK, reason)

    def _closed(self, error: MonthClosedError) -> ResourceResult:
        self.log.closed(self.account, error.reason)
        return self._ended(ResourceOutcome.CLOSED, error.reason)

    def _refused(self, error: UsageRefusedError) -> ResourceResult:
        self.log.note(
            ProblemCode.USAGE_REFUSED,
            Severity.ERROR,
            f"Waldur does not take its usage: {told(error.reason)}",
            "Mend what Waldur says, then report the month again.",
            self.account,
        )
        return self._ended(ResourceOutcome.REFUSED, error.reason)

    def _ended(self, outcome: ResourceOutcome, reason: str) -> ResourceResult:
        return result_of(self.plan, ResourceOutcome.PARTLY if self._has_sent else outcome, reason)


def result_of(plan: ResourcePlan, outcome: ResourceOutcome, reason: str = "") -> ResourceResult:
    """What came of a resource."""
    return ResourceResult(plan=plan, outcome=outcome, reason=reason)
