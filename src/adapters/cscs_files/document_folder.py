"""A folder of documents: what is in it, and how something new gets there.

It changes by renames and deletions alone. Whatever takes time is written under a hidden name; the
next writer removes what a killed one has left of that.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import Final, TypeAlias

import attrs

from cscs_domain.errors import InvalidValueError, UpstreamServiceError
from cscs_domain.storage.document_names import DocumentName
from cscs_files.durable_files import sync_folder, write_new_file

HIDDEN: Final = ".cscs-documents"
"""How the names of all files begin that are none of the consumers' business."""

PROBLEMS: Final = ".problems.json"
"""How the name of a list of problems ends, where its document's ends in `.json`."""

_TEMPORARY: Final = re.compile(rf"{re.escape(HIDDEN)}-[0-9a-f]{{16}}\.tmp")
_FULL: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_LASTING: Final = {
    errno.EACCES,
    errno.EISDIR,
    errno.ELOOP,
    errno.ENAMETOOLONG,
    errno.ENOSYS,
    errno.ENOTDIR,
    errno.ENOTSUP,
    errno.EPERM,
    errno.EROFS,
}
"""Errors that stay until a person does something about them."""

ProblemsFor: TypeAlias = Callable[[DocumentName], bytes]
"""The list of problems for the document of this name."""


@attrs.frozen
class DocumentFolder:
    """Methods block, and those that change something want the folder's lock to be held.

    They raise `OSError`; `in_use` around them makes the port's errors of it.
    """

    path: Path

    def __str__(self) -> str:
        """The path as somebody configured it, fit for a message."""
        text = str(self.path)
        return text if text.isprintable() else ascii(text)

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """See that it is a folder, and translate errors of the operating system."""
        try:
            self._check()
            yield
        except OSError as error:
            raise self.failed(error) from None

    def _check(self) -> None:
        try:
            mode = self.path.stat().st_mode
        except FileNotFoundError:
            raise self.error("does not exist; make it, or correct the path") from None
        if not stat.S_ISDIR(mode):
            raise self.error("is not a folder; correct the path")

    def error(self, reason: str, *, retryable: bool = False) -> UpstreamServiceError:
        """An error about this folder."""
        return UpstreamServiceError("documents", f"folder {self} {reason}", retryable)

    def failed(self, error: OSError, failure: str = "cannot be used") -> UpstreamServiceError:
        """The error that the operating system's means, beginning with what fails."""
        what = error.strerror or type(error).__name__
        if error.errno in _FULL:
            return self.error(f"has no room left ({what}): the disk is full; make room and repeat")
        advice = "; check the path and its permissions" if error.errno in _LASTING else ""
        reason = f"{failure}: {what}{advice}"
        return self.error(reason, retryable=error.errno not in _LASTING)

    def entries(self) -> list[os.DirEntry[str]]:
        """Everything that is in it now, in any order."""
        with os.scandir(self.path) as entries:
            return list(entries)

    def names(self) -> list[DocumentName]:
        """The documents that are there, the oldest first."""
        return documents_among(self.entries())

    def file_of(self, name: DocumentName) -> Path | None:
        """Where this document is, if it is there.

        Its name in the folder may differ: an earlier program wrote uuids without dashes.
        """
        paths = (self.path / text for text in name.spellings)
        return next(filter(is_regular, paths), None)

    def write(
        self, wanted: DocumentName, chunks: Iterable[bytes], problems: ProblemsFor | None
    ) -> DocumentName:
        """A new document under a name of its own, its problems before it."""
        with self.temporary_file(chunks) as document:
            name = self._free(wanted)
            if problems is None:
                self._place(document, name.text)
            else:
                self._place_both(document, name, problems(name))
        return name

    def _place_both(self, document: Path, name: DocumentName, problems: bytes) -> None:
        with self.temporary_file([problems]) as listed:
            self._place(listed, name.problems_text)
        try:
            self._place(document, name.text)
        except OSError:
            self._remove(self.path / name.problems_text)
            raise

    def _place(self, temporary: Path, text: str) -> None:
        """Give a file its name; that lasts, or the name is free again."""
        path = self.path / text
        temporary.rename(path)
        try:
            sync_folder(self.path)
        except OSError:
            self._remove(path)
            raise

    def _remove(self, path: Path) -> None:
        with suppress(OSError):
            path.unlink()

    def _free(self, wanted: DocumentName) -> DocumentName:
        # A list counts, too: a new document of its name would pass for one with those problems.
        present = (entry.name for entry in self.entries() if entry.name.startswith(wanted.stamp))
        documents = (name.replace(PROBLEMS, ".json") for name in present)
        try:
            return wanted.after(filter(None, map(DocumentName.parse, documents)))
        except InvalidValueError:
            reason = f"has no number left for another {wanted}; move the last one away"
            raise self.error(reason) from None

    @contextmanager
    def temporary_file(self, chunks: Iterable[bytes]) -> Iterator[Path]:
        """A hidden file of this content, to be renamed; otherwise nothing remains of it."""
        with self.temporary_name() as path:
            write_new_file(path, chunks)
            yield path

    @contextmanager
    def temporary_name(self) -> Iterator[Path]:
        """A hidden name for something that is to be renamed; otherwise nothing remains of it."""
        path = self.path / f"{HIDDEN}-{token_hex(8)}.tmp"
        try:
            yield path
        except BaseException:
            self._remove(path)
            raise

    def remove_leftovers(self) -> None:
        """Remove the temporary files of writers that were killed, as far as that is possible."""
        for entry in self.entries():
            if _TEMPORARY.fullmatch(entry.name):
                self._remove(self.path / entry.name)


def documents_among(entries: Iterable[os.DirEntry[str]]) -> list[DocumentName]:
    """The documents among a folder's entries, the oldest first."""
    found = ((DocumentName.parse(entry.name), entry) for entry in entries)
    names = {name for name, entry in found if name and entry.is_file(follow_symlinks=False)}
    return sorted(names, key=lambda name: name.age_order)


def is_regular(path: Path) -> bool:
    """Whether a file is there itself, and not a link to one."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except FileNotFoundError:
        return False
