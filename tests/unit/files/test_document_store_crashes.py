"""What is in a folder of documents when processes are killed, starved, many, or another user's."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import stat
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest

from cscs_domain.errors import DocumentsBusyError
from cscs_domain.storage.document_names import DocumentName, Series
from cscs_domain.storage.documents import DocumentFormat, StorageDocument
from cscs_files import FileDocumentStore, read_document
from tests.unit.files.exporting_child import DOUBT, NEW, NOON, ROWS, head_of
from tests.unit.files.exporting_processes import CHILD, Exporters, exporters

pytestmark = pytest.mark.anyio

AT_ONCE: Final = timedelta(0)
LATEST: Final = Series()
LOCK: Final = ".cscs-documents.lock"
OLD: Final = [
    DocumentName.of_all(NOON - timedelta(minutes=minutes), DocumentFormat.ENVELOPE)
    for minutes in (3, 2, 1)
]
NEXT: Final = DocumentName.of_all(NOON + timedelta(minutes=1), DocumentFormat.ENVELOPE)
DOUBTFUL: Final = {OLD[0], OLD[1], NEW}
"""What has to have a list of problems beside it."""


@pytest.fixture(scope="module")
def child() -> Iterator[Exporters]:
    with exporters() as running:
        yield running


@pytest.fixture(params=[True, False], ids=["links", "copies"])
def links(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def visible(folder: Path) -> set[str]:
    return {entry.name for entry in folder.iterdir() if not entry.name.startswith(".")}


def left_over(folder: Path) -> set[str]:
    return {entry.name for entry in folder.iterdir() if entry.suffix == ".tmp"}


def make_anew(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()


async def old_folder(folder: Path, links: bool) -> FileDocumentStore:
    """Three documents, the first two with problems, and a link to the third."""
    make_anew(folder)
    store = FileDocumentStore(folder, use_links=links)
    async with store.exclusive(AT_ONCE):
        for name in OLD:
            await write(store, name)
        await store.switch_latest(LATEST, OLD[-1])
    return store


async def write(store: FileDocumentStore, name: DocumentName) -> None:
    await store.write(name, head_of(name.text), ROWS[:1], [DOUBT] if name in DOUBTFUL else ())


async def check(store: FileDocumentStore, folder: Path) -> bool:
    """See that everything that is there is whole. Returns whether the new document is."""
    names = await store.names()
    for name in names:
        is_new = name == NEW
        head, rows = (head_of("new"), ROWS) if is_new else (head_of(name.text), ROWS[:1])
        assert await store.read(name) == StorageDocument(head, rows)
    for name in DOUBTFUL & set(names):
        assert len(json.loads((folder / name.problems_text).read_bytes())["problems"]) == 1
    latest = await store.latest(LATEST)
    assert latest in {OLD[-1], NEW} & set(names)
    assert read_document(folder / LATEST.link) == await store.read(latest)
    expected = {text for name in [*OLD, NEW] for text in (name.text, name.problems_text)}
    assert visible(folder) <= expected | {LATEST.link}
    return NEW in names


async def check_next_export(store: FileDocumentStore, folder: Path, *, has_new: bool) -> None:
    """It succeeds, and leaves nothing of what went wrong."""
    async with store.exclusive(AT_ONCE):
        await write(store, NEXT)
        await store.switch_latest(LATEST, NEXT)
        await store.prune(LATEST, 2)
    kept = NEW if has_new else OLD[-1]
    lists = {kept.problems_text} & {name.problems_text for name in DOUBTFUL}

    assert await store.names() == [kept, NEXT]
    assert await store.latest(LATEST) == NEXT
    assert visible(folder) == {kept.text, NEXT.text, LATEST.link} | lists
    assert left_over(folder) == set()


async def test_a_kill_at_any_step_leaves_whole_documents(
    child: Exporters, tmp_path: Path, links: bool
) -> None:
    folder = tmp_path / "documents"
    ends = 0
    while True:
        store = await old_folder(folder, links)
        said = child("export", folder=str(folder), links=links, at=ends + 1, how="kill")
        has_new = await check(store, folder)
        await check_next_export(store, folder, has_new=has_new)
        if "signal" not in said:
            break
        ends += 1

    assert ends > 15


@pytest.mark.parametrize("how", ["full", "once"])
async def test_a_disk_that_is_full_at_any_step_changes_nothing_by_halves(
    child: Exporters, tmp_path: Path, links: bool, how: str
) -> None:
    folder = tmp_path / "documents"
    errors = step = still_to_come = 0
    while still_to_come <= 0:
        step += 1
        store = await old_folder(folder, links)
        said = child("export", folder=str(folder), links=links, at=step, how=how)
        still_to_come = said.get("result", 0)
        assert left_over(folder) == set()
        has_new = await check(store, folder)
        assert (folder / NEW.problems_text).exists() == has_new
        if "error" in said:
            errors += 1
            assert said["error"] == "UpstreamServiceError"
            assert f"folder {folder} has no room left" in said["text"]
        else:
            assert has_new
        await check_next_export(store, folder, has_new=has_new)

    assert errors > 5


async def test_a_file_that_grows_too_large_leaves_nothing(child: Exporters, tmp_path: Path) -> None:
    said = child("overfill", folder=str(tmp_path), largest=300_000)["result"]

    assert said["before"] == said["after"]
    assert "has no room left (File too large): the disk is full; make room" in said["error"]


@pytest.mark.optin
def test_a_small_disk_that_is_full_keeps_what_it_has(tmp_path: Path) -> None:
    """A real one, of 1 MB, that nobody outside this test can see."""
    mount = 'mount -t tmpfs -o size=1m none "$0" && exec "$@"'
    command = ["unshare", "--mount", "sh", "-c", mount, str(tmp_path), *CHILD]
    if not shutil.which("unshare") or os.geteuid():
        pytest.skip("only root can mount a small disk")
    with exporters(command) as child:
        try:
            said = child("overfill", folder=str(tmp_path))["result"]
        except (BrokenPipeError, ValueError):
            pytest.skip("no disk can be mounted here")

    assert said["before"] == said["after"]
    assert NEW.problems_text in said["after"]
    assert f"folder {tmp_path} has no room left (No space left on device)" in said["error"]
    assert list(tmp_path.iterdir()) == []


async def test_the_second_process_is_told_who_is_in(child: Exporters, tmp_path: Path) -> None:
    store = FileDocumentStore(tmp_path)
    holder = child("hold", folder=str(tmp_path))
    assert holder["said"] == "in"

    with pytest.raises(DocumentsBusyError) as caught:
        async with store.exclusive(AT_ONCE):
            pytest.fail("two are in")

    assert caught.value.place == str(tmp_path)
    assert caught.value.holder.startswith(f"process {holder['process']} on ")
    child("end", process=holder["process"])
    async with store.exclusive(AT_ONCE):
        assert await store.names() == []


async def test_who_waits_gets_in_when_the_other_process_is_killed(
    child: Exporters, tmp_path: Path
) -> None:
    store = FileDocumentStore(tmp_path)
    holder = child("hold", folder=str(tmp_path))

    async def enter() -> None:
        async with store.exclusive(timedelta(minutes=5)):
            await write(store, NEW)

    waiting = asyncio.create_task(enter())
    await asyncio.sleep(0)
    assert await store.names() == []
    child("end", process=holder["process"])
    await waiting

    assert await store.names() == [NEW]


def shared_folder(folder: Path, lock: int) -> FileDocumentStore:
    """A folder for all users, where one was in already and left a lock of this mode."""
    folder.chmod(0o777)
    (folder / LOCK).touch()
    (folder / LOCK).chmod(lock)
    return FileDocumentStore(folder)


async def test_a_lock_that_only_its_owner_may_write_keeps_other_users_out_and_lets_them_in(
    child: Exporters, tmp_path: Path
) -> None:
    """Somebody tries an export by hand, and then the service's user has to get in."""
    store = shared_folder(tmp_path, 0o644)
    async with store.exclusive(AT_ONCE):
        (tmp_path / LOCK).chmod(0o444)  # so that it may not be written by its owner either
        kept_out = child("export as another", folder=str(tmp_path))
    let_in = child("export as another", folder=str(tmp_path))

    assert kept_out["error"] == "DocumentsBusyError"
    assert f"process {os.getpid()} on " in kept_out["text"]
    assert let_in == {"result": NEW.text}
    assert (tmp_path / LOCK).read_bytes() == b""


