"""The directory, for sites that keep it in the database."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

from cscs_sql.column_types import JsonText, Moment

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_COUNTER: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    _make_users()
    _make_projects()
    _make_allocations()
    _make_requests()


def _make_users() -> None:
    op.create_table(
        "directory_users",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("external_id", sa.Text),
        sa.Column("email", sa.Text),
        sa.Column("email_folded", sa.Text),
        sa.Column("username", sa.Text),
        sa.Column("username_folded", sa.Text),
        sa.Column("default_project", sa.Text),
    )
    for name in ("external_id", "email_folded", "username_folded"):
        op.create_index(f"ix_directory_users_{name}", "directory_users", [name])


def _make_projects() -> None:
    op.create_table(
        "directory_projects",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("title_folded", sa.Text, nullable=False),
        sa.Column("slug", sa.Text),
        sa.Column("slug_folded", sa.Text),
        sa.Column("title_slug", sa.Text, nullable=False),
    )
    for name in ("title_folded", "slug_folded", "title_slug"):
        op.create_index(f"ix_directory_projects_{name}", "directory_projects", [name])


def _make_allocations() -> None:
    op.create_table(
        "directory_allocations",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("project", sa.Text, nullable=False),
        sa.Column("start", Moment),
        sa.Column("end", Moment),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("granted", JsonText, nullable=False),
    )
    op.create_index("ix_directory_allocations_project", "directory_allocations", ["project"])


def _make_requests() -> None:
    op.create_table(
        "directory_openstack_requests",
        sa.Column("id", _COUNTER, primary_key=True, autoincrement=True),
        sa.Column("name", sa.Text),
        sa.Column("other_name", sa.Text),
        sa.Column("customer_key", sa.Text, nullable=False),
        sa.Column("project", sa.Text, nullable=False),
        sa.Column("allocation", sa.Text),
        sa.Column("project_title", sa.Text),
    )
    for name in ("name", "other_name", "project"):
        op.create_index(
            f"ix_directory_openstack_requests_{name}", "directory_openstack_requests", [name]
        )


def downgrade() -> None:
    """Take the tables away; files and services that the directory came from have it still."""
    for name in (
        "directory_openstack_requests",
        "directory_allocations",
        "directory_projects",
        "directory_users",
    ):
        op.drop_table(name)
    # Who remembers the directory asks for its version, and must not find that of one that is gone.
    op.execute("DELETE FROM resource_usage_store WHERE name = 'directory_version'")
