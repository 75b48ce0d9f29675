"""Exports whose report or log finds no room: the documents are what counts."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import pytest

from cscs_domain.storage.document_names import DocumentName
from tests.e2e.centre import configuration
from tests.e2e.cli_process import Finished, environment
from tests.e2e.export_process import COMMAND, linked, names_in, sentences
from tests.emulated import shared_process
from tests.unit.cli.agent_site import agent_site, offering
from tests.unit.cli.dump_site import dump_site


@pytest.fixture
def full() -> Iterator[TextIO]:
    """A file on a disk without room. Nightly jobs write what we say to files."""
    with Path("/dev/full").open("w", encoding="utf-8") as file:
        yield file


def said(*command: str, out: TextIO | None, err: TextIO | None) -> Finished:
    """Run a command, with standard output and standard error into these files, or to be read."""
    done = subprocess.run(
        [*COMMAND[:-1], *command],
        env=environment({}),
        stdout=out or subprocess.PIPE,
        stderr=err or subprocess.PIPE,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    return Finished(done.returncode, done.stdout or "", done.stderr or "")


@pytest.mark.parametrize("more", [[], ["--json"]], ids=["text", "json"])
def test_a_report_that_finds_no_room_is_told_in_a_sentence(
    tmp_path: Path, full: TextIO, more: list[str]
) -> None:
    dump = dump_site(tmp_path)

    done = said("cscs_cli", *dump.arguments(*more), out=full, err=None)

    (sentence,) = sentences(done.err)
    assert done.code == 1
    assert "No space left on device" in sentence
    assert [dump.linked()] == dump.documents


def test_a_log_that_finds_no_room_keeps_no_document_from_being_written(
    tmp_path: Path, full: TextIO
) -> None:
    config, out = tmp_path / "cscs.yaml", tmp_path / "out"
    out.mkdir()
    with shared_process("--resources", "60") as emulator:
        config.write_text(json.dumps({**configuration(emulator.url, {}), "debug": True}))
        command = ["storage", "export", "--config", str(config), "--output-dir", str(out)]
        logged = said("cscs_cli", *command, "--dry-run", out=None, err=None)
        done = said("cscs_cli", *command, out=None, err=full)

    documents = list(filter(DocumentName.parse, names_in(out)))
    assert "upstream_call" in logged.err
    assert done.code == logged.code
    assert documents == [linked(out)]


def test_a_report_that_finds_no_room_keeps_no_other_offering_from_being_written(
    tmp_path: Path, full: TextIO
) -> None:
    site = agent_site(tmp_path)
    folders = [site.folder(slug) for slug in ("capstor", "vast")]
    site.write(*(offering(folder.out.name, folder.out) for folder in folders))

    said("cscs_cli.sync_script", "--config", str(site.config), out=full, err=None)

    assert [len(folder.documents) for folder in folders] == [1, 1]
