"""What `--help` teaches: what each command does, examples, variables, exit codes.

Lines are at most 78 columns, so that a terminal of 80 shows them as they stand here.
"""

from __future__ import annotations

from typing import Final

import attrs


@attrs.frozen
class HelpText:
    """A sentence for the list of commands, and what follows the options."""

    brief: str
    more: str


EXIT_CODES: Final = """\
Exit codes: 0 done, 1 an upstream failed, 2 usage or configuration,
3 done, with problems."""

_ENDED_EARLY: Final = """\
130 interrupted (Ctrl-C or SIGTERM), 141 nobody reads its output any more.
"""

VARIABLES: Final = """\
Variables: WALDUR_CSCS_STORAGE_PROXY_CONFIG_PATH names the YAML file where
--config does not. Every setting has a variable of its own, which wins over
the file; `cscs config example` names them all. A secret may also be read
from the file that <VARIABLE>_FILE names."""

CSCS: Final = HelpText(
    "Storage, usage and quotas of an HPC centre that runs Waldur.",
    f"""\
Examples:
  cscs serve --demo                 the API over invented data, no settings
  cscs config example > cscs.yaml   a file to begin with
  cscs config check                 what is in effect, or every mistake
  cscs storage show                 all directories, and what is wrong
  cscs storage export               the same as a file, for its readers
  cscs usage report --dry-run       what Waldur would be told about usage
  cscs events summary --help        usage events: kept, linked, summed up
  cscs emulate                      a centre to try all this against

{VARIABLES}

{EXIT_CODES}
""",
)

SERVE: Final = HelpText(
    "Serve the HTTP API until Ctrl-C or SIGTERM.",
    f"""\
Logs go to standard error, the address to standard output. While
auth.disable_auth is on, only an address of this machine is listened on,
unless ALLOW_INSECURE_BIND=true.

Examples:
  cscs serve --demo
  cscs serve --config cscs.yaml --port 8080
  CSCS_LOG_FORMAT=json cscs serve --config cscs.yaml --port 0

{VARIABLES}
DISABLE_AUTH and ALLOW_INSECURE_BIND say who is let in, DEBUG and
CSCS_LOG_FORMAT how logs look.

Exit codes: 0 ended by Ctrl-C or SIGTERM, 1 the start failed, 2 usage or
configuration (a port in use is one of them).
""",
)

EMULATE: Final = HelpText(
    "Emulate Waldur, HPC User API, DWDI and an OIDC provider on one port.",
    """\
Prints its address, a configuration with which `cscs serve` uses it, and a
line with a token. Everything is invented and kept in memory. Orders and
resources behave as in Waldur; /_emulator/ shows and changes everything.
With --accounts there are compute resources too, whose usage DWDI knows and
`cscs usage` reports.

A fault is SERVICE=KIND[:NAME=VALUE...]. Services: waldur, hpc_user, oidc,
dwdi.
  500 502 503 504 429   that status; retry_after=5 (or date+5) adds a header
  latency slow hang     late by ms=100; piece by piece; no answer at all
  truncate reset lost   half a body; no request heard; only its answer lost
  html garbage half_json huge   200 with something that is of no use
  vanish                rows=3 go and come after the first page (waldur)
  after=N good requests first, times=N bad ones then; path=TEXT and
  method=POST choose among requests.

Examples:
  cscs emulate --write-config emulated.yaml
  cscs serve --config emulated.yaml
  cscs emulate --mode 5.8 --resources 10000 --latency 20
  cscs emulate --accounts 12 --write-config emulated.yaml
  cscs emulate --fault waldur=503:after=2:times=3 --fault oidc=hang

Variables: none are read.

Exit codes: 0 ended by Ctrl-C or SIGTERM, 2 usage (a port in use is one
of them).
""",
)

CONFIG: Final = HelpText(
    "Look at the configuration without starting anything.",
    f"""\
Examples:
  cscs config example > cscs.yaml
  cscs config check --config cscs.yaml

{VARIABLES}

{EXIT_CODES}
""",
)

