"""One export with its progress shown, as all commands that export do it."""

from __future__ import annotations

from functools import partial

from cscs_bootstrap.destination import Destination
from cscs_bootstrap.settings import Settings
from cscs_bootstrap.storage_service import StorageService
from cscs_cli.export_report import ExportOutput
from cscs_cli.progress_display import progress_display
from cscs_domain.storage.export_documents import ExportRequest, Strictness, export_all


def strictness(settings: Settings, *, wanted: bool = False) -> Strictness:
    """What keeps a document from being written: all problems if that is wanted, else what a site
    says about its HTTP answers holds for documents as well.
    """
    if wanted:
        return Strictness.ANY
    return Strictness.IDENTITIES if settings.strict else Strictness.NONE


async def exported(
    service: StorageService,
    goal: Destination,
    request: ExportRequest,
    *,
    only: frozenset[str] | None = None,
    verbose: bool = False,
) -> ExportOutput:
    """Read the systems of these names (by default all) and write the document that `request` says.

    Raises as `export_all`.
    """
    with progress_display(service.clock) as progress:
        report = await export_all(
            partial(service.read, only=only, progress=progress),
            goal.store,
            request,
            clock=service.clock,
            progress=progress,
        )
    return ExportOutput(report=report, request=request, goal=goal, verbose=verbose)
