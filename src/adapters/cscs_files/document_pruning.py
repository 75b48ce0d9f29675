"""Which documents of a folder go when it is pruned."""

from __future__ import annotations

import os
from collections.abc import Iterable

import attrs

from cscs_domain.storage.document_names import DocumentName, Series
from cscs_files.document_folder import PROBLEMS, DocumentFolder, documents_among
from cscs_files.document_links import LatestLinks
from cscs_files.durable_files import sync_folder


def prune(
    folder: DocumentFolder, links: LatestLinks, series: Series, keep: int
) -> list[DocumentName]:
    """Delete the oldest documents of all rows but for `keep` of them; see the port.

    Blocks and raises as `DocumentFolder`.
    """
    entries = folder.entries()
    every = [name for name in documents_among(entries) if name.is_all]
    linked = links.targets(entries, every)
    countable = [name for name in every if name.suffix == series.suffix]
    doomed = [name for name in countable[:-keep] if name not in linked]
    deletions = _Deletions(folder)
    # Documents first: one without the list that it had would pass for one without problems.
    gone = [name for name in doomed if deletions.delete(name.text)]
    for listed in _lists_of_no_document(entries, set(every).difference(gone)):
        deletions.delete(listed)
    sync_folder(folder.path)
    deletions.check()
    return gone


def _lists_of_no_document(
    entries: Iterable[os.DirEntry[str]], documents: Iterable[DocumentName]
) -> list[str]:
    """The lists of problems whose document is gone, now or since somebody was killed."""
    needed = {name.problems_text for name in documents}
    return [
        entry.name
        for entry in entries
        if entry.name.endswith(PROBLEMS)
        and entry.name not in needed
        and _is_list_for_all(entry.name)
        and entry.is_file()
    ]


def _is_list_for_all(file: str) -> bool:
    name = DocumentName.parse(file.removesuffix(PROBLEMS) + ".json")
    return name is not None and name.is_all


@attrs.frozen
class _Deletions:
    """Deletes what it can, and remembers what it cannot."""

    folder: DocumentFolder
    failures: dict[str, OSError] = attrs.field(factory=dict, init=False)

    def delete(self, file: str) -> bool:
        """Whether it is gone; it may have been before."""
        try:
            (self.folder.path / file).unlink(missing_ok=True)
        except OSError as error:
            self.failures[file] = error
        return file not in self.failures

    def check(self) -> None:
        """Raise the error of the port if anything is left."""
        for file, error in self.failures.items():
            others = f" and {len(self.failures) - 1} more" if len(self.failures) > 1 else ""
            raise self.folder.failed(error, f"cannot be rid of {file}{others}")
