"""Health and this document itself, in the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cscs_api.openapi_parts import answer, errors
from cscs_api.openapi_schemas import (
    Schema,
    anything,
    listed,
    or_null,
    record,
    ref,
    text,
    whole,
    words,
)

_STATE: Final = ("ready", "waiting", "failing")
_EVENTS: Final = record(
    {
        "adapters": record({"events": text(), "directory": text()}),
        "sources": listed(text()),
        "collectors": whole("How many collectors have a key."),
        "failure": or_null(text()),
    }
)

SCHEMAS: Final[Mapping[str, Schema]] = {
    "Alive": record({"status": words(["ok"]), "version": text()}),
    "Readiness": record(
        {
            "status": words(_STATE),
            "version": text(),
            "configured": record(
                {"storage": anything("Its systems, adapters and last read."), "events": _EVENTS},
                "The parts that are configured.",
                optional=("storage", "events"),
            ),
        }
    ),
}

PATHS: Final[Mapping[str, Schema]] = {
    "/healthz": {
        "get": {
            "operationId": "alive",
            "summary": "Whether the process lives",
            "tags": ["health"],
            "security": [],
            "responses": {"200": answer("It lives.", ref("Alive")), **errors(500)},
        }
    },
    "/readyz": {
        "get": {
            "operationId": "ready",
            "summary": "Whether everything that is configured can be answered",
            "tags": ["health"],
            "security": [],
            "responses": {
                "200": answer("It can.", ref("Readiness")),
                "503": answer("Something cannot, or not yet.", ref("Readiness")),
                **errors(500),
            },
        }
    },
    "/openapi.json": {
        "get": {
            "operationId": "openapi",
            "summary": "This document",
            "tags": ["health"],
            "security": [],
            "responses": {"200": answer("OpenAPI 3.1.", anything()), **errors(500)},
        }
    },
}
