"""The guide for integrators is true: its code runs, its tables are complete."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import attrs
import pytest

from cscs_client import Result
from cscs_client.row_actions import AsyncRowActions
from cscs_domain import Callbacks, OrderState, ResourceState, Status, row_from_wire
from cscs_fakes.emulators.waldur import AGENT_TOKEN
from tests.docs.test_examples import NEEDS_A_SITE as GUIDE
from tests.docs.test_examples import blocks, rows
from tests.e2e.centre import Centre, running_centre

_AT_HOME: Final = "http://127.0.0.1:8090"
_SECONDS: Final = 60

needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    """The centre that the guide has its reader start."""
    with running_centre(tmp_path_factory.mktemp("centre"), "--resources", "60") as made:
        yield made


def environment(centre: Centre) -> dict[str, str]:
    """What the guide has its reader export."""
    return {
        "STORAGE_URL": centre.server.url,
        "STORAGE_TOKEN": centre.control.mint(),
        "WALDUR_URL": centre.emulator.url,
        "WALDUR_TOKEN": AGENT_TOKEN,
    }


def test_its_examples_run_from_the_top_to_the_end(
    centre: Centre,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    centre.control.reset()
    monkeypatch.chdir(tmp_path)
    for name, value in environment(centre).items():
        monkeypatch.setenv(name, value)
    scope: dict[str, Any] = {"__name__": "example"}
    for number, text in enumerate(blocks(GUIDE, "python"), 1):
        exec(compile(text, f"{GUIDE.name}, block {number}", "exec"), scope)
    said = capsys.readouterr().out

    assert {step.result for step in scope["steps"]} >= {Result.DONE}
    assert scope["unhappy"] == []
    for line in ("active /capstor/", "get a new token: ", "no such system: ", "1 of 1"):
        assert line in said
    assert "planned" in said
    assert re.search(r"^rehearsed: Update \S+ done", said, re.MULTILINE), said
    assert '"action":"set_state_done"' in said


def shell(text: str, variables: Mapping[str, str]) -> str:
    """What lines of the guide print in a shell."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text],
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", **variables},
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@needs_curl
def test_its_requests_are_answered(centre: Centre) -> None:
    centre.control.reset()
    with centre.client() as client:
        answer = client.read(fresh=True)
    urls = [row.callbacks.approve_by_provider_url for row in answer.directories]
    variables = environment(centre) | {
        "SNAPSHOT": answer.snapshot,
        "APPROVE_BY_PROVIDER_URL": next(url for url in urls if url),
    }
    asked = [text for text in blocks(GUIDE, "sh") if text.startswith("curl ")]

    assert len(asked) == 4
    for text in asked:
        said = shell(text, variables)
        if "/api/storage-resources/" in text:
            assert json.loads(said)["status"] == "success"


@needs_curl
def test_its_exports_make_a_reader_known(centre: Centre) -> None:
    (text,) = [text for text in blocks(GUIDE, "sh") if text.startswith("export ")]
    show = 'printf "%s\\n" "$STORAGE_URL" "$WALDUR_URL" "$STORAGE_TOKEN" "$WALDUR_TOKEN"'
    said = shell(text.replace(_AT_HOME, centre.emulator.url) + show, {}).splitlines()

    assert said[:2] == ["http://127.0.0.1:8080", centre.emulator.url]
    assert said[3] == AGENT_TOKEN
    with centre.client(token=said[2]) as client:
        assert client.read().rows


def test_its_commands_are_understood() -> None:
    """They run until somebody ends them, so only their options are tried."""
    lines = [line for text in blocks(GUIDE, "sh") for line in text.splitlines()]
    commands = [shlex.split(line)[1:] for line in lines if line.startswith("cscs ")]

    assert [command[0] for command in commands] == ["emulate", "serve"]
    for command in commands:
        described = subprocess.run(
            [sys.executable, "-m", "cscs_cli", command[0], "--help"],
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=True,
        ).stdout
        assert all(word in described for word in command if word.startswith("--"))


def test_the_answer_that_it_shows_is_one() -> None:
    (example,) = (text for text in blocks(GUIDE, "json") if text.startswith('{"version"'))
    shown = json.loads(example, parse_float=Decimal)

    assert [str(row_from_wire(each).mount_point) for each in shown["resources"]] == [
        "/capstor/store/cscs/landwasser/schneehydro"
    ]


def first_column(heading: str) -> set[str]:
    """The words in code of the first columns under a heading."""
    cells = [row[0] for row in rows(GUIDE, heading)]
    return {word for cell in cells for word in re.findall(r"`(\w[\w-]*)[`(]", cell)}


def test_its_tables_are_complete() -> None:
    actions = {name for name in vars(AsyncRowActions) if not name.startswith("_")}
    states = first_column("The life of an order")

    assert first_column("Statuses") == set(Status)
    assert first_column("Reporting back") == {field.name for field in attrs.fields(Callbacks)}
    assert first_column("One row by hand") == actions - {"row", "offered"}
    assert states == {*OrderState, *ResourceState} - {"unknown"}
