"""Reading what the collector's entrance says where it takes nothing."""

from __future__ import annotations

from typing import Final

import httpx

PHRASES: Final = {
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    405: "Method Not Allowed",
    413: "Payload Too Large",
    415: "Unsupported Media Type",
    503: "Service Unavailable",
}


def refused(response: httpx.Response, status: int) -> str:
    """The sentence of an error in the collector's form."""
    body = response.json()
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    assert (body["error"], body["statusCode"]) == (PHRASES[status], status)
    assert body["request_id"] == response.headers["x-request-id"]
    message = body["message"]
    found: str = message if isinstance(message, str) else message[0]
    return found
