"""What is known about a request while it is being answered, for the access line and errors."""

from __future__ import annotations

import re
from typing import Final
from uuid import uuid4

import attrs
from starlette.types import Scope

_KEY: Final = "cscs.facts"
_ACCEPTED_ID: Final = re.compile(r"[A-Za-z0-9._\-]{1,64}")


@attrs.define
class RequestFacts:
    """The request's id, and what the route wants in the access line."""

    request_id: str
    noted: dict[str, object] = attrs.field(factory=dict)

    def note(self, **facts: object) -> None:
        """Add to the access line."""
        self.noted.update(facts)


def facts_of(scope: Scope) -> RequestFacts:
    """The facts of a request; a fresh set outside our middleware."""
    facts = scope.get(_KEY)
    if not isinstance(facts, RequestFacts):
        facts = scope[_KEY] = RequestFacts(request_id_from(header(scope, b"x-request-id")))
    return facts


def request_id_from(given: str | None) -> str:
    """The caller's id if it is harmless in logs and headers, else a new one."""
    return given if given and _ACCEPTED_ID.fullmatch(given) else uuid4().hex


def header(scope: Scope, name: bytes) -> str | None:
    """A request header's value; None if it is absent."""
    for key, value in scope["headers"]:
        if key == name:
            text: str = value.decode("latin-1")
            return text
    return None
