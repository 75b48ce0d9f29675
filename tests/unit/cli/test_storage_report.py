"""The whole report: tree, problems, summary; and when it is called doubtful."""

import io
import json
from decimal import Decimal
from typing import Final

import pytest
from rich.console import Console

from cscs_cli.storage_report import StorageReport
from cscs_cli.terminal import console
from cscs_domain.problems import Problem, ProblemCode, Severity
from cscs_domain.storage.filters import EVERYTHING, RowFilter
from cscs_domain.storage.hierarchy import Hierarchy
from cscs_domain.storage.quotas import QuotaPolicy
from cscs_domain.storage.states import Status
from tests.unit.cli.rows import listed, project, small_site

LONG: Final = "a very long sentence, " * 30 + "with an end"


def problem(severity: Severity, message: str = "something is odd") -> Problem:
    return Problem(ProblemCode.SHARED_PATH, severity, message, "Look at it.", resource="r-1")


def report(*problems: Problem, wanted: RowFilter = EVERYTHING) -> StorageReport:
    return StorageReport(Hierarchy(tuple(small_site()), problems), wanted)


def printed(shown: StorageReport) -> str:
    out = io.StringIO()
    shown.show(console(out))
    return out.getvalue()


def on_terminal(shown: StorageReport, width: int) -> str:
    out = io.StringIO()
    shown.show(Console(file=out, force_terminal=True, width=width, markup=False, highlight=False))
    return out.getvalue()


def test_without_problems_there_is_a_tree_and_a_summary() -> None:
    assert printed(report()).splitlines() == [
        "tenant cscs (CSCS)  /capstor/archive/cscs  active  mode 2770  capstor, archive",
        "└── customer uni (University)  /capstor/archive/cscs/uni  active  mode 2770",
        (
            "    └── project old-results  /capstor/archive/cscs/uni/old-results  active  "
            "10 TB, 13.3/20 M inodes  gid 30500  mode 2770"
        ),
        "tenant cscs (CSCS)  /capstor/store/cscs  active  mode 2770  capstor, store",
        "└── customer uni (University)  /capstor/store/cscs/uni  active  mode 2770",
        (
            "    ├── project results  /capstor/store/cscs/uni/results  active  "
            "10 TB, 13.3/20 M inodes  gid 30500  mode 2770"
        ),
        (
            "    └── project drafts  /capstor/store/cscs/uni/drafts  pending  "
            "10 TB, 13.3/20 M inodes  gid 30500  mode 2770"
        ),
        "",
        "7 rows (1 pending, 6 active); 0 problems",
    ]


def test_a_filtered_report_says_how_many_rows_there_are_besides() -> None:
    lines = printed(report(wanted=RowFilter(status=Status.PENDING))).splitlines()

    assert lines[0] == "tenant cscs (CSCS)  /capstor/store/cscs  (not selected)"
    assert lines[-1] == "1 of 7 rows (1 pending); 0 problems"


def test_problems_fill_one_line_each_in_a_file() -> None:
    text = printed(report(problem(Severity.ERROR, LONG), problem(Severity.WARNING)))

    assert text.splitlines()[-5:] == [
        "severity  code         resource  message  hint",
        f"error     shared_path  r-1       {LONG}  Look at it.",
        "warning   shared_path  r-1       something is odd  Look at it.",
        "",
        "7 rows (1 pending, 6 active); 2 problems (1 error, 1 warning)",
    ]


def test_a_file_gets_neither_colours_nor_blanks_at_line_ends() -> None:
    text = printed(report(problem(Severity.ERROR)))

    assert "\x1b" not in text
    assert [line for line in text.splitlines() if line != line.rstrip()] == []


@pytest.mark.parametrize("width", [40, 80, 200])
def test_a_terminal_folds_long_problems_and_cuts_none(width: int) -> None:
    text = on_terminal(report(problem(Severity.ERROR, "x" * 500)), width)

    assert text.count("x") >= 500
    assert "…" not in text


def test_messages_reach_no_terminal_as_controls() -> None:
    text = printed(report(problem(Severity.ERROR, "evil\x1b[2J\n[bold]")))

    assert r"evil\x1b[2J\n[bold]" in text


@pytest.mark.parametrize(
    ("severities", "expected"),
    [
        ([], False),
        ([Severity.INFO], False),
        ([Severity.INFO, Severity.WARNING], True),
        ([Severity.ERROR], True),
    ],
)
def test_information_alone_makes_no_report_doubtful(
    severities: list[Severity], expected: bool
) -> None:
    assert report(*map(problem, severities)).is_doubtful is expected


def test_the_document_has_selected_rows_all_problems_and_their_number() -> None:
    found = json.loads(
        report(problem(Severity.INFO), wanted=RowFilter(status=Status.PENDING)).document()
    )

    assert list(found) == ["resources", "problems", "total"]
    assert [row["mountPoint"]["default"] for row in found["resources"]] == [
        "/capstor/store/cscs/uni/drafts"
    ]
    assert found["total"] == 1
    assert found["problems"][0]["message"] == "something is odd"


def test_the_document_keeps_decimals_exact() -> None:
    quotas = QuotaPolicy().quotas(Decimal("8.2"))
    row = listed(project(), "/capstor/store/cscs/uni/p1", quotas=quotas)

    document = StorageReport(Hierarchy((row,)), EVERYTHING).document()

    assert b'"quota":8.2,' in document
