"""The export of one offering of the site agent's file, and where its documents go."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final

import attrs

from cscs_bootstrap.agent_config import AgentOffering
from cscs_bootstrap.offering_service import offering_service
from cscs_bootstrap.output_directory import OUTPUT_DIRECTORY_KEY, output_directory_mistakes
from cscs_bootstrap.settings import AdapterKind
from cscs_bootstrap.wiring import document_store
from cscs_cli.export_report import ExportOutput
from cscs_cli.failures import RefusedConfigurationError
from cscs_cli.progress_display import progress_display
from cscs_domain import __version__
from cscs_domain._text import shown
from cscs_domain.errors import ConfigurationError, InvalidValueError, Mistake
from cscs_domain.ports import DocumentStore
from cscs_domain.storage.export_documents import ExportRequest, Scope, Strictness, export_all
from cscs_domain.storage.policy import StoragePolicy

_PATIENCE: Final = timedelta(minutes=5)
"""For another writer: whoever starts this every few minutes need not see one run fail."""


@attrs.frozen(kw_only=True)
class Task:
    """An offering to export. `folder` is None if documents are kept nowhere."""

    offering: AgentOffering
    store: DocumentStore
    folder: Path | None
    shares_folder: bool
    """Whether other offerings of the file write there, too."""


def tasks_for(every: Iterable[AgentOffering], chosen: Sequence[AgentOffering]) -> tuple[Task, ...]:
    """What to do for the chosen ones out of all offerings of the file.

    Raises `RefusedConfigurationError` that names every folder that cannot be written to.
    """
    if mistakes := [mistake for offering in chosen for mistake in _folder_mistakes(offering)]:
        raise RefusedConfigurationError(ConfigurationError(mistakes))
    writers = Counter(_identity(folder) for folder in map(_folder, every) if folder is not None)
    return tuple(_task(offering, writers) for offering in chosen)


def _task(offering: AgentOffering, writers: Counter[str]) -> Task:
    folder = _folder(offering)
    return Task(
        offering=offering,
        store=document_store(offering.settings, folder),
        folder=folder,
        shares_folder=folder is not None and writers[_identity(folder)] > 1,
    )


def _folder(offering: AgentOffering) -> Path | None:
    settings = offering.settings
    is_kept = settings.adapters.documents.kind is not AdapterKind.FAKE
    return settings.backend_settings.output_directory if is_kept else None


def _identity(folder: Path) -> str:
    """The same for all ways to write the path of one folder."""
    return os.path.realpath(folder)


def _folder_mistakes(offering: AgentOffering) -> Iterator[Mistake]:
    folder = _folder(offering)
    if folder is not None:
        key = f"{offering.origin}: {OUTPUT_DIRECTORY_KEY}"
        yield from output_directory_mistakes(folder, key)


@attrs.define(kw_only=True)
class OfferingExport:
    """Exports one offering after the other."""

    rehearse: bool
    verbose: bool
    _links: dict[tuple[str, str], AgentOffering] = attrs.field(factory=dict, init=False)

    async def __call__(self, task: Task) -> ExportOutput:
        """Read the offering's resources and write their document.

        Raises `CscsError` if that cannot be done; see `offering_service` and `export_all`.
        """
        async with offering_service(task.offering) as service:
            request = self._request(task, service.policy)
            self._claim(task, request.series.link)
            with progress_display(service.clock) as progress:
                report = await export_all(
                    partial(service.read, progress=progress),
                    task.store,
                    request,
                    clock=service.clock,
                    progress=progress,
                )
        return ExportOutput(
            report=report, request=request, folder=task.folder, verbose=self.verbose
        )

    def _request(self, task: Task, policy: StoragePolicy) -> ExportRequest:
        settings = task.offering.settings
        return ExportRequest(
            zone=settings.zone,
            version=__version__,
            scope=Scope.of(policy, shares_folder=task.shares_folder),
            strictness=Strictness.IDENTITIES if settings.strict else Strictness.NONE,
            rehearse=self.rehearse,
            compare=self.rehearse,
            patience=_PATIENCE,
        )

    def _claim(self, task: Task, link: str) -> None:
        """See that no two offerings have one link, as those of one slug in two Waldurs would."""
        if task.folder is None:
            return
        first = self._links.setdefault((_identity(task.folder), link), task.offering)
        if first is not task.offering:
            reason = f"is that of {shown(first.name)}; give one of the two a folder of its own"
            raise InvalidValueError("link", link, reason)
