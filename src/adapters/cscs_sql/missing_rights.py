"""Which right a user of PostgreSQL lacks, out of what the server says about it."""

from __future__ import annotations

import re
from typing import Final

from cscs_sql.migrations.revision_table import REVISION_TABLE
from cscs_sql.schema import metadata

NEEDED: Final = (
    "it needs SELECT, INSERT, UPDATE and DELETE on all tables of the store,"
    " and USAGE on their sequences"
)
_CREATING: Final = "init, upgrade and making partitions take the owner of the tables"
_ROWS: Final = re.compile(r"permission denied for (?:table|relation|sequence|view) (\w+)")
_SCHEMA: Final = re.compile(r"permission denied for schema\b")
_OWNER: Final = re.compile(r"must be owner of \w+ (\w+)")
_NAMES: Final = (REVISION_TABLE, *metadata.tables)


def missing_right(told: str) -> str:
    """A sentence without its subject. Servers may speak any language: then it says what may lack.

    >>> missing_right("permission denied for schema public")[:56]
    'does not let this user make tables in the schema, or see'
    """
    if found := _ROWS.search(told):
        return f"does not let this user use {_shown(found[1])}: {NEEDED}"
    if _SCHEMA.search(told):
        rights = f"it needs USAGE there, and CREATE to make tables; {_CREATING}"
        return f"does not let this user make tables in the schema, or see them: {rights}"
    if found := _OWNER.search(told):
        return f"lets nobody but the owner change {_shown(found[1])}: {_CREATING}"
    return f"does not let this user do that: {NEEDED}; {_CREATING}"


def _shown(name: str) -> str:
    """Of names only ours: others are nobody's business."""
    return name if name.startswith(_NAMES) else "something"
