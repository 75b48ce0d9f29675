"""The body of an answer, member by member. DESIGN section 4."""

from __future__ import annotations

from decimal import Decimal
from uuid import NAMESPACE_OID, uuid5

import attrs

from cscs_domain import __version__
from tests.api.site import API, SETTINGS, Json, Site, leaves, order, resource, site_of, uuid_of


def scoped(name: str) -> str:
    """An id as DESIGN section 3 makes it."""
    return str(uuid5(NAMESPACE_OID, name))


SHARED: Json = {
    "permission": {"value": "775", "permissionType": "octal"},
    "storageSystem": {
        "itemId": scoped("storage_system:capstor"),
        "key": "capstor",
        "name": "CAPSTOR",
        "active": True,
        "path": "",
    },
    "storageFileSystem": {
        "itemId": scoped("storage_file_system:lustre"),
        "key": "lustre",
        "name": "LUSTRE",
        "active": True,
        "path": "",
    },
    "storageDataType": {
        "itemId": scoped("storage_data_type:store"),
        "key": "store",
        "name": "STORE",
        "active": True,
        "path": "store",
    },
    "quotas": None,
    "oldQuotas": None,
    "newQuotas": None,
}

TENANT: Json = SHARED | {
    "itemId": uuid_of("offering capstor"),
    "status": "active",
    "mountPoint": {"default": "/capstor/store/cscs"},
    "target": {
        "targetType": "tenant",
        "targetItem": {"itemId": uuid_of("offering capstor"), "key": "cscs", "name": "CSCS"},
    },
    "parentItemId": None,
}

CUSTOMER: Json = SHARED | {
    "itemId": uuid_of("uni"),
    "status": "active",
    "mountPoint": {"default": "/capstor/store/cscs/uni"},
    "target": {
        "targetType": "customer",
        "targetItem": {"itemId": uuid_of("uni"), "key": "uni", "name": "University"},
    },
    "parentItemId": uuid_of("offering capstor"),
}

PROJECT: Json = SHARED | {
    "itemId": uuid_of("res-1"),
    "status": "active",
    "mountPoint": {"default": "/capstor/store/cscs/uni/climate"},
    "permission": {"value": "2770", "permissionType": "octal"},
    "target": {
        "targetType": "project",
        "targetItem": {
            "itemId": scoped("project:res-1"),
            "key": None,
            "name": "res-1",
            "status": "active",
            "unixGid": 30500,
            "active": True,
        },
    },
    "quotas": [
        {"type": "space", "quota": 10, "unit": "tera", "enforcementType": "soft"},
        {"type": "space", "quota": 10, "unit": "tera", "enforcementType": "hard"},
        {"type": "inodes", "quota": 13_300_000, "unit": "none", "enforcementType": "soft"},
        {"type": "inodes", "quota": 20_000_000, "unit": "none", "enforcementType": "hard"},
    ],
    "parentItemId": uuid_of("uni"),
}

ROW_MEMBERS = [
    *("itemId", "status", "mountPoint", "permission", "storageSystem", "storageFileSystem"),
    *("storageDataType", "target", "quotas", "oldQuotas", "newQuotas", "parentItemId"),
]


async def test_one_resource_makes_a_tenant_a_customer_and_a_project() -> None:
    async with site_of([resource("res-1")]) as site:
        assert await site.rows() == [TENANT, CUSTOMER, PROJECT]


async def test_the_members_of_an_answer_come_in_the_documented_order(site: Site) -> None:
    answer = await site.answer()

    assert list(answer) == [
        *("version", "status", "resources", "pagination", "filters_applied", "problems")
    ]
    assert (answer["version"], answer["status"]) == (__version__, "success")
    assert list(answer["pagination"]) == [
        *("current", "limit", "offset", "pages", "total", "has_next", "snapshot")
    ]


async def test_null_members_are_present_in_every_row_and_come_in_order(site: Site) -> None:
    for row in await site.rows():
        assert list(row)[: len(ROW_MEMBERS)] == ROW_MEMBERS


async def test_the_members_of_every_part_come_in_order(site: Site) -> None:
    (project, *_) = leaves(await site.rows("?data_type=store&storage_system=capstor"))

    assert list(project["target"]["targetItem"]) == [
        *("itemId", "key", "name", "status", "unixGid", "active")
    ]
    for part in ("storageSystem", "storageFileSystem", "storageDataType"):
        assert list(project[part]) == ["itemId", "key", "name", "active", "path"]


