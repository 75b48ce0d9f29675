"""A folder of documents: what else may be in it, its links and copies, its lock, its errors."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import json
import os
import socket
import stat
from collections.abc import Awaitable, Callable, Iterator
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Final, TypeAlias
from uuid import UUID

import pytest

from cscs_domain.errors import DocumentsBusyError, InvalidValueError, UpstreamServiceError
from cscs_domain.problems import Problem, ProblemCode, Severity
from cscs_domain.storage.document_names import DocumentName, OrderKind, Series
from cscs_domain.storage.documents import (
    DocumentFormat,
    DocumentHead,
    DocumentMeta,
    StorageDocument,
)
from cscs_domain.storage.rows import StorageRow
from cscs_files import FileDocumentStore, read_document
from tests.unit.storage.samples import answer, sample

pytestmark = pytest.mark.anyio

NOON: Final = datetime(2026, 11, 21, 12, tzinfo=UTC)
ROWS: Final = answer(sample("res-1")).rows
HEAD: Final = DocumentHead(meta=DocumentMeta(NOON, "1.0"))
LINES: Final = DocumentHead(format=DocumentFormat.NDJSON)
ALL: Final = DocumentName.of_all(NOON, DocumentFormat.ENVELOPE)
EARLIER: Final = NOON.astimezone(timezone(timedelta(hours=1))) - timedelta(seconds=7)
LATER: Final = DocumentName.of_all(NOON + timedelta(minutes=1), DocumentFormat.ENVELOPE)
ORDER: Final = DocumentName.of_order(NOON, OrderKind.UPDATE, UUID(int=7))
DOUBT: Final = Problem(ProblemCode.MISSING_IDENTITY, Severity.ERROR, "no GID is known")
LATEST: Final = Series()
AT_ONCE: Final = timedelta(0)
LOCK: Final = ".cscs-documents.lock"
LEFT_OVER: Final = ".cscs-documents-0123456789abcdef.tmp"

Prepare: TypeAlias = Callable[[Path], object]


@pytest.fixture
def store(tmp_path: Path) -> FileDocumentStore:
    return FileDocumentStore(tmp_path)


def files_in(folder: Path) -> set[str]:
    return {entry.name for entry in folder.iterdir()}


def prepared(folder: Path, prepare: Prepare) -> Path:
    prepare(folder)
    return folder


def make_pipe(path: Path) -> None:
    os.mkfifo(path)


async def two_documents(store: FileDocumentStore) -> None:
    """The older one has problems."""
    await store.write(ALL, HEAD, ROWS, [DOUBT])
    await store.write(LATER, DocumentHead(meta=DocumentMeta(NOON, "later")), ROWS)


@pytest.mark.parametrize(
    "prepare",
    [
        lambda folder: (folder / ALL.text).mkdir(),
        lambda folder: (folder / ALL.text).symlink_to(__file__),
        lambda folder: make_pipe(folder / ALL.text),
        lambda folder: (folder / f".{ALL.text}").touch(),
        lambda folder: (folder / ALL.problems_text).touch(),
        lambda folder: (folder / "latest.json").touch(),
        lambda folder: (folder / "2026-13-21-12-00-all.json").touch(),
        lambda folder: (folder / "2026-11-21-12-00-restore_x.json").touch(),
        lambda folder: (folder / "notes.json").touch(),
        lambda folder: (folder / os.fsdecode(b"\xff.json")).touch(),
    ],
)
async def test_other_things_are_passed_over_and_left_alone(
    tmp_path: Path, prepare: Prepare
) -> None:
    store = FileDocumentStore(prepared(tmp_path, prepare))
    before = files_in(tmp_path)

    assert await store.names() == []
    async with store.exclusive(AT_ONCE):
        written = await store.write(ALL, HEAD, ROWS)
    assert await store.names() == [written]
    assert files_in(tmp_path) == before | {written.text, LOCK}


async def test_an_earlier_programs_spelling_is_found_and_not_written_again(
    tmp_path: Path, store: FileDocumentStore
) -> None:
    """Released versions wrote an order's uuid as Waldur did, without dashes."""
    head = DocumentHead(meta=DocumentMeta(NOON, "1.0"), is_order=True)
    name = await store.write(ORDER, head, ROWS[-1:])
    without_dashes = f"2026-11-21-12-00-update_{UUID(int=7).hex}.json"
    prepared(tmp_path, lambda folder: (folder / name.text).rename(folder / without_dashes))

    assert await store.names() == [name]
    assert await store.read(name) == StorageDocument(head, ROWS[-1:])
    assert await store.write(ORDER, head, ROWS[-1:]) == ORDER.next_copy


