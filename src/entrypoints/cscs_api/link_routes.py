"""GET, PUT, DELETE /usage/events/{event_id}/link: what an event is linked to, and corrections."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import attrs
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from cscs_api.link_request import (
    read_correction,
    read_withdrawal,
    refused_value,
    unknown_entry,
)
from cscs_api.request_facts import facts_of
from cscs_api.usage_access import UsageAccess
from cscs_api.usage_events_routes import NO_STORE, event_id_of, visible
from cscs_bootstrap.events_service import EventsService
from cscs_bootstrap.json_text import encode
from cscs_domain.errors import InvalidValueError, UnknownEntryError
from cscs_domain.events.correct_link import correct_link, withdraw_correction
from cscs_domain.events.stored import StoredEvent
from cscs_domain.events.stored_wire import link_to_wire
from cscs_domain.events.utc_times import utc_text


@attrs.define(eq=False)
class LinkRoutes:
    """The links of one store."""

    _events: EventsService
    _access: UsageAccess

    async def answer(self, request: Request) -> Response:
        """One resource with three methods."""
        match request.method:
            case "PUT":
                return await self._put(request)
            case "DELETE":
                return await self._delete(request)
            case _:
                return await self._get(request)

    async def _get(self, request: Request) -> Response:
        event_id = event_id_of(request)
        events = await visible(self._events, self._access, request, event_id)
        return _answer(event_id, events)

    async def _put(self, request: Request) -> Response:
        self._access.demand_operator(request.scope)
        event_id = event_id_of(request)
        try:
            correction = await read_correction(request)
        except ClientDisconnect:
            facts_of(request.scope).note(reason="the client went away before its request ended")
            return Response(status_code=400)
        try:
            events = await correct_link(
                event_id,
                correction,
                store=self._events.store,
                directory=self._events.directory,
                by=self._access.name_of(request.scope),
                at=self._events.clock.now(),
            )
        except UnknownEntryError as error:
            raise unknown_entry(error) from None
        except InvalidValueError as error:
            raise refused_value(error) from None
        return _answer(event_id, events)

    async def _delete(self, request: Request) -> Response:
        self._access.demand_operator(request.scope)
        event_id = event_id_of(request)
        reason = read_withdrawal(request.scope["query_string"])
        try:
            events = await withdraw_correction(
                event_id,
                reason=reason,
                store=self._events.store,
                directory=self._events.directory,
                by=self._access.name_of(request.scope),
                at=self._events.clock.now(),
            )
        except InvalidValueError as error:
            raise refused_value(error) from None
        return _answer(event_id, events)


def _answer(event_id: UUID, events: Sequence[StoredEvent]) -> Response:
    links = [
        {
            "time_window_start": utc_text(event.event.time_window_start),
            **link_to_wire(event.link),
        }
        for event in events
    ]
    body = encode({"event_id": str(event_id), "links": links})
    return Response(body, 200, NO_STORE, media_type="application/json")