def test_a_lock_that_another_user_may_not_even_read_is_told(
    child: Exporters, tmp_path: Path
) -> None:
    shared_folder(tmp_path, 0)

    said = child("export as another", folder=str(tmp_path))

    assert said["error"] == "UpstreamServiceError"
    assert f"{LOCK} of another user, which this one may not open; let its owner" in said["text"]
    assert visible(tmp_path) == set()


def test_a_folder_of_another_user_is_told_and_not_a_lock_that_is_not_there(
    child: Exporters, tmp_path: Path
) -> None:
    tmp_path.chmod(0o555)

    said = child("export as another", folder=str(tmp_path))

    tmp_path.chmod(0o755)
    assert "cannot be used: Permission denied; check the path" in said["text"]
    assert list(tmp_path.iterdir()) == []


async def test_many_processes_of_one_minute_lose_no_document(
    child: Exporters, tmp_path: Path
) -> None:
    failed = child("crowd", folder=str(tmp_path), processes=8, times=4)["result"]
    store = FileDocumentStore(tmp_path)
    names = await store.names()
    heads = [(await store.read(name)).head for name in names]

    assert failed == []
    assert [name.copy for name in names] == list(range(1, 33))
    assert {head.meta.app_version for head in heads if head.meta} == {
        f"{process}-{number}" for process in range(8) for number in range(4)
    }
    assert await store.latest(LATEST) == names[-1]
    assert {stat.S_IMODE((tmp_path / name.text).stat().st_mode) for name in names} == {
        0o666 & ~umask()
    }


def umask() -> int:
    current = os.umask(0o077)
    os.umask(current)
    return current
