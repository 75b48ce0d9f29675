"""`cscs storage export` as operators run it: a process, a folder, and services that fail."""

import fcntl
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import attrs
import pytest

from cscs_domain.storage.documents import StorageDocument
from cscs_files import read_document
from tests.e2e.centre import configuration
from tests.e2e.cli_process import Finished, environment, run
from tests.emulated import Controls, EmulatorProcess, shared_process
from tests.unit.cli.dump_site import DumpSite, dump_site

_COMMAND: Final = (sys.executable, "-W", "error", "-m", "cscs_cli")
_PATIENCE: Final = 60
"""Seconds after which a process is taken for hung."""


@pytest.fixture
def dump(tmp_path: Path) -> DumpSite:
    return dump_site(tmp_path)


# --- over a dump


def test_a_document_can_be_read_by_others_and_the_output_by_programs(dump: DumpSite) -> None:
    done = run(*dump.arguments("--json"))

    found = json.loads(done.out)
    assert (done.code, found["written"]) == (0, True)
    assert Path(found["document"]).stat().st_mode & 0o444 == 0o444
    assert json.loads(Path(found["link"]).read_bytes())["result"]["paginate"]["total"] == 22
    assert done.err == ""  # so that a timer sends no mail


def test_a_second_export_within_a_minute_overwrites_nothing(dump: DumpSite) -> None:
    first, second = (json.loads(run(*dump.arguments("--json")).out) for _ in range(2))

    assert first["document"] != second["document"]
    assert Path(second["link"]).resolve() == Path(second["document"])
    # In the next minute it has the next minute's name.
    same_minute = first["document"][-21:-9] == second["document"][-23:-11]
    assert second["document"].endswith("-all.2.json") is same_minute


