"""Rows taken apart, so that what thousands of them share is kept once.

URLs are kept under `ROOT`; whoever answers puts the address of the request there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final, TypeAlias
from uuid import UUID

import attrs
import msgspec

from cscs_json import encode

Row: TypeAlias = Mapping[str, object]

ROOT: Final = "https://waldur.invalid/api/"
"""Stands for the server's own address. The domain `invalid` can belong to nobody."""

NOTHING: Final[Row] = {}

_OFFERING_KEYS: Final = (
    "offering",
    "offering_name",
    "offering_uuid",
    "offering_slug",
    "offering_description",
    "offering_image",
    "offering_thumbnail",
    "offering_type",
    "offering_terms_of_service",
    "offering_shared",
    "offering_billable",
    "offering_plugin_options",
    "offering_backend_id",
    "offering_customer_uuid",
    "provider_name",
    "provider_uuid",
    "provider_slug",
    "category_title",
    "category_uuid",
    "category_icon",
    "plan",
    "plan_unit",
    "plan_name",
    "plan_uuid",
    "plan_description",
)
_PLACE_KEYS: Final = (
    "customer_uuid",
    "customer_name",
    "customer_slug",
    "project",
    "project_uuid",
    "project_name",
    "project_slug",
    "project_description",
    "project_end_date",
    "project_end_date_requested_by",
)
_SHARED_KEYS: Final = frozenset(_OFFERING_KEYS + _PLACE_KEYS)
_URL_KEYS: Final = ("url", "offering", "plan", "project")


@attrs.define(eq=False)
class Record:
    """One row: two shared parts, which are never changed, and its own, which wins."""

    offering: Row
    place: Row
    own: dict[str, object]

    def get(self, name: str) -> object:
        """A member; None if there is none."""
        for part in (self.own, self.place, self.offering):
            if name in part:
                return part[name]
        return None

    def text(self, name: str) -> str:
        """A member that is text; "" for everything else."""
        found = self.get(name)
        return found if isinstance(found, str) else ""

    def fields(self) -> dict[str, object]:
        """All members in a new dict."""
        return {**self.offering, **self.place, **self.own}


def getter(name: str) -> Callable[[Record], object]:
    """A quicker `Record.get` for one member of many records."""
    if name in _OFFERING_KEYS:
        # Records of usage have it as their own.
        return lambda record: record.offering.get(name) or record.own.get(name)
    if name in _PLACE_KEYS:
        return lambda record: record.place.get(name) or record.own.get(name)
    return lambda record: record.own.get(name)


@attrs.define
class Shared:
    """Equal things, kept once. Whoever gets one must not change it."""

    _known: dict[bytes, dict[str, object]] = attrs.field(factory=dict)

    def once(self, part: dict[str, object]) -> Row:
        """The first one that was equal to this."""
        return self._known.setdefault(encode(part), part)

    def take_apart(self, row: Row) -> tuple[Row, Row, dict[str, object]]:
        """The parts of a `Record`."""
        offering = {key: row[key] for key in _OFFERING_KEYS if key in row}
        place = {key: row[key] for key in _PLACE_KEYS if key in row}
        own = {key: value for key, value in row.items() if key not in _SHARED_KEYS}
        for name, value in own.items():
            if value.__class__ is dict and len(value) < 8:
                own[name] = self.once(value)
        return self.once(rooted(offering)), self.once(rooted(place)), rooted(own)


def rooted(row: dict[str, object], keys: Iterable[str] = _URL_KEYS) -> dict[str, object]:
    """The row with its own URLs under `ROOT`."""
    for key in keys:
        value = row.get(key)
        if isinstance(value, str) and "/api/" in value:
            row[key] = ROOT + value.partition("/api/")[2]
    return row


def rebased(row: Row) -> dict[str, object]:
    """A copy of a row that came from a server, with all URLs of that server under `ROOT`."""
    base = str(row.get("url", "")).partition("/api/")[0]
    text = encode(row)
    found: dict[str, object] = msgspec.json.decode(
        text.replace(f"{base}/api/".encode(), ROOT.encode()) if base else text
    )
    return found


def hex_of(text: object) -> str | None:
    """A UUID in either form as 32 hex digits; None if it is none."""
    try:
        return UUID(text).hex if isinstance(text, str) else None
    except ValueError:
        return None


def key_of(row: Row) -> str:
    """Under which key a row is kept: that of its uuid, whatever that is."""
    uuid = row.get("uuid")
    return hex_of(uuid) or str(uuid)
