"""Reading and correcting usage in the OpenAPI document. Source: usage events contract, 4 and 5."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cscs_api.link_request import LONGEST_REASON
from cscs_api.openapi_parts import BEARER, JSON, answer, errors, parameter
from cscs_api.openapi_schemas import (
    Schema,
    amount,
    day,
    listed,
    moment,
    or_null,
    record,
    ref,
    text,
    uuid,
    whole,
    words,
)
from cscs_api.usage_cursor import LENGTH
from cscs_api.usage_formats import Form
from cscs_api.usage_query import DEFAULT_EVENTS, GRANULARITIES, LONGEST_ID, MISSING, SCOPES
from cscs_domain.events.bounds import LONGEST_NAME, LONGEST_VALUE
from cscs_domain.events.directory_records import AllocationStatus, GrantedUnit
from cscs_domain.events.links import LinkGap
from cscs_domain.events.stored import MOST_A_PAGE

_NAME: Final = text(minLength=1, maxLength=LONGEST_NAME)
_ID: Final = text(minLength=1, maxLength=LONGEST_ID)
_NAMED: Final = text(minLength=1, maxLength=LONGEST_VALUE)
_DAY_OR_MOMENT: Final[Schema] = {
    "anyOf": [day(), moment()],
    "description": "A day of the site's zone, or a time with an offset from UTC.",
}
_LIMIT: Final = whole(least=1, most=MOST_A_PAGE) | {"default": DEFAULT_EVENTS}
_SOURCE: Final = parameter("source", _NAME, "Only events of this source.")
_WINDOW: Final = [
    parameter("from", _DAY_OR_MOMENT, "Windows that begin then or later."),
    parameter("to", _DAY_OR_MOMENT, "Windows that begin on this day or before, or before this."),
]

_EVENT_ID: Final = parameter("event_id", uuid(), "An event's id.", required=True, place="path")
_UNAVAILABLE: Final = (401, 403, 404, 500, 502, 503)


def _reading(operation_id: str, summary: str, **more: object) -> Schema:
    return {
        "operationId": operation_id,
        "summary": summary,
        "tags": ["usage"],
        "security": [{BEARER: []}],
        **more,
    }


_SUMMARY: Final = _reading(
    "usageSummary",
    "What a user, project or allocation has used, by day, week or month",
    description="Operators see everything, others scope=user with their own id or none.",
    parameters=[
        parameter("scope", words(SCOPES), "Whose usage.", required=True),
        parameter("id", _ID, "Id in the directory; of a user the caller's own if left out."),
        parameter("from", day(), "First day; the first of the month of `to` if left out."),
        parameter("to", day(), "Last day, included; today if left out."),
        _SOURCE,
        parameter(
            "granularity", words(GRANULARITIES) | {"default": "day"}, "Weeks begin on Mondays."
        ),
    ],
    responses={
        "200": answer("Series and totals.", ref("Summary"), headers=("Warning",)),
        **errors(422, *_UNAVAILABLE),
    },
)
_LISTING: Final = _reading(
    "usageEvents",
    "Events with their links, oldest windows first",
    description="Operators see everything, others their own. CSV and lines without a limit are"
    " the whole list.",
    parameters=[
        *_WINDOW,
        _SOURCE,
        parameter("user", _ID, "Linked to this user."),
        parameter("project", _ID, "Linked to this project."),
        parameter("allocation", _ID, "Linked to this allocation."),
        parameter("state", words(["unresolved"]), "Of which something was not found."),
        parameter("limit", _LIMIT, "Events on a page."),
        parameter(
            "cursor", text(minLength=LENGTH, maxLength=LENGTH), "Out of `next` of the page before."
        ),
    ],
    responses={
        "200": answer(
            "Events.",
            headers=("Link", "Warning"),
            media_types={
                JSON: ref("EventsPage"),
                Form.NDJSON: text("A StoredEvent a line."),
                Form.CSV: text("A line of titles, then an event a line."),
            },
        ),
        **errors(406, 422, *_UNAVAILABLE),
    },
)
_UNRESOLVED: Final = _reading(
    "unresolvedUsage",
    "What could not be linked, most processor time first; for operators",
    parameters=[
        *_WINDOW,
        _SOURCE,
        parameter("missing", words(MISSING), "What is missing; user or project if left out."),
        parameter("limit", _LIMIT, "Groups at the most."),
    ],
    responses={
        "200": answer("Groups.", ref("UnresolvedGroups"), headers=("Warning",)),
        **errors(422, *_UNAVAILABLE),
    },
)
_EVENT: Final = _reading(
    "usageEvent",
    "The events of one id, usually one",
    parameters=[_EVENT_ID],
    responses={"200": answer("Events.", ref("Events")), **errors(*_UNAVAILABLE)},
)
_LINKS: Final = answer("The links of the events of this id.", ref("Links"))
_BODY: Final = {"required": True, "content": {JSON: {"schema": ref("Correction")}}}

PATHS: Final[Mapping[str, Schema]] = {
    "/usage/summary": {"get": _SUMMARY},
    "/usage/events": {"get": _LISTING},
    "/usage/events/{event_id}": {"get": _EVENT},
    "/usage/events/{event_id}/link": {
        "get": _reading(
            "usageEventLink",
            "What an event is linked to, and how that was found",
            parameters=[_EVENT_ID],
            responses={"200": _LINKS, **errors(*_UNAVAILABLE)},
        ),
        "put": _reading(
            "correctUsageEventLink",
            "Link an event by hand; kept when links are made again; for operators",
            parameters=[_EVENT_ID],
            requestBody=_BODY,
            responses={"200": _LINKS, **errors(408, 413, 415, 422, *_UNAVAILABLE)},
        ),
        "delete": _reading(
            "withdrawUsageEventLink",
            "Take a link by hand back, and make the automatic one; for operators",
            parameters=[
                _EVENT_ID,
                parameter("reason", text(minLength=1, maxLength=LONGEST_REASON), "Why."),
            ],
            responses={"200": _LINKS, **errors(422, *_UNAVAILABLE)},
        ),
    },
    "/usage/unresolved": {"get": _UNRESOLVED},
}

_EXACT: Final = ("cpu", "gpu", "walltime", "ram_byte", "storage_byte")
_HOURS: Final = ("cpu", "gpu", "walltime", "ram_gib", "storage_gib")
_SUMS: Final = {
    **{f"{name}_hours": amount("Four decimal places.") for name in _HOURS},
    "events": whole(),
    "not_summed": whole("Events of totals, which do not add up."),
    **{f"{name}_seconds": whole("Exactly.") for name in _EXACT},
}
_UNIT: Final = record(
    {
        "granted": whole("Hours."),
        "consumed": amount("Hours, of all time."),
        "remaining": {"type": "number", "description": "Hours; negative if there are none left."},
        "share": or_null(amount("Consumed of granted.")),
    }
)
_GRANT: Final = record(
    {
        "allocation": text(),
        "project": text(),
        "start": or_null(moment()),
        "end": or_null(moment()),
        "status": words(AllocationStatus),
        "units": record(dict.fromkeys(GrantedUnit, _UNIT), optional=GrantedUnit),
    },
    "An allocation, and what was consumed of it.",
)

SCHEMAS: Final[Mapping[str, Schema]] = {
    "Summary": record(
        {
            "scope": words(SCOPES),
            "id": text(),
            "name": or_null(text("What people call it, if the directory knows it.")),
            "source": or_null(text()),
            "from": day(),
            "to": day(),
            "granularity": words(GRANULARITIES),
            "totals": record(_SUMS),
            "series": listed(
                record(
                    {
                        "name": text("2025-11-19, 2025-W47 or 2025-11."),
                        "from": day(),
                        "to": day("Included."),
                        **_SUMS,
                    }
                ),
                "Every day, week or month, those without usage too.",
            ),
            "grants": listed(_GRANT),
        }
    ),
    "EventsPage": record(
        {
            "events": listed(ref("StoredEvent")),
            "next": or_null(text("Where the list goes on, as a path; null at its end.")),
        }
    ),
    "Events": record({"events": listed(ref("StoredEvent"), minItems=1)}),
    "Links": record(
        {
            "event_id": uuid(),
            "links": listed(
                {
                    "allOf": [
                        record({"time_window_start": moment("Which of the id's events.")}),
                        ref("Link"),
                    ]
                },
                minItems=1,
            ),
        }
    ),
    "Correction": record(
        {
            "user": or_null(_NAMED | {"description": "Id, username or e-mail; null is nobody."}),
            "project": or_null(_NAMED | {"description": "Id, slug or title; null is none."}),
            "allocation": or_null(_NAMED | {"description": "Id; null is none."}),
            "reason": text("Remembered with the link.", minLength=1, maxLength=LONGEST_REASON),
        },
        "What is left out stays as it is.",
        optional=("user", "project", "allocation"),
        additionalProperties=False,
    ),
    "UnresolvedGroups": record(
        {
            "groups": listed(
                record(
                    {
                        "source": text(),
                        "project": or_null(text("The name that was sought.")),
                        "identity": or_null(ref("Identity")),
                        "gaps": listed(words(LinkGap)),
                        "events": whole(least=1),
                        "cpu_seconds": whole(),
                        "cpu_hours": amount(),
                        "first": moment(),
                        "last": moment(),
                    }
                )
            )
        }
    ),
}
