"""GET /openapi.json: what this server can be asked, for people and programs. OpenAPI 3.1.

All routes are described, whatever is configured: one that is not says so with a 404.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from cscs_api import (
    openapi_collector,
    openapi_events,
    openapi_health,
    openapi_parts,
    openapi_storage,
    openapi_usage,
)
from cscs_api.openapi_parts import BEARER, COLLECTOR
from cscs_api.openapi_schemas import Schema
from cscs_bootstrap.json_text import encode
from cscs_domain import __version__

_PARTS: Final = (openapi_storage, openapi_collector, openapi_usage, openapi_health)
_TAGS: Final = {
    "storage": "Directories that provisioners make, change and remove.",
    "collector": "Where collectors send usage events.",
    "usage": "What was used, by whom, and for which allocation.",
    "health": "For whoever runs the server.",
}


def document() -> Schema:
    """The document as plain values."""
    schemas: Schema = {**openapi_parts.SCHEMAS, **openapi_events.SCHEMAS}
    paths: Schema = {}
    for part in _PARTS:
        schemas |= part.SCHEMAS
        paths |= part.PATHS
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "cscs-domain",
            "version": __version__,
            "description": "Storage resources, usage events and sums of an HPC centre.",
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": text} for name, text in _TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "headers": dict(openapi_parts.HEADERS),
            "securitySchemes": {
                BEARER: {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "An access token of the site. Not asked for where the site has"
                    " switched tokens off, which then answers its own machine only.",
                },
                COLLECTOR: openapi_collector.SECURITY_SCHEME,
            },
        },
    }


async def openapi(request: Request) -> Response:
    """The document."""
    del request
    return Response(_encoded(), media_type="application/json")


@cache
def _encoded() -> bytes:
    return encode(document())
