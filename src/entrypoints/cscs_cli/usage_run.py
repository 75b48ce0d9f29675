"""A run over offerings and months: what is printed as it comes, and what is told at the end."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import attrs

from cscs_bootstrap.json_text import encode
from cscs_cli.exit_codes import ExitCode
from cscs_cli.terminal import OutputLostError, complain, console, forget_output, visible
from cscs_cli.usage_month_output import MonthOutput
from cscs_domain._text import shown
from cscs_domain.problems import Problem, ProblemCode
from cscs_domain.usage.usage_reporting import MonthReport

_WORST_FIRST: Final = (
    ExitCode.UPSTREAM_FAILED,
    ExitCode.DONE_WITH_PROBLEMS,
    ExitCode.DONE,
)


@attrs.frozen(kw_only=True)
class HowToTell:
    """How results look."""

    rehearsed: bool = False
    json: bool = False
    verbose: bool = False


@attrs.define(kw_only=True)
class UsageRun:
    """Is told what happens, prints months as they come (or keeps them for JSON), and sums up.

    `asked` are accounts that were named. `is_alone` says that there is one offering only; of
    several, each knows some of them, so that only those matter that none knows. `into_memory` are
    offerings whose Waldur is invented.
    """

    how: HowToTell
    asked: Collection[str] = ()
    is_alone: bool = True
    into_memory: Collection[str] = ()
    _months: list[bytes] = attrs.field(factory=list, init=False)
    _failures: list[dict[str, str]] = attrs.field(factory=list, init=False)
    _codes: set[ExitCode] = attrs.field(factory=set, init=False)
    _missed: dict[str, set[str]] = attrs.field(factory=dict, init=False)
    _offerings: set[str] = attrs.field(factory=set, init=False)
    _has_printed: bool = attrs.field(default=False, init=False)

    def add(self, offering: str, report: MonthReport) -> None:
        """Take in what came of a month."""
        self._offerings.add(offering)
        if not self.is_alone:
            report = self._without_accounts_of_others(offering, report)
        output = MonthOutput(report=report, rehearsed=self.how.rehearsed, verbose=self.how.verbose)
        self._codes.add(output.exit_code)
        if report.failure:
            complain(f"{report.job}, {report.month}: {visible(report.failure)}")
        if self.how.json:
            self._months.append(encode(output.to_wire()))
        else:
            self._print(output)
            self._has_printed = True

    def fail(self, offering: str, reason: str) -> None:
        """Take in that an offering could not be reported (any further)."""
        self._codes.add(ExitCode.UPSTREAM_FAILED)
        self._failures.append({"offering": offering, "reason": reason})
        complain(f"{offering}: {visible(reason)}")

    def unread(self, offering: str, reason: str) -> None:
        """Take in that it is not known which accounts another offering has."""
        self._codes.add(ExitCode.DONE_WITH_PROBLEMS)
        complain(
            f"{offering}: {visible(reason)}. So it is not known whether it has accounts of those "
            "that are reported, whose usage would be billed twice."
        )

    def unknown_accounts(self) -> list[str]:
        """Accounts that were named and that no offering has, as far as they could be read."""
        return sorted(
            account
            for account in self.asked
            if self._offerings and self._missed.get(account) == self._offerings
        )

    def _print(self, output: MonthOutput) -> None:
        to = console()
        try:
            if self._has_printed:
                to.print()
            output.show(to)
        except BrokenPipeError:
            forget_output()  # nobody listens any more, but there may be usage left to submit
        except OutputLostError as error:
            self._codes.add(ExitCode.UPSTREAM_FAILED)
            complain(str(error))

    def _without_accounts_of_others(self, offering: str, report: MonthReport) -> MonthReport:
        kept: list[Problem] = []
        for problem in report.problems:
            if self._is_about_unknown(problem):
                self._missed.setdefault(str(problem.resource), set()).add(offering)
            else:
                kept.append(problem)
        return attrs.evolve(report, problems=tuple(kept))

    def _is_about_unknown(self, problem: Problem) -> bool:
        return problem.code is ProblemCode.UNKNOWN_ACCOUNT and problem.resource in self.asked

    # --- the end

    def end(self) -> ExitCode:
        """Tell what no single month tells, and return the exit code."""
        unknown = self.unknown_accounts()
        if unknown:
            self._codes.add(ExitCode.DONE_WITH_PROBLEMS)
            names = ", ".join(map(shown, unknown))
            complain(f"No resource of these offerings has the account {names}; check its name.")
        return next((code for code in _WORST_FIRST if code in self._codes), ExitCode.DONE)

    def document(self) -> bytes:
        """One JSON object for programs."""
        head = encode(
            {
                "dry_run": self.how.rehearsed,
                "into_memory": list(self.into_memory),
                "failures": self._failures,
                "unknown_accounts": self.unknown_accounts(),
            }
        )
        # Months are encoded as they come: as values, those of a long run would be much larger.
        return b'%s,"months":[%s]}' % (head.removesuffix(b"}"), b",".join(self._months))
