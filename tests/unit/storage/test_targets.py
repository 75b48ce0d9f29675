"""Targets and whose Unix ids they carry: DESIGN section 3, "Targets" and "Ids"."""

from __future__ import annotations

import hashlib
from uuid import NAMESPACE_OID, UUID, uuid5

import attrs
import pytest

from cscs_domain.identities import UnixUser
from cscs_domain.problems import ProblemCode, Severity
from cscs_domain.storage.data_types import TargetType
from cscs_domain.storage.states import Status
from cscs_domain.storage.targets import (
    CustomerTarget,
    PrimaryProject,
    ProjectTarget,
    TenantTarget,
    UserTarget,
)
from tests.unit.storage.samples import (
    POLICY,
    answer,
    codes,
    leaf,
    leaves,
    of_type,
    problem,
    sample,
    uuid_of,
)

ANNA = sample("anna", attributes={"storage_data_type": "users"})
READY_ID = "AB" * 16
READY = {
    "itemId": READY_ID,
    "key": "k",
    "name": "Ready",
    "status": "pending",
    "active": False,
    "unixGid": "31000",
}


def test_a_tenants_item_is_the_provider_under_the_offerings_uuid() -> None:
    (row,) = of_type(answer(sample()), TargetType.TENANT)

    offering = UUID(uuid_of("capstor offering"))
    assert row.item_id == offering
    assert row.target == TenantTarget(item_id=offering, key="cscs", name="CSCS")


def test_a_customers_item_is_the_customer_under_its_uuid() -> None:
    (row,) = of_type(answer(sample()), TargetType.CUSTOMER)

    customer = UUID(uuid_of("university-physics"))
    assert row.item_id == customer
    assert row.target == CustomerTarget(
        item_id=customer, key="university-physics", name="University Physics"
    )


def test_a_projects_item_is_named_after_the_resource_and_owned_by_the_project() -> None:
    row = leaf(sample())

    assert row.item_id == UUID(uuid_of("res-1"))
    assert row.target == ProjectTarget(
        item_id=uuid5(NAMESPACE_OID, "project:res-1"),
        key=None,
        name="res-1",
        status=Status.ACTIVE,
        unix_gid=30500,
        active=True,
    )


def test_a_users_item_falls_back_to_the_group_of_the_resources_project() -> None:
    assert leaf(ANNA).target == UserTarget(
        item_id=uuid5(NAMESPACE_OID, "user:anna"),
        key=None,
        name=None,
        status=Status.ACTIVE,
        email="anna@uni.example",
        unix_uid=20100,
        primary_project=PrimaryProject(name="climate-sim", unix_gid=30500, active=True),
        active=True,
    )


def test_a_users_own_primary_project_wins() -> None:
    anna = UnixUser("anna", 20100, "anna@uni.example", "chemistry", 30999)

    (row,) = leaves(answer(ANNA, users={"anna": anna}, gids={}))

    assert isinstance(row.target, UserTarget)
    assert row.target.primary_project == PrimaryProject(
        name="chemistry", unix_gid=30999, active=True
    )


def test_a_target_is_active_only_if_its_resource_is() -> None:
    target = leaf(sample(state="Creating")).target

    assert isinstance(target, ProjectTarget)
    assert (target.status, target.active) == (Status.PENDING, False)


def test_items_of_systems_are_keyed_low_and_named_high() -> None:
    row = leaf(sample())
    named = [
        (i.key, i.name, i.active, i.path) for i in (row.system, row.file_system, row.data_type)
    ]

    assert named == [
        ("capstor", "CAPSTOR", True, ""),
        ("lustre", "LUSTRE", True, ""),
        ("store", "STORE", True, "store"),
    ]
    assert row.system.item_id == uuid5(NAMESPACE_OID, "storage_system:capstor")
    assert row.file_system.item_id == uuid5(NAMESPACE_OID, "storage_file_system:lustre")
    assert row.data_type.item_id == uuid5(NAMESPACE_OID, "storage_data_type:store")


@pytest.mark.parametrize(
    ("row", "kind"), [(sample(project_slug="ghost"), "project"), (ANNA, "user")]
)
def test_who_has_no_id_is_left_out_and_told(row: object, kind: str) -> None:
    hierarchy = answer(row, sample("other"), users={})  # type: ignore[arg-type]

    told = problem(hierarchy, ProblemCode.MISSING_IDENTITY)
    assert told.severity is Severity.ERROR
    assert kind in told.message
    assert [leaf.item_id for leaf in leaves(hierarchy)] == [UUID(uuid_of("other"))]


