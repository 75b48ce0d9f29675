"""Which documents of a folder go when it is pruned."""

from __future__ import annotations

from cscs_domain.storage.document_names import DocumentName
from cscs_files.document_folder import PROBLEMS, DocumentFolder
from cscs_files.document_links import LatestLinks
from cscs_files.durable_files import sync_folder


def prune(folder: DocumentFolder, links: LatestLinks, keep: int) -> list[DocumentName]:
    """Delete the oldest documents of all rows but for `keep` of them; see the port.

    Blocks and raises as `DocumentFolder`.
    """
    files = folder.files()
    every = [name for name in files if name.is_all]
    linked = links.targets()
    doomed = [name for name in every[:-keep] if name not in linked]
    for name in doomed:
        files[name].unlink(missing_ok=True)
    _delete_lists_without_document(folder)
    sync_folder(folder.path)
    return doomed


def _delete_lists_without_document(folder: DocumentFolder) -> None:
    """Delete lists of problems whose document is gone, now or since somebody was killed.

    Documents go first: one without the list that it had would pass for one without problems.
    """
    needed = {name.problems_text for name in folder.files()}
    for entry in list(folder.path.iterdir()):
        if entry.name not in needed and _is_list_for_all(entry.name) and entry.is_file():
            entry.unlink(missing_ok=True)


def _is_list_for_all(file: str) -> bool:
    if not file.endswith(PROBLEMS):
        return False
    name = DocumentName.parse(file.removesuffix(PROBLEMS) + ".json")
    return name is not None and name.is_all
