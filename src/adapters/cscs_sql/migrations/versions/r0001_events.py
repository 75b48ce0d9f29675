"""Events, their links, receipts, days to sum up, and facts about the store."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import context, op

from cscs_sql.column_types import JsonText, Moment
from cscs_sql.dialects import Layout
from cscs_sql.timescale import HYPERTABLE_STATEMENTS

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_COUNTER: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_METRICS: Final = (
    "cpu_time_seconds",
    "gpu_time_seconds",
    "ram_bytes_allocated",
    "ram_bytes_used",
    "storage_bytes_allocated",
    "vcpus_allocated",
    "used_cpu_percent",
    "walltime_allocated",
    "walltime_used",
)


def upgrade() -> None:
    """Make the tables as the layout wants them."""
    layout: Layout = context.config.attributes["layout"]
    _make_events(layout)
    _make_links()
    _make_small_tables()


def _make_events(layout: Layout) -> None:
    months = "RANGE (time_window_start)" if layout is Layout.POSTGRESQL else None
    op.create_table(
        "resource_usage_events",
        sa.Column("event_id", sa.Uuid, nullable=False),
        sa.Column("time_window_start", Moment, nullable=False),
        sa.Column("time_window_end", Moment, nullable=False),
        sa.Column("collected_at", Moment, nullable=False),
        sa.Column("received_at", Moment, nullable=False),
        sa.Column("schema_version", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("project_slug", sa.Text),
        sa.Column("is_personal", sa.Boolean, nullable=False),
        *(sa.Column(name, sa.BigInteger, nullable=name != _METRICS[0]) for name in _METRICS),
        sa.Column("measure", sa.Text, nullable=False),
        sa.Column("held_seconds", sa.BigInteger, nullable=False),
        sa.Column("identities", JsonText, nullable=False),
        sa.Column("context", JsonText, nullable=False),
        sa.Column("extra", JsonText),
        sa.Column("revision", sa.Integer, nullable=False, server_default=sa.text("1")),
        sa.Column("erased_at", Moment),
        sa.PrimaryKeyConstraint("event_id", "time_window_start", name="resource_usage_events_pkey"),
        sa.CheckConstraint(
            "time_window_end > time_window_start", name="resource_usage_events_window"
        ),
        *(
            sa.CheckConstraint(f"{name} >= 0", name=f"resource_usage_events_{name}")
            for name in _METRICS
        ),
        postgresql_partition_by=months,
    )
    op.create_index(
        "resource_usage_events_by_time", "resource_usage_events", ["time_window_start", "event_id"]
    )
    op.create_index(
        "resource_usage_events_by_source", "resource_usage_events", ["source", "time_window_start"]
    )
    if layout is Layout.TIMESCALEDB:
        for statement in HYPERTABLE_STATEMENTS:
            op.execute(sa.text(statement))


def _make_links() -> None:
    op.create_table(
        "resource_usage_event_links",
        sa.Column("event_id", sa.Uuid, nullable=False),
        sa.Column("time_window_start", Moment, nullable=False),
        sa.Column("user_id", sa.Text),
        sa.Column("project_id", sa.Text),
        sa.Column("allocation_id", sa.Text),
        sa.Column("user_match_scheme", sa.String(64)),
        sa.Column("project_match_strategy", sa.String(64)),
        sa.Column("allocation_match_strategy", sa.String(64)),
        sa.Column("gaps", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("sought_project", sa.Text),
        sa.Column("sought_scheme", sa.Text),
        sa.Column("sought_value", sa.Text),
        sa.Column("sought_authority", sa.Text),
        sa.Column("resolver_version", sa.Integer, nullable=False),
        sa.Column("resolved_at", Moment, nullable=False),
        sa.Column("is_manual", sa.Boolean, nullable=False),
        sa.Column("corrected_by", sa.Text),
        sa.Column("corrected_at", Moment),
        sa.Column("correction_reason", sa.Text),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("updated_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint(
            "event_id", "time_window_start", name="resource_usage_event_links_pkey"
        ),
    )
    for name in ("user_id", "project_id", "allocation_id"):
        _index_links(name, [name, "time_window_start", "event_id"], f"{name} IS NOT NULL")
    _index_links("gaps", ["time_window_start", "event_id"], "gaps != ''")


def _index_links(name: str, columns: list[str], condition: str) -> None:
    op.create_index(
        f"resource_usage_event_links_{name}",
        "resource_usage_event_links",
        columns,
        postgresql_where=sa.text(condition),
        sqlite_where=sa.text(condition),
    )


def _make_small_tables() -> None:
    op.create_table(
        "resource_usage_touched_days",
        sa.Column("id", _COUNTER, primary_key=True, autoincrement=True),
        sa.Column("day", sa.Date, nullable=False),
    )
    op.create_table(
        "resource_usage_receipts",
        sa.Column("sender", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("stored", sa.Integer, nullable=False),
        sa.Column("duplicates", sa.Integer, nullable=False),
        sa.Column("replaced", sa.Integer, nullable=False),
        sa.Column("received_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("sender", "key", name="resource_usage_receipts_pkey"),
    )
    op.create_table(
        "resource_usage_store",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )


def downgrade() -> None:
    """Take the tables away, and everything in them. Partitions and chunks go with their table."""
    for name in (
        "resource_usage_store",
        "resource_usage_receipts",
        "resource_usage_touched_days",
        "resource_usage_event_links",
        "resource_usage_events",
    ):
        op.drop_table(name)
