"""What `cscs usage report` prints about one month: figures, problems, and a line of summary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Final

import attrs
from rich.console import Console
from rich.text import Text

from cscs_cli.exit_codes import ExitCode
from cscs_cli.export_report import MOST_LINES
from cscs_cli.plurals import counted
from cscs_cli.problem_table import show_problems
from cscs_cli.terminal import visible
from cscs_cli.usage_figures import figures_table
from cscs_cli.usage_wire import month_to_wire
from cscs_domain.problems import Problem, Severity, by_urgency
from cscs_domain.usage.usage_reporting import (
    MonthReport,
    ResourceOutcome,
    ResourceResult,
    expected,
)

_WORDS: Final = {ResourceOutcome.SUBMITTED: "to submit"}
"""What an outcome is called in a rehearsal, where it is called otherwise."""


@attrs.frozen(kw_only=True, slots=False)
class MonthOutput:
    """What came of one month, to be shown. `verbose` shows users, and figures that stay."""

    report: MonthReport
    rehearsed: bool = False
    verbose: bool = False

    @cached_property
    def results(self) -> tuple[ResourceResult, ...]:
        """What came of each resource; in a rehearsal, what would."""
        plan = self.report.plan
        if self.report.results or plan is None or not self.rehearsed:
            return self.report.results
        return tuple(map(expected, plan.resources))

    @property
    def problems(self) -> Sequence[Problem]:
        """The most urgent first."""
        return sorted(self.report.problems, key=by_urgency)

    @property
    def exit_code(self) -> ExitCode:
        """What the shell would be told about this month alone."""
        if self.report.failure or self._outcomes[ResourceOutcome.FAILED]:
            return ExitCode.UPSTREAM_FAILED
        if any(problem.is_doubt for problem in self.report.problems):
            return ExitCode.DONE_WITH_PROBLEMS
        return ExitCode.DONE

    @property
    def _outcomes(self) -> Counter[ResourceOutcome]:
        return Counter(result.outcome for result in self.results)

    # --- for programs

    def to_wire(self) -> dict[str, object]:
        """The month as JSON has it. Whatever `verbose` says, it is whole."""
        return month_to_wire(self.report, self.results, self.problems)

    # --- for people

    def show(self, console: Console) -> None:
        """Print figures, problems and the summary under a heading."""
        heading = f"{visible(self.report.job)}, {self.report.month}"
        console.print(Text(heading, style="bold"), soft_wrap=True)
        figures = figures_table(self.results, verbose=self.verbose)
        figures.show(console)
        if problems := self.problems:
            console.print()
            show_problems(problems, console, most=None if self.verbose else MOST_LINES)
        if figures.rows or problems:
            console.print()
        console.print(self.summary(), soft_wrap=True)

    def summary(self) -> str:
        """How many accounts of which outcome, and how many problems of which severity."""
        return f"{self.report.month}: {'; '.join(self._parts())}"

    def _parts(self) -> Iterator[str]:
        if self.report.failure:
            yield "failed"
        if self.report.plan is not None:
            yield self._accounts()
        if self.report.problems or not self.report.failure:
            yield _severities(self.report.problems)

    def _accounts(self) -> str:
        outcomes = self._outcomes
        words = _WORDS if self.rehearsed else {}
        parts = [
            f"{outcomes[outcome]} {words.get(outcome, outcome.value)}"
            for outcome in ResourceOutcome
            if outcomes[outcome]
        ]
        return (
            f"{counted(len(self.results), 'account')}: {', '.join(parts)}"
            if parts
            else "no accounts"
        )


def _severities(problems: Sequence[Problem]) -> str:
    counts = Counter(problem.severity for problem in problems)
    words = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
    parts = (counted(counts[kind], word) for kind, word in words.items() if counts[kind])
    return ", ".join(parts) or "no problems"
