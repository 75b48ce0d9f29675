"""`cscs storage export`."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import Annotated, Final
from uuid import UUID

import attrs
from cyclopts import Parameter

from cscs_bootstrap.document_reading import baseline_from
from cscs_bootstrap.quiet_gc import paused_gc
from cscs_bootstrap.settings import Settings
from cscs_cli.document_options import (
    DEFAULTS,
    Destination,
    DocumentOptions,
    destination,
    load_for_documents,
    running_service,
)
from cscs_cli.export_report import ExportOutput
from cscs_cli.failures import UsageError
from cscs_cli.interrupting import sigterm_like_ctrl_c
from cscs_cli.progress_display import progress_display
from cscs_cli.terminal import console, say_bytes
from cscs_domain import __version__
from cscs_domain.errors import InvalidValueError, UpstreamServiceError
from cscs_domain.ports import Clock
from cscs_domain.storage.chosen_systems import chosen_systems
from cscs_domain.storage.documents import DocumentFormat
from cscs_domain.storage.export_documents import (
    Baseline,
    ExportRequest,
    Scope,
    Strictness,
    export_all,
)


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class ExportOptions:
    """What the document holds, what it is compared with, what becomes of older ones."""

    offering_uuid: Annotated[
        tuple[UUID, ...],
        Parameter(metavar="UUID", help="Only this offering's system; may be repeated."),
    ] = ()
    storage_system: Annotated[
        tuple[str, ...],
        Parameter(metavar="NAME", help="Only this storage system; may be repeated."),
    ] = ()
    form: Annotated[
        DocumentFormat,
        Parameter(name="--format", show_default=True, help="How the document is laid out."),
    ] = DocumentFormat.ENVELOPE
    diff: Annotated[bool, Parameter(help="Show what changes against the newest document.")] = False
    against: Annotated[
        Path | None, Parameter(metavar="FILE", help="Show what changes against this document.")
    ] = None
    keep: Annotated[
        int | None,
        Parameter(metavar="N", help="Afterwards, delete all but the newest N documents."),
    ] = None
    strict: Annotated[bool, Parameter(help="Write nothing if there are problems.")] = False


NOTHING_SPECIAL: Final = ExportOptions()


def storage_export(
    *, options: DocumentOptions = DEFAULTS, export: ExportOptions = NOTHING_SPECIAL
) -> int:
    """Read everything once, write it as a document, and return the exit code."""
    _refuse_to_keep_nothing(export.keep)
    patience = options.patience
    settings = load_for_documents(options)
    goal = destination(settings, options.output_dir)
    request = ExportRequest(
        zone=settings.zone,
        version=__version__,
        form=export.form,
        strictness=_strictness(settings, export),
        rehearse=options.dry_run,
        compare=export.diff or options.dry_run or export.against is not None,
        against=_baseline(export.against),
        keep=export.keep,
        patience=patience,
    )
    # All rows stay until the end, so the collector would look at them again and again for nothing.
    with sigterm_like_ctrl_c(), paused_gc():
        output = asyncio.run(run_export(settings, options, export, request, goal))
    if options.json:
        say_bytes(output.document())
    else:
        output.show(console())
    return output.exit_code


def _refuse_to_keep_nothing(keep: int | None) -> None:
    if keep is not None and keep < 1:
        raise UsageError(f"--keep {keep} would delete everything; keep 1 document or more.")


def _strictness(settings: Settings, export: ExportOptions) -> Strictness:
    if export.strict:
        return Strictness.ANY
    return Strictness.IDENTITIES if settings.strict else Strictness.NONE


def _baseline(path: Path | None) -> Baseline | None:
    """Raises `UsageError` if the file is no document: it was named, so it has to be one."""
    if path is None:
        return None
    try:
        return baseline_from(path)
    except (InvalidValueError, UpstreamServiceError) as error:
        raise UsageError(f"--against {path}: {error}") from None


async def run_export(
    settings: Settings,
    options: DocumentOptions,
    export: ExportOptions,
    request: ExportRequest,
    goal: Destination,
    *,
    clock: Clock | None = None,
) -> ExportOutput:
    """Export the chosen systems; `request` says the rest. Raises as `export_all` does,
    `InvalidValueError` for a name and `UnknownOfferingError` for a uuid that nobody knows.
    """
    async with running_service(settings, options.hierarchy_mapping, clock) as service:
        only = await chosen_systems(
            service.offerings,
            service.policy,
            names=export.storage_system,
            uuids=export.offering_uuid,
        )
        scope = Scope.of(attrs.evolve(service.policy, only=only))
        request = attrs.evolve(request, scope=scope)
        with progress_display(service.clock) as progress:
            report = await export_all(
                partial(service.read, only=only, progress=progress),
                goal.store,
                request,
                clock=service.clock,
                progress=progress,
            )
    return ExportOutput(report=report, request=request, folder=goal.folder, verbose=options.verbose)
