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


_EXIT_CODES: Final = """\
Exit codes: 0 done, 1 an upstream failed, 2 usage or configuration,
3 done, with problems."""

_VARIABLES: Final = """\
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
  cscs emulate                      a centre to try all this against

{_VARIABLES}

{_EXIT_CODES}
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

{_VARIABLES}
DISABLE_AUTH and ALLOW_INSECURE_BIND say who is let in, DEBUG and
CSCS_LOG_FORMAT how logs look.

Exit codes: 0 ended by Ctrl-C or SIGTERM, 1 the start failed, 2 usage or
configuration (a port in use is one of them).
""",
)

EMULATE: Final = HelpText(
    "Emulate Waldur, the HPC User API and an OIDC provider on one port.",
    """\
Prints its address, a configuration with which `cscs serve` uses it, and a
line with a token. Everything is invented and kept in memory. Orders and
resources behave as in Waldur; /_emulator/ shows and changes everything.

A fault is SERVICE=KIND[:NAME=VALUE...]. Services: waldur, hpc_user, oidc.
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

{_VARIABLES}

{_EXIT_CODES}
""",
)

CONFIG_CHECK: Final = HelpText(
    "Print the configuration in effect, or every mistake in it.",
    f"""\
Prints key, value and origin of every setting, secrets masked; or every
mistake at once, each with key, variable, reason and remedy. It checks what
`cscs serve` needs, unless --part says otherwise.

Examples:
  cscs config check --config cscs.yaml
  cscs config check --part storage --json

{_VARIABLES}

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
    "Look at storage resources.",
    f"""\
Examples:
  cscs storage show --demo
  cscs storage show --status pending

{_VARIABLES}

{_EXIT_CODES}
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

{_VARIABLES}

{_EXIT_CODES}
Code 3 means problems of severity error or warning; what could be read is
shown all the same.
""",
)
