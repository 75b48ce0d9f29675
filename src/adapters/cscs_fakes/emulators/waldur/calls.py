"""One request as handlers see it: who asks, for what, with which words and which body."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TypeAlias
from urllib.parse import parse_qs

import attrs
from starlette.datastructures import Headers
from starlette.types import Receive, Scope

from cscs_fakes.emulators.waldur.answers import Refusal, invalid
from cscs_fakes.emulators.waldur.auth import Caller

Query: TypeAlias = Mapping[str, Sequence[str]]


@attrs.frozen(kw_only=True)
class Call:
    """A request whose sender is known. `uuid` is the object's in the path, as it was written."""

    method: str
    path: str
    query: Query
    headers: Headers
    base: str
    body: bytes
    caller: Caller
    uuid: str = ""

    @property
    def names(self) -> frozenset[str]:
        """The names of `field`, one each."""
        return frozenset(self.query.get("field", ()))

    def last(self, name: str) -> str:
        """The last value of a parameter; "" without one."""
        values = self.query.get(name)
        return values[-1] if values else ""

    def data(self) -> object:
        """The body; an empty one is an empty object. Refuses what cannot be read: 400 or 415."""
        if not self.body:
            return {}
        media_type = self.headers.get("content-type", "")
        kind = media_type.partition(";")[0].strip().lower()
        if kind == "application/json":
            return _json(self.body)
        if kind == "application/x-www-form-urlencoded":
            return {name: values[-1] for name, values in _parsed(self.body.decode()).items()}
        raise Refusal(415, {"detail": f'Unsupported media type "{media_type}" in request.'})

    def members(self) -> Mapping[str, object]:
        """The body's members. Refuses what is no object."""
        found = self.data()
        if not isinstance(found, dict):
            raise invalid({"non_field_errors": [not_a_dictionary(found)]})
        return found


def not_a_dictionary(value: object) -> str:
    """The message about a value that should have been an object."""
    return f"Invalid data. Expected a dictionary, but got {type(value).__name__}."


def query_of(scope: Scope) -> Query:
    """The parameters, in the order in which they were given."""
    raw: bytes = scope["query_string"]
    return _parsed(raw.decode("latin-1"))


def base_of(scope: Scope, headers: Headers) -> str:
    """The address that the sender used, from the Host header, up to and with `/api/`."""
    return f"{scope.get('scheme', 'http')}://{headers.get('host', 'localhost')}/api/"


async def body_of(receive: Receive) -> bytes:
    """The whole body."""
    parts: list[bytes] = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def _parsed(text: str) -> dict[str, list[str]]:
    return parse_qs(text, keep_blank_values=True)


def _json(body: bytes) -> object:
    try:
        return json.loads(body, parse_constant=_refuse_constant)
    except ValueError as error:
        raise invalid({"detail": f"JSON parse error - {error}"}) from None


def _refuse_constant(text: str) -> object:
    raise ValueError(f"Out of range float values are not JSON compliant: {text!r}")
