"""What stands around a batch: key, form, options. Checked before its body is read. Contract, 2."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

import attrs
from starlette.types import Scope

from cscs_api.collector_answers import CollectorRefusal, bad_request
from cscs_api.request_facts import header
from cscs_bootstrap.collector_keys import CollectorKeys

KEY_HEADER: Final = "X-Zeus-Collector-Key"

_BOOLEANS: Final[Mapping[str, bool]] = {"true": True, "false": False}
_CHARSET: Final = re.compile(r'charset=(?:utf-8|"utf-8")', re.IGNORECASE)
_IDEMPOTENCY_KEY: Final = re.compile(r"[\x20-\x7e]{1,255}")
_MOST_PARAMETERS: Final = 100


@attrs.frozen(kw_only=True)
class Delivery:
    """Who sends a batch, and how it is to be taken."""

    sender: str
    partial: bool = False
    idempotency_key: str | None = None


def delivery_of(scope: Scope, keys: CollectorKeys) -> Delivery:
    """Read what stands around the body. Raises `CollectorRefusal`, 401 before all others."""
    sender = _sender(scope, keys)
    _check_form(scope)
    return Delivery(
        sender=sender,
        partial=_partial(scope["query_string"]),
        idempotency_key=_idempotency_key(scope),
    )


def _sender(scope: Scope, keys: CollectorKeys) -> str:
    given = (header(scope, KEY_HEADER.lower().encode()) or "").strip()
    if not given:
        raise _unauthorized(f"Missing {KEY_HEADER} header")
    if not keys:
        raise _unauthorized("Collector API key not configured")
    sender = keys.sender_of(given)
    if sender is None:
        raise _unauthorized("Invalid API key")
    return sender


def _unauthorized(message: str) -> CollectorRefusal:
    return CollectorRefusal(401, message)


def _check_form(scope: Scope) -> None:
    encoding = (header(scope, b"content-encoding") or "identity").strip().lower()
    if encoding != "identity":
        raise _unsupported("The body must be sent as it is: leave Content-Encoding out.")
    kind, *parameters = (header(scope, b"content-type") or "").split(";")
    if kind.strip().lower() != "application/json":
        raise _unsupported("The body must be JSON: send Content-Type: application/json.")
    if any(text.strip() and not _CHARSET.fullmatch(text.strip()) for text in parameters):
        raise _unsupported("The body must be UTF-8: leave parameters of Content-Type out.")


def _unsupported(message: str) -> CollectorRefusal:
    return CollectorRefusal(415, message)


def _partial(query: bytes) -> bool:
    try:
        given = dict(
            parse_qsl(
                query.decode("ascii", "replace"),
                keep_blank_values=True,
                max_num_fields=_MOST_PARAMETERS,
            )
        )
    except ValueError:
        raise bad_request(f"the query has more than {_MOST_PARAMETERS} parameters") from None
    value = given.get("partial", "false")
    if value not in _BOOLEANS:
        raise bad_request("partial must be true or false")
    return _BOOLEANS[value]


def _idempotency_key(scope: Scope) -> str | None:
    key = header(scope, b"idempotency-key")
    if key is None or _IDEMPOTENCY_KEY.fullmatch(key):
        return key
    raise bad_request("Idempotency-Key must have 1 to 255 printable ASCII characters")
