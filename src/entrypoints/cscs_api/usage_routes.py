"""GET /usage/summary and /usage/unresolved. Source: usage events contract, 4 and 5; ADR 0023."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import attrs
from starlette.requests import Request
from starlette.responses import Response

from cscs_api.error_answers import error_response
from cscs_api.query_reader import QueryError, mistake, unknown_parameters
from cscs_api.request_facts import facts_of
from cscs_api.usage_access import UsageAccess, not_yours
from cscs_api.usage_query import SummaryRequest, parse_summary, parse_unresolved
from cscs_bootstrap.events_service import EventsService
from cscs_bootstrap.json_text import encode
from cscs_domain.events.site_days import SiteDays
from cscs_domain.events.stored import UsageScope
from cscs_domain.events.stored_wire import unresolved_group_to_wire
from cscs_domain.events.summarise_usage import summarise_usage
from cscs_domain.events.usage_summary import SummaryQuery, usage_summary_to_wire

_JSON: Final = "application/json"
_UNKNOWN_ID: Final = '299 cscs-domain "unknown_id: the directory does not have it"'
"""Usage of an id stays when the directory forgets it, but most often somebody has mistyped."""


@attrs.define(eq=False)
class UsageRoutes:
    """Sums up what one store has."""

    _events: EventsService
    _access: UsageAccess

    async def summary(self, request: Request) -> Response:
        """Usage of one user, project or allocation in days, weeks or months."""
        query = request.scope["query_string"]
        days = SiteDays(self._events.zone)
        wanted = parse_summary(query, days, self._events.clock.now())
        summary = await summarise_usage(
            SummaryQuery(
                scope=wanted.scope,
                id=await self._whose(request, wanted),
                first=wanted.first,
                last=wanted.last,
                source=wanted.source,
                size=wanted.size,
            ),
            store=self._events.store,
            directory=self._events.directory,
        )
        cautions = () if summary.name is not None else (_UNKNOWN_ID,)
        return _answer(usage_summary_to_wire(summary), wanted.unknown, cautions)

    async def _whose(self, request: Request, wanted: SummaryRequest) -> str:
        """The id that is summed up; the caller's own user if none was given."""
        if self._access.is_operator(request.scope):
            if wanted.id is not None:
                return wanted.id
        elif wanted.scope is not UsageScope.USER:
            raise not_yours()
        own = await self._access.own_user(request.scope)
        if own is None:
            raise _nobody()
        if wanted.id not in {None, own}:
            raise not_yours()
        return own

    async def unresolved(self, request: Request) -> Response:
        """What could not be linked, grouped by what is missing; for operators."""
        self._access.demand_operator(request.scope)
        wanted = parse_unresolved(request.scope["query_string"], SiteDays(self._events.zone))
        groups = await self._events.store.unresolved(wanted.query)
        return _answer({"groups": list(map(unresolved_group_to_wire, groups))}, wanted.unknown)


def _nobody() -> QueryError:
    help_ = "Give the id of a user: while tokens are not checked, nobody is asking."
    return QueryError(
        [mistake("missing", ("query", "id"), "id is required.", None, {"help": help_})]
    )


def _answer(
    body: Mapping[str, object], unknown: tuple[str, ...], cautions: tuple[str, ...] = ()
) -> Response:
    warnings = [*filter(None, [unknown_parameters(unknown)]), *cautions]
    headers = {"cache-control": "no-store"}
    if warnings:
        headers["warning"] = ", ".join(warnings)
    return Response(encode(body), 200, headers, media_type=_JSON)


async def not_configured(request: Request) -> Response:
    """404 where this server has no usage events."""
    return error_response(
        facts_of(request.scope).request_id,
        404,
        {
            "detail": "Usage events are not configured on this server.",
            "error": "NotFound",
            "help": "Set events.database_url, or another key of events.",
        },
    )
