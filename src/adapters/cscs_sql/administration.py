"""What an operator does to the store as a whole: make it, bring it up to date, take it back.

Every function opens the database, does its work in one transaction, and closes it again. Two of
them at once on one database wait for each other. They raise `StoreUnavailableError` if the
database cannot be reached and `OutdatedStoreError` if its tables do not allow what was asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

import attrs
from sqlalchemy import Connection, delete, inspect

from cscs_domain._text import label
from cscs_domain.errors import InvalidValueError
from cscs_domain.events.site_days import SiteDays
from cscs_domain.usage.months import Month
from cscs_sql.availability import telling_unavailability
from cscs_sql.complete_days import first_complete_day
from cscs_sql.database_urls import parsed, sync_engine
from cscs_sql.dialects import Layout, layout_of
from cscs_sql.facts import read_zone, write_zone, zone_name
from cscs_sql.locks import Lock, keep_writers_out, take
from cscs_sql.migrating import BASE, Revision, downgrade_to, head, revisions, upgrade_to
from cscs_sql.migrations.revision_table import REVISION_TABLE
from cscs_sql.opening import create_file, opened
from cscs_sql.partitions import PARTITIONS_AHEAD, ensure_months, months_ahead
from cscs_sql.schema import summaries, touched_days
from cscs_sql.schema_state import SchemaKind, require_current, version_of
from cscs_sql.timescale import (
    COMPRESS_AFTER_DAYS,
    Policies,
    TimescaleChoice,
    chosen_layout,
    layout_of_file,
    set_policies,
)
from cscs_sql.touching import touch_all_days


@attrs.frozen(kw_only=True)
class Initialised:
    """What `initialise` found and made."""

    layout: Layout
    is_new: bool
    """False if the tables were there already."""
    months: tuple[Month, ...]
    """Of the partitions that were made."""


def initialise(
    url: str,
    *,
    zone: tzinfo,
    now: datetime,
    timescale: TimescaleChoice = TimescaleChoice.AUTO,
    compress_after_days: int = COMPRESS_AFTER_DAYS,
    retention_days: int | None = None,
    partitions_ahead: int = PARTITIONS_AHEAD,
) -> Initialised:
    """Make the tables, for days of a site's zone. Once they are there, harmless.

    Partitions are made for the month of `now` and so many after it. On TimescaleDB the policies
    are put as given each time. Raises `InvalidValueError`.
    """
    policies = Policies(compress_after_days=compress_after_days, retention_days=retention_days)
    name = zone_name(zone)
    layout = _layout_for(url, timescale)
    policies.check(layout)
    create_file(url)
    with _locked(url) as connection:
        version = version_of(connection)
        version.require(SchemaKind.ABSENT, SchemaKind.CURRENT)
        is_new = version.kind is SchemaKind.ABSENT
        if is_new:
            upgrade_to(connection, layout, head())
            write_zone(connection, name)
        require_current(connection, zone)
        if layout is Layout.TIMESCALEDB:
            set_policies(connection, policies)
        months = ensure_months(connection, months_ahead(now, partitions_ahead))
    return Initialised(layout=layout, is_new=is_new, months=months)


def upgrade(url: str) -> tuple[Revision, ...]:
    """Run the steps that are missing and return them. Sums are computed anew if they were gone."""
    with _locked(url) as connection:
        version = version_of(connection)
        version.require(SchemaKind.CURRENT, SchemaKind.OUTDATED)
        if not version.pending:
            return ()
        had_sums = inspect(connection).has_table(summaries.name)
        upgrade_to(connection, _layout_there(connection), head())
        zone = read_zone(connection)
        if not had_sums and zone is not None:
            touch_all_days(connection, ZoneInfo(zone))
    return version.pending


def downgrade(url: str, to: str, *, dry_run: bool = False) -> tuple[Revision, ...]:
    """Take the steps after a revision back, for an older version; return them, newest first.

    `to` is a revision, `base` for no tables at all, or `-1` for one step. What the steps brought
    is lost with them; with `dry_run` they are only named. Raises `InvalidValueError`.
    """
    with _locked(url) as connection:
        version = version_of(connection)
        version.require(SchemaKind.CURRENT, SchemaKind.OUTDATED)
        known = [BASE, *(each.id for each in revisions())]
        current = known.index(str(version.revision))
        target = _target(to, known[: current + 1])
        if target < current and not dry_run:
            downgrade_to(connection, _layout_there(connection), known[target])
            if target == 0:
                connection.exec_driver_sql(f"DROP TABLE {REVISION_TABLE}")
    return tuple(reversed(revisions()[target:current]))


def rebuild(url: str, zone: tzinfo) -> int:
    """Take another zone for the days of all sums; return how many days are to be summed up again.

    Days whose events were dropped (by retention) keep their sums, which cannot be moved to days of
    another zone any more: then another zone is refused with `InvalidValueError`.
    """
    name = zone_name(zone)
    with _locked(url) as connection:
        require_current(connection)
        before = read_zone(connection)
        # From here on nobody notes days of the zone before, and who has begun to has ended.
        write_zone(connection, name)
        keep_writers_out(connection)
        first = first_complete_day(connection, SiteDays(ZoneInfo(before or name)))
        if first is not None and before != name:
            reason = (
                f"cannot take the place of {label(before)}: events of past days are gone, and "
                "their sums cannot be moved to other days"
            )
            raise InvalidValueError("site_timezone", label(name), reason)
        for day in (summaries.c.day, touched_days.c.day):
            gone = delete(day.table)
            connection.execute(gone if first is None else gone.where(day >= first))
        return touch_all_days(connection, zone, first)


@contextmanager
def _locked(url: str) -> Iterator[Connection]:
    with opened(url) as connection:
        take(connection, Lock.MIGRATION)
        yield connection


def _layout_for(url: str, choice: TimescaleChoice) -> Layout:
    if parsed(url).drivername == "sqlite":
        return layout_of_file(choice)
    engine = sync_engine(url, pool_size=1)
    try:
        with telling_unavailability():
            return chosen_layout(engine, choice)
    finally:
        engine.dispose()


def _layout_there(connection: Connection) -> Layout:
    return layout_of(connection) or Layout.POSTGRESQL


def _target(to: str, known: list[str]) -> int:
    steps = to.removeprefix("-")
    if to != steps and steps.isascii() and steps.isdigit():
        return max(0, len(known) - 1 - int(steps))
    if to not in known:
        reason = f"is none of {', '.join(known)}, nor a number of steps such as -1"
        raise InvalidValueError("revision", label(to), reason)
    return known.index(to)
