"""Running Alembic's migrations on a connection of ours, or on paper."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from io import StringIO
from pathlib import Path
from threading import Lock
from typing import Final

import attrs
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from cscs_sql import migrations
from cscs_sql.dialects import Layout

BASE: Final = "base"
"""What the revision before the first is called: no tables at all."""

_FOLDER: Final = Path(migrations.__file__).parent
_ALEMBIC: Final = Lock()
"""Alembic keeps what it works on in a module, so one thread at a time."""


@attrs.frozen
class Revision:
    """One step of the tables, with a sentence about it."""

    id: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.id} {self.sentence}"


@cache
def revisions() -> tuple[Revision, ...]:
    """All steps that this version knows, oldest first."""
    with _ALEMBIC:
        scripts = tuple(ScriptDirectory.from_config(_config({})).walk_revisions())
    return tuple(Revision(script.revision, script.doc) for script in reversed(scripts))


def head() -> str:
    """The revision that this version works with."""
    return revisions()[-1].id


def upgrade_to(connection: Connection, layout: Layout, revision: str) -> None:
    """Run the steps up to a revision, in the transaction that the connection has."""
    with _ALEMBIC:
        command.upgrade(_config({"connection": connection, "layout": layout}), revision)


def downgrade_to(connection: Connection, layout: Layout, revision: str) -> None:
    """Take the steps after a revision back, in the transaction that the connection has."""
    with _ALEMBIC:
        command.downgrade(_config({"connection": connection, "layout": layout}), revision)


def printed_upgrade(layout: Layout) -> str:
    """The statements of all steps, for somebody who runs them by hand."""
    dialect = "sqlite" if layout is Layout.SQLITE else "postgresql"
    written = StringIO()
    with _ALEMBIC:
        config = _config({"dialect_name": dialect, "layout": layout}, written)
        command.upgrade(config, "head", sql=True)
    return written.getvalue()


def _config(attributes: Mapping[str, object], written: StringIO | None = None) -> Config:
    config = Config(output_buffer=written, attributes=dict(attributes))
    # A percent sign would be taken for a reference to another option.
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    return config
