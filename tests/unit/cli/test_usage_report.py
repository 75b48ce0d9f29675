"""`cscs usage report` over saved answers and an invented Waldur, in this process."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any, Final, TypeAlias

import pytest

from cscs_cli.main import main
from tests.unit.cli.usage_site import UsageSite, row, usage_site

Said: TypeAlias = pytest.CaptureFixture[str]

MONTH: Final = ("--month", "2025-11")
NOVEMBER: Final = (
    row("g001", "10.005", ada="6", bob="4.005"),
    row("g002", "7", ada="5"),
    row("g003", "not a number"),
)


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in os.environ:
        if name.startswith(("CSCS_", "WALDUR_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def site(tmp_path: Path) -> UsageSite:
    """A site whose warehouse knows November 2025."""
    made = usage_site(tmp_path)
    made.put("compute-2025-11", NOVEMBER)
    return made


def report(site: UsageSite, *options: str) -> int:
    return main(["usage", "report", "--config", str(site.config), *options])


def wire(site: UsageSite, capsys: Said, *options: str) -> Any:
    """What `--json` prints, without minding the exit code."""
    report(site, "--json", *options)
    return json.loads(capsys.readouterr().out)


def test_a_month_is_reported_and_told(site: UsageSite, capsys: Said) -> None:
    assert report(site, *MONTH, "--account", "g001", "--account", "g002") == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines[:4] == [
        "daint, 2025-11",
        "account  component  Waldur now  warehouse  change  unattributed  what",
        "g001     nodeHours           -      10.01  +10.01             -  create; users: 2 create",
        "g002     nodeHours           -       7.00   +7.00          2.00  create; users: 1 create",
    ]
    assert lines[-2].startswith("2025-11: 2 accounts: 2 submitted; ")
    assert lines[-1] == ("Into memory: adapters.waldur is fake; nothing of daint reaches a Waldur.")


def test_a_figure_that_is_held_back_ends_with_3_and_the_others_are_submitted(
    site: UsageSite, capsys: Said
) -> None:
    options = [word for name in ("g001", "g003") for word in ("--account", name)]

    assert report(site, *MONTH, *options) == 3

    said = capsys.readouterr().out
    assert "bad_amount" in said
    assert "2025-11: 2 accounts: 1 submitted, 1 held back; " in said


def test_a_dry_run_says_what_would_be_and_that_nothing_was(site: UsageSite, capsys: Said) -> None:
    assert report(site, *MONTH, "--account", "g001", "--dry-run") == 0

    *_, summary, _, end = capsys.readouterr().out.splitlines()
    assert summary.startswith("2025-11: 1 account: 1 to submit; ")
    assert end == "Dry run: nothing was submitted."


def test_json_has_one_object_with_all_months(site: UsageSite, capsys: Said) -> None:
    site.put("compute-2025-12", [row("g001", "1", ada="1")])
    span = ("--from", "2025-11", "--to", "2025-12")

    found = wire(site, capsys, *span, "--account", "g001", "--dry-run")

    assert (found["dry_run"], found["into_memory"]) == (True, ["daint"])
    assert (found["failures"], found["unknown_accounts"]) == ([], [])
    assert [month["month"] for month in found["months"]] == ["2025-11", "2025-12"]
    (account,) = found["months"][0]["accounts"]
    assert account["outcome"] == "submitted"
    assert [
        (figure["user"], figure["recorded"], figure["warehouse"], figure["action"])
        for figure in account["figures"]
    ] == [
        (None, None, 10.01, "create"),
        ("ada", None, 6, "create"),
        ("bob", None, 4.01, "create"),
    ]


def test_totals_only_leaves_users_out(site: UsageSite, capsys: Said) -> None:
    found = wire(site, capsys, *MONTH, "--account", "g001", "--totals-only")

    (account,) = found["months"][0]["accounts"]
    assert [figure["user"] for figure in account["figures"]] == [None]


def test_a_month_that_fails_does_not_keep_the_next_one_from_being_reported(
    site: UsageSite, capsys: Said
) -> None:
    site.put("compute-2026-01", [row("g001", "1")])

    code = report(site, "--from", "2025-11", "--to", "2026-01", "--account", "g001")

    said = capsys.readouterr()
    assert code == 1
    assert said.err.startswith("daint, 2025-12: DWDI ")
    assert "compute-2025-12.json" in said.err
    assert "\n2025-12: failed\n" in said.out
    assert "\n2025-11: 1 account: 1 submitted; " in said.out
    assert "\n2026-01: 1 account: 1 submitted; " in said.out


def test_a_failure_is_in_the_json_as_well(site: UsageSite, capsys: Said) -> None:
    found = wire(site, capsys, "--month", "2025-12")

    (month,) = found["months"]
    assert month["accounts"] == []
    assert "compute-2025-12.json" in month["failure"]


def test_an_account_that_no_resource_has_is_a_problem(site: UsageSite, capsys: Said) -> None:
    assert report(site, *MONTH, "--account", "g001", "--account", "g00l") == 3

    said = capsys.readouterr().out
    assert "unknown_account" in said
    assert "'g00l'" in said
    assert "2025-11: 1 account: 1 submitted; 1 error" in said


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--month", "2025-13"], "--month '2025-13': month 13 is not from 1 to 12."),
        (["--month", "9000-01"], "9000-01 has not begun"),
        (["--from", "2025-12", "--to", "2025-11"], "end before they begin; swap them."),
        (["--from", "2020-11", "--to", "2025-11"], "are 61 months"),
        (["--month", "2025-11", "--from", "2025-10"], "exclude each other"),
        (["--from", "2025-11-01", "--to", "2025-11-03"], "is a day where a month is needed"),
        (["--to", "2025-11"], "needs --from"),
        (["--account", ""], "--account '' is no name of an account"),
        (["--offering", "eiger"], "--offering 'eiger' is not configured; there are: daint."),
        (["--demo"], "--demo brings its own configuration"),
    ],
    ids=str,
)
def test_a_mistake_is_a_sentence_on_standard_error(
    site: UsageSite, capsys: Said, options: list[str], complaint: str
) -> None:
    assert report(site, *options) == 2

    said = capsys.readouterr()
    assert said.out == ""
    assert complaint in said.err


def test_a_configuration_without_usage_is_told_with_every_mistake(
    tmp_path: Path, capsys: Said
) -> None:
    config = tmp_path / "cscs.yaml"
    config.write_text("debug: false\n", encoding="utf-8")

    assert main(["usage", "report", "--config", str(config)]) == 2

    said = capsys.readouterr().err
    assert all(key in said for key in ("usage.offerings", "usage.components", "cscs_dwdi_api_url"))


def test_somebody_without_any_configuration_is_told_how_to_begin(capsys: Said) -> None:
    assert main(["usage", "report"]) == 2
    assert "Nothing is configured yet" in capsys.readouterr().err


@pytest.mark.parametrize("form", [[], ["--json"], ["--dry-run", "--verbose"]], ids=str)
def test_the_demo_needs_nothing(capsys: Said, form: list[str]) -> None:
    assert main(["usage", "report", "--demo", *form]) == 0
    assert "g001" in capsys.readouterr().out


def test_the_demo_invents_everything_and_does_not_warn_of_it(capsys: Said) -> None:
    main(["usage", "report", "--demo"])

    assert "Into memory" not in capsys.readouterr().out


def test_a_full_disk_does_not_end_the_run_but_decides_how_it_ends(
    site: UsageSite, capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.put("compute-2025-12", [row("g001", "1")])
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        monkeypatch.setattr(sys, "stdout", full)
        code = report(site, "--from", "2025-11", "--to", "2026-01", "--account", "g001")

    told = capsys.readouterr().err.splitlines()
    assert code == 1
    assert "No space left on device" in told[0]
    assert told[1].startswith("daint, 2026-01: DWDI ")  # it went on
    assert len(told) == 2


def test_sigterm_is_as_before_after_a_run(site: UsageSite) -> None:
    before = signal.getsignal(signal.SIGTERM)

    report(site, *MONTH)

    assert signal.getsignal(signal.SIGTERM) is before
