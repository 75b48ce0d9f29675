"""The section `events`: where usage events are kept, and who may send them.

Source: usage events contract, 2 and 6.2; DESIGN sections 5 and 9.
"""

# ruff: noqa: RUF009 - `setting` makes attrs fields, not shared defaults

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final, cast

import attrs

from cscs_bootstrap.secrets import DatabaseUrl, Secret
from cscs_bootstrap.settings_events_values import (
    collector_key,
    collector_keys,
    database_url,
    days_or_never,
    sources,
    whole,
)
from cscs_bootstrap.settings_fields import setting
from cscs_domain.events.event import DEFAULT_SOURCES

ONLY_KEY: Final = "default"
"""What the collector is called whose key has no name."""

_NO_KEYS: Final[Mapping[str, Secret]] = MappingProxyType({})
_NO_SECRET: Final = cast("Secret | None", None)
_NEVER: Final = cast("int | None", None)
_KEY_EXAMPLE: Final = "replace-me-by-32-random-bytes"


@attrs.frozen(kw_only=True)
class EventsSettings:
    """The store of usage events and its HTTP entrance."""

    database_url: DatabaseUrl = setting(
        DatabaseUrl("sqlite:///cscs-events.sqlite3"),
        database_url,
        "Where events are kept: sqlite:///file or postgresql://user:password@host/database.",
        env="DATABASE_URL",
        secret=True,
        example="postgresql://cscs@localhost/cscs_events",
    )
    collector_key: Secret | None = setting(
        _NO_SECRET,
        collector_key,
        "Key that collectors send with their events; of 16 characters at least.",
        env="COLLECTOR_API_KEY",
        secret=True,
        example=_KEY_EXAMPLE,
    )
    collector_keys: Mapping[str, Secret] = setting(
        _NO_KEYS,
        collector_keys,
        "Keys under the names of their collectors, all of which are accepted.",
        secret=True,
        example="{pbs1: replace-me-by-its-own-key}",
    )
    sources: tuple[str, ...] = setting(
        DEFAULT_SOURCES, sources, "Sources whose events are accepted.", example="[pbs, openstack]"
    )
    most_body_bytes: int = setting(
        10_485_760, whole(1024, 1 << 30), "How large a batch may be.", unit="bytes"
    )
    most_events: int = setting(
        10_000, whole(1, 1_000_000), "How many events a batch may have.", unit="events"
    )
    partitions_ahead: int = setting(
        3, whole(1, 120), "How many months ahead there is room for (PostgreSQL).", unit="months"
    )
    compress_after_days: int = setting(
        7, whole(1, 3650), "How old events are when they are compressed (TimescaleDB).", unit="days"
    )
    retention_days: int | None = setting(
        _NEVER,
        days_or_never,
        "How old events are when they are deleted (TimescaleDB); at least 180, or never.",
        unit="days or never",
        example="never",
    )
    pool_size: int = setting(
        8,
        whole(1, 100),
        "How many connections events may take; a directory in the database takes half.",
        unit="connections",
    )

    def named_keys(self) -> Iterator[tuple[str, Secret]]:
        """Every key with its collector's name."""
        if self.collector_key is not None:
            yield ONLY_KEY, self.collector_key
        yield from self.collector_keys.items()
