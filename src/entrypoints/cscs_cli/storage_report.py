"""What `cscs storage show` prints: a tree and a table for people, a document for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import attrs
from rich.console import Console
from rich.tree import Tree

from cscs_bootstrap.json_text import encode
from cscs_cli.plurals import counted
from cscs_cli.problem_table import show_problems
from cscs_cli.row_lines import label
from cscs_cli.storage_tree import Node, make_forest
from cscs_domain.problems import Problem, Severity
from cscs_domain.storage.filters import RowFilter
from cscs_domain.storage.hierarchy import Hierarchy
from cscs_domain.storage.rows import ListedRow
from cscs_domain.storage.states import Status
from cscs_domain.storage.wire import problem_to_wire, row_to_wire


@attrs.frozen
class StorageReport:
    """One read of the tree, and which rows of it were asked for."""

    hierarchy: Hierarchy
    wanted: RowFilter

    @property
    def selected(self) -> tuple[ListedRow, ...]:
        """The rows that match, in the answer's order."""
        return tuple(one for one in self.hierarchy.listed if self.wanted.matches(one.facts))

    @property
    def is_doubtful(self) -> bool:
        """Whether records were left out or are in doubt."""
        return any(problem.is_doubt for problem in self.hierarchy.problems)

    def document(self) -> bytes:
        """The rows and problems as the API writes them."""
        rows = [row_to_wire(one.row) for one in self.selected]
        problems = [problem_to_wire(problem) for problem in self.hierarchy.problems]
        return encode({"resources": rows, "problems": problems, "total": len(rows)})

    def show(self, console: Console) -> None:
        """Print tree, problems and summary."""
        for root in make_forest(self.hierarchy.listed, self.wanted):
            console.print(_tree(root))
        problems = self.hierarchy.problems
        if problems:
            console.print()
            show_problems(problems, console)
        console.print()
        console.print(summary(self.selected, len(self.hierarchy.listed), problems))


def _tree(root: Node) -> Tree:
    tree = Tree(label(root), guide_style="dim")
    _grow(tree, root)
    return tree


def _grow(tree: Tree, node: Node) -> None:
    for child in node.children:
        _grow(tree.add(label(child)), child)


def summary(selected: Sequence[ListedRow], total: int, problems: Sequence[Problem]) -> str:
    """How many rows of which status, and how many problems of which severity."""
    statuses = Counter(one.row.status for one in selected)
    rows = counted(len(selected), "row")
    if len(selected) != total:
        rows = f"{len(selected)} of {counted(total, 'row')}"
    by_status = ", ".join(f"{statuses[s]} {s.value}" for s in Status if statuses[s])
    return f"{rows}{f' ({by_status})' if by_status else ''}; {problem_counts(problems)}"


def problem_counts(problems: Sequence[Problem]) -> str:
    """How many problems of which severity."""
    severities = Counter(problem.severity for problem in problems)
    by_severity = ", ".join(f"{severities[s]} {s.value}" for s in Severity if severities[s])
    return counted(len(problems), "problem") + (f" ({by_severity})" if by_severity else "")