async def test_the_folder_may_be_moved_with_its_link(tmp_path: Path) -> None:
    folder = tmp_path / "one"
    prepared(tmp_path, lambda _: folder.mkdir())
    store = FileDocumentStore(folder)
    await two_documents(store)
    await store.switch_latest(LATEST, ALL)

    prepared(tmp_path, lambda _: folder.rename(tmp_path / "two"))

    assert await FileDocumentStore(tmp_path / "two").latest(LATEST) == ALL
    assert read_document(tmp_path / "two" / "latest.json").rows == ROWS


@pytest.mark.parametrize("use_links", [True, False])
async def test_where_no_links_can_be_made_there_is_a_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, use_links: bool
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "symlink", refused)  # a file system of Windows says this
    store = FileDocumentStore(tmp_path, use_links=use_links)
    await two_documents(store)
    for name in (LATER, ALL):
        await store.switch_latest(LATEST, name)

        assert content_of_regular_file(tmp_path / "latest.json") == content_of_regular_file(
            tmp_path / name.text
        )
        assert await store.latest(LATEST) == name
    assert not any(name.endswith(".tmp") for name in files_in(tmp_path))


def content_of_regular_file(path: Path) -> bytes:
    assert stat.S_ISREG(path.lstat().st_mode)
    return path.read_bytes()


async def test_a_link_takes_the_place_of_a_copy_and_the_other_way_round(tmp_path: Path) -> None:
    linking, copying = FileDocumentStore(tmp_path), FileDocumentStore(tmp_path, use_links=False)
    await two_documents(linking)
    for store, name in ((copying, ALL), (linking, LATER), (copying, ALL), (linking, ALL)):
        await store.switch_latest(LATEST, name)

        assert await linking.latest(LATEST) == await copying.latest(LATEST) == name


@pytest.mark.parametrize(
    ("target", "leads_to"),
    [
        (ALL.text, ALL),
        (f"./{ALL.text}", ALL),
        (f"{{folder}}/{ALL.text}", ALL),
        ("also.json", ALL),
        (ORDER.text, None),
        ("2026-11-21-12-00-all.2.json", None),
        ("2026-11-21-12-02-all.ndjson", None),
        (f"/elsewhere/{ALL.text}", None),
        ("latest.json", None),
        ("notes.json", None),
    ],
)
async def test_a_link_of_somebody_else_is_followed_as_far_as_it_leads_to_a_document(
    tmp_path: Path, store: FileDocumentStore, target: str, leads_to: DocumentName | None
) -> None:
    await two_documents(store)
    await store.write(ORDER, HEAD, ROWS)
    await store.write(DocumentName.parse("2026-11-21-12-02-all.ndjson") or ALL, LINES, ROWS)
    prepared(tmp_path, lambda folder: (folder / "also.json").symlink_to(ALL.text))
    prepared(tmp_path, lambda folder: (folder / "notes.json").touch())
    path = target.format(folder=tmp_path)
    prepared(tmp_path, lambda folder: (folder / "latest.json").symlink_to(path))

    assert await store.latest(LATEST) == leads_to
    await store.switch_latest(LATEST, LATER)
    assert await store.latest(LATEST) == LATER


