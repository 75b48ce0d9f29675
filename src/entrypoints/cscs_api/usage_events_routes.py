"""GET /usage/events and /usage/events/{event_id}: what was stored, with its links."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

import attrs
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from cscs_api.query_reader import unknown_parameters
from cscs_api.request_facts import facts_of, header
from cscs_api.usage_access import UsageAccess
from cscs_api.usage_cursor import cursor_of
from cscs_api.usage_formats import Form, accepted_form, as_csv, as_lines, csv_titles
from cscs_api.usage_query import DEFAULT_EVENTS, EventsRequest, parse_events
from cscs_bootstrap.events_service import EventsService
from cscs_bootstrap.json_text import encode
from cscs_domain.errors import UnknownEventError
from cscs_domain.events.own_view import as_own
from cscs_domain.events.site_days import SiteDays
from cscs_domain.events.stored import StoredEvent
from cscs_domain.events.stored_wire import stored_event_to_wire

PATH: Final = "/usage/events"
NO_STORE: Final = {"cache-control": "no-store"}

_STREAMED: Final = 500
"""Events that are read at once while a whole listing is written."""
_WRITERS: Final = {Form.NDJSON: as_lines, Form.CSV: as_csv}


@attrs.define(eq=False)
class EventsRoutes:
    """Lists the events of one store."""

    _events: EventsService
    _access: UsageAccess

    async def listing(self, request: Request) -> Response:
        """One page; as CSV or lines everything, unless there is a limit."""
        form = accepted_form(header(request.scope, b"accept"))
        if form is None:
            offered = ", ".join(Form)
            raise HTTPException(406, f"This list can be had as {offered}.", NO_STORE)
        wanted = await self._wanted(request)
        headers = {**NO_STORE, "vary": "accept", **_warning(wanted)}
        if form is Form.JSON or wanted.limit is not None:
            return await self._page(request, wanted, form, headers)
        first = await self._read(wanted, _STREAMED)  # before the answer begins, while it can fail
        # A HEAD has no body, and need not read the whole list for it.
        content = iter(()) if request.method == "HEAD" else self._stream(wanted, first, form)
        return StreamingResponse(content, 200, headers, _media_type(form))

    async def _wanted(self, request: Request) -> EventsRequest:
        query = request.scope["query_string"]
        wanted = parse_events(query, SiteDays(self._events.zone))
        user = await self._access.shown_user(request.scope, wanted.filter.user)
        return attrs.evolve(
            wanted,
            filter=attrs.evolve(wanted.filter, user=user),
            own=not self._access.is_operator(request.scope),
        )

    async def _page(
        self, request: Request, wanted: EventsRequest, form: Form, headers: Mapping[str, str]
    ) -> Response:
        limit = wanted.limit or DEFAULT_EVENTS
        events = await self._read(wanted, limit)
        following = _next(request, events, limit)
        facts_of(request.scope).note(events=len(events))
        link = {} if following is None else {"link": f'<{following}>; rel="next"'}
        body = _json_page(events, following) if form is Form.JSON else _whole(events, form)
        return Response(body, 200, {**headers, **link}, _media_type(form))

    async def _read(self, wanted: EventsRequest, limit: int) -> Sequence[StoredEvent]:
        found = await self._events.store.page(wanted.filter, after=wanted.after, limit=limit)
        return list(map(as_own, found)) if wanted.own else found

    async def _stream(
        self, wanted: EventsRequest, events: Sequence[StoredEvent], form: Form
    ) -> AsyncIterator[bytes]:
        yield _whole(events, form)
        while len(events) == _STREAMED:
            events = await self._read(attrs.evolve(wanted, after=events[-1].key), _STREAMED)
            yield _WRITERS[form](events)

    async def one(self, request: Request) -> Response:
        """Every event of an id: usually one, but an id may stand for several windows."""
        event_id = event_id_of(request)
        events = await visible(self._events, self._access, request, event_id)
        body = {"events": list(map(stored_event_to_wire, events))}
        return Response(encode(body), 200, NO_STORE, Form.JSON.value)


async def visible(
    service: EventsService, access: UsageAccess, request: Request, event_id: UUID
) -> Sequence[StoredEvent]:
    """The events of an id that the caller may see. Raises `UnknownEventError` if there are none:
    whether others have it is nobody's business. Of what is not theirs alone nothing is in them.
    """
    user = await access.shown_user(request.scope, None)
    found = await service.store.events(event_id)
    shown = [event for event in found if user is None or event.link.user == user]
    if not shown:
        raise UnknownEventError(event_id)
    return shown if access.is_operator(request.scope) else list(map(as_own, shown))


def event_id_of(request: Request) -> UUID:
    """The id in the path, with dashes or without; 404 for what is no id."""
    text = request.path_params["event_id"]
    try:
        return UUID(text)
    except ValueError:
        raise HTTPException(404, "There is no such usage event: its id is no uuid.") from None


def _next(request: Request, events: Sequence[StoredEvent], limit: int) -> str | None:
    """Where the listing goes on; None at its end."""
    if len(events) < limit:
        return None
    query = request.scope["query_string"].decode("ascii", "replace")
    kept = {name: value for name, value in parse_qsl(query) if name != "cursor"}
    return f"{PATH}?{urlencode({**kept, 'cursor': cursor_of(events[-1].key)})}"


def _json_page(events: Sequence[StoredEvent], following: str | None) -> bytes:
    return encode({"events": list(map(stored_event_to_wire, events)), "next": following})


def _whole(events: Sequence[StoredEvent], form: Form) -> bytes:
    titles = csv_titles() if form is Form.CSV else b""
    return titles + _WRITERS[form](events)


def _media_type(form: Form) -> str:
    return f"{form.value}; charset=utf-8" if form is Form.CSV else form.value


def _warning(wanted: EventsRequest) -> Mapping[str, str]:
    warning = unknown_parameters(wanted.unknown)
    return {} if warning is None else {"warning": warning}
