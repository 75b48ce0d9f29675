"""Which project an event names. Source: usage events contract, section 3."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_IN_CONTEXT: Final = ("project", "project_slug", "projectTitle")


def find_project_slug(
    given: str | None, context: Mapping[str, object]
) -> tuple[str, str] | tuple[None, None]:
    """The slug without blanks around it, and the path of the member it was found in.

    The one given, else the first text in the context that is not blank; None if there is none.
    """
    if given is not None and (slug := given.strip()):
        return slug, "project_slug"
    for name in _IN_CONTEXT:
        value = context.get(name)
        if isinstance(value, str) and (slug := value.strip()):
            return slug, f"context.{name}"
    return None, None