async def test_a_file_that_is_no_copy_leads_nowhere(
    tmp_path: Path, store: FileDocumentStore
) -> None:
    await two_documents(store)
    size = (tmp_path / ALL.text).stat().st_size
    prepared(tmp_path, lambda folder: (folder / "latest.json").write_bytes(b" " * size))

    assert await store.latest(LATEST) is None


@pytest.mark.parametrize("make", [lambda path: path.mkdir(), make_pipe])
async def test_what_can_be_no_link_is_told_and_not_replaced(
    tmp_path: Path, store: FileDocumentStore, make: Prepare
) -> None:
    await two_documents(store)
    make(tmp_path / "latest.json")
    before = files_in(tmp_path)

    for call in (store.latest(LATEST), store.switch_latest(LATEST, ALL)):
        with pytest.raises(UpstreamServiceError, match=r"has a latest\.json that is no link"):
            await call

    assert files_in(tmp_path) == before


@pytest.mark.parametrize("link", ["newest", "latest", "latest-good.json", "yesterday.json"])
async def test_pruning_respects_links_of_anybody(
    tmp_path: Path, store: FileDocumentStore, link: str
) -> None:
    await two_documents(store)
    prepared(tmp_path, lambda folder: (folder / link).symlink_to(folder / ALL.text))

    assert await store.prune(LATEST, 1) == []


async def test_pruning_respects_what_a_copy_was_made_of(tmp_path: Path) -> None:
    store = FileDocumentStore(tmp_path, use_links=False)
    await two_documents(store)
    await store.switch_latest(Series(("vast",)), ALL)

    assert await store.prune(LATEST, 1) == []


async def test_pruning_removes_lists_of_problems_without_a_document(
    tmp_path: Path, store: FileDocumentStore
) -> None:
    """A writer that was killed, or somebody who deletes old documents, leaves them."""
    await two_documents(store)
    await store.write(ORDER, HEAD, ROWS, [DOUBT])
    stay = {"x.problems.json", ORDER.problems_text, ALL.problems_text, ALL.text, LATER.text}
    others = {LATER.problems_text, "2026-11-20-00-00-all.3.problems.json", "x.problems.json"}
    for name in others:
        prepared(tmp_path / name, Path.touch)
    prepared(tmp_path, lambda folder: (folder / ORDER.text).unlink())
    prepared(tmp_path, lambda folder: (folder / LATER.problems_text).rename(folder / "y"))

    assert await store.prune(LATEST, 5) == []
    assert files_in(tmp_path) == stay | {"y"}


