"""A process that exports in processes of its own, which may be ended or starved at any step.

It reads commands, one JSON object a line, and answers each with a line. Every command is carried
out in a fork, so that one import is enough for hundreds of ends. What fails is the interpreter's
`os`, as the operating system would; nothing of ours is replaced.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl  # noqa: F401  # which the lock imports when another user may not read it
import json
import os
import resource
import signal
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import repeat
from pathlib import Path
from typing import Any, Final, TypeAlias

from cscs_domain.errors import CscsError
from cscs_domain.problems import Problem, ProblemCode, Severity
from cscs_domain.storage.document_names import DocumentName, Series
from cscs_domain.storage.documents import DocumentFormat, DocumentHead, DocumentMeta
from cscs_domain.storage.rows import StorageRow
from cscs_files import FileDocumentStore
from tests.unit.storage.samples import answer, sample

NOON: Final = datetime(2026, 11, 21, 12, tzinfo=UTC)
NEW: Final = DocumentName.of_all(NOON, DocumentFormat.ENVELOPE)
ROWS: Final = answer(*(sample(f"res-{number}") for number in range(100))).rows
DOUBT: Final = Problem(ProblemCode.MISSING_IDENTITY, Severity.ERROR, "no GID is known")
LONG: Final = timedelta(minutes=5)

# What changes files or folders. `close` is not among them: it changes nothing that is synced.
_CHANGING: Final = (
    "open",
    "write",
    "fsync",
    "rename",
    "replace",
    "symlink",
    "unlink",
    "ftruncate",
    "pwrite",
)
_write: Final = os.write
_NOBODY: Final = 65534

Answer: TypeAlias = dict[str, Any]


def head_of(version: str) -> DocumentHead:
    """Makes documents of equal rows different."""
    return DocumentHead(meta=DocumentMeta(NOON, version))


class Faults:
    """From the n-th call on, the process ends (`kill`) or no room is left (`full`).

    With `once` only that call finds no room: another one, such as a copy instead of a link, does.
    """

    def __init__(self, at: int, how: str) -> None:
        self.left = at
        self.how = how

    def install(self) -> None:
        """Wrap the functions of `os`."""
        for name in _CHANGING:
            setattr(os, name, partial(self._call, name, getattr(os, name)))

    def _call(self, name: str, real: Callable[..., object], *args: Any, **more: Any) -> object:
        self.left -= 1
        if self.left == 0 and self.how == "kill":
            if name == "write":
                descriptor, content = args
                real(descriptor, content[: len(content) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        if self._has_no_room() and _needs_room(name, args):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(*args, **more)

    def _has_no_room(self) -> bool:
        return self.left == 0 if self.how == "once" else self.left <= 0 and self.how == "full"


def _needs_room(name: str, args: tuple[Any, ...]) -> bool:
    return name != "unlink" and not (name == "open" and not args[1] & os.O_CREAT)


def export(folder: str, *, links: bool, at: int = 0, how: str = "") -> int:
    """Write a document with a problem, switch the link and prune.

    Returns how many calls were still to come before the one that fails: above 0, none has.
    """
    faults = Faults(at, how)
    if how:
        faults.install()
    store = FileDocumentStore(Path(folder), use_links=links)

    async def exported() -> None:
        async with store.exclusive(timedelta(0)):
            name = await store.write(NEW, head_of("new"), ROWS, [DOUBT])
            await store.switch_latest(Series(), name)
            await store.prune(Series(), 2)

    asyncio.run(exported())
    return faults.left


def export_often(folder: str, *, mark: str, times: int) -> None:
    """Write so many documents of one minute, and switch the link each time."""
    store = FileDocumentStore(Path(folder))

    async def exported() -> None:
        for number in range(times):
            async with store.exclusive(LONG):
                name = await store.write(NEW, head_of(f"{mark}-{number}"), ROWS)
                await store.switch_latest(Series(), name)

    asyncio.run(exported())


def overfill(folder: str, *, largest: int = 0) -> Answer:
    """Write a small document, and then one without end.

    The folder has a small disk, or the process may write `largest` bytes into a file. Returns the
    error, and what was in the folder before and after.
    """
    store = FileDocumentStore(Path(folder))

    async def filled() -> Answer:
        async with store.exclusive(timedelta(0)):
            small = await store.write(NEW, head_of("small"), ROWS[:1], [DOUBT])
            await store.switch_latest(Series(), small)
            before = _content(folder)
            if largest:
                resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
            try:
                await store.write(NEW, head_of("endless"), _endless(), [DOUBT])
            except CscsError as error:
                return {"before": before, "after": _content(folder), "error": str(error)}
        raise AssertionError("there was room for everything")

    return asyncio.run(filled())


def _endless() -> repeat[StorageRow]:
    return repeat(ROWS[-1])


def _content(folder: str) -> dict[str, str]:
    return {
        entry.name: entry.read_text(encoding="utf-8") for entry in sorted(Path(folder).iterdir())
    }


def hold(folder: str, ready: int, lifeline: tuple[int, int]) -> None:
    """Be the only writer, and say so, until killed or until the one who asked has gone."""
    asked, asking = lifeline
    os.close(asking)
    store = FileDocumentStore(Path(folder))

    async def held() -> None:
        async with store.exclusive(timedelta(0)):
            _write(ready, b"in")
            await asyncio.to_thread(os.read, asked, 1)

    asyncio.run(held())


def export_as_another(folder: str) -> str:
    """Write a document as a user who does not own the folder. Returns the document's name.

    Who is not root stays who they are.
    """
    os.chdir(folder)  # another user may not get there by its path
    store = FileDocumentStore(Path())
    asyncio.run(store.names())  # nor import what threads need
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(_NOBODY, _NOBODY, _NOBODY)
        os.setresuid(_NOBODY, _NOBODY, _NOBODY)

    async def exported() -> DocumentName:
        async with store.exclusive(timedelta(0)):
            return await store.write(NEW, head_of("another's"), ROWS)

    return asyncio.run(exported()).text


def in_fork(work: Callable[[], object]) -> tuple[int, int]:
    """Run in a fork. Returns its number and where its answer will be read."""
    reading, writing = os.pipe()
    process = os.fork()
    if process:
        os.close(writing)
        return process, reading
    said: Answer = {}
    try:
        said = {"result": work()}
    except CscsError as error:
        said = {"error": type(error).__name__, "text": str(error)}
    except BaseException:  # noqa: BLE001  # nothing may leave a fork by another way
        said = {"bug": traceback.format_exc()}
    _write(writing, json.dumps(said).encode())
    os._exit(0)


def outcome(fork: tuple[int, int]) -> Answer:
    """What became of a fork; nothing but `signal` if it was killed."""
    process, reading = fork
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()
    _, status = os.waitpid(process, 0)
    return {"signal": os.WTERMSIG(status)} if os.WIFSIGNALED(status) else json.loads(said)


_ALONE: Final[dict[str, Callable[..., object]]] = {
    "export": export,
    "export as another": export_as_another,
    "overfill": overfill,
}


def carry_out(do: str, **how: Any) -> Answer:
    """One command."""
    match do:
        case "crowd":
            processes = how.pop("processes")
            works = [partial(export_often, mark=str(number), **how) for number in range(processes)]
            outcomes = [outcome(fork) for fork in [in_fork(work) for work in works]]
            return {"result": [each for each in outcomes if each != {"result": None}]}
        case "hold":
            reading, writing = os.pipe()
            lifeline = os.pipe()  # stays open for as long as this process lives
            process, _ = in_fork(partial(hold, ready=writing, lifeline=lifeline, **how))
            os.close(writing)
            return {"process": process, "said": os.read(reading, 10).decode()}
        case "end":
            os.kill(how["process"], signal.SIGKILL)
            os.waitpid(how["process"], 0)
            return {}
        case _:
            return outcome(in_fork(partial(_ALONE[do], **how)))


def main() -> None:
    """Serve until nobody asks any more."""
    for line in sys.stdin:
        print(json.dumps(carry_out(**json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
