"""Carrying a plan out, several resources at a time."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Final, TypeAlias

import attrs

from cscs_domain.ports import Clock, WaldurUsage
from cscs_domain.problems import Severity
from cscs_domain.progress import Progress, Stage, no_progress
from cscs_domain.usage.plan import ResourcePlan, UsagePlan
from cscs_domain.usage.submission_log import SubmissionLog
from cscs_domain.usage.submit_resource import ResourceSubmission, result_of
from cscs_domain.usage.usage_reporting import ResourceOutcome, ResourceResult, expected

_AT_ONCE: Final = 4

_Work: TypeAlias = Sequence[tuple[int, ResourcePlan]]
"""Plans of which something is sent, with their places."""


@attrs.define(kw_only=True)
class Submission:
    """One plan on its way: `run` it once, then look at `results` and `log`.

    `limits` are components that Waldur takes in closed months as well. `keeps_dates` and
    `is_open_by_habit` are about the month: whether the server is told which one it is, and whether
    nobody minds if it is closed.
    """

    plan: UsagePlan
    waldur: WaldurUsage
    clock: Clock
    progress: Progress = no_progress
    limits: frozenset[str] = frozenset()
    keeps_dates: bool = True
    is_open_by_habit: bool = False
    log: SubmissionLog = attrs.field(factory=SubmissionLog, init=False)
    _outcomes: dict[int, ResourceResult] = attrs.field(factory=dict, init=False)

    async def run(self) -> None:
        """Submit what the plan says; nothing is raised for what fails."""
        work = [(n, plan) for n, plan in enumerate(self.plan.resources) if not plan.is_empty]
        left = self._totals_first(work)
        # Until a total is known to be in its month, one at a time: it may be booked elsewhere.
        while left and not self.log.is_confirmed and left[0][1].totals_to_send():
            await self._submit(*left.popleft(), len(work))
        turns = asyncio.Semaphore(_AT_ONCE)

        async def one(place: int, plan: ResourcePlan) -> None:
            async with turns:
                await self._submit(place, plan, len(work))

        async with asyncio.TaskGroup() as group:
            for place, plan in left:
                group.create_task(one(place, plan))
        severity = Severity.INFO if self.is_open_by_habit else Severity.WARNING
        self.log.note_closed_month(self.plan.month, severity)

    def _totals_first(self, work: _Work) -> deque[tuple[int, ResourcePlan]]:
        return deque(sorted(work, key=lambda each: not each[1].totals_to_send()))

    def results(self) -> tuple[ResourceResult, ...]:
        """What came of each resource, in the order of the plan."""
        return tuple(
            self._outcomes.get(place) or expected(plan)
            for place, plan in enumerate(self.plan.resources)
        )

    async def _submit(self, place: int, plan: ResourcePlan, total: int) -> None:
        if self.log.is_over:
            outcome = ResourceOutcome.NOT_TRIED
            self._outcomes[place] = result_of(plan, outcome, self.log.last_failure)
            return
        self._outcomes[place] = await ResourceSubmission(
            month=self.plan.month,
            plan=plan,
            waldur=self.waldur,
            clock=self.clock,
            log=self.log,
            limits=self.limits,
            keeps_dates=self.keeps_dates,
        ).submit()
        self.progress(Stage.SUBMITTING, len(self._outcomes), total)