async def test_what_cannot_be_deleted_does_not_save_the_rest(
    tmp_path: Path, store: FileDocumentStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    await two_documents(store)
    newest = await store.write(LATER, HEAD, ROWS)
    unlink = os.unlink

    def refused(path: Path) -> None:
        if path.name == ALL.text:
            raise PermissionError(1, "Operation not permitted")
        unlink(path)

    monkeypatch.setattr(os, "unlink", refused)

    with pytest.raises(UpstreamServiceError, match=f"{ALL}: Operation not permitted") as caught:
        await store.prune(LATEST, 1)

    assert not caught.value.retryable
    assert files_in(tmp_path) == {ALL.text, ALL.problems_text, newest.text}


async def test_every_failed_deletion_is_counted(
    tmp_path: Path, store: FileDocumentStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    await two_documents(store)
    await store.write(LATER, HEAD, ROWS)
    before = files_in(tmp_path)

    def failing(_: Path) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "unlink", failing)

    with pytest.raises(UpstreamServiceError, match=f"rid of {ALL} and 1 more: Input") as caught:
        await store.prune(LATEST, 1)

    assert caught.value.retryable
    assert files_in(tmp_path) == before


async def test_the_next_writer_removes_what_a_killed_one_left(
    tmp_path: Path, store: FileDocumentStore
) -> None:
    stay = {".notes.tmp", ".cscs-documents-x.tmp", f"{LEFT_OVER}.txt", LEFT_OVER.replace("0", "1")}
    for name in (*stay, LEFT_OVER):
        (tmp_path / name).mkdir() if "1123" in name else (tmp_path / name).touch()

    assert await store.names() == []
    assert LEFT_OVER in files_in(tmp_path)
    async with store.exclusive(AT_ONCE):
        assert files_in(tmp_path) == stay | {LOCK}


async def test_reading_and_failing_make_no_lock(tmp_path: Path, store: FileDocumentStore) -> None:
    assert await store.names() == []
    assert await store.latest(LATEST) is None
    with pytest.raises(UpstreamServiceError):
        await store.read(ALL)

    assert files_in(tmp_path) == set()


async def test_who_is_kept_out_is_told_by_whom(tmp_path: Path, store: FileDocumentStore) -> None:
    async with store.exclusive(AT_ONCE):
        with pytest.raises(DocumentsBusyError) as caught:
            async with FileDocumentStore(tmp_path).exclusive(AT_ONCE):
                pytest.fail("two are in")

    assert caught.value.place == str(tmp_path)
    assert caught.value.holder.startswith(
        f"process {os.getpid()} on {socket.gethostname()} since 20"
    )


@pytest.mark.parametrize(
    "content", [b"", b"\x1b[31m7 host 2026-11-21T12:00:00Z", b"1" * 10_000, b"7 a b"]
)
async def test_what_the_lock_says_is_not_believed(
    tmp_path: Path, store: FileDocumentStore, content: bytes
) -> None:
    async with store.exclusive(AT_ONCE):
        prepared(tmp_path, lambda folder: (folder / LOCK).write_bytes(content))
        with pytest.raises(DocumentsBusyError, match=r"written by another process$"):
            async with store.exclusive(AT_ONCE):
                pytest.fail("two are in")


@pytest.mark.parametrize(
    "prepare",
    [
        lambda folder: (folder / LOCK).symlink_to("victim"),
        lambda folder: (folder / LOCK).mkdir(),
        lambda folder: make_pipe(folder / LOCK),
    ],
)
async def test_a_lock_that_is_no_file_is_told_and_not_followed(
    tmp_path: Path, store: FileDocumentStore, prepare: Prepare
) -> None:
    prepared(tmp_path, lambda folder: (folder / "victim").write_text("dear", encoding="utf-8"))
    prepare(tmp_path)

    with pytest.raises(UpstreamServiceError, match=f"folder {tmp_path}") as caught:
        async with store.exclusive(AT_ONCE):
            pytest.fail("entered")

    assert not caught.value.retryable
    assert content_of_regular_file(tmp_path / "victim") == b"dear"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (errno.ENOSYS, "cannot be locked: Function not implemented; let its file system"),
        (errno.EBADF, r"another user, which this one may not write \(Bad file descriptor\); let"),
    ],
    ids=["none at all", "none for files that are open for reading alone"],
)
async def test_a_file_system_without_locks_is_told(
    monkeypatch: pytest.MonkeyPatch, store: FileDocumentStore, error: int, told: str
) -> None:
    """Lustre or NFS may be like this. Without a lock two exports would overtake each other."""

    def absent(*_: object) -> None:
        raise OSError(error, os.strerror(error))

    monkeypatch.setattr(fcntl, "flock", absent)

    with pytest.raises(UpstreamServiceError, match=told) as caught:
        async with store.exclusive(AT_ONCE):
            pytest.fail("entered")

    assert not caught.value.retryable


async def enter(store: FileDocumentStore) -> None:
    async with store.exclusive(timedelta(minutes=1)):
        pytest.fail("entered")


