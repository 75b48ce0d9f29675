"""The collector's entrance in the OpenAPI document. Source: usage events contract, section 2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cscs_api.collector_entrance import PATH
from cscs_api.collector_request import KEY_HEADER
from cscs_api.openapi_parts import COLLECTOR, JSON, answer, errors, parameter
from cscs_api.openapi_schemas import Schema, listed, record, ref, text, whole, words

_ERRORS: Final[Mapping[int, str]] = {
    400: "The body or a header is malformed, or events are; nothing was taken in.",
    401: f"The {KEY_HEADER} is missing, unknown, or none is configured.",
    404: "Usage events are not configured.",
    405: "The method is not POST.",
    408: "The body did not come to its end in time.",
    413: "The body is too large: send fewer events at once.",
    415: "The body is not JSON in UTF-8, or it is compressed.",
    422: "The Idempotency-Key was used for another batch.",
    503: "The event store or the directory cannot be reached; send it again.",
}
_HEADERS: Final[Mapping[int, tuple[str, ...]]] = {405: ("Allow",), 503: ("Retry-After",)}

SCHEMAS: Final[Mapping[str, Schema]] = {
    "Taken": record(
        {
            "received": whole("Events in the batch."),
            "message": text(),
            "stored": whole("New ones."),
            "duplicates": whole("Those that were there already."),
            "replaced": whole("Those that were there with an older collected_at."),
            "rejected": listed(ref("RejectedEvent"), "With partial=true: those left out."),
            "request_id": text(),
        }
    ),
}

SECURITY_SCHEME: Final[Schema] = {"type": "apiKey", "in": "header", "name": KEY_HEADER}

_ANSWERS: Final[Schema] = {
    "201": answer("It is stored.", ref("Taken"), headers=("Idempotency-Replayed",)),
    **{
        str(status): answer(
            description,
            ref("CollectorError"),
            headers=_HEADERS.get(status, ()),
        )
        for status, description in _ERRORS.items()
    },
    **errors(500),
}

PATHS: Final[Mapping[str, Schema]] = {
    PATH: {
        "post": {
            "operationId": "takeUsageEvents",
            "summary": "Take a batch of usage events in; 201 means that it is durable",
            "tags": ["collector"],
            "security": [{COLLECTOR: []}],
            "parameters": [
                parameter(
                    "partial",
                    words(["true", "false"]),
                    "true takes the good events of a batch that has bad ones.",
                ),
                parameter(
                    "Idempotency-Key",
                    text(minLength=1, maxLength=255, pattern="^[ -~]+$"),
                    "Repeats the first answer when the same batch is sent again.",
                    place="header",
                ),
            ],
            "requestBody": {"required": True, "content": {JSON: {"schema": ref("Batch")}}},
            "responses": _ANSWERS,
        }
    }
}
