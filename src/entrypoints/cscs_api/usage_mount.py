"""The routes below /usage, all behind tokens."""

from __future__ import annotations

from typing import Final

from starlette.routing import Route

from cscs_api.link_routes import LinkRoutes
from cscs_api.usage_access import UsageAccess
from cscs_api.usage_events_routes import EventsRoutes
from cscs_api.usage_routes import UsageRoutes, not_configured
from cscs_bootstrap.events_service import EventsService
from cscs_domain.callers import AccessPolicy

_SUMMARY: Final = "/summary"
_EVENTS: Final = "/events"
_EVENT: Final = "/events/{event_id}"
_LINK: Final = "/events/{event_id}/link"
_UNRESOLVED: Final = "/unresolved"


def usage_routes(events: EventsService | None, policy: AccessPolicy | None) -> list[Route]:
    """Routes over one store; without one, each answers 404 and says why."""
    if events is None:
        paths = (_SUMMARY, _EVENTS, _EVENT, _UNRESOLVED)
        readings = [Route(path, not_configured) for path in paths]
        return [*readings, Route(_LINK, not_configured, methods=["GET", "PUT", "DELETE"])]
    access = UsageAccess(policy, events.directory)
    usage, listing = UsageRoutes(events, access), EventsRoutes(events, access)
    return [
        Route(_SUMMARY, usage.summary),
        Route(_EVENTS, listing.listing),
        Route(_EVENT, listing.one),
        Route(_LINK, LinkRoutes(events, access).answer, methods=["GET", "PUT", "DELETE"]),
        Route(_UNRESOLVED, usage.unresolved),
    ]
