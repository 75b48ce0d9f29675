"""`cscs events directory load`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final

import attrs
from cyclopts import Parameter

from cscs_bootstrap.events_administration import DirectoryChange, SectionChange, event_database
from cscs_bootstrap.events_directory import ReadDirectory
from cscs_bootstrap.json_text import encode
from cscs_cli.events_directory import DirectoryFile, exit_code, read_named, tell_problems
from cscs_cli.events_options import DEFAULTS, EventsOptions, load_for_events
from cscs_cli.failures import UsageError
from cscs_cli.storage_report import problem_counts
from cscs_cli.terminal import console, say, say_bytes
from cscs_cli.usage_tables import UsageTable
from cscs_domain.storage.wire import problem_to_wire

_AMOUNTS: Final = ("records", "added", "changed", "removed")


def events_directory_load(
    file: DirectoryFile = None,
    /,
    *,
    dry_run: Annotated[bool, Parameter(help="Say what would change; change nothing.")] = False,
    allow_empty: Annotated[
        bool, Parameter(help="Let a directory be without users or projects that had some.")
    ] = False,
    options: EventsOptions = DEFAULTS,
) -> int:
    """Put a directory into the database, in the place of the one there."""
    settings = load_for_events(options)
    database = event_database(settings)
    found = read_named(file, settings)
    change = database.load_directory(found.known, dry_run=True)
    if not allow_empty:
        _refuse_emptying(change)
    if not dry_run:
        change = database.load_directory(found.known)
    if options.json:
        say_bytes(encode(_wire(found, change, dry_run=dry_run)))
    else:
        _show(found, change, dry_run=dry_run)
    return exit_code(found)


def _refuse_emptying(change: DirectoryChange) -> None:
    """A file that is cut off or of another program looks like that."""
    for name, section in sections(change).items():
        if name in {"users", "projects"} and section.removed and not section.records:
            raise UsageError(
                f"The directory in the database has {section.removed} {name}, this one has none; "
                "nothing was changed. Check the file (`cscs events directory check`), or say "
                "--allow-empty."
            )


def sections(change: DirectoryChange) -> Mapping[str, SectionChange]:
    """Each kind of record by its name."""
    found: dict[str, SectionChange] = attrs.asdict(change, recurse=False)
    return found


def _wire(found: ReadDirectory, change: DirectoryChange, *, dry_run: bool) -> dict[str, object]:
    return {
        "dry_run": dry_run,
        **{name: attrs.asdict(section) for name, section in sections(change).items()},
        "problems": list(map(problem_to_wire, found.problems)),
    }


def _show(found: ReadDirectory, change: DirectoryChange, *, dry_run: bool) -> None:
    tell_problems(found)
    rows = [
        (name, *(str(getattr(section, amount)) for amount in _AMOUNTS))
        for name, section in sections(change).items()
    ]
    columns = ("directory", *_AMOUNTS)
    UsageTable(columns=columns, amounts=frozenset(_AMOUNTS), rows=rows).show(console())
    say(problem_counts(found.problems))
    if dry_run:
        say("Dry run: nothing was changed.")
    else:
        say("Links of past events stay as they are: `cscs events relink` makes them again.")
