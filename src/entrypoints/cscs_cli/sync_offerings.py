"""The export of one offering of the site agent's file, and where its documents go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Final

import attrs

from cscs_bootstrap.agent_config import AgentOffering
from cscs_bootstrap.destination import (
    Destination,
    configured_folder,
    destination,
    folder_identity,
)
from cscs_bootstrap.offering_service import offering_service
from cscs_bootstrap.output_directory import OUTPUT_DIRECTORY_KEY, FolderOrigin
from cscs_cli.export_report import ExportOutput
from cscs_cli.exporting import exported, strictness
from cscs_cli.failures import RefusedConfigurationError
from cscs_domain import __version__
from cscs_domain._text import shown
from cscs_domain.errors import ConfigurationError, InvalidValueError, Mistake
from cscs_domain.storage.export_documents import ExportRequest, Scope
from cscs_domain.storage.policy import StoragePolicy

_PATIENCE: Final = timedelta(minutes=5)
"""For another writer: whoever starts this every few minutes need not see one run fail."""


@attrs.frozen(kw_only=True)
class Task:
    """An offering to export."""

    offering: AgentOffering
    goal: Destination
    shares_folder: bool
    """Whether other offerings of the file write there, too."""


def tasks_for(every: Iterable[AgentOffering], chosen: Sequence[AgentOffering]) -> tuple[Task, ...]:
    """What to do for the chosen ones out of all offerings of the file.

    Raises `RefusedConfigurationError` that names every folder that cannot be written to.
    """
    writers = Counter(map(_folder, every))
    tasks: list[Task] = []
    mistakes: list[Mistake] = []
    for offering in chosen:
        try:
            goal = destination(offering.settings, origin=_folder_origin(offering))
        except ConfigurationError as error:
            mistakes += error.mistakes
            continue
        shares_folder = goal.folder is not None and writers[_folder(offering)] > 1
        tasks.append(Task(offering=offering, goal=goal, shares_folder=shares_folder))
    if mistakes:
        raise RefusedConfigurationError(ConfigurationError(mistakes))
    return tuple(tasks)


def _folder(offering: AgentOffering) -> str | None:
    folder = configured_folder(offering.settings)
    return None if folder is None else folder_identity(folder)


def _folder_origin(offering: AgentOffering) -> FolderOrigin:
    return FolderOrigin(f"{offering.origin}: {OUTPUT_DIRECTORY_KEY}")


@attrs.define(kw_only=True)
class OfferingExport:
    """Exports one offering after the other."""

    rehearse: bool
    allow_empty: bool = False
    verbose: bool
    _links: dict[tuple[str, str], AgentOffering] = attrs.field(factory=dict, init=False)

    async def __call__(self, task: Task) -> ExportOutput:
        """Read the offering's resources and write their document.

        Raises `CscsError` if that cannot be done; see `offering_service` and `export_all`.
        """
        async with offering_service(task.offering) as service:
            request = self._request(task, service.policy)
            self._claim(task, request.series.link)
            return await exported(service, task.goal, request, verbose=self.verbose)

    def _request(self, task: Task, policy: StoragePolicy) -> ExportRequest:
        settings = task.offering.settings
        return ExportRequest(
            zone=settings.zone,
            version=__version__,
            scope=Scope.of(policy, shares_folder=task.shares_folder),
            strictness=strictness(settings),
            rehearse=self.rehearse,
            allow_empty=self.allow_empty,
            compare=self.rehearse,
            patience=_PATIENCE,
        )

    def _claim(self, task: Task, link: str) -> None:
        """See that no two offerings have one link, as those of one slug in two Waldurs would."""
        folder = task.goal.folder
        if folder is None:
            return
        first = self._links.setdefault((folder_identity(folder), link), task.offering)
        if first is not task.offering:
            reason = f"is that of {shown(first.name)}; give one of the two a folder of its own"
            raise InvalidValueError("link", link, reason)
