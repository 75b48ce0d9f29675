"""What the commands that write documents have in common: their options and what these lead to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final, Literal, TypeAlias

import attrs
from cyclopts import Parameter

from cscs_bootstrap.logs import configure_logs, log_notices
from cscs_bootstrap.output_directory import output_directory_mistakes
from cscs_bootstrap.settings import AdapterKind, Part, Settings
from cscs_bootstrap.storage_service import StorageService
from cscs_bootstrap.wiring import document_store, storage_service
from cscs_cli.failures import RefusedConfigurationError, UsageError
from cscs_cli.loading import settings_for
from cscs_domain.errors import ConfigurationError
from cscs_domain.ports import Clock, DocumentStore
from cscs_domain.storage.mappings import MAPPINGS, HierarchyMapping

_LONGEST_WAIT: Final = 7 * 24 * 3600

MappingName: TypeAlias = Literal["provider", "organisation", "organisation-legacy"]


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class DocumentOptions:
    """Where documents come from, where they go, and how much is told about them."""

    config: Annotated[
        Path | None, Parameter(metavar="FILE", help="The YAML file to load settings from.")
    ] = None
    demo: Annotated[bool, Parameter(help="Use invented data; no Waldur, no settings.")] = False
    mapping: Annotated[
        MappingName,
        Parameter(show_default=True, help="What the levels of paths are."),
    ] = "provider"
    output_dir: Annotated[
        Path | None,
        Parameter(metavar="DIR", help="Folder to write to, if not the configured one."),
    ] = None
    dry_run: Annotated[bool, Parameter(help="Show what would be done, and write nothing.")] = False
    wait: Annotated[
        int,
        Parameter(
            metavar="SECONDS", show_default=True, help="How long another writer is waited for."
        ),
    ] = 0
    verbose: Annotated[bool, Parameter(help="Show everything, however long it is.")] = False
    json: Annotated[bool, Parameter(help="Print one JSON object instead of text.")] = False

    @property
    def hierarchy_mapping(self) -> HierarchyMapping:
        """The rules behind the mapping's name."""
        return MAPPINGS[self.mapping]

    @property
    def patience(self) -> timedelta:
        """How long to wait. Raises `UsageError` for less than nothing, or for ages."""
        if not 0 <= self.wait <= _LONGEST_WAIT:
            raise UsageError(
                f"--wait {self.wait} is not a number of seconds from 0 to {_LONGEST_WAIT}."
            )
        return timedelta(seconds=self.wait)


DEFAULTS: Final = DocumentOptions()


@attrs.frozen(kw_only=True)
class Destination:
    """Where documents go. `folder` is None if they are kept nowhere, by a fake adapter."""

    folder: Path | None
    store: DocumentStore

    def path_of(self, name: str) -> str:
        """Where a file of this name is, for people."""
        return path_in(self.folder, name)


def path_in(folder: Path | None, name: str) -> str:
    """The path of a file in the folder; without one it is in memory, and soon gone."""
    return f"{name} (in memory)" if folder is None else str(folder / name)


def load_for_documents(options: DocumentOptions) -> Settings:
    """Settings that rows can be read with; logging is set up. Raises `UsageError`."""
    loaded = settings_for(frozenset({Part.STORAGE}), options.config, demo=options.demo)
    configure_logs(loaded.settings)
    if not options.demo:
        log_notices(loaded)
    return loaded.settings


def destination(settings: Settings, output_dir: Path | None = None) -> Destination:
    """The folder that was given, else the configured one.

    Raises `RefusedConfigurationError` if it cannot be written to; it is never made.
    """
    if settings.adapters.documents.kind is AdapterKind.FAKE:
        return Destination(folder=None, store=document_store(settings))
    if output_dir is None:
        folder = settings.backend_settings.output_directory
        mistakes = output_directory_mistakes(folder)
    else:
        folder = output_dir
        mistakes = output_directory_mistakes(folder, "--output-dir", None)
    if found := list(mistakes):
        raise RefusedConfigurationError(ConfigurationError(found))
    return Destination(folder=folder, store=document_store(settings, folder))


@asynccontextmanager
async def running_service(
    settings: Settings, mapping: HierarchyMapping, clock: Clock | None = None
) -> AsyncIterator[StorageService]:
    """The wired service, whose connections are closed at the end, whatever happens."""
    service = storage_service(settings, clock, mapping=mapping)
    try:
        yield service
    finally:
        await service.close()
