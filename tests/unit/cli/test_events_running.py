"""Ending commands about usage events early, and servers that must not begin."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from cscs_bootstrap.events_service import EventsService
from cscs_bootstrap.settings import load_settings
from cscs_cli.events_commands import COMMANDS, DIRECTORY_COMMANDS
from cscs_cli.events_help import DIRECTORY, EVENTS
from cscs_cli.events_running import with_events
from cscs_cli.main import main
from tests.unit.cli.events_site import events_site

FAKES = {"CSCS_ADAPTERS__EVENTS": "fake", "CSCS_ADAPTERS__DIRECTORY": "fake"}
GROUPS = {"events": EVENTS, "directory": DIRECTORY}
TEXTS = {name: text for name, _, text in (*COMMANDS, *DIRECTORY_COMMANDS)} | GROUPS


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith(("CSCS_", "WALDUR_", "DATABASE_", "COLLECTOR_")):
            monkeypatch.delenv(name)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_sigterm_end_the_work_and_what_it_holds(number: signal.Signals) -> None:
    ended: list[str] = []

    async def work(events: EventsService) -> None:
        try:
            signal.raise_signal(number)
            await events.store.refresh()
            await asyncio.Event().wait()
        finally:
            ended.append("work")

    with pytest.raises(KeyboardInterrupt):
        with_events(load_settings(FAKES).settings, work)
    assert ended == ["work"]


@pytest.mark.parametrize("words", [["serve", "--port", "0"], ["events", "list"]])
def test_nothing_begins_on_a_store_that_is_not_there(
    tmp_path: Path,
    words: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    site = events_site(tmp_path)
    monkeypatch.setenv("DISABLE_AUTH", "true")

    assert main([*words, "--config", str(site.config)]) == 2
    assert "cscs events init" in capfd.readouterr().err
    assert not site.database.exists()


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_the_part_can_be_checked_alone(
    form: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = str(events_site(tmp_path).config)

    assert main(["config", "check", "--part", "events", "--config", config, *form]) == 0
    assert "events.sqlite3" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        *([name] for name, _, _ in COMMANDS),
        *(["directory", name] for name, _, _ in DIRECTORY_COMMANDS),
    ],
    ids=" ".join,
)
def test_every_command_has_help(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["events", *words, "--help"]) == 0

    assert "Exit codes:" in capsys.readouterr().out


@pytest.mark.parametrize("name", TEXTS)
def test_help_fits_a_terminal_and_gives_examples(name: str) -> None:
    lines = TEXTS[name].more.splitlines()

    assert max(map(len, (TEXTS[name].brief, *lines))) <= 78
    assert any(line.startswith("  cscs events ") for line in lines)