CONFIG_CHECK: Final = HelpText(
    "Print the configuration in effect, or every mistake in it.",
    f"""\
Prints key, value and origin of every setting, secrets masked; or every
mistake at once, each with key, variable, reason and remedy. It checks what
`cscs serve` needs, unless --part says otherwise. With --part usage (reports)
or warehouse (usage shown), FILE may be the site agent's: then each of its
offerings is told under the agent's own names.

Examples:
  cscs config check --config cscs.yaml
  cscs config check --part storage --json
  cscs config check --part usage --config agent.yaml

{VARIABLES}

Exit codes: 0 the configuration holds, 2 it does not.
""",
)

CONFIG_EXAMPLE: Final = HelpText(
    "Print a commented YAML file with every setting and its default.",
    """\
Every key is commented out: remove the # in front of one to set it. The
remarks name the variables as well.

Example:
  cscs config example > cscs.yaml

Variables: none are read.

Exit codes: 0 done.
""",
)

STORAGE: Final = HelpText(
    "Look at storage resources, and write them to files.",
    f"""\
Examples:
  cscs storage show --demo
  cscs storage show --status pending
  cscs storage export --demo --dry-run --output-dir .
  cscs storage orders --config cscs.yaml

{VARIABLES}

{EXIT_CODES}
""",
)

STORAGE_SHOW: Final = HelpText(
    "Read all storage resources once and show them as the API would.",
    f"""\
Shows every directory (of a tenant, customer, project or user) with path,
status, quotas (soft/hard where they differ), Unix ids and mode, what a
waiting order would change, and then all problems. Filters combine; parents
that do not match are shown only where they carry a row that does.

Examples:
  cscs storage show --demo
  cscs storage show --storage-system capstor --status pending
  cscs storage show --json > rows.json

{VARIABLES}

{EXIT_CODES}
Code 3 means problems of severity error or warning; what could be read is
shown all the same.
""",
)

STORAGE_EXPORT: Final = HelpText(
    "Write all storage resources to a file, whole or not at all.",
    f"""\
Writes YYYY-MM-DD-HH-MM-all.json (time in the site's zone) into the folder
backend_settings.output_directory or --output-dir, which has to be there.
Nothing is overwritten: the second document of a minute is ...-all.2.json.
Problems are listed beside it, in ...-all.problems.json.

latest.json is a link to the newest document, switched when that is on the
disk. A document of some systems only (--storage-system, --offering-uuid) is
linked as latest-<names>.json, for readers of latest.json would take the rows
of the other systems for gone. --keep counts all documents of the format in
the folder, those of some systems as well, and deletes the oldest; never one
that is linked, never an order's.

Give each format and each mapping a folder of its own: documents share
latest.json, which would change from one to the other under its readers.
A document in which a system has no row does not follow one in which it has
some, since a wrong slug or a token that lost its rights look like that;
--allow-empty lets it.

Formats: envelope is {{status, code, meta, result}}, resources the bare list
of rows, ndjson one row a line, linked as latest.ndjson.
Mappings: provider has paths /<system>/<data type>/<provider>/<customer>/
<project> with parents; organisation has /<file system>/store/<customer>/
<project>/<resource> without; organisation-legacy /<offering>/<data type>/...

--diff compares with the newest document; --dry-run does so, too, and writes
nothing. DANGEROUS are new paths, GIDs and UIDs of directories that exist,
and paths that pass to another row: who follows them blindly can lose data.

Examples:
  cscs storage export --config cscs.yaml --keep 100 --wait 60
  cscs storage export --config cscs.yaml --dry-run
  cscs storage export --storage-system vast --format ndjson --output-dir .
  cscs storage export --dry-run --against yesterday.json --json
  cscs storage export --demo --output-dir .

{VARIABLES}

Exit codes: 0 done, 1 an upstream or the folder failed, or somebody else
writes there (--wait waits), 2 usage or configuration, 3 done, with problems
of severity error or warning, or nothing was written for them (--strict) or
for want of rows, or older documents could not be deleted,
{_ENDED_EARLY}""",
)

