"""What resource rows tell about an offering, for sources that hold no offerings of their own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from cscs_domain.ports import JsonObject
from cscs_json.secret_names import is_secret_name

_PREFIX: Final = "offering_"
_ALSO: Final = {
    "provider_name": "customer_name",
    "provider_slug": "customer_slug",
    "provider_uuid": "customer_uuid",
    "category_title": "category_title",
    "category_uuid": "category_uuid",
}
"""Members that an offering has under another name: its customer is the row's provider."""


def offering_from_rows(rows: Iterable[JsonObject], slug: str) -> JsonObject | None:
    """The members of an offering as Waldur's offering endpoint names them; None if no row has it.

    Of rows that disagree the first one that says anything counts. Members whose name speaks of
    secrets are left out wherever they come from.
    """
    known: dict[str, object] = {}
    for row in rows:
        if row.get("offering_slug") == slug:
            for member, value in row.items():
                name = _offering_name(member)
                if name and value is not None:
                    known.setdefault(name, value)
    return known or None


def _offering_name(member: str) -> str | None:
    if is_secret_name(member):
        return None
    if member.startswith(_PREFIX):
        return member.removeprefix(_PREFIX)
    return _ALSO.get(member)
