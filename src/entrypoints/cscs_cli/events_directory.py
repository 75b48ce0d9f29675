"""`cscs events directory check` and `example`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from cscs_bootstrap.events_directory import (
    ReadDirectory,
    configured_directory,
    example_directory,
    read_directory,
)
from cscs_bootstrap.json_text import encode
from cscs_bootstrap.settings import Settings
from cscs_cli.events_options import DEFAULTS, EventsOptions, load_for_events
from cscs_cli.exit_codes import ExitCode
from cscs_cli.failures import UsageError
from cscs_cli.interrupting import sigterm_like_ctrl_c
from cscs_cli.option_values import NAMED_PATH
from cscs_cli.plurals import counted
from cscs_cli.problem_table import show_problems
from cscs_cli.storage_report import problem_counts
from cscs_cli.terminal import console, say, say_bytes
from cscs_domain.errors import UpstreamServiceError
from cscs_domain.events.directory import KnownDirectory
from cscs_domain.storage.wire import problem_to_wire

DirectoryFile = Annotated[
    Path | None,
    NAMED_PATH,
    Parameter(metavar="FILE", help="YAML, JSON or a folder of CSV; by default the configured."),
]


def events_directory_check(
    file: DirectoryFile = None, /, *, options: EventsOptions = DEFAULTS
) -> int:
    """Read a directory and say what is wrong with it."""
    found = read_named(file, load_for_events(options))
    if options.json:
        say_bytes(
            encode(
                {"counts": counts(found.known), "problems": [*map(problem_to_wire, found.problems)]}
            )
        )
    else:
        tell_problems(found)
        say(f"{contents(found.known)}; {problem_counts(found.problems)}")
    return exit_code(found)


def events_directory_example() -> int:
    """Print a directory to begin with."""
    say(example_directory().rstrip("\n"))
    return ExitCode.DONE


def read_named(file: Path | None, settings: Settings) -> ReadDirectory:
    """The directory in this file, or else in the configured one.

    Raises `UsageError`, and `UpstreamServiceError` if the configured one cannot be read.
    """
    path = file or configured_directory(settings)
    if path is None:
        raise UsageError(
            "No directory is named: name a FILE, or set adapters.directory.path. "
            "`cscs events directory example` prints one to begin with."
        )
    try:
        with sigterm_like_ctrl_c():
            return asyncio.run(read_directory(path))
    except UpstreamServiceError as error:
        if file is None:
            raise
        raise UsageError(f"{error}.") from None


def tell_problems(found: ReadDirectory) -> None:
    """Print what is wrong, and an empty line after it."""
    if found.problems:
        show_problems(found.problems, console())
        say("")


def counts(known: KnownDirectory) -> dict[str, int]:
    """How many records of which kind."""
    return {
        "users": len(known.users),
        "projects": len(known.projects),
        "allocations": len(known.allocations),
        "openstack_requests": len(known.openstack_requests),
    }


def contents(known: KnownDirectory) -> str:
    """The same in words."""
    nouns = ("user", "project", "allocation", "OpenStack request")
    return ", ".join(map(counted, counts(known).values(), nouns))


def exit_code(found: ReadDirectory) -> ExitCode:
    """What the shell is told about the problems."""
    is_doubtful = any(problem.is_doubt for problem in found.problems)
    return ExitCode.DONE_WITH_PROBLEMS if is_doubtful else ExitCode.DONE
