"""The site of the samples: what they show of it is taken from them, the rest is filled up.

338 resources of five offerings, three customers and five projects. Ten resources stand in the
samples in whole or in part; of others there is a name, a state or only that they are counted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeAlias
from uuid import NAMESPACE_URL, uuid5

import attrs

from cscs_fakes.emulators.waldur import SiteFacts

Row: TypeAlias = dict[str, Any]

SAMPLES: Final = Path(__file__).parents[2] / "data" / "waldur"
START: Final = datetime(2026, 11, 20, 23, 52, 42, tzinfo=UTC)

AGENT: Final = "cdef6203306b56fe8b8fd882d282830a"
"""Whose token the samples were taken with."""
CSCS: Final = "8859d831ccb650a58bef8415647aea88"
CAPSTOR: Final = "a4e4b0d62d9b5880a14ed505aa2bb387"
DAINT: Final = "c8756bbe95ca5f609d5d150eb0609d03"
IOPSSTOR: Final = "7a0bcfe8d21f5dfc855838e330812032"
MANUAL: Final = "f6f7da5634515435bb36107f0a9b3efb"
VAST: Final = "2d14e6cb7c03563e8613c89c85687119"
PLANS: Final = {
    MANUAL: "a88d5d149aa75c47bf750374ab1927e4",
    DAINT: "f75923bb97f750a58a92bcf957a45fa0",
}

CUSTOMERS: Final = {
    "72d54e678e8e556eaa347f4bc2558a73": ("met-office", "Météo & Climate Office"),
    "a0dab777e6d15990aae7cdacdd236909": ("uni-chem", "University Chemistry"),
    "971d82c8785556b8aecf6869f3f65781": ("uni-physics", "University Physics"),
}
MET, CHEM, PHYSICS = CUSTOMERS
PROJECTS: Final = {
    "Climate Simulation": ("climate-sim", "1499d978dce6577192ef9872758f746a", MET),
    "Ocean Modelling": ("ocean", "62506155043e58079f235203080b595b", MET),
    "Catalysis": ("catalysis", "8839f09ef65558be9d0d583662903e9e", CHEM),
    "Cosmology": ("cosmology", "a9743363a7fa5678b4e61b07529ec3f6", PHYSICS),
    "Lattice QCD": ("lattice", "da63eaf9f08b57bdab25f6c1b6f0a043", PHYSICS),
}

DAINT_CLIMATE: Final = "3994bfbf2aec5ada92529da68b68d0ef"
FIRST_OF_PAGE_TWO: Final = ("2758cb937b595425a77c1527063d0298", "2e39f6b0600657f8932a2cb50df3df9c")
TOTAL: Final = 338
OF_MET: Final = 135
"""How many resources there are, and how many of them the first customer has."""

_MARKS: Final = {"permissions": "2770", "storage_data_type": "store"}
_NO_REVIEW: Final = ("consumer_reviewed_by", "consumer_reviewed_by_full_name")


def body(sample: str, number: int = 0) -> Any:
    """The body of an answer in a sample."""
    return json.loads(Path(SAMPLES, f"{sample}.json").read_bytes())[number]["response"]["body"]


@attrs.frozen(kw_only=True)
class Known:
    """What the samples tell of a resource; its name is its slug too."""

    name: str
    offering: str
    project: str
    uuid: str = ""
    state: str = "OK"
    limits: Mapping[str, object] = attrs.field(factory=lambda: {"storage": 1})
    attributes: Mapping[str, object] = attrs.field(factory=lambda: _MARKS)
    options: Mapping[str, object] | None = attrs.field(factory=dict)
    order: Row | None = None


# --- resources


def sample_rows() -> list[Row]:
    """All resources, oldest first, as version 8.1 would send them."""
    rows = [_capstor_row(row) for row in body("provider_resources_fields")]
    rows.sort(key=lambda row: str(row["created"]))
    early = [_row(known, number) for number, known in enumerate(_EARLY)]
    late = [_row(known, 1000 + number) for number, known in enumerate(_LATE)]
    rest = TOTAL - len(rows) - len(early) - len(late)
    of_met = OF_MET - sum(row["customer_uuid"] == MET for row in (*rows, *early, *late))
    bulk = [_row(known, 100 + number) for number, known in enumerate(_bulk(rest, of_met))]
    _name_the_second_page([*rows, *early, *bulk, *late])
    return [*rows, *early, *bulk, *late]


def added_rows(samples: Sequence[str]) -> list[Row]:
    """What had been ordered just before a sample begins."""
    if "order_action_errors" not in samples:
        return []
    named = {"name": "err11795219397"}, {"name": "err21795219397"}, {"name": "err31795219397"}
    return [
        _row(_just_ordered(*ids, attributes), 2000 + number)
        for number, (ids, attributes) in enumerate(zip(_ORDERED, named, strict=True))
    ]


_ORDERED: Final = (
    ("43b30863bad24663963f8fdca1fe58f7", "a89c29db23704fb98099906b5e1717dc"),
    ("04a31a10528a4ee8883993c477da6afc", "beca62ec04c648d8830c931000819ac5"),
    ("5586532fb222419491b50535c9637fc2", "b62f0513ff7d4e058ff8cc9538832d7a"),
)


def _just_ordered(uuid: str, order: str, attributes: Mapping[str, object]) -> Known:
    return Known(
        name=str(attributes["name"]),
        offering=CAPSTOR,
        project="Ocean Modelling",
        uuid=uuid,
        state="Creating",
        limits={"storage": 2},
        attributes=attributes,
        options=None,
        order={"uuid": order, "type": "Create", "state": "pending-provider"},
    )


_EARLY: Final = (
    Known(name="vast-ok", offering=VAST, project="Catalysis"),
    Known(name="iops-ok", offering=IOPSSTOR, project="Cosmology"),
    Known(name="vast-bad", offering=VAST, project="Catalysis", state="Erred"),
    Known(
        name="man-new",
        offering=MANUAL,
        project="Ocean Modelling",
        uuid="ca98fe38addd56d298d89963d7824654",
        state="Creating",
        order={
            "uuid": "470b62f0816b5cbcb49637c39b6489fa",
            "type": "Create",
            "state": "pending-provider",
        },
    ),
    Known(
        name="man-exec",
        offering=MANUAL,
        project="Ocean Modelling",
        uuid="8255dd2caa935a4c86a0c55e3eeddcb6",
        state="Creating",
        order={"uuid": "ddcf41db9dd05a2aa38c073ee3c150d6", "type": "Create", "state": "executing"},
    ),
)
_LATE: Final = (
    Known(
        name="daint-climate",
        offering=DAINT,
        project="Climate Simulation",
        uuid=DAINT_CLIMATE,
        limits={},
    ),
    Known(
        name="daint-lattice",
        offering=DAINT,
        project="Lattice QCD",
        uuid="2aecfa4a57795c85a67e130062fc86b1",
        limits={},
    ),
    Known(
        name="daint-bad",
        offering=DAINT,
        project="Catalysis",
        uuid="f0f4e42961665c409e0ea1eb30b3fc73",
        state="Erred",
        limits={},
    ),
)


def _bulk(count: int, of_met: int) -> Iterator[Known]:
    for number in range(count):
        project = "Climate Simulation" if number < of_met else "Cosmology"
        yield Known(name=f"bulk-{number:03}", offering=VAST, project=project)


def _name_the_second_page(rows: list[Row]) -> None:
    for row, uuid in zip(rows[300:], FIRST_OF_PAGE_TWO, strict=False):
        row["uuid"] = uuid


def _row(known: Known, number: int) -> Row:
    created = _time(number)
    uuid = known.uuid or uuid5(NAMESPACE_URL, known.name).hex
    row = {
        **_whole_row(),
        **_offering_part(known.offering),
        "offering_customer_uuid": CSCS,
        **_place_part(known.project),
        "uuid": uuid,
        "url": f"https://waldur.example.org/api/marketplace-resources/{uuid}/",
        "name": known.name,
        "slug": known.name,
        "state": known.state,
        "limits": dict(known.limits),
        "attributes": dict(known.attributes),
        "options": known.options,
        "backend_id": "" if known.state == "Creating" else f"{known.name}-fs",
        "created": created,
        "modified": created,
    }
    waiting = _order(row, known.order, created) if known.order else None
    return {**row, "order_in_progress": waiting, "creation_order": waiting}


def _time(number: int) -> str:
    moment = START + timedelta(milliseconds=number)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


# --- the ten that the samples show


def _capstor_row(sparse: Row) -> Row:
    slug, _, customer = PROJECTS[sparse["project_name"]]
    row = {**_whole_row(), **sparse, **_place_part(sparse["project_name"])}
    row |= {"project_slug": slug, "customer_slug": CUSTOMERS[customer][0]}
    row |= {"offering_slug": "capstor", "provider_slug": "cscs", **_shown_orders(row)}
    row["can_terminate"] = row["state"] == "Erred" or (
        row["state"] == "OK" and row["order_in_progress"] is None
    )
    return row


def _shown_orders(row: Row) -> Row:
    shown = {
        detail["uuid"]: detail for detail in (body("provider_resource_detail", n) for n in range(3))
    }
    name = row["name"]
    if row["uuid"] in shown:
        detail = shown[row["uuid"]]
        return {key: detail[key] for key in ("order_in_progress", "creation_order")}
    if name not in _UNDER_WAY:
        return {"order_in_progress": None, "creation_order": None}
    made = {"uuid": uuid5(NAMESPACE_URL, f"{name} made").hex, "type": "Create", "state": "done"}
    order, created = _order(row, _UNDER_WAY[name], str(row["created"])), str(row["created"])
    return {"order_in_progress": order, "creation_order": _order(row, made, created)}


_UNDER_WAY: Final[Mapping[str, Row]] = {
    "cap-grow-exec": {
        "uuid": "9d89cf1316d951759551f829bc0b7849",
        "type": "Update",
        "state": "executing",
        "limits": {"storage": 8},
        "attributes": {"old_limits": {"storage": 4}},
    },
    "cap-gone-soon": {
        "uuid": "dbce33dcc4145b12ad5756d72cd5b389",
        "type": "Terminate",
        "state": "executing",
        "limits": {},
        "attributes": {},
    },
}


# --- parts


@cache
def _whole_row() -> Row:
    """`cap-ok`, whose row the samples show in whole."""
    return dict(body("provider_resource_detail", 1))


def _order(row: Row, fields: Row, created: str) -> Row:
    """An order of a row; one that waits has been seen by the consumer, others by nobody."""
    whole: Row = body("order_detail")
    if fields["state"] != "pending-provider":
        whole = {key: value for key, value in whole.items() if key not in _NO_REVIEW}
        whole["consumer_reviewed_at"] = None
    shared = {key: row[key] for key in whole if key in row and key not in _OF_ORDERS}
    return {
        **whole,
        **shared,
        "limits": row["limits"],
        "attributes": row["attributes"],
        "resource_name": row["name"],
        "marketplace_resource_uuid": row["uuid"],
        "project_slug": row["project_slug"],
        "customer_slug": row["customer_slug"],
        "created": created,
        "modified": created,
        **fields,
    }


_OF_ORDERS: Final = frozenset(
    {"uuid", "state", "limits", "attributes", "created", "modified", "backend_id", "can_terminate"}
)


def _place_part(project: str) -> Row:
    slug, uuid, customer = PROJECTS[project]
    return {
        "project": f"https://waldur.example.org/api/projects/{uuid}/",
        "project_uuid": uuid,
        "project_name": project,
        "project_slug": slug,
        "project_description": f"{project} allocation",
        "customer_uuid": customer,
        "customer_name": CUSTOMERS[customer][1],
        "customer_slug": CUSTOMERS[customer][0],
    }


def _offering_part(uuid: str) -> Row:
    found = next(offering for offering in _offerings() if offering["uuid"] == uuid)
    plan = PLANS.get(uuid, _whole_row()["plan_uuid"])
    public = f"https://waldur.example.org/api/marketplace-public-offerings/{uuid}/"
    return {
        "offering": public,
        "offering_uuid": uuid,
        "offering_name": found["name"],
        "offering_slug": found["slug"],
        "offering_type": found["type"],
        "provider_slug": "cscs",
        "plan": f"{public}plans/{plan}/",
        "plan_uuid": plan,
    }


def known_uuids() -> set[str]:
    """Those that the site has from the start: nobody makes them up."""
    whole = [sample_rows(), added_rows(["order_action_errors"]), attrs.asdict(sample_facts())]
    return {AGENT, *re.findall("[0-9a-f]{32}", json.dumps(whole))}


# --- facts


def sample_facts() -> SiteFacts:
    """What rows of resources do not tell."""
    period = body("component_usages_set_usage")[0]
    users = body("component_user_usages")
    return SiteFacts(
        offerings=_offerings()[::-1],
        orders=[_another_order()],
        offering_users=users,
        plan_periods={DAINT_CLIMATE: {key: period[key] for key in ("uuid", "start")}},
        service_providers={CSCS: "eb06601ec873437b96a800eceb519bdb"},
    )


def _another_order() -> Row:
    """The eleventh; of it the samples tell only that it is there and over."""
    row = _row(_EARLY[0], 0)
    done = {"uuid": uuid5(NAMESPACE_URL, "vast-ok made").hex, "type": "Create", "state": "done"}
    return _order(row, done, row["created"])


@cache
def _offerings() -> list[Row]:
    """Five; one of them in whole."""
    types = body("provider_offerings", 4)
    names = {row["uuid"]: row["name"] for row in body("provider_offerings", 1)}
    whole = body("provider_offerings")[0]
    counted = {"plans", "order_count"}
    rows = [{**row, "name": names[row["uuid"]], **_owner(whole)} for row in types]
    full = {key: value for key, value in whole.items() if key not in counted}
    return [_with_components(full if row["uuid"] == CAPSTOR else row) for row in rows]


def _owner(whole: Row) -> Row:
    return {key: whole[key] for key in ("customer", "customer_uuid", "customer_name")}


def _with_components(row: Row) -> Row:
    if row["uuid"] != DAINT:
        return row
    known = body("provider_offerings")[0]["components"][0]
    usage = {"type": "nodeHours", "name": "Node hours", "measured_unit": "node-hours"}
    limit = {"type": "storage", "name": "Storage used", "measured_unit": "TB"}
    return {
        **row,
        "components": [{**known, **usage, "billing_type": "usage"}, {**known, **limit}],
    }
