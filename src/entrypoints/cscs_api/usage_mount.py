"""The routes below /usage, all behind tokens."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cscs_api.error_answers import unavailable
from cscs_api.link_routes import LinkRoutes
from cscs_api.usage_access import UsageAccess
from cscs_api.usage_events_routes import EventsRoutes
from cscs_api.usage_routes import UsageRoutes, not_configured
from cscs_bootstrap.events_service import EventsService
from cscs_domain.callers import AccessPolicy
from cscs_domain.errors import UpstreamServiceError

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
    link = _telling(LinkRoutes(events, access).answer)
    return [
        Route(_SUMMARY, _telling(usage.summary)),
        Route(_EVENTS, _telling(listing.listing)),
        Route(_EVENT, _telling(listing.one)),
        Route(_LINK, link, methods=["GET", "PUT", "DELETE"]),
        Route(_UNRESOLVED, _telling(usage.unresolved)),
    ]


_Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]


def _telling(endpoint: _Endpoint) -> _Endpoint:
    """The endpoint, with an answer of its own where store or directory are away."""

    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except UpstreamServiceError as error:
            return unavailable(request.scope, error)

    return answer
