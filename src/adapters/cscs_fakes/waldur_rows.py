"""Realistic provider-resource rows in any number, as Mastermind 8.1 sends them without `field=`.

For benchmarks, load tests and emulators: every row has all keys, nested orders included, and is
5 to 9 kB of JSON. The same count and seed give the same rows on every machine. All rows are valid;
about one project in 150 has two resources that share a path. Ids, slugs and times are made up.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import islice
from random import Random
from typing import Final
from uuid import UUID

from cscs_fakes import waldur_row_content as content
from cscs_fakes import waldur_row_names as names
from cscs_fakes.waldur_row_catalogue import API, shared_fields
from cscs_fakes.waldur_row_orders import Facts, change_order, creation_order, waldur_time
from cscs_fakes.waldur_row_places import USER_TYPES, Place, lay_out

_FIRST_DAY: Final = datetime(2023, 1, 9, 6, 30, tzinfo=UTC)
_LAST_DAY: Final = datetime(2026, 9, 30, 18, 0, tzinfo=UTC)
_SYNCED: Final = datetime(2026, 11, 20, 3, 15, tzinfo=UTC)
_FIRST_GID: Final = 30000
_FIRST_UID: Final = 20000


def iter_rows(count: int, *, seed: int = 0) -> Iterator[dict[str, object]]:
    """Yield `count` rows, oldest first, without holding more than one of them.

    Raises `ValueError` at the first step if `count` is negative.
    """
    if count < 0:
        raise ValueError(f"count of rows: {count} is negative; ask for 0 or more")
    # Shares are drawn from this one source only, so equal arguments mean equal rows.
    rng = Random(seed)
    step = (_LAST_DAY - _FIRST_DAY) / max(1, count)
    for number, place in enumerate(lay_out(count, rng)):
        yield _row(_facts(number, place, _FIRST_DAY + number * step, rng), rng)


def make_rows(count: int, *, seed: int = 0) -> list[dict[str, object]]:
    """Return the rows of `iter_rows` as a list; 10 000 of them take about 100 MB."""
    return list(iter_rows(count, seed=seed))


def make_gids(rows: Iterable[Mapping[str, object]]) -> dict[str, int]:
    """Return a GID for every project slug of the rows: 30000 and up, in the order of the slugs."""
    slugs = sorted({str(row["project_slug"]) for row in rows})
    return {slug: _FIRST_GID + number for number, slug in enumerate(slugs)}


def make_users(rows: Iterable[Mapping[str, object]]) -> dict[str, dict[str, object]]:
    """Return who owns each `users` and `scratch` resource, by resource slug.

    A record is `{posixName, unixUid, email, primaryProject: {posixName, unixGid}}`; UIDs count
    from 20000. GIDs agree with those that `make_gids` gives for the same rows.
    """
    slim = [
        (str(row["slug"]), str(row["project_slug"]), str(row["customer_slug"]), _is_personal(row))
        for row in rows
    ]
    gids = make_gids({"project_slug": project} for _, project, _, _ in slim)
    owners = sorted({(slug, *where) for slug, *where, personal in slim if personal})
    return {
        slug: {
            "posixName": slug,
            "unixUid": _FIRST_UID + number,
            "email": f"{slug}@{customer}.example.org",
            "primaryProject": {"posixName": project, "unixGid": gids[project]},
        }
        for number, (slug, project, customer) in enumerate(owners)
    }


def rows_as_pages(rows: Iterable[Mapping[str, object]], page_size: int = 300) -> list[bytes]:
    """Return bodies of list answers: compact UTF-8 JSON, `page_size` rows each, at least one page.

    Raises `ValueError` for a page size below 1.
    """
    if page_size < 1:
        raise ValueError(f"rows on a page: {page_size} is too few; ask for 1 or more")
    rest = iter(rows)
    pages = [_as_json(page) for page in iter(lambda: list(islice(rest, page_size)), [])]
    return pages or [b"[]"]


def _as_json(page: list[Mapping[str, object]]) -> bytes:
    return json.dumps(page, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def _is_personal(row: Mapping[str, object]) -> bool:
    attributes = row["attributes"]
    return isinstance(attributes, dict) and attributes.get("storage_data_type") in USER_TYPES


def _facts(number: int, place: Place, earliest: datetime, rng: Random) -> Facts:
    created = earliest + timedelta(microseconds=rng.randrange(1_000_000))
    size = content.any_size(rng)
    personal = place.data_type in USER_TYPES
    parts = (place.project.slug, place.offering.slug, place.data_type, str(place.copy))
    person = " ".join(names.person(number))
    return Facts(
        uuid=_uuid(rng),
        slug=names.login(number) if personal else "-".join(parts[: 3 + (place.copy > 1)]),
        name=f"{place.data_type.title()} {person if personal else place.project.name}",
        place=place,
        size=size,
        attributes=content.any_attributes(place.data_type, rng),
        options=content.any_options(size, rng),
        created=created,
        modified=created + timedelta(seconds=rng.randrange(600, 4_000_000)),
        person=person,
    )


def _row(facts: Facts, rng: Random) -> dict[str, object]:
    situation = content.any_situation(rng)
    creating = situation.order_type == "Create"
    first_state = situation.order_state if creating else _end_of_creation(situation, rng)
    first = creation_order(facts, _uuid(rng), first_state)
    waiting = first if creating else None
    if situation.order_type and not creating:
        waiting = change_order(facts, _uuid(rng), situation)
    return (
        shared_fields(facts.place.offering)
        | _resource_fields(facts, situation.state)
        | _place_fields(facts.place)
        | _backend_fields(facts, situation.state, rng)
        | _idle_fields()
        | {"order_in_progress": waiting, "creation_order": first}
    )


def _end_of_creation(situation: content.Situation, rng: Random) -> str:
    return "erred" if situation.state == "Erred" and rng.random() < 0.5 else "done"


def _uuid(rng: Random) -> str:
    return UUID(int=rng.getrandbits(128), version=4).hex


def _resource_fields(facts: Facts, state: str) -> dict[str, object]:
    return {
        "url": f"{API}marketplace-resources/{facts.uuid}/",
        "uuid": facts.uuid,
        "name": facts.name,
        "slug": facts.slug,
        "description": "",
        "state": state,
        "limits": {"storage": content.json_number(facts.size)},
        "attributes": dict(facts.attributes),
        "options": None if facts.options is None else dict(facts.options),
        "created": waldur_time(facts.created),
        "modified": waldur_time(facts.modified),
        "end_date": None,
        "end_date_requested_by": None,
        "error_message": "File system refused the quota." if state == "Erred" else "",
        "error_traceback": "",
    }


def _place_fields(place: Place) -> dict[str, object]:
    return {
        "offering_backend_id": place.offering.backend_id,
        "offering_customer_uuid": place.offering.provider.uuid,
        "customer_uuid": place.project.customer.uuid,
        "customer_name": place.project.customer.name,
        "customer_slug": place.project.customer.slug,
        "project": f"{API}projects/{place.project.uuid}/",
        "project_uuid": place.project.uuid,
        "project_name": place.project.name,
        "project_slug": place.project.slug,
        "project_description": f"Allocation of {place.project.customer.name}",
        "project_end_date": "2028-12-31",
        "project_end_date_requested_by": None,
    }


def _backend_fields(facts: Facts, state: str, rng: Random) -> dict[str, object]:
    used = str((facts.size * rng.randrange(100) / 100).quantize(Decimal("0.01")))
    return {
        "backend_id": "" if state == "Creating" else _backend_id(facts, rng),
        "backend_metadata": {},
        "effective_id": "",
        "current_usages": {} if state == "Creating" else {"storage": used},
        "limit_usage": {"storage": None},
        "last_sync": waldur_time(_SYNCED + timedelta(milliseconds=rng.randrange(900_000))),
    }


def _backend_id(facts: Facts, rng: Random) -> str:
    """Mostly an opaque id or nothing; one in twenty is a path of its own.

    That path lies under the usual parent, so that children never disagree about their parent.
    """
    luck = rng.random()
    if luck < 0.05:
        place = facts.place
        above = (place.offering.slug, place.data_type, place.offering.provider.slug)
        return "/" + "/".join((*above, place.project.customer.slug, facts.slug))
    return "" if luck < 0.4 else f"fs-{rng.getrandbits(40):010x}"


def _idle_fields() -> dict[str, object]:
    """Keys that a full row carries although storage makes no use of them."""
    return {
        "scope": None,
        "resource_uuid": None,
        "resource_type": None,
        "is_usage_based": False,
        "is_limit_based": True,
        "can_terminate": True,
        "report": None,
        "username": None,
        "downscaled": False,
        "restrict_member_access": False,
        "paused": False,
        "endpoints": [],
        "available_actions": ["set_state_ok", "update_options_direct"],
    }
