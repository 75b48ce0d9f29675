"""Every place for documents. A new adapter joins by a line in the list."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

import attrs

from cscs_domain.errors import UpstreamServiceError
from cscs_domain.ports import DocumentStore
from cscs_domain.storage.document_names import DocumentName
from cscs_fakes.document_store import FakeDocumentStore
from cscs_files import FileDocumentStore


class Place(Protocol):
    """A place for documents, with somebody who looks behind the store's back."""

    @property
    def store(self) -> DocumentStore:
        """The adapter."""

    def another_store(self) -> DocumentStore:
        """The adapter as somebody else uses it, in the same place."""

    def spoil(self, name: DocumentName) -> None:
        """Put something that is no document in the place of this one."""

    def take_away(self, name: DocumentName) -> None:
        """Take a document away, and leave the rest."""

    def problems_of(self, name: DocumentName) -> list[str] | None:
        """The messages listed beside a document; None without a list."""


class Memory:
    """Documents in memory."""

    def __init__(self) -> None:
        self.store = FakeDocumentStore()

    def another_store(self) -> DocumentStore:
        return self.store

    def spoil(self, name: DocumentName) -> None:
        self.store.documents[name] = None

    def take_away(self, name: DocumentName) -> None:
        del self.store.documents[name]

    def problems_of(self, name: DocumentName) -> list[str] | None:
        problems = self.store.problems.get(name)
        return None if problems is None else [problem.message for problem in problems]


class Folder:
    """Documents as files."""

    def __init__(self, path: Path, *, use_links: bool) -> None:
        self.path = path
        self.use_links = use_links
        self.store = self.another_store()

    def another_store(self) -> DocumentStore:
        return FileDocumentStore(self.path, use_links=self.use_links)

    def spoil(self, name: DocumentName) -> None:
        (self.path / name.text).write_text('{"status": "error"}', encoding="utf-8")

    def take_away(self, name: DocumentName) -> None:
        (self.path / name.text).unlink()

    def problems_of(self, name: DocumentName) -> list[str] | None:
        path = self.path / name.problems_text
        if not path.exists():
            return None
        listed = json.loads(path.read_bytes())
        assert listed["document"] == name.text
        return [problem["message"] for problem in listed["problems"]]


@attrs.frozen
class StoreAdapter:
    """How to make a place in an empty folder, and a store that cannot take the next document."""

    name: str
    place: Callable[[Path], Place]
    failing: Callable[[Path], DocumentStore]


def _fake(_folder: Path) -> Place:
    return Memory()


def _failing_fake(_folder: Path) -> DocumentStore:
    store = FakeDocumentStore()
    store.fail_with(UpstreamServiceError("documents", "the disk is full", retryable=False))
    return store


def _files(folder: Path) -> Place:
    return Folder(folder, use_links=True)


def _files_without_links(folder: Path) -> Place:
    return Folder(folder, use_links=False)


def _no_folder(folder: Path) -> DocumentStore:
    return FileDocumentStore(folder / "absent")


def _a_file(folder: Path) -> DocumentStore:
    (folder / "file").touch()
    return FileDocumentStore(folder / "file", use_links=False)


EVERY_ADAPTER: Final = [
    StoreAdapter("fake", _fake, _failing_fake),
    StoreAdapter("files", _files, _no_folder),
    StoreAdapter("files without links", _files_without_links, _a_file),
]
