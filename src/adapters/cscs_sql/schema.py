"""The tables, once for all dialects. Source: usage events contract, sections 4.1 and 6; ADR 0021.

What differs between dialects (partitions, hypertables, types) is in `dialects` and `column_types`.
Migrations in `migrations/` are written out by themselves; a test holds that they end in these
tables.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    Uuid,
    text,
)

from cscs_domain.events.metrics import METRIC_NAMES
from cscs_sql.column_types import ExactInteger, JsonText, Moment

metadata: Final = MetaData()

_COUNTER: Final = BigInteger().with_variant(Integer(), "sqlite")
"""What counts up by itself: SQLite does that for INTEGER only."""


def _not_negative(name: str) -> CheckConstraint:
    return CheckConstraint(f"{name} >= 0", name=f"resource_usage_events_{name}")


events: Final = Table(
    "resource_usage_events",
    metadata,
    Column("event_id", Uuid, nullable=False),
    Column("time_window_start", Moment, nullable=False),
    Column("time_window_end", Moment, nullable=False),
    Column("collected_at", Moment, nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("schema_version", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("project_slug", Text),
    Column("is_personal", Boolean, nullable=False),
    *(Column(name, BigInteger, nullable=name != "cpu_time_seconds") for name in METRIC_NAMES),
    # `delta` or `total`, and the seconds that memory was held: out of the domain's rules.
    Column("measure", Text, nullable=False),
    Column("held_seconds", BigInteger, nullable=False),
    Column("identities", JsonText, nullable=False),
    Column("context", JsonText, nullable=False),
    Column("extra", JsonText),
    # 1 for a new event, one more with every change of its content.
    Column("revision", Integer, nullable=False, server_default=text("1")),
    Column("erased_at", Moment),
    # A hypertable and a partitioned table need the time in every unique key.
    PrimaryKeyConstraint("event_id", "time_window_start", name="resource_usage_events_pkey"),
    CheckConstraint("time_window_end > time_window_start", name="resource_usage_events_window"),
    *map(_not_negative, METRIC_NAMES),
    Index("resource_usage_events_by_time", "time_window_start", "event_id"),
    Index("resource_usage_events_by_source", "source", "time_window_start"),
)

links: Final = Table(
    "resource_usage_event_links",
    metadata,
    Column("event_id", Uuid, nullable=False),
    Column("time_window_start", Moment, nullable=False),
    Column("user_id", Text),
    Column("project_id", Text),
    Column("allocation_id", Text),
    Column("user_match_scheme", String(64)),
    Column("project_match_strategy", String(64)),
    Column("allocation_match_strategy", String(64)),
    # Words of `LinkGap`, with blanks between them.
    Column("gaps", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("sought_project", Text),
    Column("sought_scheme", Text),
    Column("sought_value", Text),
    Column("sought_authority", Text),
    Column("resolver_version", Integer, nullable=False),
    Column("resolved_at", Moment, nullable=False),
    Column("is_manual", Boolean, nullable=False),
    Column("corrected_by", Text),
    Column("corrected_at", Moment),
    Column("correction_reason", Text),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    PrimaryKeyConstraint("event_id", "time_window_start", name="resource_usage_event_links_pkey"),
)

for _name in ("user_id", "project_id", "allocation_id"):
    Index(
        f"resource_usage_event_links_{_name}",
        links.c[_name],
        links.c.time_window_start,
        links.c.event_id,
        postgresql_where=links.c[_name].is_not(None),
        sqlite_where=links.c[_name].is_not(None),
    )
Index(
    "resource_usage_event_links_gaps",
    links.c.time_window_start,
    links.c.event_id,
    postgresql_where=links.c.gaps != "",
    sqlite_where=links.c.gaps != "",
)

corrections: Final = Table(
    "resource_usage_link_corrections",
    metadata,
    Column("id", _COUNTER, primary_key=True, autoincrement=True),
    Column("event_id", Uuid, nullable=False),
    Column("time_window_start", Moment, nullable=False),
    Column("corrected_by", Text),
    Column("corrected_at", Moment, nullable=False),
    Column("reason", Text),
    # The link before and after, as objects of ids.
    Column("before", JsonText, nullable=False),
    Column("after", JsonText, nullable=False),
    Index("resource_usage_link_corrections_event", "event_id"),
)

summaries: Final = Table(
    "resource_usage_summaries",
    metadata,
    Column("day", Date, nullable=False),
    Column("source", Text, nullable=False),
    # Empty where there is none: null is not equal to itself in a key.
    Column("user_id", Text, nullable=False),
    Column("project_id", Text, nullable=False),
    Column("allocation_id", Text, nullable=False),
    Column("events", BigInteger, nullable=False),
    Column("cpu_seconds", ExactInteger, nullable=False),
    Column("gpu_seconds", ExactInteger, nullable=False),
    Column("walltime_seconds", ExactInteger, nullable=False),
    Column("ram_byte_seconds", ExactInteger, nullable=False),
    Column("storage_byte_seconds", ExactInteger, nullable=False),
    Column("not_summed", BigInteger, nullable=False),
    PrimaryKeyConstraint(
        "day",
        "source",
        "user_id",
        "project_id",
        "allocation_id",
        name="resource_usage_summaries_pkey",
    ),
    Index("resource_usage_summaries_user", "user_id", "day"),
    Index("resource_usage_summaries_project", "project_id", "day"),
    Index("resource_usage_summaries_allocation", "allocation_id", "day"),
)

touched_days: Final = Table(
    "resource_usage_touched_days",
    metadata,
    # A row a batch and day, never shared: batches that are stored at once do not wait for another.
    Column("id", _COUNTER, primary_key=True, autoincrement=True),
    Column("day", Date, nullable=False),
)

receipts: Final = Table(
    "resource_usage_receipts",
    metadata,
    Column("sender", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("stored", Integer, nullable=False),
    Column("duplicates", Integer, nullable=False),
    Column("replaced", Integer, nullable=False),
    Column("received_at", Moment, nullable=False),
    PrimaryKeyConstraint("sender", "key", name="resource_usage_receipts_pkey"),
)

facts: Final = Table(
    "resource_usage_store",
    metadata,
    # `site_timezone`: the zone of the days in the summaries.
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

# The directory. Folded columns are what the domain compares: see its `directory_names`.

directory_users: Final = Table(
    "directory_users",
    metadata,
    Column("id", Text, primary_key=True),
    Column("external_id", Text, index=True),
    Column("email", Text),
    Column("email_folded", Text, index=True),
    Column("username", Text),
    Column("username_folded", Text, index=True),
    Column("default_project", Text),
)

directory_projects: Final = Table(
    "directory_projects",
    metadata,
    Column("id", Text, primary_key=True),
    Column("title", Text, nullable=False),
    Column("title_folded", Text, nullable=False, index=True),
    Column("slug", Text),
    Column("slug_folded", Text, index=True),
    Column("title_slug", Text, nullable=False, index=True),
)

directory_allocations: Final = Table(
    "directory_allocations",
    metadata,
    Column("id", Text, primary_key=True),
    Column("project", Text, nullable=False, index=True),
    Column("start", Moment),
    Column("end", Moment),
    Column("status", String(16), nullable=False),
    Column("granted", JsonText, nullable=False),
)

directory_openstack_requests: Final = Table(
    "directory_openstack_requests",
    metadata,
    Column("id", _COUNTER, primary_key=True, autoincrement=True),
    # What its project is called in OpenStack, by its title and by its slug: `openstack_names`.
    # Null where the project is unknown, or where both are the same.
    Column("name", Text, index=True),
    Column("other_name", Text, index=True),
    Column("customer_key", Text, nullable=False),
    Column("project", Text, nullable=False, index=True),
    Column("allocation", Text),
    Column("project_title", Text),
)
