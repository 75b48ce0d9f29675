"""What `--help` teaches about usage events. Lines are at most 78 columns, as in `help_texts`."""

from __future__ import annotations

from typing import Final

from cscs_cli.events_help_store import DATABASE
from cscs_cli.help_texts import EXIT_CODES, VARIABLES, HelpText

_DAYS: Final = """\
--from and --to are days of the site's zone (site_timezone), both included; a
window belongs to the day on which it begins."""

_FOR_IDS: Final = """\
Ids are those of the directory."""

EVENTS: Final = HelpText(
    "Keep usage events, link them to users and projects, and sum them up.",
    f"""\
A collector sends events to `cscs serve` (POST /collector/resource-usage).
Each is linked to a user, a project and an allocation of the directory. What
could not be linked is shown by `unresolved`: mend the directory, then
`relink`.

Examples:
  cscs events init                        make the tables
  cscs events unresolved                  what to mend first
  cscs events relink --only-unresolved    link again what has gaps
  cscs events summary --scope project --id p7 --from 2026-10-01
  cscs events list --csv > events.csv
  cscs events backup events.backup

{DATABASE}

{EXIT_CODES}
""",
)

RELINK: Final = HelpText(
    "Make links again, by the directory as it is now.",
    f"""\
For events that came before their project, user or allocation was known, and
after the rules have changed. Links made by hand stay as they are. Sums
follow. It may be interrupted, and run again, at any time.

{_DAYS}

Examples:
  cscs events relink --only-unresolved --dry-run
  cscs events relink --from 2026-10-01 --source pbsAcct

{DATABASE}

{EXIT_CODES}
""",
)

LINK: Final = HelpText(
    "Set the link of an event by hand.",
    f"""\
What is not named stays as it is; --no-user, --no-project and --no-allocation
take away. A project is named by its id, slug or title, a user by id, username
or e-mail address, an allocation by its id. With another project and no
--allocation, that is chosen by the usual rule. Such a link is kept by relink;
`cscs events unlink` gives it back. Who you are (on this machine), when and
why is remembered.

Examples:
  cscs events link 5dbb3c0e-6b41-4a6e-a6b6-7a6ee2a4bd5c --project climate \\
    --reason "ran under the wrong project, ticket 4711"
  cscs events link 5dbb3c0e6b414a6ea6b67a6ee2a4bd5c --no-user --dry-run \\
    --reason "a shared account"

{DATABASE}

{EXIT_CODES}
""",
)

UNLINK: Final = HelpText(
    "Take a link by hand back, and let the event be linked by the rules.",
    f"""\
An event whose link is not by hand stays as it is.

Examples:
  cscs events unlink 5dbb3c0e-6b41-4a6e-a6b6-7a6ee2a4bd5c \\
    --reason "the directory is mended"

{DATABASE}

{EXIT_CODES}
""",
)

SHOW: Final = HelpText(
    "Show one event: its numbers, its identities, its link and why.",
    f"""\
Examples:
  cscs events show 5dbb3c0e-6b41-4a6e-a6b6-7a6ee2a4bd5c
  cscs events show 5dbb3c0e6b414a6ea6b67a6ee2a4bd5c --json

{DATABASE}

{EXIT_CODES}
""",
)

UNRESOLVED: Final = HelpText(
    "Show what could not be linked, the most processor time first.",
    f"""\
Events are grouped by source, by the project that they name and by the
identity that was looked for. Mend the directory from the top, then `cscs
events relink --only-unresolved`. Links made by hand are left out.

{_DAYS}

Examples:
  cscs events unresolved
  cscs events unresolved --missing allocation --from 2026-10-01
  cscs events unresolved --source openstack --limit 10 --json

{DATABASE}

{EXIT_CODES}
""",
)

