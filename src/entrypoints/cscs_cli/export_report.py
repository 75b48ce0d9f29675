"""What an export prints at its end: problems, changes, and which files there are now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

import attrs
from rich.console import Console

from cscs_bootstrap.destination import Destination
from cscs_bootstrap.json_text import encode
from cscs_cli.changes_table import changes_summary, show_changes
from cscs_cli.exit_codes import ExitCode
from cscs_cli.plurals import counted
from cscs_cli.problem_table import show_problems
from cscs_cli.storage_report import problem_counts, summary
from cscs_cli.terminal import visible
from cscs_domain.problems import Problem, ProblemCode
from cscs_domain.storage.changes import Changes
from cscs_domain.storage.changes_wire import changes_to_wire
from cscs_domain.storage.export_documents import (
    Comparison,
    ExportReport,
    ExportRequest,
    Strictness,
)
from cscs_domain.storage.states import Status
from cscs_domain.storage.wire import problem_to_wire

MOST_LINES: Final = 50
"""Of problems, and of changes, unless everything is to be shown."""

_FEW: Final = 5
_NOT_COMPARED: Final = Comparison(against=None, changes=None)
_WHY_STRICT: Final = {
    Strictness.IDENTITIES: "strict is on in the settings and Unix ids are missing",
    Strictness.ANY: "--strict takes no problems",
}


@attrs.frozen(kw_only=True)
class ExportOutput:
    """What came of an export, to be shown. `verbose` shows everything, however long it is."""

    report: ExportReport
    request: ExportRequest
    goal: Destination
    verbose: bool = False

    @property
    def exit_code(self) -> ExitCode:
        """What the shell is told; rows that have vanished are a failure of who should have them."""
        if any(map(_is_about_emptiness, self.report.objections)):
            return ExitCode.UPSTREAM_FAILED
        return ExitCode.DONE_WITH_PROBLEMS if self.report.is_doubtful else ExitCode.DONE

    def document(self) -> bytes:
        """One JSON object for programs. Whatever `verbose` says, it is whole."""
        report, name = self.report, self.report.name
        listed, problems = report.hierarchy.listed, report.hierarchy.problems
        statuses = Counter(one.row.status for one in listed)
        compared = report.comparison or _NOT_COMPARED
        link, made = self.request.series.link, compared.changes
        return encode(
            {
                "written": name is not None,
                "dry_run": self.request.rehearse,
                "date": report.moment.isoformat(),
                "document": self._place(name.text) if name else None,
                "link": self._place(link) if name else None,
                "problems_file": (
                    self._place(name.problems_text) if name and self._has_problems_file else None
                ),
                "pruned": [self._place(gone.text) for gone in report.pruned],
                "rows": len(listed),
                "statuses": {s.value: statuses[s] for s in Status if statuses[s]},
                "problems": list(map(problem_to_wire, problems)),
                "objections": list(map(problem_to_wire, report.objections)),
                "against": compared.against,
                "unreadable": compared.unreadable or None,
                "changes": None if made is None else changes_to_wire(made),
                "trouble": report.trouble or None,
            }
        )

    def notices(self) -> Iterator[str]:
        """Sentences about what did not go as it should, for standard error."""
        compared, trouble = self.report.comparison, self.report.trouble
        if compared is not None and compared.changes is None:
            text = f"{compared.against}: {compared.unreadable}"
            yield f"Notice: no changes are shown: {visible(text)}."
        if trouble:
            yield (
                "Notice: the document is there and linked, but not all older ones could be "
                f"deleted: {visible(trouble)}."
            )

    def show(self, console: Console) -> None:
        """Print problems, changes, files and a summary."""
        problems = self._problems
        if problems:
            show_problems(problems, console, most=self._most)
            console.print()
        compared = self.report.comparison
        if compared is not None and compared.changes is not None:
            self._show_changes(compared.against, compared.changes, console)
            console.print()
        for line in self._outcome():
            console.print(visible(line), soft_wrap=True)
        listed = self.report.hierarchy.listed
        console.print(summary(listed, len(listed), self.report.hierarchy.problems), soft_wrap=True)

    @property
    def _most(self) -> int | None:
        return None if self.verbose else MOST_LINES

    @property
    def _problems(self) -> tuple[Problem, ...]:
        """Those that kept the document from being written, if they tell why; else all."""
        everything, objections = self.report.hierarchy.problems, self.report.objections
        if emptied := tuple(filter(_is_about_emptiness, objections)):
            return (*emptied, *everything)  # of which one may say where the rows are
        return everything if self.verbose else objections or everything

    def _show_changes(self, against: str | None, made: Changes, console: Console) -> None:
        if against is not None or self.verbose:
            show_changes(made, console, most=self._most)
        text = "No earlier document to compare with: all rows are new."
        if against is not None:
            text = f"Against {against}: {changes_summary(made)}."
        console.print(visible(text), soft_wrap=True)

    def _outcome(self) -> Iterator[str]:
        """What was written, or why nothing was."""
        report, rehearsed = self.report, self.request.rehearse
        told = "Nothing would be written" if rehearsed else "Nothing was written"
        for why in self._reasons():
            yield f"{told}: {why}."
        if rehearsed:
            where = "" if self.goal.folder is None else f" to {self.goal.folder}"
            yield f"Dry run: nothing was written{where}."
        if report.name is None:
            return
        yield f"Document: {self._place(report.name.text)}"
        if self._has_problems_file:
            yield f"Problems: {self._place(report.name.problems_text)}"
        yield f"Link:     {self._place(self.request.series.link)}"
        if report.pruned:
            yield f"Pruned:   {self._pruned}"

    def _reasons(self) -> Iterator[str]:
        """Why nothing was written, if there are objections."""
        objections = self.report.objections
        yield from (problem.message for problem in objections if _is_about_emptiness(problem))
        if strict := [problem for problem in objections if not _is_about_emptiness(problem)]:
            yield f"{_WHY_STRICT[self.request.strictness]} ({problem_counts(strict)})"

    @property
    def _pruned(self) -> str:
        """The documents that are gone, by name if they are few or wanted."""
        names = [name.text for name in self.report.pruned]
        few = self.verbose or len(names) <= _FEW
        return ", ".join(names) if few else counted(len(names), "older document")

    @property
    def _has_problems_file(self) -> bool:
        return self.report.name is not None and bool(self.report.hierarchy.problems)

    def _place(self, name: str) -> str:
        return self.goal.path_of(name)


def _is_about_emptiness(problem: Problem) -> bool:
    return problem.code is ProblemCode.VANISHED_SYSTEM
