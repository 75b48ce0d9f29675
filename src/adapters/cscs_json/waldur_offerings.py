"""What resource rows tell about an offering, for sources that hold no offerings of their own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from cscs_domain.ports import JsonObject
from cscs_domain.storage.field_parsers import Faults, required_text, required_uuid
from cscs_domain.storage.waldur_rows import WaldurRow
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


def slug_from_rows(rows: Iterable[WaldurRow], offering: UUID) -> str | None:
    """The slug in the first row of an offering that has a usable one; None if there is no such row.

    Stops at that row.
    """
    for row in rows:
        faults: Faults = []
        uuid = required_uuid(row.offering_uuid, "offering_uuid", faults)
        slug = required_text(row.offering_slug, "offering_slug", faults)
        if uuid == offering and not faults:
            return slug
    return None


def _offering_name(member: str) -> str | None:
    if is_secret_name(member):
        return None
    if member.startswith(_PREFIX):
        return member.removeprefix(_PREFIX)
    return _ALSO.get(member)
