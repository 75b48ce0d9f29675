"""What Alembic runs for every command: on the connection that `migrating` hands over, or offline.

There is no address in here and no alembic.ini: use `cscs events upgrade` and its neighbours.
"""

from __future__ import annotations

from alembic import context

from cscs_sql.migrations.revision_table import REVISION_TABLE

_attributes = context.config.attributes

if context.is_offline_mode():
    context.configure(
        dialect_name=_attributes["dialect_name"],
        literal_binds=True,
        version_table=REVISION_TABLE,
        transactional_ddl=False,
    )
else:
    context.configure(connection=_attributes["connection"], version_table=REVISION_TABLE)

with context.begin_transaction():
    context.run_migrations()
