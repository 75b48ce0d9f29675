"""Sums of days, and what was corrected by hand."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

from cscs_sql.column_types import ExactInteger, JsonText, Moment

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_COUNTER: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_KEY: Final = ("day", "source", "user_id", "project_id", "allocation_id")
_SUMS: Final = (
    "cpu_seconds",
    "gpu_seconds",
    "walltime_seconds",
    "ram_byte_seconds",
    "storage_byte_seconds",
)


def upgrade() -> None:
    """Make the tables. Whoever runs this notes the days of all events, for their sums."""
    op.create_table(
        "resource_usage_summaries",
        sa.Column("day", sa.Date, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in _KEY[1:]),
        sa.Column("events", sa.BigInteger, nullable=False),
        *(sa.Column(name, ExactInteger, nullable=False) for name in _SUMS),
        sa.Column("not_summed", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint(*_KEY, name="resource_usage_summaries_pkey"),
    )
    for scope in ("user", "project", "allocation"):
        op.create_index(
            f"resource_usage_summaries_{scope}",
            "resource_usage_summaries",
            [f"{scope}_id", "day"],
        )
    op.create_table(
        "resource_usage_link_corrections",
        sa.Column("id", _COUNTER, primary_key=True, autoincrement=True),
        sa.Column("event_id", sa.Uuid, nullable=False),
        sa.Column("time_window_start", Moment, nullable=False),
        sa.Column("corrected_by", sa.Text),
        sa.Column("corrected_at", Moment, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("before", JsonText, nullable=False),
        sa.Column("after", JsonText, nullable=False),
    )
    op.create_index(
        "resource_usage_link_corrections_event", "resource_usage_link_corrections", ["event_id"]
    )


def downgrade() -> None:
    """Take the tables away. Links made by hand stay; what they replaced is forgotten."""
    op.drop_table("resource_usage_link_corrections")
    op.drop_table("resource_usage_summaries")
