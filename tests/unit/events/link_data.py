"""Events and directories of a few words, for tests of links."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cscs_domain.events.directory import (
    DirectoryAllocation,
    DirectoryProject,
    DirectoryUser,
    KnownDirectory,
)
from cscs_domain.events.event import EventIdentity, ResourceUsageEvent
from cscs_domain.events.metrics import ResourceUsageMetrics

SAMPLES: Final = Path(__file__).parents[2] / "data" / "events"
START: Final = datetime(2025, 11, 18, 23, tzinfo=UTC)
END: Final = START + timedelta(days=1)


def event(
    *identities: tuple[str, str],
    context: Mapping[str, object] | None = None,
    source: str = "pbs",
    slug: str | None = None,
    personal: bool = False,
) -> ResourceUsageEvent:
    """An event of one day with these identities (scheme, value)."""
    return ResourceUsageEvent(
        source=source,
        time_window_start=START,
        time_window_end=END,
        collected_at=END,
        metrics=ResourceUsageMetrics(cpu_time_seconds=1),
        identities=tuple(EventIdentity(scheme, value) for scheme, value in identities),
        context=context or {},
        project_slug=slug,
        is_personal=personal,
    )


def named(name: str, *identities: tuple[str, str], source: str = "pbs") -> ResourceUsageEvent:
    """An event of the project that collectors call so."""
    return event(*identities, context={"project": name}, source=source)


def directory(*records: DirectoryUser | DirectoryProject | DirectoryAllocation) -> KnownDirectory:
    """A directory without OpenStack."""
    return KnownDirectory(
        users=tuple(one for one in records if isinstance(one, DirectoryUser)),
        projects=tuple(one for one in records if isinstance(one, DirectoryProject)),
        allocations=tuple(one for one in records if isinstance(one, DirectoryAllocation)),
    )