SUMMARY: Final = HelpText(
    "Sum up the usage of a user, a project or an allocation.",
    f"""\
Prints a series over days, weeks (from Monday) or months, the totals, and for
each allocation what was granted and what is left of it. Hours are rounded
half up, in JSON beside exact seconds. Sums are right as of now, whatever came
late or was linked anew. Events that tell totals since a job began do not add
up; they are counted as "not summed".

{_DAYS}
By default it is the current month up to today.
{_FOR_IDS}

Examples:
  cscs events summary --scope project --id p7
  cscs events summary --scope user --id u12 --from 2026-01-01 \\
    --granularity month
  cscs events summary --scope allocation --id a7-2026 --csv > series.csv

{DATABASE}

{EXIT_CODES}
""",
)

LIST: Final = HelpText(
    "List events with their links, oldest windows first.",
    f"""\
{_DAYS}
{_FOR_IDS}
--csv and --ndjson print all that is wanted, page by page; in CSV a text that
a spreadsheet would take for a formula begins with an apostrophe.

Examples:
  cscs events list --project p7 --from 2026-11-01
  cscs events list --only-unresolved --limit 500
  cscs events list --csv > events.csv
  cscs events list --user u12 --ndjson | head

{DATABASE}

{EXIT_CODES}
""",
)

EXPORT: Final = HelpText(
    "Write every event about a person, with its link, to a file.",
    f"""\
For a person's request for their data. Events count that are linked to the
user, or that name one of the identities (in any scheme, in upper or lower
case): those of --identity, and those of the user in the directory. Of a user
who has left the directory give the id, and every name by --identity. Other
identities on these events are listed: those of the person may be on more. The
file has one JSON object a line: an event as it was sent, and its link, with
who set it by hand and why. Sums, earlier corrections and the record in the
directory are not in it. It appears whole or not at all, for its owner alone
to read.

Examples:
  cscs events export --user u12 --output u12.ndjson
  cscs events export --identity anovak --identity anovak@example.org \\
    --output anovak.ndjson

{DATABASE}

{EXIT_CODES}
""",
)

ERASE: Final = HelpText(
    "Remove a person from all events; their numbers stay.",
    f"""\
For a person's request to be forgotten. Identities are removed, names of jobs
and the person's names in texts become "erased", and so do notes about
corrections; projects and allocations keep their sums. It cannot be undone,
but by a backup. The events of --user and --identity are found as by `cscs
events export`, and other identities on them are listed as there. A collector
that sends an erased event again changes nothing. Erase first, while the
directory knows the person's names; then remove the person from the directory
and the collectors. Run it again if it ends with 3: events kept being
replaced.

Examples:
  cscs events erase --user u12 --dry-run
  cscs events erase --user u12 --identity anovak@old.example.org --yes

{DATABASE}

{EXIT_CODES}
""",
)

DIRECTORY: Final = HelpText(
    "Look after the directory of users, projects and allocations.",
    f"""\
Examples:
  cscs events directory example > directory.yaml
  cscs events directory check directory.yaml
  cscs events directory load directory.yaml --dry-run

{DATABASE}

{EXIT_CODES}
""",
)

DIRECTORY_CHECK: Final = HelpText(
    "Read a directory and say what is wrong with it.",
    f"""\
FILE is YAML or JSON, or a folder of tables (users.csv, projects.csv,
allocations.csv, openstack_requests.csv, all of which have to be there); by
default adapters.directory.path.
A record that does not hold is left out, alone.

Examples:
  cscs events directory check
  cscs events directory check new.yaml --json

{VARIABLES}

{EXIT_CODES}
""",
)

DIRECTORY_LOAD: Final = HelpText(
    "Put a directory into the database, in the place of the one there.",
    f"""\
For adapters.directory: sql. FILE is as in `cscs events directory check`. What
is in the database and not in FILE is removed; --dry-run says what would be.
It is one transaction: links are made by the old directory or by the new one.
A directory that lost all of its users or projects is not loaded without
--allow-empty. Afterwards, `cscs events relink`.

Examples:
  cscs events directory load directory.yaml --dry-run
  cscs events directory load exported/

{DATABASE}

{EXIT_CODES}
""",
)

DIRECTORY_EXAMPLE: Final = HelpText(
    "Print a directory to begin with, as a commented YAML file.",
    """\
Example:
  cscs events directory example > directory.yaml

Variables: none are read.

Exit codes: 0 done.
""",
)
