"""The JSON of spec 004, sections 6 and 8.3 to 8.5, member by member, on equivalent resources.

Where the printed examples cannot hold they are contradicted by name: see docs/differences.md.
"""

from __future__ import annotations

from tests.api.site import API, Json, leaves, order, resource, site_of, uuid_of

ORDER = f"{API}marketplace-orders/{uuid_of('order')}/"
RESOURCE = f"{API}marketplace-provider-resources/{uuid_of('project-slug')}/"

APPROVE = {
    "approve_by_provider_url": f"{ORDER}approve_by_provider/",
    "reject_by_provider_url": f"{ORDER}reject_by_provider/",
}
DONE = {"set_state_done_url": f"{ORDER}set_state_done/"}
ERRED = {"set_state_erred_url": f"{ORDER}set_state_erred/"}
BACKEND_ID = {"set_backend_id_url": f"{RESOURCE}set_backend_id/"}
OPTIONS = {"update_resource_options_url": f"{RESOURCE}update_options_direct/"}
OK = {"set_state_ok_url": f"{RESOURCE}set_state_ok/"}


async def shown(**changes: object) -> Json:
    """The row of a resource like those of the examples."""
    example = {
        "provider_slug": "cscs",
        "customer_slug": "customer",
        "project_slug": "project",
        "attributes": {},
    }
    row = resource("project-slug", **(example | changes))
    async with site_of([row], gids={"project": 30500}) as site:
        (leaf,) = leaves(await site.rows())
    return leaf


def callbacks(row: Json) -> dict[str, str]:
    """The callback members of a row."""
    return {name: url for name, url in row.items() if name.endswith("_url")}


def space(amount: int, enforcement: str = "hard") -> Json:
    """A quota entry as the examples print it."""
    return {"type": "space", "quota": amount, "unit": "tera", "enforcementType": enforcement}


def inodes(amount: int, enforcement: str = "hard") -> Json:
    """Likewise."""
    return {"type": "inodes", "quota": amount, "unit": "none", "enforcementType": enforcement}


async def test_section_6_an_active_resource() -> None:
    row = await shown()

    assert row["itemId"] == uuid_of("project-slug")
    assert row["status"] == "active"
    assert row["mountPoint"] == {"default": "/capstor/store/cscs/customer/project"}
    assert row["permission"] == {"value": "775", "permissionType": "octal"}
    assert space(10) in row["quotas"]
    assert row["target"]["targetType"] == "project"
    item = row["target"]["targetItem"]
    assert (item["name"], item["unixGid"], item["status"]) == ("project-slug", 30500, "active")
    assert callbacks(row) == {}


async def test_section_8_3_the_create_flow() -> None:
    waiting = order("Create", "pending-provider")
    row = await shown(state="Creating", order_in_progress=waiting)

    assert row["status"] == "pending"
    assert space(10) in row["quotas"]
    item = row["target"]["targetItem"]
    assert (item["unixGid"], item["name"]) == (30500, "project-slug")
    # `set_backend_id_url` is the resource's, not the order's: what deployed provisioners get.
    assert callbacks(row) == APPROVE | DONE | BACKEND_ID | OPTIONS | OK


async def test_section_8_3_prints_10_000_000_inodes_where_its_own_formula_gives_twice_that() -> (
    None
):
    row = await shown(state="Creating", order_in_progress=order("Create", "pending-provider"))

    assert inodes(20_000_000) in row["quotas"]
    assert inodes(13_300_000, "soft") in row["quotas"]
    assert inodes(10_000_000) not in row["quotas"]


async def test_section_8_4_the_update_flow_before_it_is_approved() -> None:
    waiting = order(
        "Update",
        "pending-provider",
        limits={"storage": 20},
        attributes={"old_limits": {"storage": 10}},
    )
    row = await shown(state="Updating", order_in_progress=waiting)

    assert row["status"] == "updating"
    assert space(10) in row["oldQuotas"]
    assert space(20) in row["newQuotas"]
    assert len(row["oldQuotas"]) == len(row["newQuotas"]) == 4
    assert callbacks(row) == APPROVE | DONE | BACKEND_ID | OPTIONS | OK


async def test_section_8_4_the_update_flow_once_approved() -> None:
    executing = order(
        "Update", "executing", limits={"storage": 20}, attributes={"old_limits": {"storage": 10}}
    )
    row = await shown(state="Updating", order_in_progress=executing)

    assert space(10) in row["quotas"]
    assert (row["oldQuotas"][1], row["newQuotas"][1]) == (space(10), space(20))
    assert callbacks(row) == DONE | ERRED | BACKEND_ID | OK


async def test_section_8_5_the_terminate_flow() -> None:
    waiting = order("Terminate", "pending-provider")
    row = await shown(state="Terminating", order_in_progress=waiting)

    assert row["status"] == "removing"
    assert (row["oldQuotas"], row["newQuotas"]) == (None, None)
    assert callbacks(row) == APPROVE | DONE | BACKEND_ID | OPTIONS | OK


async def test_section_8_5_the_terminate_flow_once_approved() -> None:
    row = await shown(state="Terminating", order_in_progress=order("Terminate", "executing"))

    assert row["status"] == "removing"
    assert callbacks(row) == DONE | ERRED | BACKEND_ID | OK


async def test_an_ok_resource_needs_no_set_state_ok() -> None:
    row = await shown(state="OK", order_in_progress=order("Update", "pending-provider"))

    assert callbacks(row) == APPROVE | DONE | BACKEND_ID | OPTIONS


async def test_what_the_consumer_has_not_approved_is_no_work_for_a_provisioner() -> None:
    row = await shown(state="Terminating", order_in_progress=order("Terminate", "pending-consumer"))

    assert row["status"] == "active"
    assert callbacks(row) == BACKEND_ID


async def test_a_finished_order_has_no_callbacks() -> None:
    row = await shown(state="OK", order_in_progress=order("Update", "done"))

    assert callbacks(row) == {}
