"""Problems in columns, the most urgent first and nothing cut off."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cscs_cli.plurals import counted
from cscs_cli.terminal import visible
from cscs_domain.problems import Problem, Severity

_STYLE: Final = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.INFO: "dim"}
_COLUMNS: Final = ("severity", "code", "resource", "message", "hint")
_ALIGNED: Final = 3
"""So many columns have about the same width in all lines; what follows them is prose."""

_ROOMY: Final = 120
"""Columns that leave enough for prose beside a whole uuid."""


def show_problems(
    problems: Sequence[Problem], console: Console, *, most: int | None = None
) -> None:
    """Print problems as a table or as lines; of more than `most` the first, and how many follow."""
    shown = problems[:most]
    if console.is_terminal:
        console.print(problem_table(shown, console.width))
    else:
        for line in problem_lines(shown):
            console.print(line)
    if left := len(problems) - len(shown):
        console.print(
            f"... and {counted(left, 'more problem')}; --verbose shows all", soft_wrap=True
        )


def problem_table(problems: Sequence[Problem], width: int) -> Table:
    """For a terminal of this width: prose is folded into its column, uuids if they must be."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for place, name in enumerate(_COLUMNS):
        is_whole = place < _ALIGNED and width >= _ROOMY
        table.add_column(name, overflow="fold", no_wrap=is_whole)
    for problem in problems:
        severity, *others = _cells(problem)
        table.add_row(Text(severity, style=_STYLE[problem.severity]), *map(Text, others))
    return table


def problem_lines(problems: Sequence[Problem]) -> Iterator[str]:
    """For a file or a pipe: one line a problem, however long."""
    rows = [_COLUMNS, *map(_cells, problems)]
    widths = [max(len(row[column]) for row in rows) for column in range(_ALIGNED)]
    for row in rows:
        aligned = (cell.ljust(width) for cell, width in zip(row, widths, strict=False))
        yield "  ".join((*aligned, *row[_ALIGNED:])).rstrip()


def _cells(problem: Problem) -> tuple[str, ...]:
    return (
        problem.severity.value,
        problem.code.value,
        visible(problem.resource or "-"),
        visible(problem.message),
        visible(problem.hint),
    )
