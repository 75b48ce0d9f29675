"""How large the parts of an event may be. Source: DESIGN section 9; usage events contract, 1."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

LARGEST_COUNT: Final = 2**63 - 1
"""Of a metric: what a database keeps as a whole number."""
EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""No window begins before; older times are mistakes of a clock or a parser."""
LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)
"""No window ends after."""
LONGEST_NAME: Final = 255
"""Characters of a source, slug, scheme or schema version."""
LONGEST_VALUE: Final = 1024
"""Characters of an identity's value and of its authority."""
LONGEST_ID: Final = 600
"""Bytes in UTF-8 of an id of the directory: sums have three in one index, which takes 2700."""
LONGEST_ENTRY: Final = 1700
"""Bytes in UTF-8 of other texts of the directory, which are looked up by an index in lower case."""
MOST_IDENTITIES: Final = 100
"""Of one event."""
DEEPEST: Final = 20
"""Levels of objects and lists in `context` and in `extra`."""
MOST_CHARACTERS: Final = 65_536
"""Of all keys and texts in `context` together, and as many in `extra`. A page has 1000 events, and
whoever reads it has them all in memory."""
MOST_VALUES: Final = 2_000
"""In `context`, at all levels together, and as many in `extra`."""
