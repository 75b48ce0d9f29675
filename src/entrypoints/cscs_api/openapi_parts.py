"""What paths of the OpenAPI document share: parameters, answers, errors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from cscs_api.openapi_schemas import Schema, anything, listed, record, ref, text, whole, words

JSON: Final = "application/json"
BEARER: Final = "bearer"
COLLECTOR: Final = "collectorKey"

_REQUEST_ID: Final = text("The id under which the server's log knows the request.")


def parameter(
    name: str, schema: Schema, description: str, *, required: bool = False, place: str = "query"
) -> Schema:
    """A parameter of a request."""
    found: Schema = {"name": name, "in": place, "description": description, "schema": schema}
    return {**found, "required": True} if required else found


def answer(
    description: str,
    schema: Schema | None = None,
    *,
    headers: Iterable[str] = (),
    media_types: Mapping[str, Schema] | None = None,
) -> Schema:
    """An answer; with several media types, the body in each of them."""
    content = dict(media_types or {}) | ({} if schema is None else {JSON: schema})
    found: Schema = {
        "description": description,
        "headers": {
            name: {"$ref": f"#/components/headers/{name}"} for name in ("X-Request-ID", *headers)
        },
    }
    if content:
        found["content"] = {kind: {"schema": body} for kind, body in content.items()}
    return found


HEADERS: Final[Mapping[str, Schema]] = {
    "X-Request-ID": {"description": "The request's id.", "schema": text()},
    "ETag": {"description": "Changes with the content.", "schema": text()},
    "Age": {
        "description": "Seconds since the read of the data began.",
        "schema": text(pattern="^[0-9]+$"),
    },
    "Warning": {
        "description": "110: the data are old; 299: parameters were passed over, or an id is"
        " unknown.",
        "schema": text(),
    },
    "Link": {"description": 'Where a list goes on (rel="next").', "schema": text()},
    "Allow": {"description": "The methods that there are.", "schema": text()},
    "Retry-After": {"description": "Seconds to wait.", "schema": text(pattern="^[0-9]+$")},
    "WWW-Authenticate": {"description": "RFC 6750.", "schema": text()},
    "Idempotency-Replayed": {
        "description": "The batch was stored before; the counts are those of then.",
        "schema": words(["true"]),
    },
}

_DETAIL: Final = record(
    {
        "type": text("enum_validation, int_range, date_parsing, missing, ..."),
        "loc": listed({"type": ["string", "integer"]}, "Where: query or body, and the name."),
        "msg": text(),
        "input": {"type": ["string", "null"], "description": "What was given, shortened."},
        "ctx": anything("allowed_values, ge, le, help."),
    }
)

SCHEMAS: Final[Mapping[str, Schema]] = {
    "Error": record(
        {
            "detail": text("What is wrong."),
            "error": text("The kind of error."),
            "help": text("What to do."),
            "message": text(),
            "request_id": _REQUEST_ID,
        },
        optional=("help", "message"),
    ),
    "Mistakes": record(
        {"detail": listed(_DETAIL, "Every mistake at once.", minItems=1), "request_id": _REQUEST_ID}
    ),
    "CollectorError": record(
        {
            "message": {
                "anyOf": [text(), listed(text(), minItems=1)],
                "description": "A sentence, or one a mistake.",
            },
            "error": text("The status in words."),
            "statusCode": whole("The status.", least=400, most=599),
            "rejected": listed(ref("RejectedEvent")),
            "request_id": _REQUEST_ID,
        },
        optional=("rejected",),
    ),
    "RejectedEvent": record(
        {
            "index": whole("Position in the batch."),
            "errors": listed(text("Path and reason."), minItems=1),
        }
    ),
}

_ERRORS: Final[Mapping[int, tuple[str, str, tuple[str, ...]]]] = {
    401: ("The token is missing or not believed.", "Error", ("WWW-Authenticate",)),
    403: ("The caller may not do this.", "Error", ()),
    404: ("There is no such thing here, or this part is not configured.", "Error", ()),
    406: ("None of the media types in Accept can be had.", "Error", ()),
    410: ("The snapshot is no longer kept: begin the walk again.", "Error", ()),
    413: ("The body is too large.", "Error", ()),
    415: ("The body is not JSON in UTF-8.", "Error", ()),
    408: ("The body did not come to its end in time.", "Error", ()),
    422: ("Parameters or members that cannot be, every mistake at once.", "Mistakes", ()),
    500: ("The server failed; its log has the reason.", "Error", ()),
    502: ("Another service did not give a usable answer.", "Error", ()),
    503: ("The event store or the directory cannot be reached.", "Error", ("Retry-After",)),
}


def errors(*statuses: int) -> dict[str, Schema]:
    """Errors in the form of all routes but the collector's."""
    found = {}
    for status in sorted(statuses):
        description, schema, headers = _ERRORS[status]
        found[str(status)] = answer(description, ref(schema), headers=headers)
    return found
