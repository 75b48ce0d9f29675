"""Where the revision of the tables is written down."""

from __future__ import annotations

from typing import Final

REVISION_TABLE: Final = "resource_usage_schema"
"""Not Alembic's own name: the database may be shared with somebody who uses that."""