USES: Final[dict[str, Callable[[FileDocumentStore], Awaitable[object]]]] = {
    "exclusive": enter,
    "names": lambda store: store.names(),
    "latest": lambda store: store.latest(LATEST),
    "read": lambda store: store.read(ALL),
    "write": lambda store: store.write(ALL, HEAD, ROWS),
    "switch_latest": lambda store: store.switch_latest(LATEST, ALL),
    "prune": lambda store: store.prune(LATEST, 1),
}
UNUSABLE: Final[dict[str, tuple[str, str]]] = {
    "absent": ("absent", "does not exist"),
    "a file": ("file", "is not a folder"),
    "below a file": ("file/folder", "cannot be used: Not a directory; check the path"),
    "too long": ("x" * 300, "cannot be used: File name too long; check the path"),
    "unprintable": ("a\x1b[31m", r"a\\x1b\[31m' does not exist"),
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
@pytest.mark.parametrize(("path", "told"), UNUSABLE.values(), ids=UNUSABLE)
async def test_a_folder_that_cannot_be_used_is_told(
    tmp_path: Path, use: Callable[[FileDocumentStore], Awaitable[object]], path: str, told: str
) -> None:
    prepared(tmp_path, lambda folder: (folder / "file").touch())

    with pytest.raises(UpstreamServiceError, match=told) as caught:
        await use(FileDocumentStore(tmp_path / path))

    assert (caught.value.service, caught.value.retryable) == ("documents", False)
    assert files_in(tmp_path) == {"file"}


async def test_a_failure_of_the_storage_may_pass(
    tmp_path: Path, store: FileDocumentStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The caller may try again."""

    def stale(_: int) -> None:
        raise OSError(116, "Stale file handle")

    monkeypatch.setattr(os, "fsync", stale)

    with pytest.raises(UpstreamServiceError, match="cannot be used: Stale file handle") as caught:
        await store.write(ALL, HEAD, ROWS)

    assert caught.value.retryable
    assert files_in(tmp_path) == set()


def syncing_folders_fails(monkeypatch: pytest.MonkeyPatch, error: int, *, succeed: int) -> None:
    """Let that be the error of syncing any folder, but for the first times."""
    fsync = os.fsync
    good = iter(range(succeed))

    def failing(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode) and next(good, None) is None:
            raise OSError(error, os.strerror(error))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", failing)


@pytest.mark.parametrize("succeed", [0, 1])
async def test_names_that_the_storage_may_lose_are_taken_back(
    tmp_path: Path, store: FileDocumentStore, monkeypatch: pytest.MonkeyPatch, succeed: int
) -> None:
    syncing_folders_fails(monkeypatch, errno.EIO, succeed=succeed)

    with pytest.raises(UpstreamServiceError, match="cannot be used: Input/output error") as caught:
        await store.write(ALL, HEAD, ROWS, [DOUBT])

    assert caught.value.retryable
    assert files_in(tmp_path) == set()


@pytest.mark.parametrize("error", [errno.EINVAL, errno.ENOTSUP])
async def test_a_file_system_that_cannot_sync_folders_will_do(
    tmp_path: Path, store: FileDocumentStore, monkeypatch: pytest.MonkeyPatch, error: int
) -> None:
    syncing_folders_fails(monkeypatch, error, succeed=0)

    assert await store.write(ALL, HEAD, ROWS, [DOUBT]) == ALL
    assert files_in(tmp_path) == {ALL.text, ALL.problems_text}


@pytest.mark.parametrize(
    ("error", "is_there"), [(errno.EACCES, True), (errno.EPERM, True), (errno.EIO, False)]
)
async def test_a_folder_that_may_not_be_opened_is_not_synced(
    tmp_path: Path,
    store: FileDocumentStore,
    monkeypatch: pytest.MonkeyPatch,
    error: int,
    is_there: bool,
) -> None:
    opened = os.open

    def refused(path: Path, flags: int, mode: int = 0o777) -> int:
        if path == tmp_path:
            raise OSError(error, os.strerror(error))
        return opened(path, flags, mode)

    monkeypatch.setattr(os, "open", refused)

    with nullcontext() if is_there else pytest.raises(UpstreamServiceError, match="Input/output"):
        await store.write(ALL, HEAD, ROWS)

    assert files_in(tmp_path) == ({ALL.text} if is_there else set())


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("renamed", [0, 1])
async def test_no_room_for_a_name_leaves_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    store: FileDocumentStore,
    renamed: int,
    error: int,
) -> None:
    """A document whose problems found their name just before."""
    rename = os.rename
    room = iter(range(renamed))

    def full(*paths: str) -> None:
        if next(room, None) is None:
            raise OSError(error, os.strerror(error))
        rename(*paths)

    monkeypatch.setattr(os, "rename", full)

    with pytest.raises(UpstreamServiceError, match="the disk is full; make room and repeat"):
        await store.write(ALL, HEAD, ROWS, [DOUBT])

    assert files_in(tmp_path) == set()


async def test_a_document_beyond_bounds_is_not_read(tmp_path: Path) -> None:
    store = FileDocumentStore(tmp_path, largest=1000)
    name = await store.write(ALL, HEAD, ROWS)

    with pytest.raises(UpstreamServiceError, match="more than the 1000 that are read"):
        await store.read(name)


@pytest.mark.parametrize("form", DocumentFormat)
@pytest.mark.parametrize("file", ["as it is", "latest", "mine.txt", "mine"])
async def test_any_file_may_be_a_source_of_rows(
    tmp_path: Path, store: FileDocumentStore, form: DocumentFormat, file: str
) -> None:
    head = DocumentHead.of(form, DocumentMeta(NOON, "1.0"))
    name = await store.write(DocumentName.of_all(NOON, form), head, ROWS)
    given = {"as it is": name.text, "latest": f"latest.{form.suffix}"}.get(file, file)
    if given != name.text:
        prepared(tmp_path, lambda folder: (folder / given).symlink_to(name.text))

    assert read_document(tmp_path / given) == StorageDocument(head, ROWS)


@pytest.mark.parametrize(
    ("content", "error"), [(b"[1]", InvalidValueError), (None, UpstreamServiceError)]
)
def test_a_file_that_is_no_source_is_told(
    tmp_path: Path, content: bytes | None, error: type[Exception]
) -> None:
    if content is not None:
        (tmp_path / "mine.json").write_bytes(content)

    with pytest.raises(error):
        read_document(tmp_path / "mine.json")


@pytest.mark.parametrize(
    ("head", "moment", "expected"),
    [(HEAD, None, NOON), (HEAD, EARLIER, EARLIER), (LINES, EARLIER, EARLIER)],
)
async def test_the_list_of_problems_is_of_the_moment_at_which_reading_began(
    tmp_path: Path,
    store: FileDocumentStore,
    head: DocumentHead,
    moment: datetime | None,
    expected: datetime,
) -> None:
    await store.write(ALL, head, ROWS, [DOUBT], moment=moment)

    listed = json.loads(content_of_regular_file(tmp_path / ALL.problems_text))

    assert listed["date"] == expected.isoformat()


async def test_a_writer_that_is_cancelled_stops_and_leaves_nothing(
    tmp_path: Path, store: FileDocumentStore
) -> None:
    """Even when it is cancelled over and over, it has ended before the lock is free."""
    loop = asyncio.get_running_loop()
    begun = asyncio.Event()

    def endless() -> Iterator[StorageRow]:
        while True:
            loop.call_soon_threadsafe(begun.set)
            yield ROWS[0]

    async def write() -> None:
        async with store.exclusive(AT_ONCE):
            await store.write(ALL, HEAD, endless(), [DOUBT])

    writing = asyncio.create_task(write())
    await begun.wait()
    while not writing.done():
        writing.cancel()
        await asyncio.sleep(0)

    assert writing.cancelled()
    assert files_in(tmp_path) == {LOCK}


async def test_a_link_and_a_document_in_it_are_for_everybody(
    tmp_path: Path, store: FileDocumentStore
) -> None:
    """Consumers run as other users; what they may do is for the user's mask to say."""
    mask = os.umask(0o027)
    try:
        name = await store.write(ALL, HEAD, ROWS, [DOUBT])
        await FileDocumentStore(tmp_path, use_links=False).switch_latest(LATEST, name)
    finally:
        os.umask(mask)

    files = (name.text, name.problems_text, "latest.json")
    assert {stat.S_IMODE((tmp_path / file).stat().st_mode) for file in files} == {0o640}
