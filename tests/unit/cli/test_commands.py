"""Subcommands called in this process: what they print and which code they return."""

import json
import os
from pathlib import Path

import pytest

from cscs_bootstrap.settings import example_yaml
from cscs_bootstrap.wiring import DEMO_CONFIG
from cscs_cli.main import main
from cscs_cli.terminal import forget_output


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith(("CSCS_", "WALDUR_", "HPC_USER_", "STORAGE_", "DISABLE_")):
            monkeypatch.delenv(name)


def test_the_example_is_printed_whole(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "example"]) == 0
    assert capsys.readouterr().out == example_yaml()


@pytest.mark.parametrize("form", [[], ["--json"]], ids=["text", "json"])
@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["--config", str(DEMO_CONFIG)], 0), ([], 2), (["--part", "storage"], 2)],
    ids=["demo", "nothing", "part"],
)
def test_a_check_ends_with_0_or_2_in_both_forms(
    arguments: list[str], code: int, form: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["config", "check", *arguments, *form]) == code

    if form:
        assert set(json.loads(capsys.readouterr().out)) & {"settings", "mistakes"}


@pytest.mark.parametrize("form", [[], ["--tree"], ["--json"]], ids=["text", "tree", "json"])
def test_problems_end_with_3_in_every_form(
    form: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["storage", "show", "--demo", *form]) == 3
    assert "missing_identity" in capsys.readouterr().out


def test_an_upstream_failure_ends_with_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CSCS_ADAPTERS__WALDUR__PATH", str(tmp_path / "missing.json"))

    assert main(["storage", "show", "--demo"]) == 1
    assert "missing.json" in capsys.readouterr().err


def test_strict_is_spoken_of_where_an_identity_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CSCS_STRICT", "true")

    assert main(["storage", "show", "--demo"]) == 3
    assert capsys.readouterr().err.startswith("Notice: strict is on")


def test_output_that_nobody_reads_any_more_goes_nowhere(
    capfd: pytest.CaptureFixture[str],
) -> None:
    kept = os.dup(1)
    try:
        forget_output()
        os.write(1, b"unread")
    finally:
        os.dup2(kept, 1)
        os.close(kept)

    assert capfd.readouterr().out == ""
