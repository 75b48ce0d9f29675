"""What `waldur_cscs_storage_sync` does with its options."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Annotated, Final
from uuid import UUID

import structlog
from cyclopts import Parameter
from structlog.contextvars import bound_contextvars

from cscs_bootstrap.agent_config import AgentConfig, AgentOffering, load_agent_config
from cscs_bootstrap.logs import configure_logs
from cscs_bootstrap.quiet_gc import paused_gc
from cscs_cli.exit_codes import ExitCode
from cscs_cli.export_report import ExportOutput
from cscs_cli.failures import RefusedConfigurationError, UsageError
from cscs_cli.interrupting import sigterm_like_ctrl_c
from cscs_cli.plurals import counted
from cscs_cli.sync_offerings import OfferingExport, Task, tasks_for
from cscs_cli.terminal import OutputLostError, complain, console, forget_output, say, visible
from cscs_domain.errors import ConfigurationError, CscsError

_LOG: Final = structlog.get_logger("cscs.sync")


def storage_sync(
    *,
    config: Annotated[
        Path, Parameter(name=["--config", "-c"], metavar="FILE", help="The site agent's YAML file.")
    ],
    offering_uuid: Annotated[
        UUID | None, Parameter(metavar="UUID", help="Only this offering of the file.")
    ] = None,
    dry_run: Annotated[
        bool, Parameter(help="Show what would change against the newest document; write nothing.")
    ] = False,
    allow_empty: Annotated[
        bool, Parameter(help="Let an offering be without rows that had some.")
    ] = False,
    verbose: Annotated[
        bool,
        Parameter(name=["--verbose", "-v"], help="Show everything, however long it is."),
    ] = False,
) -> int:
    """Export the offerings one after the other, and return the exit code."""
    loaded = _load(config)
    tasks = tasks_for(loaded.offerings, _chosen(loaded, offering_uuid, config))
    configure_logs(tasks[0].offering.settings)
    _tell(loaded, tasks, verbose=verbose)
    with sigterm_like_ctrl_c():
        export = OfferingExport(rehearse=dry_run, allow_empty=allow_empty, verbose=verbose)
        return asyncio.run(export_every(tasks, export))


def _load(path: Path) -> AgentConfig:
    try:
        return load_agent_config(os.environ, path)
    except ConfigurationError as error:
        raise RefusedConfigurationError(error) from None


def _chosen(loaded: AgentConfig, uuid: UUID | None, path: Path) -> Sequence[AgentOffering]:
    if uuid is None:
        return loaded.offerings
    chosen = [offering for offering in loaded.offerings if offering.uuid == uuid]
    if not chosen:
        known = ", ".join(f"{offering.name} ({offering.uuid})" for offering in loaded.offerings)
        raise UsageError(
            f"--offering-uuid {uuid} is no storage offering in {path}; there are: {visible(known)}."
        )
    return chosen


def _tell(loaded: AgentConfig, tasks: Sequence[Task], *, verbose: bool) -> None:
    for notice in loaded.notices:
        complain(f"Notice: {visible(notice)}")
    if verbose and loaded.passed_over:
        names = ", ".join(loaded.passed_over)
        complain(f"Passed over, being of other backend types: {visible(names)}.")
    for folder in dict.fromkeys(task.goal.folder for task in tasks if task.shares_folder):
        complain(
            f"Notice: several offerings have {visible(str(folder))} as their output directory: "
            "each gets a link of its own there, latest-<slug of the offering>.json, and "
            "latest.json stays as it is."
        )


async def export_every(
    tasks: Sequence[Task], export: Callable[[Task], Awaitable[ExportOutput]]
) -> int:
    """Export one after the other; what fails does not keep the others from being written."""
    codes = [await _exported(task, export) for task in tasks]
    if failed := codes.count(ExitCode.UPSTREAM_FAILED):
        complain(f"{failed} of {counted(len(tasks), 'offering')} failed, see above.")
        return ExitCode.UPSTREAM_FAILED
    return max(codes)


async def _exported(task: Task, export: Callable[[Task], Awaitable[ExportOutput]]) -> ExitCode:
    """Export an offering and show what came of it; the code is what it alone would end with."""
    name = visible(task.offering.name)
    with bound_contextvars(offering=task.offering.name):
        try:
            with paused_gc():
                output = await export(task)
            _show(name, output)
        except CscsError as error:
            complain(f"{name}: {visible(str(error))}")
            return ExitCode.UPSTREAM_FAILED
        except Exception as error:  # noqa: BLE001  # it must not keep the others from being written
            _LOG.exception("offering_crashed")
            kind = type(error).__name__
            complain(f"{name}: ended in an error of this program ({kind}); the log has more.")
            return ExitCode.UPSTREAM_FAILED
    return output.exit_code


def _show(name: str, output: ExportOutput) -> None:
    for notice in output.notices():
        complain(f"{name}: {notice}")
    try:
        say(f"{name}:")
        output.show(console())
    except BrokenPipeError:
        forget_output()  # nobody listens any more, but there may be offerings left to export
    except OutputLostError as error:
        complain(f"{name}: {error}")