def test_somebody_who_exports_at_the_same_time_is_told_or_waits(dump: DumpSite) -> None:
    run(*dump.arguments())
    before = dump.files
    with (dump.out / ".cscs-documents.lock").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        patient = subprocess.Popen(
            [*_COMMAND, *dump.arguments("--wait", "50")],
            env=environment({}),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        at_once = run(*dump.arguments())
        rehearsal = run(*dump.arguments("--dry-run"))
        waited = patient.poll() is None

    assert (at_once.code, at_once.out) == (1, "")
    assert len(at_once.err.splitlines()) == 1
    assert str(dump.out) in at_once.err
    assert "--wait SECONDS" in at_once.err
    assert rehearsal.code == 0
    assert (waited, patient.wait(_PATIENCE)) == (True, 0)
    assert len(dump.files) == len(before) + 1


# What is needed has to be loaded before: another user may not be allowed to read it.
AS_NOBODY: Final = """
import encodings.utf_8_sig, os, sys
import cscs_cli.storage_export
from cscs_cli.main import main

if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize("more", [[], ["--dry-run"]], ids=["export", "dry run"])
def test_a_folder_that_must_not_be_written_to_is_told_at_once(more: list[str]) -> None:
    # Not pytest's own folder, which is closed to everybody else.
    with tempfile.TemporaryDirectory() as closed:
        folder = Path(closed)
        folder.chmod(0o555)
        done = subprocess.run(
            [
                *(sys.executable, "-c", AS_NOBODY),
                *("storage", "export", "--demo", "--output-dir", closed),
                *more,
            ],
            env=environment({}),
            capture_output=True,
            encoding="utf-8",
            timeout=_PATIENCE,
            check=False,
        )
        left = list(folder.iterdir())
        folder.chmod(0o755)

    assert (done.returncode, done.stdout, left) == (2, "", [])
    assert done.stderr.splitlines()[-1].startswith(f"--output-dir: '{closed}' cannot be written")


def test_bars_are_shown_to_a_terminal_while_a_pipe_gets_plain_results(dump: DumpSite) -> None:
    ours, theirs = os.openpty()
    with os.fdopen(theirs, "wb") as terminal:
        process = subprocess.Popen(
            [*_COMMAND, *dump.arguments("--diff")],
            env=environment({"TERM": "xterm"}),
            stdout=subprocess.PIPE,
            stderr=terminal,
        )
    shown = b"".join(_until_closed(ours))
    out, _ = process.communicate(timeout=_PATIENCE)

    assert process.returncode == 0
    assert b"reading resources" in shown
    assert b"\x1b[?25h" in shown  # the cursor is back
    assert b"\x1b" not in out
    assert b'"event"' not in shown


def _until_closed(terminal: int) -> Iterator[bytes]:
    with os.fdopen(terminal, "rb", buffering=0) as file:
        try:
            while piece := file.read(65536):
                yield piece
        except OSError:  # what Linux says when the other side of a terminal is closed
            return


# --- over the emulator


@attrs.frozen
class LiveExport:
    """An emulated centre, a configuration for it, and a folder."""

    emulator: EmulatorProcess
    config: Path
    out: Path

    @property
    def control(self) -> Controls:
        return self.emulator.control

    def arguments(self, *more: str) -> list[str]:
        return ["storage", "export", "--config", str(self.config), *more]

    def run(self, *more: str) -> Finished:
        return run(*self.arguments(*more))

    def json(self, *more: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.run("--json", *more).out)
        return found

    @property
    def files(self) -> list[str]:
        """All but the lock."""
        return sorted(path.name for path in self.out.iterdir() if path.name[0] != ".")

    def read(self, link: str = "latest.json") -> StorageDocument:
        return read_document(self.out / link)


@pytest.fixture
def live(tmp_path: Path) -> Iterator[LiveExport]:
    """A centre of 60 resources, as new."""
    out = tmp_path / "out"
    out.mkdir()
    config = tmp_path / "cscs.yaml"
    with shared_process("--resources", "60") as emulator:
        settings = configuration(emulator.url, {}) | {
            "backend_settings": {"output_directory": str(out)}
        }
        config.write_text(json.dumps(settings), encoding="utf-8")
        yield LiveExport(emulator, config, out)


def test_the_document_has_the_rows_that_the_api_shows(live: LiveExport) -> None:
    shown = json.loads(run("storage", "show", "--config", live.config, "--json").out)
    done = live.run()

    document = json.loads((live.out / "latest.json").read_bytes())
    assert done.code == (3 if shown["problems"] else 0)
    assert document["result"]["storageResources"] == shown["resources"]


def test_an_offering_is_chosen_by_the_uuid_that_waldur_knows_it_by(live: LiveExport) -> None:
    resource = _some_project(live)
    uuid = live.control.resource(resource)["offering_uuid"]

    found = live.json("--offering-uuid", uuid)

    (link,) = [name for name in live.files if name.startswith("latest")]
    assert Path(found["link"]).name == link != "latest.json"
    assert len({row.system.key for row in live.read(link).rows}) == 1
    assert resource in {row.item_id.hex for row in live.read(link).rows}


def test_what_happened_in_waldur_since_the_last_export_is_shown(live: LiveExport) -> None:
    live.run()
    resource = _some_project(live)
    row = live.control.resource(resource)
    live.control.set_gid(row["project_slug"], 34567)

    found = live.json("--dry-run")

    changed_rows = {
        each["key"]["itemId"].replace("-", ""): each for each in found["changes"]["changed"]
    }
    assert changed_rows[resource]["dangerous"] is True
    assert changed_rows[resource]["fields"][0]["field"] == "gid"
    assert changed_rows[resource]["fields"][0]["new"] == 34567


def _some_project(live: LiveExport) -> str:
    """The uuid of a resource whose directory belongs to a project."""
    shown = json.loads(run("storage", "show", "--config", live.config, "--json").out)
    row = next(row for row in shown["resources"] if row["target"]["targetType"] == "project")
    return str(row["itemId"]).replace("-", "")


@pytest.mark.parametrize(
    ("service", "fault"),
    [("waldur", "garbage"), ("waldur", "half_json"), ("hpc_user", "garbage")],
)
def test_a_service_that_fails_leaves_files_and_link_as_they_were(
    live: LiveExport, service: str, fault: str
) -> None:
    live.run()
    before, rows = live.files, live.read()
    live.control.add_fault(service, fault)

    done = live.run("--keep", "1")

    assert (done.code, done.out) == (1, "")
    assert (live.files, live.read()) == (before, rows)
