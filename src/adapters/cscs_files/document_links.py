"""The links that lead to the newest document of a series; copies of it where links cannot be."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final

import attrs

from cscs_domain.storage.document_names import DocumentName
from cscs_files.document_folder import DocumentFolder, is_regular
from cscs_files.durable_files import sync_folder

_PIECE: Final = 2**20
"""Bytes that are copied or compared at a time."""


@attrs.frozen
class LatestLinks:
    """Methods block and raise as those of `DocumentFolder`. `symbolic`: no copies if avoidable."""

    folder: DocumentFolder
    symbolic: bool

    def target(self, link: str) -> DocumentName | None:
        """The document of all rows that this link leads to, or that it is a copy of."""
        path = self._checked(link)
        if path.is_symlink():
            name = self._linked(path)
            return name if name and _fits(name, path) else None
        return self._copied(path, self.folder.names()) if is_regular(path) else None

    def targets(
        self, entries: Iterable[os.DirEntry[str]], names: Sequence[DocumentName]
    ) -> set[DocumentName]:
        """What any link leads to, also one that somebody else has made.

        Looks at these entries of the folder, for copies of the documents of these names (the
        oldest first).
        """
        found = [self._target_of(entry, names) for entry in entries]
        return set(filter(None, found))

    def _checked(self, link: str) -> Path:
        """The link's path, where nothing is yet, or something that may be replaced."""
        path = self.folder.path / link
        with suppress(FileNotFoundError):
            mode = path.lstat().st_mode
            if not (stat.S_ISLNK(mode) or stat.S_ISREG(mode)):
                raise self.folder.error(f"has a {link} that is no link and no file; move it away")
        return path

    def _target_of(
        self, entry: os.DirEntry[str], names: Sequence[DocumentName]
    ) -> DocumentName | None:
        if entry.is_symlink():
            return self._linked(self.folder.path / entry.name)
        if entry.name.startswith("latest") and entry.is_file():
            return self._copied(self.folder.path / entry.name, names)
        return None

    def _linked(self, link: Path) -> DocumentName | None:
        target = Path(os.path.realpath(link))
        name = DocumentName.parse(target.name)
        is_here = target.parent == Path(os.path.realpath(self.folder.path))
        return name if is_here and is_regular(target) else None

    def _copied(self, copy: Path, names: Sequence[DocumentName]) -> DocumentName | None:
        # By content: it alone tells a copy from a file of somebody else. The newest is looked at
        # first, and mostly is the one, so that one document is read. Of equal ones, any will do.
        candidates = (name for name in reversed(names) if _fits(name, copy))
        path = self.folder.path
        return next((name for name in candidates if _are_equal(copy, path / name.text)), None)

    def switch(self, link: str, name: DocumentName) -> None:
        """Let a link lead to this document, at once for every reader."""
        path = self._checked(link)
        document = self.folder.file_of(name)
        if document is None:
            raise self.folder.error(f"has no document {name} that {link} could lead to")
        if not (self.symbolic and self._linked_to(document.name, path)):
            with self.folder.temporary_file(_pieces(document)) as copy:
                copy.replace(path)
        sync_folder(self.folder.path)

    def _linked_to(self, target: str, path: Path) -> bool:
        with self.folder.temporary_name() as link:
            try:
                link.symlink_to(target)
            except OSError:  # not on this file system; if the reason is another, copying meets it
                return False
            link.replace(path)
        return True


def _fits(name: DocumentName, link: Path) -> bool:
    return name.is_all and f".{name.suffix}" == link.suffix


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from iter(partial(file.read, _PIECE), b"")


def _are_equal(one: Path, other: Path) -> bool:
    try:
        if one.stat().st_size != other.stat().st_size:
            return False
        return all(a == b for a, b in zip(_pieces(one), _pieces(other), strict=True))
    except (FileNotFoundError, ValueError):  # gone meanwhile, or of different length by now
        return False
