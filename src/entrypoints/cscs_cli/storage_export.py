"""`cscs storage export`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Final
from uuid import UUID

import attrs
from cyclopts import Parameter
from cyclopts.validators import Number

from cscs_bootstrap.destination import Destination
from cscs_bootstrap.document_reading import baseline_from
from cscs_bootstrap.quiet_gc import paused_gc
from cscs_bootstrap.settings import Settings
from cscs_bootstrap.wiring import storage_service
from cscs_cli.document_options import (
    DEFAULTS,
    DocumentOptions,
    destination_for,
    load_for_documents,
)
from cscs_cli.export_report import ExportOutput
from cscs_cli.exporting import exported, strictness
from cscs_cli.failures import UsageError
from cscs_cli.interrupting import sigterm_like_ctrl_c
from cscs_cli.option_values import NAMED_PATH
from cscs_cli.terminal import complain, console, say_bytes
from cscs_domain import __version__
from cscs_domain.errors import InvalidValueError, UpstreamServiceError
from cscs_domain.ports import Clock
from cscs_domain.storage.chosen_systems import chosen_systems
from cscs_domain.storage.documents import DocumentFormat
from cscs_domain.storage.export_documents import Baseline, ExportRequest, Scope


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
        Path | None,
        NAMED_PATH,
        Parameter(metavar="FILE", help="Show what changes against this document."),
    ] = None
    keep: Annotated[
        int | None,
        Parameter(
            metavar="N",
            validator=Number(gte=1),
            help="Afterwards, delete all but the newest N documents.",
        ),
    ] = None
    allow_empty: Annotated[bool, Parameter(help="Let systems be without rows that had some.")] = (
        False
    )
    strict: Annotated[bool, Parameter(help="Write nothing if there are problems.")] = False


NOTHING_SPECIAL: Final = ExportOptions()


def storage_export(
    *, options: DocumentOptions = DEFAULTS, export: ExportOptions = NOTHING_SPECIAL
) -> int:
    """Read everything once, write it as a document, and return the exit code."""
    settings = load_for_documents(options)
    goal = destination_for(settings, options)
    against = _baseline(export.against)
    # All rows stay until the end, so the collector would look at them again and again for nothing.
    with sigterm_like_ctrl_c(), paused_gc():
        output = asyncio.run(run_export(settings, options, export, goal, against=against))
    for notice in output.notices():
        complain(notice)
    if options.json:
        say_bytes(output.document())
    else:
        output.show(console())
    return output.exit_code


def _baseline(path: Path | None) -> Baseline | None:
    """Raises `UsageError` if the file is no document: it was named, so it has to be one."""
    if path is None:
        return None
    try:
        return baseline_from(path)
    except UpstreamServiceError as error:
        raise UsageError(f"--against {path} cannot be read: {error.reason}.") from None
    except InvalidValueError as error:
        raise UsageError(
            f"--against {path} has to be a document of storage rows, such as the latest.json of "
            f"an export; name one. What is there is none: {error}."
        ) from None


async def run_export(
    settings: Settings,
    options: DocumentOptions,
    export: ExportOptions,
    goal: Destination,
    *,
    against: Baseline | None = None,
    clock: Clock | None = None,
) -> ExportOutput:
    """Export the chosen systems. Raises as `export_all` does, `InvalidValueError` for a name and
    `UnknownOfferingError` for a uuid that nobody knows.
    """
    mapping = options.hierarchy_mapping
    async with storage_service(settings, clock, mapping=mapping) as service:
        only = await chosen_systems(
            service.offerings,
            service.policy,
            names=export.storage_system,
            uuids=export.offering_uuid,
        )
        request = ExportRequest(
            zone=settings.zone,
            version=__version__,
            form=export.form,
            scope=Scope.of(attrs.evolve(service.policy, only=only)),
            strictness=strictness(settings, wanted=export.strict),
            rehearse=options.dry_run,
            allow_empty=export.allow_empty,
            compare=export.diff or options.dry_run or against is not None,
            against=against,
            keep=export.keep,
            patience=options.patience,
        )
        return await exported(service, goal, request, only=only, verbose=options.verbose)