STORAGE_ORDERS: Final = HelpText(
    "Write the documents of all orders that have none yet.",
    f"""\
Writes YYYY-MM-DD-HH-MM-<create|update|terminate>_<order>.json, with nothing
but the row of the order's resource, for every order that it is the
provider's turn to carry out. An order that waits for somebody else's
approval gets its document when that has come. Run it as often as you like:
an order that has its document gets no other. Nothing is ever pruned.

Examples:
  cscs storage orders --config cscs.yaml --wait 60
  cscs storage orders --config cscs.yaml --dry-run
  cscs storage orders --mapping organisation --output-dir /srv/orders

{VARIABLES}

Exit codes: 0 done, 1 an upstream or the folder failed, or somebody else
writes there (--wait waits), 2 usage or configuration, 3 done, but an order
could not get its document or its row is in doubt,
{_ENDED_EARLY}""",
)

STORAGE_ORDER: Final = HelpText(
    "Write the document of one order.",
    f"""\
Does for one order what `cscs storage orders` does for all: also for one that
has a document (which stays as it is beside the new one), or that has ended
(not from a dump, which knows no ended orders). One that waits for somebody
else's approval gets none. The row shows the resource as it is now.

Examples:
  cscs storage order 5dbb3c0e-6b41-4a6e-a6b6-7a6ee2a4bd5c --wait 60
  cscs storage order 5dbb3c0e6b414a6ea6b67a6ee2a4bd5c --dry-run --json

{VARIABLES}

Exit codes: 0 done, 1 an upstream or the folder failed, or somebody else
writes there (--wait waits), 2 usage or configuration (an order that nobody
knows is one of them), 3 done, but the row is in doubt, there is none, or the
order waits,
{_ENDED_EARLY}""",
)

USAGE: Final = HelpText(
    "Take usage from the DWDI warehouse and report it to Waldur.",
    f"""\
Examples:
  cscs usage ping                     does everything answer?
  cscs usage show --account g207      what the warehouse says
  cscs usage report --dry-run         what Waldur would be told
  cscs usage report                   tell it

All three take the site agent's own file by --config: of its offerings, those
whose reporting_backend is cscs-dwdi (or cscs-dwdi-compute, cscs-dwdi-storage,
cscs-dwdi-inference) are reported.

{VARIABLES}

{EXIT_CODES}
""",
)

USAGE_REPORT: Final = HelpText(
    "Report usage to Waldur: fetch, compare, submit what differs.",
    f"""\
For each resource of the configured offerings, whose backend id is its
account, the warehouse's figures of the month are compared with those that
Waldur has. What differs is submitted, what is equal is not: run it as often
as you like, and again after a run that was interrupted.

Without a month it reports the current one, and the one before it until
usage.grace_days (5) days of the current have passed. A span may have up to
60 months, and begins with the oldest. Waldur lets only its staff's tokens
change past months; others are told that a month is closed.

What the columns say: Waldur now, what it has; warehouse, what it should
have; change, the difference; unattributed, the part of the total that no
user has (below zero, users have more than there is); what is done:
  create raise lower   submitted
  zero                 the warehouse does not know it any more (--reconcile)
  held back            differs and is not submitted; a problem says why
A figure that is lower than Waldur's is held back without --allow-decrease
(or allow_decrease: true of its component). Where the warehouse rather seems
to be at fault (it knows none of the accounts, or leaves a total out), that
takes --force besides. --verbose shows the users and the figures that stay
as they are.

An account that resources of two offerings have is reported for neither, since
it would be billed twice; all offerings of the file count, whichever
--offering names. With adapters.waldur: fake nothing reaches a real Waldur.

An account that fails does not keep the others from being reported, nor an
offering the next one; nor does a reader of the output that leaves early.

Examples:
  cscs usage report --demo --dry-run
  cscs usage report --config agent.yaml
  cscs usage report --month 2026-10 --account g207 --dry-run --verbose
  cscs usage report --from 2025-01 --to 2026-10 --reconcile
  cscs usage report --json > report.json

{VARIABLES}

Exit codes: 0 done, 1 an upstream failed, for one account at least, 2 usage or
configuration, 3 done, with problems of severity error or warning (figures
that are held back are among them), 130 interrupted (Ctrl-C or SIGTERM).
""",
)

