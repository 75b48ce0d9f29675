"""Members of bodies that must be text of some length."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cscs_fakes.emulators.waldur.answers import Crash, invalid_field

_LONGEST: Final = 255

REQUIRED: Final = "This field is required."
NO_NULL: Final = "This field may not be null."
NO_BLANK: Final = "This field may not be blank."
NO_TEXT: Final = "Not a valid string."


def backend_id_in(body: Mapping[str, object]) -> str:
    """The `backend_id` of a body. Waldur stumbles if there is none."""
    if "backend_id" not in body:
        raise Crash
    found = _text_of(body, "backend_id")
    if len(found) > _LONGEST:
        sentence = f"Ensure this field has no more than {_LONGEST} characters."
        raise invalid_field("backend_id", sentence)
    return found


def _text_of(body: Mapping[str, object], name: str) -> str:
    """A member that is text, perhaps blank; numbers are taken as such."""
    value = body[name]
    if value is None:
        raise invalid_field(name, NO_NULL)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise invalid_field(name, NO_TEXT)
    return str(value).strip()
