"""What a store has as plain JSON values: events with their links, and groups without."""

from __future__ import annotations

from cscs_domain.events.event import EventIdentity
from cscs_domain.events.event_wire import event_to_wire
from cscs_domain.events.hours import hours
from cscs_domain.events.links import Correction, Link
from cscs_domain.events.stored import StoredEvent, UnresolvedGroup
from cscs_domain.events.utc_times import utc_text


def stored_event_to_wire(stored: StoredEvent) -> dict[str, object]:
    """Every field of the event, with its id, its link and what the store knows of it."""
    return {
        "event_id": str(stored.event_id),
        **event_to_wire(stored.event),
        "link": link_to_wire(stored.link),
        "revision": stored.revision,
        "is_erased": stored.is_erased,
    }


def link_to_wire(link: Link) -> dict[str, object]:
    """A link with how it was made, null where there is nothing."""
    return {
        "user": link.user,
        "project": link.project,
        "allocation": link.allocation,
        "state": link.state.value,
        "gaps": [gap.value for gap in link.gaps],
        "user_match": link.user_match and link.user_match.value,
        "project_match": link.project_match and link.project_match.value,
        "allocation_match": link.allocation_match and link.allocation_match.value,
        "sought_project": link.sought_project,
        "sought_identity": _identity(link.sought_identity),
        "resolver_version": link.resolver_version,
        "is_manual": link.is_manual,
        "correction": _correction(link.correction),
    }


def unresolved_group_to_wire(group: UnresolvedGroup) -> dict[str, object]:
    """A group; processor time in hours, and in whole seconds."""
    return {
        "source": group.source,
        "project": group.project,
        "identity": _identity(group.identity),
        "gaps": [gap.value for gap in group.gaps],
        "events": group.events,
        "cpu_hours": hours(group.cpu_seconds),
        "cpu_seconds": group.cpu_seconds,
        "first": utc_text(group.first),
        "last": utc_text(group.last),
    }


def _identity(identity: EventIdentity | None) -> dict[str, object] | None:
    if identity is None:
        return None
    return {
        "scheme": identity.scheme,
        "value": identity.value,
        "authority": identity.authority,
    }


def _correction(correction: Correction | None) -> dict[str, object] | None:
    if correction is None or not correction.by:
        return None
    return {
        "by": correction.by,
        "at": utc_text(correction.at),
        "reason": correction.reason,
    }
