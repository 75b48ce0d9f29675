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
