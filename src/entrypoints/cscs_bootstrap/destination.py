"""Where documents go: a folder, or for tests and demonstrations nowhere."""

from __future__ import annotations

import os
from pathlib import Path

import attrs

from cscs_bootstrap.output_directory import CONFIGURED, FolderOrigin, output_directory_mistakes
from cscs_bootstrap.settings import AdapterKind, Settings
from cscs_domain.errors import ConfigurationError
from cscs_domain.ports import DocumentStore
from cscs_fakes.document_store import FakeDocumentStore
from cscs_files import FileDocumentStore


@attrs.frozen(kw_only=True)
class Destination:
    """Where documents go. `folder` is None if they are kept nowhere, by a fake adapter."""

    store: DocumentStore
    folder: Path | None = None

    def path_of(self, name: str) -> str:
        """Where a file of this name is, for people; in memory it is soon gone."""
        return f"{name} (in memory)" if self.folder is None else str(self.folder / name)


def configured_folder(settings: Settings) -> Path | None:
    """The folder that the settings name; None if documents are kept nowhere."""
    is_kept = settings.adapters.documents.kind is not AdapterKind.FAKE
    return settings.backend_settings.output_directory if is_kept else None


def folder_identity(folder: Path) -> str:
    """The same for all ways to write the path of one folder."""
    return os.path.realpath(folder)


def destination(
    settings: Settings, folder: Path | None = None, *, origin: FolderOrigin = CONFIGURED
) -> Destination:
    """The given folder, else the configured one; `origin` says which of the two it is.

    Raises `ConfigurationError` if it cannot be written to; it is never made. A fake adapter needs
    none.
    """
    configured = configured_folder(settings)
    if configured is None:
        return Destination(store=FakeDocumentStore())
    folder = folder or configured
    if mistakes := tuple(output_directory_mistakes(folder, origin)):
        raise ConfigurationError(mistakes)
    return Destination(store=FileDocumentStore(folder), folder=folder)