def test_in_development_ids_are_made_up_the_same_everywhere_and_told() -> None:
    policy = attrs.evolve(POLICY, mock_identities=True)
    hierarchy = answer(ANNA, gids={}, users={}, policy=policy)
    gid = 30000 + int(hashlib.sha256(b"climate-sim").hexdigest()[:8], 16) % 10000
    uid = 20000 + int(hashlib.sha256(b"anna").hexdigest()[:8], 16) % 10000

    (row,) = leaves(hierarchy)

    assert isinstance(row.target, UserTarget)
    assert row.target.unix_uid == uid
    assert row.target.primary_project.unix_gid == gid
    assert row.target.email.endswith(".invalid")
    assert codes(hierarchy) == {ProblemCode.MOCK_IDENTITY}


def test_known_ids_are_never_replaced_by_made_up_ones() -> None:
    policy = attrs.evolve(POLICY, mock_identities=True)

    assert leaf(sample(), policy=policy) == leaf(sample())


@pytest.mark.parametrize("gid", [1, 999])
def test_a_low_gid_is_served_with_a_warning(gid: int) -> None:
    hierarchy = answer(sample(), gids={"climate-sim": gid})

    assert len(leaves(hierarchy)) == 1
    assert problem(hierarchy, ProblemCode.LOW_IDENTITY).severity is Severity.WARNING


def test_a_low_uid_is_served_with_a_warning() -> None:
    hierarchy = answer(ANNA, users={"anna": UnixUser("anna", 999, "a@uni.example")})

    assert codes(hierarchy) == {ProblemCode.LOW_IDENTITY}


@pytest.mark.parametrize("gid", [0, -1])
def test_the_gid_of_root_is_as_good_as_unknown(gid: int) -> None:
    hierarchy = answer(sample(), gids={"climate-sim": gid})

    assert hierarchy.rows == ()
    assert codes(hierarchy) == {ProblemCode.MISSING_IDENTITY}


def test_the_uid_of_root_is_as_good_as_unknown() -> None:
    hierarchy = answer(ANNA, users={"anna": UnixUser("anna", 0, "a@uni.example")})

    assert hierarchy.rows == ()
    assert codes(hierarchy) == {ProblemCode.MISSING_IDENTITY}


def test_a_gid_of_1000_is_usual() -> None:
    assert codes(answer(sample(), gids={"climate-sim": 1000})) == set()


def test_a_ready_made_item_wins_wherever_it_says_something() -> None:
    target = leaf(sample(backend_metadata={"project_item": READY})).target

    assert target == ProjectTarget(
        item_id=UUID(READY_ID),
        key="k",
        name="Ready",
        status=Status.PENDING,
        unix_gid=31000,
        active=False,
    )


def test_a_ready_made_user_item_brings_its_own_ids() -> None:
    item = {
        "unixUid": 20500,
        "email": "ready@uni.example",
        "primaryProject": {"name": "group", "unixGid": 30999},
    }
    row = sample(
        "bob", attributes={"storage_data_type": "users"}, backend_metadata={"user_item": item}
    )

    (served,) = leaves(answer(row, gids={}, users={}))

    assert isinstance(served.target, UserTarget)
    assert (served.target.unix_uid, served.target.email) == (20500, "ready@uni.example")
    assert served.target.primary_project.name == "group"
    assert served.target.primary_project.unix_gid == 30999


def test_ready_made_items_can_be_switched_off() -> None:
    policy = attrs.evolve(POLICY, ready_items=False)

    assert leaf(sample(backend_metadata={"project_item": READY}), policy=policy) == leaf(sample())


@pytest.mark.parametrize(
    "metadata", [None, {}, [], "text", 7, {"project_item": None}, {"user_item": READY}, {"x": 1}]
)
def test_other_metadata_says_nothing(metadata: object) -> None:
    assert leaf(sample(backend_metadata=metadata)) == leaf(sample())


@pytest.mark.parametrize(
    ("item", "code"),
    [
        ("text", ProblemCode.MALFORMED_RECORD),
        ({"itemId": "x"}, ProblemCode.MALFORMED_RECORD),
        ({"name": 5}, ProblemCode.MALFORMED_RECORD),
        ({"status": "melted"}, ProblemCode.MALFORMED_RECORD),
        ({"active": "yes"}, ProblemCode.MALFORMED_RECORD),
        ({"primaryProject": []}, ProblemCode.MALFORMED_RECORD),
        ({"unixGid": 0}, ProblemCode.BAD_IDENTITY),
        ({"unixGid": -1}, ProblemCode.BAD_IDENTITY),
        ({"unixUid": "root"}, ProblemCode.BAD_IDENTITY),
        ({"unixGid": True}, ProblemCode.BAD_IDENTITY),
        ({"unixGid": 2**31}, ProblemCode.BAD_IDENTITY),
    ],
)
def test_a_malformed_ready_made_item_leaves_the_resource_out(
    item: object, code: ProblemCode
) -> None:
    hierarchy = answer(sample(backend_metadata={"project_item": item}))

    assert hierarchy.rows == ()
    assert code in codes(hierarchy)
