"""What `--help` teaches about usage events. Lines are at most 78 columns, as in `help_texts`."""

from __future__ import annotations

from typing import Final

from cscs_cli.help_texts import EXIT_CODES, VARIABLES, HelpText

_DATABASE: Final = f"""\
{VARIABLES}
DATABASE_URL says where events are kept."""

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

{_DATABASE}

{EXIT_CODES}
""",
)

INIT: Final = HelpText(
    "Make the tables of the store, or print how.",
    f"""\
DATABASE_URL (events.database_url) is sqlite:///file or
postgresql://user@host/database (which has to be there). On PostgreSQL events
lie in partitions of a month, of which there are events.partitions_ahead in
advance; where the extension TimescaleDB can be had, in a hypertable that
compresses what is older than events.compress_after_days. --timescale off does
without it, on insists. The site's zone is written down, since sums are of its
days. Once the tables are there, to run it again is harmless: it makes room
and sets the policies anew.

--print-sql prints the statements for any --dialect instead, for sites where
somebody else has the right to run them.

Examples:
  cscs events init
  DATABASE_URL=postgresql://cscs@db/events cscs events init --timescale off
  cscs events init --print-sql --dialect timescaledb > events.sql

{_DATABASE}

{EXIT_CODES}
""",
)

UPGRADE: Final = HelpText(
    "Bring the tables up to this version.",
    f"""\
All steps that are missing are taken in one transaction, or none; two upgrades
at once wait for each other. Servers of the old version have to be stopped,
and one of this version does not start before it. Make a backup first.

Examples:
  cscs events backup before.backup && cscs events upgrade
  cscs events upgrade --json

{_DATABASE}

{EXIT_CODES}
""",
)

DOWNGRADE: Final = HelpText(
    "Take steps of the tables back, for an older version of cscs-domain.",
    f"""\
Without --yes it only says which steps those are. What their tables hold is
lost; events are lost with the first step alone.

Examples:
  cscs events downgrade
  cscs events downgrade --steps 2 --yes

{_DATABASE}

{EXIT_CODES}
""",
)

STATUS: Final = HelpText(
    "Say what is in the store, and whether this version can work with it.",
    f"""\
Examples:
  cscs events status
  cscs events status --json

{_DATABASE}

Exit codes: 0 the store can be used, 1 it cannot be reached, 2 usage,
configuration, or tables of another version (the command that mends it is
told).
""",
)

BACKUP: Final = HelpText(
    "Write everything that the store has to one file.",
    f"""\
The file is of no database in particular: one of SQLite can be restored into
PostgreSQL, and the other way round. It shows the store as it is at one
moment, while servers go on. It appears whole or not at all, for its owner
alone to read, and replaces no other file. It holds people's names.

Examples:
  cscs events backup events-2026-11-19.backup
  DATABASE_URL_FILE=/run/secrets/url cscs events backup today.backup --json

{_DATABASE}

{EXIT_CODES}
""",
)

RESTORE: Final = HelpText(
    "Read a backup into a store that is empty.",
    f"""\
Make the tables first (`cscs events init`). Everything is read in one
transaction: a file that is cut off or was changed leaves the store empty.

Examples:
  cscs events init && cscs events restore events-2026-11-19.backup

{_DATABASE}

{EXIT_CODES}
""",
)

REBUILD: Final = HelpText(
    "Sum everything up again, by days of the configured zone.",
    f"""\
Needed after site_timezone has changed, since a sum belongs to a day.
Otherwise sums keep themselves right, and this changes nothing. Servers may go
on; they have to be started again if the zone has changed.

Examples:
  cscs events rebuild
  CSCS_SITE_TIMEZONE=Europe/Zurich cscs events rebuild

{_DATABASE}

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

{_DATABASE}

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

{_DATABASE}

{EXIT_CODES}
""",
)

UNLINK: Final = HelpText(
    "Take a link by hand back, and let the event be linked by the rules.",
    f"""\
Examples:
  cscs events unlink 5dbb3c0e-6b41-4a6e-a6b6-7a6ee2a4bd5c \\
    --reason "the directory is mended"

{_DATABASE}

{EXIT_CODES}
""",
)

SHOW: Final = HelpText(
    "Show one event: its numbers, its identities, its link and why.",
    f"""\
Examples:
  cscs events show 5dbb3c0e-6b41-4a6e-a6b6-7a6ee2a4bd5c
  cscs events show 5dbb3c0e6b414a6ea6b67a6ee2a4bd5c --json

{_DATABASE}

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

{_DATABASE}

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

{_DATABASE}

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

{_DATABASE}

{EXIT_CODES}
""",
)

EXPORT: Final = HelpText(
    "Write everything that is known of a person to a file.",
    f"""\
For a person's request for their data. Events count that are linked to the
user, or that name one of the identities (in any scheme, in upper or lower
case): those of --identity, and those of the user in the directory. The file
has one JSON object a line; it appears whole or not at all, and its owner
alone may read it.

Examples:
  cscs events export --user u12 --output u12.ndjson
  cscs events export --identity anovak --identity anovak@example.org \\
    --output anovak.ndjson

{_DATABASE}

{EXIT_CODES}
""",
)

ERASE: Final = HelpText(
    "Remove a person from all events; their numbers stay.",
    f"""\
For a person's request to be forgotten. Identities are removed, texts that are
one of the person's and names of jobs become "erased", and so do notes about
corrections; projects and allocations keep their sums. It cannot be undone,
but by a backup. The events of --user and --identity are found as by `cscs
events export`. A collector that sends an erased event again changes nothing;
so remove the person from the directory and the collectors first.

Examples:
  cscs events erase --user u12 --dry-run
  cscs events erase --user u12 --identity anovak@old.example.org --yes

{_DATABASE}

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

{_DATABASE}

{EXIT_CODES}
""",
)

DIRECTORY_CHECK: Final = HelpText(
    "Read a directory and say what is wrong with it.",
    f"""\
FILE is YAML or JSON, or a folder of tables (users.csv, projects.csv,
allocations.csv, openstack_requests.csv); by default adapters.directory.path.
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

{_DATABASE}

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
