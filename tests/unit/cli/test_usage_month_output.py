"""What is printed about one month: figures in lines, problems, a summary, and JSON."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from cscs_bootstrap.json_text import encode
from cscs_cli.terminal import console
from cscs_cli.usage_month_output import MonthOutput
from cscs_domain.problems import Problem, ProblemCode, Severity
from cscs_domain.usage.plan import PlanAction
from cscs_domain.usage.usage_reporting import MonthReport, ResourceOutcome, ResourceResult
from tests.unit.cli.usage_values import (
    HELD,
    NOVEMBER,
    ONE_OF_EACH,
    RAISED,
    figure,
    month_of,
    plan_of,
    submitted,
    uuid_of,
)


def shown(report: MonthReport, *, rehearsed: bool = False, verbose: bool = False) -> str:
    """What a pipe gets."""
    out = io.StringIO()
    MonthOutput(report=report, rehearsed=rehearsed, verbose=verbose).show(console(out))
    return out.getvalue()


def test_a_month_is_shown_with_its_changes_its_problems_and_a_summary() -> None:
    text = shown(month_of(*ONE_OF_EACH, problems=(HELD,)))

    assert text == (
        "daint, 2026-11\n"
        "account  component  Waldur now  warehouse  change  unattributed  what\n"
        "g118     nodeHours      640.25     656.13  +15.88          0.75  raise; users: 1 raise\n"
        "g207     nodeHours     1300.00    1292.97   -7.03             -  held back\n"
        "\n"
        "severity  code             resource  message  hint\n"
        "warning   usage_held_back  g207      nodeHours is held back  Look.\n"
        "\n"
        "2026-11: 3 accounts: 1 submitted, 1 unchanged, 1 held back; 1 warning\n"
    )


def test_verbose_shows_users_and_what_stays_as_it_is() -> None:
    lines = shown(month_of(*ONE_OF_EACH), verbose=True).splitlines()

    assert lines[1:7] == [
        "account  component  user     Waldur now  warehouse  change  unattributed  what",
        "g118     nodeHours  (total)      640.25     656.13  +15.88          0.75  raise",
        "g118     nodeHours  bkeller      600.00     655.38  +55.38                raise",
        "g118     nodeHours  anovak         1.00       1.00    0.00                unchanged",
        "g207     nodeHours  (total)     1300.00    1292.97   -7.03             -  held back",
        "lp05     nodeHours  (total)        2.68       2.68    0.00             -  unchanged",
    ]


def test_a_total_that_stays_is_shown_if_its_users_change() -> None:
    plan = plan_of(
        "g1",
        figure(PlanAction.UNCHANGED, "5", "5"),
        figure(PlanAction.CREATE, None, "3", user="ada"),
        figure(PlanAction.HELD_BACK, "9", "2", user="bob"),
    )

    assert "unchanged; users: 1 create, 1 held back" in shown(month_of(submitted(plan)))


def test_figures_that_one_side_lacks_are_dashes() -> None:
    plan = plan_of(
        "g1",
        figure(PlanAction.CREATE, None, "3"),
        figure(PlanAction.HELD_BACK, "4", None, component="gpu"),
    )

    first, second = shown(month_of(submitted(plan))).splitlines()[2:4]
    assert first.split() == ["g1", "nodeHours", "-", "3.00", "+3.00", "-", "create"]
    assert second.split() == ["g1", "gpu", "4.00", "-", "-4.00", "-", "held", "back"]


@pytest.mark.parametrize(
    ("outcome", "word"),
    [
        (ResourceOutcome.FAILED, "raise (failed)"),
        (ResourceOutcome.NOT_TRIED, "raise (not tried)"),
        (ResourceOutcome.CLOSED, "raise (closed)"),
        (ResourceOutcome.PARTLY, "raise (partly submitted)"),
        (ResourceOutcome.SUBMITTED, "raise;"),
    ],
)
def test_what_did_not_go_as_planned_says_so_in_its_line(
    outcome: ResourceOutcome, word: str
) -> None:
    assert word in shown(month_of(ResourceResult(plan=RAISED, outcome=outcome)))


def test_a_rehearsal_tells_what_would_be_submitted() -> None:
    text = shown(month_of(*ONE_OF_EACH, rehearsed=True), rehearsed=True)

    assert text.endswith(
        "2026-11: 3 accounts: 1 to submit, 1 unchanged, 1 held back; no problems\n"
    )


def test_a_month_that_could_not_be_planned_is_one_line() -> None:
    report = MonthReport(job="daint", month=NOVEMBER, plan=None, failure="DWDI: is away")

    assert shown(report) == "daint, 2026-11\n2026-11: failed\n"


def test_a_month_that_failed_has_its_problems_counted_if_there_are_any() -> None:
    report = month_of(problems=(HELD,), failure="DWDI: is away")

    assert shown(report).endswith("2026-11: failed; no accounts; 1 warning\n")


def test_a_month_without_accounts_says_so() -> None:
    assert shown(month_of()) == "daint, 2026-11\n2026-11: no accounts; no problems\n"


def test_problems_are_counted_by_severity() -> None:
    note = Problem(ProblemCode.UNLINKED_USER, Severity.INFO, "x")
    error = Problem(ProblemCode.BAD_AMOUNT, Severity.ERROR, "x")

    text = shown(month_of(problems=(note, HELD, note, error)))

    assert text.endswith("2026-11: no accounts; 1 error, 1 warning, 2 notes\n")
    assert text.index("bad_amount") < text.index("usage_held_back") < text.index("unlinked_user")


def test_names_cannot_steer_a_terminal() -> None:
    plan = plan_of(
        "g\x1b[31m", figure(PlanAction.CREATE, None, "1", user="a\nb", component="c\x07")
    )
    total = figure(PlanAction.CREATE, None, "1", component="c\x07")
    plan = plan_of("g\x1b[31m", total, *plan.figures)

    text = shown(month_of(submitted(plan)), verbose=True)

    assert "\x1b" not in text
    assert r"g\x1b[31m" in text
    assert r"a\nb" in text
    assert r"c\x07" in text


def on_terminal(width: int) -> list[str]:
    """What a terminal of so many columns shows."""
    out = io.StringIO()
    terminal = Console(file=out, force_terminal=True, width=width, color_system=None, markup=False)
    MonthOutput(report=month_of(*ONE_OF_EACH)).show(terminal)
    return out.getvalue().splitlines()


def test_a_terminal_gets_amounts_on_the_right() -> None:
    lines = on_terminal(120)

    assert "\N{BOX DRAWINGS LIGHT HORIZONTAL}" in lines[2]
    (head,) = [line for line in lines if "Waldur now" in line]
    (row,) = [line for line in lines if "1300.00" in line]
    assert head.index("Waldur now") + len("Waldur now") == row.index("1300.00") + len("1300.00")


def test_a_terminal_that_is_too_narrow_gets_lines_as_a_pipe_does() -> None:
    """Rather than columns of three letters."""
    assert on_terminal(40)[1:4] == shown(month_of(*ONE_OF_EACH)).splitlines()[1:4]


@pytest.mark.parametrize("width", [80, 100, 200])
def test_names_and_amounts_are_never_folded(width: int) -> None:
    text = "\n".join(on_terminal(width))

    assert all(word in text for word in ("unattributed", "Waldur now", "1300.00", "nodeHours"))


# --- the exit code


@pytest.mark.parametrize(
    ("report", "code"),
    [
        (month_of(*ONE_OF_EACH), 0),
        (month_of(problems=(Problem(ProblemCode.UNLINKED_USER, Severity.INFO, "x"),)), 0),
        (month_of(problems=(HELD,)), 3),
        (month_of(ResourceResult(plan=RAISED, outcome=ResourceOutcome.CLOSED)), 0),
        (month_of(ResourceResult(plan=RAISED, outcome=ResourceOutcome.FAILED)), 1),
        (month_of(problems=(HELD,), failure="Waldur: is away"), 1),
    ],
    ids=["well", "a note", "a doubt", "closed by habit", "failed", "failure"],
)
def test_the_exit_code_follows_from_failures_and_problems(report: MonthReport, code: int) -> None:
    assert MonthOutput(report=report).exit_code == code


# --- JSON


def test_json_has_every_figure_as_a_number() -> None:
    report = month_of(*ONE_OF_EACH, problems=(HELD,))

    wire = json.loads(encode(MonthOutput(report=report).to_wire()))

    first, second, third = wire["accounts"]
    assert first == {
        "account": "g118",
        "resource": str(uuid_of("g118")),
        "outcome": "submitted",
        "reason": None,
        "figures": [
            {
                "component": "nodeHours",
                "user": None,
                "recorded": 640.25,
                "warehouse": 656.13,
                "change": 15.88,
                "action": "raise",
                "why": "doubt",
                "reason": "because of raise",
            },
            {
                "component": "nodeHours",
                "user": "bkeller",
                "recorded": 600,
                "warehouse": 655.38,
                "change": 55.38,
                "action": "raise",
                "why": "doubt",
                "reason": "because of raise",
            },
            {
                "component": "nodeHours",
                "user": "anovak",
                "recorded": 1,
                "warehouse": 1,
                "change": 0,
                "action": "unchanged",
                "why": "doubt",
                "reason": "because of unchanged",
            },
        ],
        "unattributed": {"nodeHours": 0.75},
    }
    assert (second["outcome"], second["reason"]) == ("held_back", "is lower")
    assert second["figures"][0]["action"] == "held_back"
    assert third["outcome"] == "unchanged"
    assert (wire["offering"], wire["month"]) == ("daint", "2026-11")
    assert (wire["failure"], "refusal" in wire) == (None, False)
    assert wire["counts"] == {
        "submitted": 1,
        "unchanged": 1,
        "held_back": 1,
        "partly_submitted": 0,
        "closed": 0,
        "refused": 0,
        "failed": 0,
        "not_tried": 0,
    }
    assert [problem["code"] for problem in wire["problems"]] == ["usage_held_back"]


def test_json_of_a_rehearsal_has_the_outcomes_that_would_be() -> None:
    report = month_of(*ONE_OF_EACH, rehearsed=True)

    wire = json.loads(encode(MonthOutput(report=report, rehearsed=True).to_wire()))

    outcomes = [account["outcome"] for account in wire["accounts"]]
    assert outcomes == ["submitted", "held_back", "unchanged"]
