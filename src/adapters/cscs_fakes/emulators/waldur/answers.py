"""Answers and refusals in the forms that Waldur gives them. Source: Waldur contract, section 1.

A refusal is raised before anything is changed: one request is one transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

import attrs

Errors: TypeAlias = Mapping[str, object] | Sequence[object]


@attrs.frozen(kw_only=True)
class Answer:
    """What goes back; `body` is JSON unless `page` is HTML text, and empty if both are None."""

    status: int = 200
    body: object = None
    page: str | None = None
    headers: Mapping[str, str] = attrs.field(factory=dict)


class Refusal(Exception):  # noqa: N818  # it is an answer, and no fault of the emulator's
    """A request that is not served."""

    def __init__(self, status: int, body: Errors, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, body)
        self.answer = Answer(status=status, body=body, headers=headers or {})


class Crash(Exception):  # noqa: N818  # as above
    """A request that Waldur stumbles over: 500 with an HTML page."""


_PAGE: Final = """
<!doctype html>
<html lang="en">
<head>
  <title>{title}</title>
</head>
<body>
  <h1>{title}</h1><p>{text}</p>
</body>
</html>
"""


def no_such_endpoint() -> Answer:
    """HTML: this version has no such path."""
    text = "The requested resource was not found on this server."
    return Answer(status=404, page=_PAGE.format(title="Not Found", text=text))


def server_error() -> Answer:
    """HTML: Waldur has stumbled."""
    return Answer(status=500, page=_PAGE.format(title="Server Error (500)", text=""))


def accepted(status: int = 200) -> Answer:
    """Done, with an empty body."""
    return Answer(status=status)


def done(sentence: str) -> Answer:
    """Done, with a sentence."""
    return Answer(body={"status": sentence})


def not_found(kind: str) -> Refusal:
    """JSON: absent, or not visible to this token."""
    return Refusal(404, {"detail": f"No {kind} matches the given query."})


def forbidden() -> Refusal:
    """The object is visible, but the role lacks the permission."""
    return Refusal(403, {"detail": "You do not have permission to perform this action."})


def wrong_state(valid: Sequence[str]) -> Refusal:
    """The object is in another state than the action starts from."""
    return Refusal(409, {"detail": f"Valid states for operation: {', '.join(valid)}."})


def not_allowed(method: str) -> Refusal:
    """The verb, or what the action says instead of it, does not fit."""
    return Refusal(405, {"detail": f'Method "{method}" not allowed.'})


def invalid(errors: Errors) -> Refusal:
    """Bad input: a mapping of fields to messages, or a bare list."""
    return Refusal(400, errors)


def invalid_field(name: str, message: str) -> Refusal:
    """One message about one field."""
    return invalid({name: [message]})
