"""Which events in memory are wanted, and what those that miss something have in common."""

from __future__ import annotations

from collections.abc import Iterable

from cscs_domain.events.event import EventIdentity
from cscs_domain.events.links import LinkGap, LinkState
from cscs_domain.events.persons import is_about
from cscs_domain.events.stored import EventFilter, StoredEvent, UnresolvedGroup, UnresolvedQuery
from cscs_domain.events.usage_sums import sums_of

_Shared = tuple[str, str | None, EventIdentity | None, tuple[LinkGap, ...]]
"""Source, project, identity and gaps of a group."""


def is_wanted(stored: StoredEvent, wanted: EventFilter) -> bool:
    """Whether everything that the filter says holds."""
    event, link = stored.event, stored.link
    return (
        (wanted.start is None or wanted.start <= event.time_window_start)
        and (wanted.end is None or event.time_window_start < wanted.end)
        and wanted.source in {None, event.source}
        and wanted.user in {None, link.user}
        and wanted.project in {None, link.project}
        and wanted.allocation in {None, link.allocation}
        and not (wanted.only_unresolved and link.state is LinkState.RESOLVED)
        and (wanted.person is None or is_about(stored, wanted.person))
    )


def unresolved_groups(
    events: Iterable[StoredEvent], query: UnresolvedQuery
) -> list[UnresolvedGroup]:
    """The groups that the query asks for, in the order of the port."""
    sharing: dict[_Shared, list[StoredEvent]] = {}
    for stored in events:
        if _is_incomplete(stored, query):
            sharing.setdefault(_shared(stored), []).append(stored)
    groups = [_group(shared, members) for shared, members in sharing.items()]
    return sorted(groups, key=_rank)[: query.limit]


def _is_incomplete(stored: StoredEvent, query: UnresolvedQuery) -> bool:
    scope = EventFilter(start=query.start, end=query.end, source=query.source)
    missed = any(missing.misses(gap) for gap in stored.link.gaps for missing in query.missing)
    return missed and not stored.link.is_manual and is_wanted(stored, scope)


def _shared(stored: StoredEvent) -> _Shared:
    link = stored.link
    return stored.event.source, link.sought_project, link.sought_identity, link.gaps


def _group(shared: _Shared, members: list[StoredEvent]) -> UnresolvedGroup:
    source, project, identity, gaps = shared
    starts = [member.event.time_window_start for member in members]
    return UnresolvedGroup(
        source=source,
        project=project,
        identity=identity,
        gaps=gaps,
        events=len(members),
        cpu_seconds=sum(sums_of(member.event).cpu_seconds for member in members),
        first=min(starts),
        last=max(starts),
    )


def _rank(group: UnresolvedGroup) -> tuple[object, ...]:
    """Most processor time, then most events, then names by code point; no name is the first."""
    who = group.identity
    names = ("", "", "") if who is None else (who.scheme, who.value, who.authority or "")
    return (
        -group.cpu_seconds,
        -group.events,
        group.source,
        group.project or "",
        names,
        group.gaps,
    )
