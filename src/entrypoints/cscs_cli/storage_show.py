"""`cscs storage show`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from cscs_bootstrap.logs import configure_logs
from cscs_bootstrap.settings import Part, Settings
from cscs_bootstrap.wiring import storage_service
from cscs_cli.exit_codes import ExitCode
from cscs_cli.failures import UsageError
from cscs_cli.loading import settings_for
from cscs_cli.storage_filters import NO_FILTERS, FilterOptions, row_filter
from cscs_cli.storage_report import StorageReport
from cscs_cli.terminal import complain, console, say_bytes
from cscs_domain.problems import ProblemCode
from cscs_domain.storage.hierarchy import Hierarchy


def storage_show(
    *,
    config: Annotated[
        Path | None, Parameter(metavar="FILE", help="The YAML file to load settings from.")
    ] = None,
    demo: Annotated[bool, Parameter(help="Show invented data; no Waldur, no settings.")] = False,
    tree: Annotated[bool, Parameter(help="Print a tree; it does so anyway.")] = False,
    json: Annotated[bool, Parameter(help="Print one JSON object, rows as the API's.")] = False,
    filters: FilterOptions = NO_FILTERS,
) -> int:
    """Read everything once, print it, and return the exit code."""
    if tree and json:
        raise UsageError("--tree and --json exclude each other; choose one.")
    settings = settings_for(frozenset({Part.STORAGE}), config, demo=demo).settings
    configure_logs(settings)
    wanted = row_filter(filters, settings.storage_systems)
    everything = filters.include_terminated or wanted.asks_for_terminated
    report = StorageReport(asyncio.run(_read(settings, include_terminated=everything)), wanted)
    if json:
        say_bytes(report.document())
    else:
        report.show(console())
    _warn_if_strict(settings, report)
    return ExitCode.DONE_WITH_PROBLEMS if report.is_doubtful else ExitCode.DONE


async def _read(settings: Settings, *, include_terminated: bool) -> Hierarchy:
    async with storage_service(settings) as service:
        return await service.read(include_terminated=include_terminated)


def _warn_if_strict(settings: Settings, report: StorageReport) -> None:
    """Say where the API would refuse what is shown here."""
    codes = [problem.code for problem in report.hierarchy.problems]
    if settings.strict and ProblemCode.MISSING_IDENTITY in codes:
        complain("Notice: strict is on, so the API answers 500 until no identity is missing.")
