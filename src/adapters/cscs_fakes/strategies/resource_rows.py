"""Provider resources as decoded from Waldur's JSON: valid ones, and anything at all.

Source: Waldur contract, sections 3, 4 and 10.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from cscs_domain.storage.waldur_rows import ORDER_MEMBERS, ROW_MEMBERS
from cscs_fakes.strategies.numbers import usual_numbers
from cscs_fakes.strategies.places import Place, places
from cscs_fakes.strategies.text import any_text, json_values, safe_slugs, uuid_texts

RESOURCE_STATES: Final = ("Creating", "OK", "Erred", "Updating", "Terminating", "Terminated")
ORDER_STATES: Final = (
    *("pending-consumer", "pending-provider", "pending-project", "pending-start-date"),
    *("executing", "done", "erred", "canceled", "rejected"),
)
ORDER_TYPES: Final = ("Create", "Update", "Terminate", "Restore")

# Strategies made once: making them anew in every draw is what costs most.
_BOOLEANS: Final = st.booleans()
_STATES: Final = st.sampled_from(RESOURCE_STATES)
_DATA_TYPES: Final = st.sampled_from(
    (None, "", "store", " Store ", "archive", "users", "USERS", "scratch", "work")
)
_RESOURCE_SLUGS: Final = st.sampled_from(("res-1", "res-2", "res-3", "p1", "Été", "...", "r r"))
_OPAQUE_IDS: Final = st.sampled_from(("", "fs-0a1b"))
_PERMISSIONS: Final = st.sampled_from((None, "", "775", "2770", "0750"))
_MOMENTS: Final = st.sampled_from([f"2026-0{month}-01T00:00:00.000000Z" for month in range(1, 8)])
_OVERRIDES: Final = (
    *("soft_quota_space", "hard_quota_space"),
    *("soft_quota_inodes", "hard_quota_inodes"),
)
_MAY_BE_ABSENT: Final = st.sampled_from(
    (
        *("provider_name", "customer_name", "project_name", "project_uuid", "limits"),
        *("attributes", "options", "backend_id", "backend_metadata", "modified"),
        "order_in_progress",
    )
)
_LEFT_OUT: Final = st.lists(_MAY_BE_ABSENT, max_size=2, unique=True)


def valid_rows(offering_slugs: Sequence[str] = ("capstor",)) -> SearchStrategy[dict[str, object]]:
    """Rows, decoded from JSON, that are believed: every member is as Waldur may send it."""
    return places(offering_slugs).flatmap(row_dicts)


@st.composite
def row_dicts(
    draw: DrawFn, place: Place, backend_ids: SearchStrategy[str] | None = None
) -> dict[str, object]:
    """Valid rows of one place, some of their optional members null or absent."""
    row: dict[str, object] = {
        "uuid": draw(uuid_texts()),
        "slug": draw(_RESOURCE_SLUGS),
        "name": "as people call it",
        "state": draw(_STATES),
        "modified": draw(_MOMENTS),
        "url": "https://waldur.example.com/api/somewhere/",
        "limits": {"storage": draw(usual_numbers())} if draw(_BOOLEANS) else {},
        "attributes": draw(_attributes()),
        "options": draw(_options()),
        "backend_id": draw(_OPAQUE_IDS if backend_ids is None else backend_ids),
        "backend_metadata": draw(_metadata()),
        "order_in_progress": draw(_maybe_order()),
        **_levels(place),
    }
    for member in draw(_LEFT_OUT):
        if draw(_BOOLEANS):
            row[member] = None
        else:
            del row[member]
    return row


def _levels(place: Place) -> dict[str, object]:
    return {
        "offering_uuid": place.offering.uuid.hex,
        "offering_slug": place.offering.slug,
        "provider_slug": place.provider.slug,
        "provider_name": place.provider.name,
        "customer_uuid": place.customer.uuid.hex,
        "customer_slug": place.customer.slug,
        "customer_name": place.customer.name,
        "project_uuid": place.project.uuid.hex,
        "project_slug": place.project.slug,
        "project_name": place.project.name,
    }


@cache
def _maybe_order() -> SearchStrategy[dict[str, object] | None]:
    return st.none() | orders_in_progress()


@cache
@st.composite
def orders_in_progress(draw: DrawFn) -> dict[str, object]:
    """A nested order in any state, final ones included, with any part of its change told."""
    attributes: dict[str, object] = {}
    if draw(_BOOLEANS):
        attributes["old_limits"] = {"storage": draw(usual_numbers())}
    if draw(_BOOLEANS):
        attributes["old_options"] = draw(_options())
        attributes["new_options"] = draw(_options())
    return {
        "uuid": draw(st.uuids()).hex,
        "type": draw(st.sampled_from(ORDER_TYPES)),
        "state": draw(st.sampled_from(ORDER_STATES)),
        "limits": {"storage": draw(usual_numbers())} if draw(_BOOLEANS) else {},
        "attributes": attributes,
    }


def backend_ids(roots: Sequence[str], folders: Sequence[str]) -> SearchStrategy[str]:
    """Opaque ids, paths below a root or into one of the folders, and paths that lead elsewhere."""
    name = safe_slugs()
    below = st.builds("{}/{}/{}".format, st.sampled_from(list(roots)), name, name)
    inside = st.builds("{}/{}".format, st.sampled_from(list(folders)), name)
    outside = st.sampled_from(["/", "/etc", "//", "/a/../b", f"{roots[0]}/", f"{roots[0]}/x/.."])
    return st.one_of(st.just(""), name, below, inside, outside)


@cache
@st.composite
def _attributes(draw: DrawFn) -> dict[str, object]:
    return {
        "storage_data_type": draw(_DATA_TYPES),
        "permissions": draw(_PERMISSIONS),
        "comment": "free text",
    }


@cache
@st.composite
def _options(draw: DrawFn) -> dict[str, object] | None:
    members = draw(_OPTION_SETS)
    if members is None:
        return None
    options: dict[str, object] = {member: draw(usual_numbers()) for member in members}
    if draw(_BOOLEANS):
        options["permissions"] = draw(_PERMISSIONS)
    return options


_OPTION_SETS: Final = st.sampled_from(
    (
        *(None, (), _OVERRIDES[:2], _OVERRIDES[2:], _OVERRIDES),
        *((member,) for member in _OVERRIDES),
    )
)


@cache
def _metadata() -> SearchStrategy[object]:
    # Anything can be stored there; only objects under our two keys mean something.
    return st.sampled_from(
        (
            *({}, {}, None, [], "text", 7, {"other": 1}, {"project_item": None}),
            *({"project_item": item, "user_item": item} for item in READY_ITEMS),
        )
    )


READY_ITEMS: Final[tuple[dict[str, object], ...]] = (
    {},
    {"unixGid": "31000", "unixUid": 2**31 - 1},
    {"itemId": "A" * 32, "key": "k", "name": "Ready", "status": "pending", "active": False},
    {"unixGid": 30500, "email": "owner@uni.example"},
    {"unixUid": 20500, "primaryProject": {"name": "group", "unixGid": 30501}},
    {"key": None, "name": "", "active": None, "status": None, "primaryProject": None},
)
"""Target items that another system may have left in `backend_metadata`, all of them valid."""


@st.composite
def hostile_rows(draw: DrawFn, offering_slugs: Sequence[str] = ("capstor",)) -> dict[str, object]:
    """Objects in which any member may hold any JSON value, be null or be absent.

    Only `order_in_progress` is always null or an object: anything else is not even a row (see
    `WaldurRow.from_mapping`). Half of them are valid but for one to three members.
    """
    anything = json_values()
    if draw(_BOOLEANS):
        row = draw(valid_rows(offering_slugs))
        for member in draw(st.lists(_SPOILT, min_size=1, max_size=3)):
            row[member] = draw(_spoilt(member))
    else:
        row = draw(st.dictionaries(st.sampled_from(ROW_MEMBERS) | any_text(), anything, max_size=6))
    if not isinstance(row.get("order_in_progress"), dict):
        order = st.dictionaries(st.sampled_from(ORDER_MEMBERS), anything, max_size=3)
        row["order_in_progress"] = draw(st.none() | orders_in_progress() | order)
    return row


_SPOILT: Final = st.sampled_from(
    [member for member in ROW_MEMBERS if member != "order_in_progress"]
)


@cache
def _spoilt(member: str) -> SearchStrategy[object]:
    if member in {"limits", "attributes", "options", "backend_metadata"}:
        keys = (
            "storage",
            "storage_data_type",
            "permissions",
            "project_item",
            "user_item",
            *_OVERRIDES,
        )
        return json_values() | st.dictionaries(st.sampled_from(keys), json_values(), max_size=2)
    return json_values()


def uuid_of(row: dict[str, object]) -> UUID:
    """The uuid of a valid row."""
    return UUID(str(row["uuid"]))
