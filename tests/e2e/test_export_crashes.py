"""What is in the output folder when exports are killed, starved, stopped, or meet each other.

`CSCS_CRASH_KILLS=300` kills so many exports instead of a few, and prints how far they had come
(with `pytest -s`); `CSCS_CRASH_SEED=…` repeats the moments of an earlier run.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from random import Random
from secrets import randbits
from typing import Final

import attrs
import pytest

from cscs_domain.storage.document_names import DocumentName
from cscs_domain.storage.rows import StorageRow
from cscs_files import read_document
from tests.e2e.export_process import (
    LINK,
    LOCK,
    ExportProcess,
    Phase,
    export,
    exporting,
    large_site,
    linked,
    names_in,
    sentences,
    timed_export,
)

KILLS: Final = int(os.environ.get("CSCS_CRASH_KILLS", "20"))
SEED: Final = int(os.environ.get("CSCS_CRASH_SEED") or randbits(32))
RESOURCES: Final = 5000
KEEP: Final = 3
DONE: Final = 3
"""The dump has problems."""
INTERRUPTED: Final = 130
IN_TURN: Final = (
    Phase.WRITING,
    Phase.READING,
    Phase.LISTED,
    Phase.WRITTEN,
    Phase.WRITING,
    Phase.STARTING,
    Phase.LISTED,
    Phase.LINKED,
    Phase.WRITING,
    Phase.WRITTEN,
)
"""Each phase gets its share of what happens, however short it is."""


@attrs.define
class Site:
    """A dump of 5 000 resources, and what an export that nobody disturbs makes of it."""

    config: Path
    rows: tuple[StorageRow, ...]
    problems: int
    sizes: Mapping[str, int]
    """Of the document and of the list of problems, in bytes."""
    durations: Mapping[Phase, float]

    def moment(self, number: int, random: Random) -> tuple[Phase, float]:
        """When to strike for the n-th time: so many seconds after a phase has begun."""
        phase = IN_TURN[number % len(IN_TURN)]
        return phase, random.random() * self.durations[phase]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = tmp_path_factory.mktemp("site")
    config = large_site(folder, RESOURCES)
    out = folder / "out"
    durations = timed_export(config, out)
    (name,) = (name for name in names_in(out) if DocumentName.parse(name))
    listed = name.replace(".json", ".problems.json")
    rows = read_document(out / name).rows
    problems = json.loads((out / listed).read_bytes())["problems"]
    sizes = {"document": (out / name).stat().st_size, "problems": (out / listed).stat().st_size}

    assert len(rows) > RESOURCES
    assert len(problems) > 10
    return Site(config, rows, len(problems), sizes, durations)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    return folder


@attrs.define
class Inspector:
    """Looks into a folder again and again. What it has found whole must stay as it is."""

    site: Site
    out: Path
    latest: DocumentName | None = None
    _whole: dict[str, tuple[int, int, int]] = attrs.field(factory=dict, init=False)

    def look(self) -> None:
        """See that everything that is there is whole, and that the link has not gone back."""
        visible = {name for name in names_in(self.out) if not name.startswith(".")}
        documents = {name for name in visible if DocumentName.parse(name)}
        lists = {name for name in visible if name.endswith(".problems.json")}
        for name in documents | lists:
            self._see(name, self._check_list if name in lists else self._check_document)
        self._check_gone({name for name in self._whole if DocumentName.parse(name)}, documents)
        self._whole = {name: self._whole[name] for name in documents | lists}

        assert visible - documents - lists <= {LINK}
        assert {name.replace(".json", ".problems.json") for name in documents} <= lists
        self._follow(documents)

    def _see(self, name: str, check: Callable[[Path], None]) -> None:
        status = (self.out / name).lstat()
        stamp = (status.st_ino, status.st_size, status.st_mtime_ns)
        if name not in self._whole:
            check(self.out / name)
            self._whole[name] = stamp

        assert stamp == self._whole[name]

    def _check_document(self, path: Path) -> None:
        assert read_document(path).rows == self.site.rows

    def _check_list(self, path: Path) -> None:
        listed = json.loads(path.read_bytes())

        assert listed["document"] == path.name.replace(".problems.json", ".json")
        assert len(listed["problems"]) == self.site.problems

    def _check_gone(self, before: set[str], now: set[str]) -> None:
        """Pruning takes the oldest, and only as many as it was told to."""
        assert len(now) >= min(KEEP, len(before))
        assert not before - now or max(map(_age, before - now)) < min(map(_age, now))

    def _follow(self, documents: set[str]) -> None:
        link = linked(self.out)
        if link is None:
            assert self.latest is None
            return
        name = DocumentName.parse(link)

        assert name is not None
        assert link in documents
        assert self.latest is None or self.latest.age_order <= name.age_order
        self.latest = name


def _age(name: str) -> tuple[str, int, str]:
    parsed = DocumentName.parse(name)
    assert parsed is not None
    return parsed.age_order


@pytest.fixture
def inspector(site: Site, out: Path) -> Inspector:
    return Inspector(site, out)


def strike(running: ExportProcess, moment: tuple[Phase, float], how: signal.Signals) -> None:
    """Send a signal so many seconds after a phase has begun, unless it has ended by then."""
    phase, seconds = moment
    running.reach(phase)
    running.give(seconds)
    running.send(how)


def left_over(out: Path) -> set[str]:
    return {name for name in names_in(out) if name.startswith(".")} - {LOCK}


# --- killed


def test_a_kill_at_any_moment_leaves_whole_documents_and_a_link_to_one(
    site: Site, out: Path, inspector: Inspector
) -> None:
    print(f"CSCS_CRASH_SEED={SEED}")
    random = Random(SEED)
    deaths: Counter[str] = Counter()
    for number in range(KILLS):
        with exporting(site.config, out, "--keep", str(KEEP)) as running:
            strike(running, site.moment(number, random), signal.SIGKILL)
            running.finish()
            deaths[running.phase.name] += 1
        inspector.look()
    print(f"{KILLS} kills: {dict(deaths)}")

    done = export(site.config, out, "--keep", str(KEEP))

    newest = inspector.latest
    inspector.look()
    assert (done.code, left_over(out)) == (DONE, set())
    assert newest != inspector.latest
    assert deaths[Phase.WRITING.name] > 0


# --- stopped


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT], ids=lambda how: how.name)
def test_whoever_is_stopped_clears_away_what_was_begun(
    site: Site, out: Path, inspector: Inspector, how: signal.Signals
) -> None:
    random = Random(SEED)
    codes = []
    for phase in (Phase.READING, Phase.WRITING, Phase.LISTED, Phase.WRITING):
        before = inspector.latest
        with exporting(site.config, out, "--keep", str(KEEP)) as running:
            strike(running, (phase, random.random() * site.durations[phase]), how)
            done = running.finish()
        inspector.look()
        codes.append(done.code)

        assert left_over(out) == set()
        assert sentences(done.err) == []
        # Otherwise it came too late: all was done, and the process was about to end.
        all_done = inspector.latest != before and done.code in {DONE, -how}
        assert done.code == INTERRUPTED or all_done
    assert INTERRUPTED in codes


# --- starved

LIMITED: Final = """
import os, resource, sys

most = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
os.execv(sys.argv[2], sys.argv[2:])
"""


@pytest.mark.parametrize("share", [0, 0.5], ids=["no room at all", "room for half of it"])
def test_a_document_that_finds_no_room_changes_nothing(
    site: Site, out: Path, inspector: Inspector, share: float
) -> None:
    export(site.config, out)
    inspector.look()
    before = names_in(out)
    most = int(share * site.sizes["document"])

    failed = export(
        site.config, out, "--keep", "1", within=[sys.executable, "-c", LIMITED, str(most)]
    )

    inspector.look()
    (sentence,) = sentences(failed.err)
    assert (failed.code, failed.out) == (1, "")
    assert f"folder {out} has no room left (File too large)" in sentence
    assert names_in(out) == before
    assert export(site.config, out).code == DONE
    inspector.look()
    assert len(names_in(out)) == len(before) + 2


@attrs.frozen
class SmallDisk:
    """A disk of its own in the place of a folder, which only chosen processes can see."""

    process: subprocess.Popen[bytes]
    folder: Path

    @property
    def view(self) -> Path:
        """The folder as it is seen from here."""
        return Path(f"/proc/{self.process.pid}/root{self.folder}")

    @property
    def within(self) -> Sequence[str]:
        """Runs a command that sees the disk."""
        return ["nsenter", "--mount", "--target", str(self.process.pid)]

    def resize(self, size: int) -> None:
        """Give it another size, in bytes."""
        command = ["mount", "-o", f"remount,size={size}", str(self.folder)]
        subprocess.run([*self.within, *command], check=True)


@pytest.fixture
def disk(out: Path) -> Iterator[SmallDisk]:
    mount = 'mount -t tmpfs -o size=1m none "$0" && echo && exec cat'
    if os.geteuid() or not all(map(shutil.which, ["unshare", "nsenter", "mount"])):
        pytest.skip("only root can mount a small disk")
    with subprocess.Popen(
        ["unshare", "--mount", "sh", "-c", mount, str(out)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdout is not None
        if not process.stdout.readline():
            pytest.skip("no disk can be mounted here")
        yield SmallDisk(process, out)
        process.kill()


PAGE: Final = 4096


@pytest.mark.optin
@pytest.mark.parametrize("missing", ["document", "problems"])
def test_a_disk_that_is_full_keeps_what_it_has(site: Site, disk: SmallDisk, missing: str) -> None:
    document, problems = (-(-size // PAGE) * PAGE for size in site.sizes.values())
    room = document + problems + PAGE  # of the lock
    export_there = partial(
        export, site.config, disk.folder, "--keep", "1", within=disk.within, view=disk.view
    )
    inspector = Inspector(site, disk.view)
    disk.resize(room + (document // 2 if missing == "document" else document + problems // 2))
    assert export_there().code == DONE
    inspector.look()
    before = names_in(disk.view)

    failed = export_there()

    inspector.look()
    (sentence,) = sentences(failed.err)
    assert (failed.code, failed.out) == (1, "")
    assert f"folder {disk.folder} has no room left (No space left on device)" in sentence
    assert names_in(disk.view) == before
    disk.resize(3 * room)
    assert export_there().code == DONE
    assert len(names_in(disk.view)) == len(before)
    assert linked(disk.view) not in before


# --- two at once


@pytest.mark.parametrize("end", [signal.SIGCONT, signal.SIGKILL], ids=["goes on", "is killed"])
def test_the_second_of_two_is_told_who_is_in_or_waits_for_the_end(
    site: Site, out: Path, inspector: Inspector, end: signal.Signals
) -> None:
    with exporting(site.config, out) as first:
        first.reach(Phase.READING)
        first.send(signal.SIGSTOP)
        with exporting(site.config, out, "--wait", "50") as patient:
            refused = export(site.config, out)  # while the patient one comes to the lock and waits
            still_waits = patient.process.poll() is None
            first.send(end)
            codes = [first.finish().code, patient.finish().code]

    inspector.look()
    (sentence,) = sentences(refused.err)
    assert (refused.code, refused.out) == (1, "")
    assert f" process {first.process.pid} on " in sentence
    assert "--wait SECONDS" in sentence
    assert still_waits
    assert codes == [DONE if end is signal.SIGCONT else -signal.SIGKILL, DONE]
    documents = sorted(filter(DocumentName.parse, names_in(out)), key=_age)
    assert len(documents) == (2 if end is signal.SIGCONT else 1)
    assert linked(out) == documents[-1]