USAGE_SHOW: Final = HelpText(
    "Show what the warehouse says, without touching Waldur.",
    f"""\
Prints the totals of accounts, their users' figures, and the part of a total
that no user has; each rounded once, half up. Without a period it is the
current month. --from and --to take months, or days (2026-11-01), which are
added up to one period.

Reports ask for usage of the cluster that the resource's offering has as its
backend id (compute in profile v2-account), and only else of
cscs_dwdi_cluster. Here it is --cluster, or else cscs_dwdi_cluster.

Is usage missing? See that the name is the account's in the warehouse (in
Waldur: the resource's backend id), that the dates are right, that the cluster
is, and that the components are called as the answer's fields; `cscs usage
ping` says whether the services answer or limit requests.

--json prints {{account: {{TOTAL_ACCOUNT_USAGE: {{component: n}}, user: ...}}}};
with months in --from and --to, {{month: {{account: ...}}}}. --csv prints lines
of period,account,user,component,amount,unit, with TOTAL_ACCOUNT_USAGE as the
user of totals; what is unattributed has no line there, being the difference.
With both, problems go to standard error.

Examples:
  cscs usage show --demo --account g001
  cscs usage show --account g207 --account g118 --month 2026-10
  cscs usage show --account g207 --from 2026-11-01 --to 2026-11-19
  cscs usage show --account g207 --from 2026-01 --csv > usage.csv
  cscs usage show --config agent.yaml --account g207 --cluster daint

{VARIABLES}

{EXIT_CODES}
""",
)

USAGE_PING: Final = HelpText(
    "Try the token, the warehouse and Waldur, and say which fails and why.",
    f"""\
Gets a token, asks DWDI whether it lets us in, and asks Waldur the same. Each
is tried whatever came of the others; DWDI is not tried without a token.
Nothing is changed anywhere. Settings that hold for the warehouse are enough:
if there is no Waldur in them, that is what is said of Waldur.

All is well, and usage is missing? `cscs usage show --account NAME` says what
the warehouse has of an account: its --help has what to check (names of
accounts, dates).

Examples:
  cscs usage ping --config cscs.yaml
  cscs usage ping --config agent.yaml --offering daint --json

{VARIABLES}

Exit codes: 0 all of it works, 1 something failed, 2 usage or configuration,
3 what is configured works, and reports need more.
""",
)

SYNC: Final = HelpText(
    "Write all storage resources of the site agent's offerings to files.",
    """\
Takes the place of the command of the same name that came with the agent's
file-based storage plugin. For each offering of FILE with the backend_type
cscs-hpc-storage, one after the other, it writes YYYY-MM-DD-HH-MM-all.json
with paths /<storage_file_system>/store/<customer>/<project>/<resource> into
the offering's backend_settings.output_directory, which has to be there, and
lets latest.json lead to it. Of offerings that share a folder each has a link
of its own, latest-<slug of the offering>.json. Documents appear whole or not
at all. Offerings of other types are passed over.

An offering that fails is told and left out, as is one without any row whose
last document has some (unless --allow-empty); the others are written.
Another program that writes to the folder is waited for, up to five minutes.

Examples:
  waldur_cscs_storage_sync --config agent.yaml
  waldur_cscs_storage_sync -c agent.yaml --dry-run --verbose
  waldur_cscs_storage_sync -c agent.yaml --offering-uuid 5dbb3c0e6b41...

Sections that may stand in FILE beside offerings: hpc_user_api, adapters,
site_timezone, item_ids, callback_base_url, storage_roots, strict,
include_terminated, log_format, debug.

Variables: those of `cscs` (`cscs config example` names them), for all
offerings alike; WALDUR_API_URL and WALDUR_API_TOKEN fill what FILE lacks.

Exit codes: 0 done, 1 an offering failed, 2 usage or configuration (nothing
was written), 3 done, with problems (or nothing was written, being strict),
130 interrupted (Ctrl-C or SIGTERM).
""",
)
