"""What `--help` teaches about the store of usage events as a whole. At most 78 columns."""

from __future__ import annotations

from typing import Final

from cscs_cli.help_texts import EXIT_CODES, VARIABLES, HelpText

DATABASE: Final = f"""\
{VARIABLES}
DATABASE_URL says where events are kept."""

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

{DATABASE}

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

{DATABASE}

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

{DATABASE}

{EXIT_CODES}
""",
)

STATUS: Final = HelpText(
    "Say what is in the store, and whether this version can work with it.",
    f"""\
It ends with 0 if a server with these settings would start. What that server
would tell of them, such as that there is no directory, is told here too.

Examples:
  cscs events status
  cscs events status --json

{DATABASE}

Exit codes: 0 the store can be used, 1 it cannot be reached, 2 usage,
configuration, or tables of another version (the command that mends it is
told), or a retention that the store does not carry out.
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

{DATABASE}

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

{DATABASE}

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

{DATABASE}

{EXIT_CODES}
""",
)
