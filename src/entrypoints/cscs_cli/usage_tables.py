"""Tables of usage: a grid on a terminal that is wide enough, aligned lines anywhere else.

Amounts are on the right of their columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import attrs
from rich import box
from rich.console import Console, JustifyMethod
from rich.table import Table
from rich.text import Text

_GAP: Final = "  "
_NARROWEST: Final = 12
"""Columns in which the last one can still be read."""


@attrs.frozen(kw_only=True)
class UsageTable:
    """Rows of text under headings. `amounts` are the headings of columns that hold numbers."""

    columns: tuple[str, ...]
    amounts: frozenset[str]
    rows: Sequence[tuple[str, ...]]
    styles: Sequence[str] = ()
    """Of each row, for the last column; empty for plain."""

    def show(self, console: Console) -> None:
        """Print it, unless there are no rows."""
        if not self.rows:
            return
        if console.is_terminal and self._fits(console.width):
            console.print(self._grid())
            return
        for line in self.lines():
            console.print(line, soft_wrap=True)

    def _fits(self, width: int) -> bool:
        """Whether only the last column would be folded, and that not into slivers."""
        *others, last = self._widths()
        return sum(others) + min(last, _NARROWEST) + len(_GAP) * len(others) <= width

    def _grid(self) -> Table:
        table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
        for place, name in enumerate(self.columns, 1):
            justify: JustifyMethod = "right" if name in self.amounts else "left"
            is_last = place == len(self.columns)
            table.add_column(name, justify=justify, overflow="fold", no_wrap=not is_last)
        for place, (*cells, end) in enumerate(self.rows):
            style = self.styles[place] if self.styles else ""
            table.add_row(*map(Text, cells), Text(end, style=style))
        return table

    def lines(self) -> Iterator[str]:
        """One line a row, however long."""
        widths = self._widths()
        for row in (self.columns, *self.rows):
            cells = zip(self.columns, row, widths, strict=True)
            yield _GAP.join(self._padded(*cell) for cell in cells).rstrip()

    def _widths(self) -> list[int]:
        every = (self.columns, *self.rows)
        return [max(map(len, column)) for column in zip(*every, strict=True)]

    def _padded(self, column: str, cell: str, width: int) -> str:
        return cell.rjust(width) if column in self.amounts else cell.ljust(width)