async def test_a_users_directory_names_the_user_and_the_primary_project(site: Site) -> None:
    (row,) = leaves(await site.rows("?data_type=users"))
    item = row["target"]["targetItem"]

    assert row["target"]["targetType"] == "user"
    assert item == {
        "itemId": scoped("user:anna"),
        "key": None,
        "name": None,
        "status": "active",
        "email": "anna@uni.example",
        "unixUid": 20100,
        "primaryProject": {"name": "climate", "unixGid": 30500, "active": True},
        "active": True,
    }
    assert list(item) == [
        *("itemId", "key", "name", "status", "email", "unixUid", "primaryProject", "active")
    ]


async def test_space_is_written_as_the_exact_number() -> None:
    async with site_of([resource("res-1", limits={"storage": Decimal("8.2")})]) as site:
        text = (await site.get()).text

    assert '{"type":"space","quota":8.2,"unit":"tera","enforcementType":"soft"}' in text
    assert '"quota":16400000,' in text


async def test_a_resource_without_space_has_null_quotas() -> None:
    async with site_of([resource("res-1", limits={})]) as site:
        (row,) = leaves(await site.rows())

    assert row["quotas"] is None


async def test_callback_members_are_there_only_when_set() -> None:
    pending = order("Terminate", "pending-provider")
    async with site_of([resource("res-1"), resource("res-2", order_in_progress=pending)]) as site:
        without, with_order = leaves(await site.rows())

    assert list(without) == ROW_MEMBERS
    assert list(with_order)[len(ROW_MEMBERS) :] == [
        *("approve_by_provider_url", "reject_by_provider_url", "set_state_done_url"),
        *("set_backend_id_url", "update_resource_options_url"),
    ]
    assert with_order["set_backend_id_url"] == (
        f"{API}marketplace-provider-resources/{uuid_of('res-2')}/set_backend_id/"
    )


async def test_without_a_callback_base_there_are_no_callbacks_but_a_problem() -> None:
    pending = order("Create", "executing")
    settings = attrs.evolve(SETTINGS, callback_base_url=None)
    async with site_of([resource("res-1", order_in_progress=pending)], settings=settings) as site:
        answer = await site.answer()

    assert [list(row) for row in leaves(answer["resources"])] == [ROW_MEMBERS]
    assert "callbacks_unavailable" in [p["code"] for p in answer["problems"]]


async def test_a_resource_that_cannot_be_served_is_a_problem_beside_the_others() -> None:
    ghost = resource("res-2", project_slug="ghost")
    async with site_of([resource("res-1"), ghost]) as site:
        answer = await site.answer()

    assert answer["resources"] == [TENANT, CUSTOMER, PROJECT]
    problem, *others = answer["problems"]
    assert {other["code"] for other in others} == {"empty_system"}
    assert list(problem) == ["code", "severity", "resource", "message", "hint"]
    assert problem["code"] == "missing_identity"
    assert problem["severity"] == "error"
    assert problem["resource"] == uuid_of("res-2")
    assert "ghost" in problem["message"]


async def test_tenants_come_before_customers_before_projects_each_by_path(site: Site) -> None:
    rows = await site.rows()
    level = {"tenant": 0, "customer": 1, "project": 2, "user": 2}
    places = [(level[row["target"]["targetType"]], row["mountPoint"]["default"]) for row in rows]

    assert places == sorted(places)
    assert len({place for place, _ in places}) == 3


async def test_an_empty_site_gives_an_empty_list_and_names_its_systems() -> None:
    async with site_of() as site:
        answer = await site.answer()

    assert answer["resources"] == []
    assert answer["pagination"]["pages"] == 0
    assert [p["resource"] for p in answer["problems"]] == ["capstor", "iopsstor", "vast"]
    assert {p["code"] for p in answer["problems"]} == {"empty_system"}


async def test_no_more_than_500_problems_are_listed_and_the_rest_is_counted() -> None:
    rows = [resource(f"res-{n}", uuid=f"not-a-uuid-{n}") for n in range(508)]
    async with site_of(rows) as site:
        problems = (await site.answer())["problems"]

    assert len(problems) == 501
    assert problems[500]["code"] == "more_problems"
    assert "10 further" in problems[500]["message"]
