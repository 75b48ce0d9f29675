"""What an export changes, line by line: what is dangerous first, then what is lost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Final, NamedTuple

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cscs_cli.change_texts import change_texts, handover_text, owners_before
from cscs_cli.plurals import counted
from cscs_cli.row_lines import facts, whose
from cscs_cli.terminal import visible
from cscs_domain.storage.changes import Changes, Handover, RowChange
from cscs_domain.storage.rows import StorageRow

_DANGEROUS: Final = "DANGEROUS"
_STYLE: Final = {
    _DANGEROUS: "bold red",
    "removed": "magenta",
    "changed": "yellow",
    "created": "green",
}
_COLUMNS: Final = ("change", "row", "path", "what")


class ChangeCells(NamedTuple):
    """One line of the table."""

    kind: str
    row: str
    path: str
    what: str


def changes_summary(made: Changes) -> str:
    """How many rows of which kind, and of paths that pass on; `no changes` if there are none."""
    if made.is_empty:
        return "no changes"
    changed = f"{len(made.changed)} changed"
    if dangerous := len(made.dangerous):
        changed += f" ({dangerous} dangerous)"
    if passing := len(made.handed_over):
        changed += f", {counted(passing, 'path')} handed over (dangerous)"
    return f"{len(made.created)} created, {len(made.removed)} removed, {changed}"


def show_changes(made: Changes, console: Console, *, most: int | None = None) -> None:
    """Print the changes; of more than `most` the first, and how many follow.

    A terminal gets a table; a pipe gets a line for each change, however long.
    """
    cells = list(islice(change_cells(made), most))
    if not cells:
        return
    if console.is_terminal:
        console.print(_table(cells))
    else:
        for line in _lines(cells):
            console.print(line)
    if left := _lines_of(made) - len(cells):
        more = counted(left, "more change")
        console.print(f"... and {more}; --verbose shows all", soft_wrap=True)


def _lines_of(made: Changes) -> int:
    return sum(map(len, (made.created, made.removed, made.changed, made.handed_over)))


def change_cells(made: Changes) -> Iterator[ChangeCells]:
    """Line by line, made when it is asked for: there may be a hundred thousand.

    A path that is handed over has a line of its own, before those of its rows.
    """
    dangerous = made.dangerous
    harmless = (change for change in made.changed if not change.is_dangerous)
    return chain(
        _handed_over(made.handed_over),
        _changed(_DANGEROUS, dangerous),
        _whole("removed", made.removed),
        _changed("changed", harmless),
        _whole("created", made.created),
    )


def _changed(kind: str, found: Iterable[RowChange]) -> Iterator[ChangeCells]:
    """A row is named as it was, for so it is known to whoever has the earlier document."""
    for change in found:
        row = change.before
        yield ChangeCells(kind, whose(row.target), _path(row), "; ".join(change_texts(change)))


def _handed_over(found: Iterable[Handover]) -> Iterator[ChangeCells]:
    for one in found:
        path = visible(one.path.text)
        yield ChangeCells(_DANGEROUS, owners_before(one), path, handover_text(one))


def _whole(kind: str, rows: Iterable[StorageRow]) -> Iterator[ChangeCells]:
    for row in rows:
        what = ", ".join((row.status.value, *facts(row)))
        yield ChangeCells(kind, whose(row.target), _path(row), what)


def _path(row: StorageRow) -> str:
    return visible(row.mount_point.text)


def _table(cells: Sequence[ChangeCells]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in _COLUMNS:
        table.add_column(name, overflow="fold", no_wrap=name == _COLUMNS[0])
    for kind, *others in cells:
        table.add_row(Text(kind, style=_STYLE[kind]), *map(Text, others))
    return table


def _lines(cells: Sequence[ChangeCells]) -> Iterator[str]:
    rows = [_COLUMNS, *cells]
    *aligned, _ = (max(map(len, column)) for column in zip(*rows, strict=True))
    for row in rows:
        padded = (cell.ljust(width) for cell, width in zip(row, aligned, strict=False))
        yield "  ".join((*padded, row[-1]))
