"""What `cscs storage order` and `cscs storage orders` print: a line for each order, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

import attrs
from rich.console import Console

from cscs_bootstrap.destination import Destination
from cscs_bootstrap.json_text import encode
from cscs_cli.export_report import MOST_LINES
from cscs_cli.plurals import counted
from cscs_cli.problem_table import show_problems
from cscs_cli.storage_report import problem_counts
from cscs_cli.terminal import visible
from cscs_domain.storage.export_orders import OrderOutcome, OrderResult, OrdersReport
from cscs_domain.storage.wire import problem_to_wire

_WORDS: Final = {
    OrderOutcome.WRITTEN: "written",
    OrderOutcome.PRESENT: "present",
    OrderOutcome.WAITING: "waiting",
    OrderOutcome.LEFT_OUT: "left out",
    OrderOutcome.UNKNOWN_TYPE: "no name",
}
_WOULD_BE: Final = "to write"
"""What is written otherwise, in a rehearsal."""


@attrs.frozen(kw_only=True)
class OrdersOutput:
    """What came of the orders, to be shown."""

    report: OrdersReport
    goal: Destination
    rehearsed: bool
    verbose: bool = False

    def document(self) -> bytes:
        """One JSON object for programs."""
        return encode(
            {
                "dry_run": self.rehearsed,
                "orders": list(map(self._wire, self.report.results)),
                "counts": self._counts(),
                "problems": [problem_to_wire(problem) for problem in self.report.problems],
            }
        )

    def _wire(self, result: OrderResult) -> dict[str, object]:
        order, name = result.order, result.name
        return {
            "order": str(order.order),
            "type": order.type.value,
            "state": order.state.value,
            "resource": str(order.resource),
            "outcome": result.outcome.value,
            "document": None if name is None else self.goal.path_of(name.text),
        }

    def _counts(self) -> dict[str, int]:
        outcomes = Counter(result.outcome for result in self.report.results)
        return {outcome.value: outcomes[outcome] for outcome in OrderOutcome}

    def show(self, console: Console) -> None:
        """Print the orders, the problems of their resources, and a summary."""
        for line in self._lines():
            console.print(line, soft_wrap=True)
        problems = self.report.problems
        if problems:
            console.print()
            show_problems(problems, console, most=None if self.verbose else MOST_LINES)
        if self.report.results or problems:
            console.print()
        console.print(f"{self.summary()}; {problem_counts(problems)}", soft_wrap=True)
        if self.rehearsed:
            console.print("Dry run: nothing was written.")

    def _lines(self) -> Iterator[str]:
        rows = [self._cells(result) for result in self.report.results]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            aligned = map(str.ljust, row[:-1], widths)
            yield "  ".join((*aligned, row[-1]))

    def _cells(self, result: OrderResult) -> tuple[str, str, str, str]:
        order = result.order
        word = _WORDS[result.outcome]
        if self.rehearsed and result.outcome is OrderOutcome.WRITTEN:
            word = _WOULD_BE
        return word, order.type.value, str(order.order), self._about(result)

    def _about(self, result: OrderResult) -> str:
        """The document, or why there is none."""
        order = result.order
        match result.outcome:
            case OrderOutcome.WAITING:
                return f"not the provider's turn yet ({order.state.value})"
            case OrderOutcome.LEFT_OUT:
                return f"resource {order.resource} is left out of the rows, see its problems"
            case OrderOutcome.UNKNOWN_TYPE:
                return "no document can be named after an order of this type"
            case OrderOutcome.WRITTEN | OrderOutcome.PRESENT:
                return "" if result.name is None else visible(self.goal.path_of(result.name.text))

    def summary(self) -> str:
        """How many orders of which outcome."""
        results = self.report.results
        if not results:
            return "no order is in progress"
        words = Counter(self._cells(result)[0] for result in results)
        parts = ", ".join(f"{count} {word}" for word, count in words.items())
        return f"{counted(len(results), 'order')} ({parts})"
