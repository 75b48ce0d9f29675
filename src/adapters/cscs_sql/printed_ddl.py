"""The statements of `initialise` on paper, for sites where somebody else runs them."""

from __future__ import annotations

from datetime import datetime, tzinfo

from cscs_sql.dialects import Layout
from cscs_sql.facts import SITE_TIMEZONE, zone_name
from cscs_sql.migrating import head, printed_upgrade
from cscs_sql.partitions import PARTITIONS_AHEAD, months_ahead, partition_statements
from cscs_sql.timescale import COMPRESS_AFTER_DAYS, EXTENSION_STATEMENT, Policies


def printed_ddl(
    layout: Layout,
    *,
    zone: tzinfo,
    now: datetime,
    compress_after_days: int = COMPRESS_AFTER_DAYS,
    retention_days: int | None = None,
    partitions_ahead: int = PARTITIONS_AHEAD,
) -> str:
    """A script that does to an empty database what `initialise` does. Asks no server.

    Raises `InvalidValueError`.
    """
    policies = Policies(compress_after_days=compress_after_days, retention_days=retention_days)
    policies.check(layout)
    after: list[str] = []
    if layout is Layout.TIMESCALEDB:
        after += policies.statements()
    if layout is Layout.POSTGRESQL:
        for month in months_ahead(now, partitions_ahead):
            after += partition_statements(month)
    parts = [
        f"-- The event store of cscs-domain, revision {head()}, on {layout}.",
        *_before(layout),
        "BEGIN;",
        printed_upgrade(layout).strip(),
        _zone_statement(zone_name(zone)),
        *(f"{statement};" for statement in after),
        "COMMIT;",
    ]
    return "\n\n".join(parts) + "\n"


def _before(layout: Layout) -> list[str]:
    """What does not go into the transaction."""
    match layout:
        case Layout.SQLITE:
            return ["PRAGMA journal_mode=WAL;"]
        case Layout.POSTGRESQL:
            return []
        case Layout.TIMESCALEDB:
            return [f"{EXTENSION_STATEMENT};"]


def _zone_statement(name: str) -> str:
    # A name of the time zone database has no quotes.
    values = f"('{SITE_TIMEZONE}', '{name}')"
    return f"INSERT INTO resource_usage_store (name, value) VALUES {values};"  # noqa: S608
