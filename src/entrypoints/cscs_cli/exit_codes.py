"""What the shell is told at the end. Source: DESIGN section 7."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """The same four for every command."""

    DONE = 0
    UPSTREAM_FAILED = 1
    """Waldur, the identity service, or a file that stands in for one did not give an answer."""
    USAGE_OR_CONFIGURATION = 2
    """The arguments or the settings do not hold; asking again will not help."""
    DONE_WITH_PROBLEMS = 3
    """The result is there, but records were left out or are in doubt."""


INTERRUPTED = 130
READER_LEFT = 141
"""What shells report for programs that SIGINT and SIGPIPE ended."""
