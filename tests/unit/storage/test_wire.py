"""The wire form: DESIGN section 4's example, and every way in which reading one back can fail."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import attrs
import pytest

from cscs_domain.errors import InvalidValueError
from cscs_domain.problems import Problem, ProblemCode, Severity
from cscs_domain.storage.callbacks import ApiUrl
from cscs_domain.storage.filters import PageRequest
from cscs_domain.storage.states import Status
from cscs_domain.storage.wire import pagination_to_wire, problem_to_wire
from cscs_domain.storage.wire_decoding import SHARED_MEMBERS, member_from_wire, row_from_wire
from cscs_json import encode, encode_row
from tests.unit.storage.samples import POLICY, answer, leaf, order, sample, uuid_of

Wire = dict[str, Any]
"""A decoded row that a test is about to spoil: any JSON."""


def decoded(**changes: object) -> Wire:
    policy = attrs.evolve(POLICY, callback_base=ApiUrl.parse("https://waldur.example.com"))
    row = leaf(sample("res-1", **changes), policy=policy)
    wire: Wire = json.loads(encode_row(row), parse_float=Decimal)
    return wire


def test_a_projects_row_is_spelled_as_documented() -> None:
    wire = decoded(options={"permissions": "2770"})

    assert list(wire) == [
        *("itemId", "status", "mountPoint", "permission"),
        *("storageSystem", "storageFileSystem", "storageDataType", "target"),
        *("quotas", "oldQuotas", "newQuotas", "parentItemId"),
    ]
    assert wire["itemId"] == uuid_of("res-1")
    assert wire["status"] == "active"
    assert wire["mountPoint"] == {"default": "/capstor/store/cscs/university-physics/climate-sim"}
    assert wire["permission"] == {"value": "2770", "permissionType": "octal"}
    assert wire["storageDataType"] | {"itemId": ""} == {
        "itemId": "",
        "key": "store",
        "name": "STORE",
        "active": True,
        "path": "store",
    }
    assert wire["target"]["targetType"] == "project"
    assert wire["target"]["targetItem"] | {"itemId": ""} == {
        "itemId": "",
        "key": None,
        "name": "res-1",
        "status": "active",
        "unixGid": 30500,
        "active": True,
    }
    assert wire["oldQuotas"] is wire["newQuotas"] is None
    assert wire["parentItemId"] == uuid_of("university-physics")


def test_a_users_row_carries_its_primary_project() -> None:
    row = leaf(sample("anna", attributes={"storage_data_type": "users"}))
    target = json.loads(encode_row(row))["target"]

    assert target["targetType"] == "user"
    assert list(target["targetItem"]) == [
        *("itemId", "key", "name", "status", "email", "unixUid", "primaryProject", "active")
    ]
    assert target["targetItem"]["primaryProject"] == {
        "name": "climate-sim",
        "unixGid": 30500,
        "active": True,
    }


def test_parents_rows_have_short_items() -> None:
    for row, name in zip(answer(sample()).rows[:2], ("tenant", "customer"), strict=True):
        target = json.loads(encode_row(row))["target"]
        assert target["targetType"] == name
        assert list(target["targetItem"]) == ["itemId", "key", "name"]


@pytest.mark.parametrize(
    ("limit", "text"), [("10.0", b"10"), ("8.20", b"8.2"), ("0.5", b"0.5"), ("1e3", b"1000")]
)
def test_space_is_the_exact_decimal_number(limit: str, text: bytes) -> None:
    row = leaf(sample(limits={"storage": limit}))

    assert b'{"type":"space","quota":%b,"unit":"tera","enforcementType":"soft"}' % text in (
        encode_row(row)
    )


def test_callbacks_appear_only_when_they_are_set() -> None:
    wire = decoded(state="Updating", order_in_progress=order("executing"))

    assert {member for member in wire if member.endswith("_url")} == {
        "set_state_done_url",
        "set_state_erred_url",
        "set_backend_id_url",
        "set_state_ok_url",
    }


def test_a_row_read_back_has_values_of_the_domain() -> None:
    row = row_from_wire(decoded())

    assert row == leaf(sample())
    assert row.status is Status.ACTIVE


def test_shared_members_may_be_read_beforehand() -> None:
    wire = decoded()
    read = {name: member_from_wire(name, value) for name, value in wire.items()}

    assert row_from_wire(wire | {name: read[name] for name in SHARED_MEMBERS}) == leaf(sample())


def test_a_member_that_rows_do_not_have_stays_as_it_is() -> None:
    assert member_from_wire("colour", "blue") == "blue"


SPOILT: list[tuple[str, Callable[[Wire], object]]] = [
    ("itemId", lambda w: w.update(itemId="x")),
    ("itemId", lambda w: w.update(itemId=5)),
    ("itemId", lambda w: w.pop("itemId")),
    ("status", lambda w: w.update(status="melted")),
    ("status", lambda w: w.update(status=None)),
    ("mountPoint", lambda w: w.update(mountPoint={"default": "/a/../b"})),
    ("mountPoint", lambda w: w.update(mountPoint={})),
    ("mountPoint", lambda w: w.update(mountPoint="/a")),
    ("permission", lambda w: w["permission"].update(value="999")),
    ("permission", lambda w: w["permission"].update(value=775)),
    ("permission", lambda w: w["permission"].update(permissionType="symbolic")),
    ("storageSystem", lambda w: w["storageSystem"].update(active="yes")),
    ("storageSystem.key", lambda w: w["storageSystem"].update(key=5)),
    ("storageDataType", lambda w: w.pop("storageDataType")),
    ("target", lambda w: w["target"].update(targetType="planet")),
    ("target", lambda w: w["target"].update(targetItem=None)),
    ("target.unixGid", lambda w: w["target"]["targetItem"].update(unixGid="30500")),
    ("target.unixGid", lambda w: w["target"]["targetItem"].update(unixGid=True)),
    ("target.status", lambda w: w["target"]["targetItem"].update(status="melted")),
    ("quotas", lambda w: w.update(quotas={})),
    ("quotas", lambda w: w["quotas"].pop()),
    ("quotas", lambda w: w["quotas"][0].update(quota=-1)),
    ("quotas", lambda w: w["quotas"][0].update(quota=11)),
    ("quotas", lambda w: w["quotas"][2].update(quota=Decimal("1.5"))),
    ("quotas", lambda w: w["quotas"][0].update(unit="giga")),
    ("oldQuotas", lambda w: w.update(oldQuotas="many")),
    ("parentItemId", lambda w: w.update(parentItemId="x")),
    ("set_state_done_url", lambda w: w.update(set_state_done_url=5)),
    ("set_state_ok_url", lambda w: w.update(set_state_ok_url=None)),
]


@pytest.mark.parametrize(("member", "spoil"), SPOILT)
def test_a_spoilt_member_is_named(member: str, spoil: Callable[[Wire], object]) -> None:
    wire = decoded()
    spoil(wire)

    with pytest.raises(InvalidValueError, match=member):
        row_from_wire(wire)


def test_all_spoilt_members_are_named_at_once() -> None:
    with pytest.raises(InvalidValueError, match=r"status.*mountPoint"):
        row_from_wire(decoded() | {"status": "x", "mountPoint": 5})


@pytest.mark.parametrize("value", [None, 5, "row", []])
def test_what_is_no_object_is_no_row(value: object) -> None:
    with pytest.raises(InvalidValueError, match="expected an object"):
        row_from_wire(value)


def test_a_problem_is_spelled_as_documented() -> None:
    problem = Problem(ProblemCode.MISSING_IDENTITY, Severity.ERROR, "m", "h", "r")

    assert json.loads(encode(problem_to_wire(problem))) == {
        "code": "missing_identity",
        "severity": "error",
        "resource": "r",
        "message": "m",
        "hint": "h",
    }


def test_pagination_is_spelled_as_documented() -> None:
    wire = pagination_to_wire(PageRequest(1, 100).of(240), "abc")

    assert wire == {
        "current": 1,
        "limit": 100,
        "offset": 0,
        "pages": 3,
        "total": 240,
        "has_next": True,
        "snapshot": "abc",
    }
