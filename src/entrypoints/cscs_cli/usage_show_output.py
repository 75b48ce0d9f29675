"""What `cscs usage show` prints: a table for people, JSON in spec 000's form, or CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final

import attrs
from rich.console import Console
from rich.text import Text

from cscs_bootstrap.json_text import encode
from cscs_cli.export_report import MOST_LINES
from cscs_cli.plurals import counted
from cscs_cli.problem_table import problem_lines, show_problems
from cscs_cli.storage_report import problem_counts
from cscs_cli.terminal import visible
from cscs_cli.usage_amounts import amount_text
from cscs_cli.usage_tables import UsageTable
from cscs_domain.problems import Problem, by_urgency
from cscs_domain.usage.amounts import to_cents
from cscs_domain.usage.metering import Metering
from cscs_domain.usage.reports import TOTAL_ACCOUNT_USAGE, AccountUsage, UsageReport, report_to_wire

_TOTAL: Final = "(total)"
_UNATTRIBUTED: Final = "(unattributed)"
_COLUMNS: Final = ("account", "user", "component", "amount", "unit")
_CSV_COLUMNS: Final = ("period", "account", "user", "component", "amount", "unit")


@attrs.frozen(kw_only=True)
class ShownUsage:
    """Reports of one period or more. `by_period` says whether JSON names the periods."""

    metering: Metering
    reports: tuple[UsageReport, ...]
    by_period: bool = False
    verbose: bool = False

    @property
    def problems(self) -> list[Problem]:
        """Of all periods, each once, the most urgent first."""
        every = (problem for report in self.reports for problem in report.problems)
        return sorted(dict.fromkeys(every), key=by_urgency)

    @property
    def is_doubtful(self) -> bool:
        """Whether rows were left out or are in doubt."""
        return any(problem.is_doubt for problem in self.problems)

    def document(self) -> bytes:
        """`{account: {TOTAL_ACCOUNT_USAGE: {...}, user: {...}}}`, or that by month."""
        if not self.by_period:
            return encode(report_to_wire(self.reports[0]))
        return encode({str(report.period): report_to_wire(report) for report in self.reports})

    def csv(self) -> bytes:
        """A line for each figure, totals under the user `TOTAL_ACCOUNT_USAGE`."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(_CSV_COLUMNS)
        units = self._units
        for report in self.reports:
            for account, usage in report.accounts.items():
                for user, component, amount in _figures(usage):
                    cells = (account, user or TOTAL_ACCOUNT_USAGE, component, amount_text(amount))
                    writer.writerow((str(report.period), *cells, units.get(component, "")))
        return out.getvalue().removesuffix("\n").encode("utf-8", "backslashreplace")

    def problem_lines(self) -> Iterator[str]:
        """Problems for standard error, or nothing."""
        problems = self.problems
        return problem_lines(problems) if problems else iter(())

    def show(self, console: Console) -> None:
        """Print a table for each period, then the problems, then a summary."""
        for report in self.reports:
            console.print(Text(str(report.period), style="bold"))
            self._table(report).show(console)
            console.print()
        problems = self.problems
        if problems:
            show_problems(problems, console, most=None if self.verbose else MOST_LINES)
            console.print()
        console.print(self._summary(), soft_wrap=True)

    def _table(self, report: UsageReport) -> UsageTable:
        units = self._units
        rows = [
            (visible(account), user, component, amount, units.get(component, ""))
            for account, usage in report.accounts.items()
            for user, component, amount in _cells(usage)
        ]
        return UsageTable(columns=_COLUMNS, amounts=frozenset({"amount"}), rows=rows)

    @property
    def _units(self) -> Mapping[str, str]:
        return {each.name: each.measured_unit for each in self.metering.components}

    def _summary(self) -> str:
        known = {account for report in self.reports for account in report.accounts}
        unknown = set(self.reports[0].unknown).intersection(*(r.unknown for r in self.reports))
        names = ", ".join(map(visible, sorted(unknown)))
        missing = f", the warehouse knows nothing of {names}" if names else ""
        accounts = counted(len(known - unknown), "account")
        return f"{accounts}{missing}; {problem_counts(self.problems)}"


def _figures(usage: AccountUsage) -> Iterator[tuple[str | None, str, Decimal]]:
    """User (None for the total), component and amount, totals first."""
    for component, amount in usage.totals.items():
        yield None, component, amount
    for user, amounts in usage.users.items():
        for component, amount in amounts.items():
            yield user, component, amount


def _cells(usage: AccountUsage) -> Iterator[tuple[str, str, str]]:
    """Figures for people, and what no user has of them."""
    for user, component, amount in _figures(usage):
        yield _TOTAL if user is None else visible(user), component, amount_text(amount)
    if not usage.users:
        return
    for component in usage.totals:
        if to_cents(left := usage.unattributed(component)):
            yield _UNATTRIBUTED, component, amount_text(left)
