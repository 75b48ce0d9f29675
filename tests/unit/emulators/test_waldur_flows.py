"""How orders begin, wait, go on and end. Spec 004, section 8.6; Waldur contract, section 4."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cscs_fakes.emulators.waldur import Mode, WaldurEmulator
from tests.unit.emulators.waldur_site import (
    BASIC,
    CONSUMED,
    ERROR,
    NOW,
    ORDERS,
    RESOURCES,
    SLURM,
    SUPPORT,
    Waldur,
    row,
    uuid_of,
    waldur,
)

NEW: Final = {
    "offering_slug": "capstor",
    "customer_slug": "uni",
    "project_slug": "lattice",
    "limits": {"storage": 12},
}
OFFERING: Final = f"http://x/api/marketplace-public-offerings/{row()['offering_uuid']}/"
PROJECT: Final = f"http://x/api/projects/{row()['project_uuid']}/"
OVER: Final = {"done", "canceled", "rejected"}


def ordered(emulator: WaldurEmulator, **changes: Any) -> str:
    return emulator.order_create(**{**NEW, **changes})


@pytest.mark.parametrize("mode", Mode)
async def test_an_order_is_created_approved_and_done(mode: Mode) -> None:
    async with waldur([row()], mode=mode) as site:
        order = ordered(site.emulator, attributes={"permissions": "2770"}, slug="vol")
        assert site.states(order) == ("pending-provider", "Creating")
        assert await site.act(order, "set_state_done") == 409
        assert await site.act(order, "approve_by_provider") == 200
        assert site.states(order) == ("executing", "Creating")
        assert await site.act(order, "set_state_done") == 200

        found = site.emulator.order(order)
        resource = site.emulator.resource(str(found["marketplace_resource_uuid"]))

    assert (found["state"], found["provider_reviewed_by"]) == ("done", "svc-agent")
    assert (resource["state"], resource["slug"], resource["limits"]) == ("OK", "vol", NEW["limits"])
    assert (resource["customer_slug"], resource["project_slug"]) == ("uni", "lattice")
    assert resource["order_in_progress"] is None
    assert resource["creation_order"] == found


async def test_a_new_resource_has_all_that_given_ones_have() -> None:
    async with waldur([row()]) as site:
        order = ordered(site.emulator)
        given_one, new_one = (await site.get(RESOURCES)).json()
        orders = (await site.get(ORDERS)).json()

    assert new_one.keys() == given_one.keys()
    assert {each["uuid"] for each in orders} == {order, uuid_of("res-1 made")}
    assert orders[0].keys() == orders[1].keys()


async def test_a_change_takes_limits_and_options_over_when_it_is_done() -> None:
    async with waldur([row(options={"permissions": "770"})]) as site:
        uuid = uuid_of("res-1")
        order = site.emulator.order_update(
            uuid, limits={"storage": 30}, options={"soft_quota_space": 25}
        )
        found = site.emulator.order(order)
        await site.act(order, "approve_by_provider")
        between = site.emulator.resource(uuid)
        await site.act(order, "set_state_done")
        after = site.emulator.resource(uuid)

    assert (found["limits"], found["order_subtype"]) == ({"storage": 30}, "update_options")
    assert found["attributes"] == {
        "old_limits": {"storage": 10},
        "old_options": {"permissions": "770"},
        "new_options": {"soft_quota_space": 25},
    }
    assert (between["state"], between["limits"]) == ("Updating", {"storage": 10})
    assert (after["state"], after["limits"]) == ("OK", {"storage": 30})
    assert after["options"] == {"permissions": "770", "soft_quota_space": 25}


async def test_the_provider_may_approve_other_options() -> None:
    async with waldur([row()]) as site:
        order = site.emulator.order_update(uuid_of("res-1"), options={"permissions": "2775"})
        body = {"attributes": {"new_options": {"permissions": "2750"}}}
        answer = await site.post(f"{ORDERS}{order}/approve_by_provider/", body)
        await site.act(order, "set_state_done")

        assert answer.json().keys() == {"detail"}
        assert site.emulator.resource(uuid_of("res-1"))["options"] == {"permissions": "2750"}


async def test_a_rejection_keeps_its_comment_since_8_1() -> None:
    comment = {"provider_rejection_comment": "no space"}
    for mode, expected in {Mode.V5_8: None, Mode.V8_1: "no space"}.items():
        async with waldur([row()], mode=mode) as site:
            order = ordered(site.emulator)
            assert await site.act(order, "reject_by_provider", comment) == 200
            found = (await site.get(f"{ORDERS}{order}/")).json()

            assert site.states(order) == ("rejected", "Terminated")
        assert found.get("provider_rejection_comment") == expected


async def test_a_basic_offering_is_done_as_soon_as_it_is_approved() -> None:
    async with waldur([row(offering_type=BASIC)]) as site:
        asked = {"permissions": "2750", "storage_data_type": "store"}
        order = ordered(site.emulator, attributes=asked)
        await site.act(order, "approve_by_provider")
        uuid = str(site.emulator.order(order)["marketplace_resource_uuid"])

        assert site.states(order) == ("done", "OK")
        assert site.emulator.resource(uuid)["options"] == {"permissions": "2750"}

        end = site.emulator.order_terminate(uuid)
        await site.act(end, "approve_by_provider")
        assert site.states(end) == ("done", "Terminated")


@pytest.mark.parametrize(
    ("mode", "backend_id", "expected"),
    [
        (Mode.V5_8, "", "Erred"),
        (Mode.V8_1, "", "Terminated"),
        (Mode.V8_1, "fs-1", "Erred"),
    ],
)
@pytest.mark.parametrize("offering_type", [SLURM, BASIC])
async def test_waldur_itself_may_fail_after_an_approval(
    mode: Mode, backend_id: str, expected: str, offering_type: str
) -> None:
    async with waldur([row(offering_type=offering_type)], mode=mode) as site:
        order = ordered(site.emulator)
        uuid = site.emulator.order(order)["marketplace_resource_uuid"]
        await site.post(f"{RESOURCES}{uuid}/set_backend_id/", {"backend_id": backend_id})
        site.emulator.fail_when_processed(order, "no such plan")

        assert await site.act(order, "approve_by_provider") == 200
        assert site.states(order) == ("erred", expected)
        assert site.emulator.order(order)["error_message"] == "no such plan"


async def test_an_order_that_has_erred_may_be_tried_again() -> None:
    async with waldur([row()], mode=Mode.V5_8) as site:
        order = site.emulator.order_update(uuid_of("res-1"), limits={"storage": 30})
        await site.act(order, "approve_by_provider")
        await site.act(order, "set_state_erred", ERROR)
        assert site.states(order) == ("erred", "Erred")

        assert await site.act(order, "set_state_executing") == 200
        assert site.states(order) == ("executing", "Erred")
        assert await site.act(order, "set_state_done") == 200
        assert site.states(order) == ("done", "OK")
        assert site.emulator.order(order)["error_message"] == "disk pool full"


@pytest.mark.parametrize(
    "body", [{}, {"error_message": "x"}, {"error_traceback": "x"}, [], "text"], ids=str
)
async def test_an_error_without_both_texts_makes_waldur_stumble(body: object) -> None:
    async with waldur([row()]) as site:
        order = ordered(site.emulator)
        await site.act(order, "approve_by_provider")
        answer = await site.post(f"{ORDERS}{order}/set_state_erred/", body)

        assert (answer.status_code, answer.headers["content-type"]) == (
            500,
            "text/html; charset=utf-8",
        )
        assert site.states(order) == ("executing", "Creating")


# --- waiting


async def test_an_order_waits_for_the_consumer_the_project_and_its_own_day() -> None:
    now = [NOW]
    async with waldur([row()], clock=lambda: now[0]) as site:
        order = ordered(
            site.emulator, approved=False, project_starts="2026-11-25", starts="2026-12-01"
        )
        assert site.states(order) == ("pending-consumer", "Creating")
        answer = await site.post(f"{ORDERS}{order}/approve_by_consumer/", by="alice")
        assert (answer.status_code, site.states(order)[0]) == (200, "pending-project")

        now[0] += timedelta(days=5)
        assert site.states(order)[0] == "pending-provider"
        await site.act(order, "approve_by_provider")
        assert site.states(order) == ("pending-start-date", "Creating")

        now[0] += timedelta(days=5)
        (found,) = (await site.get(ORDERS, state="executing", field="uuid")).json()
        assert found == {"uuid": order}


async def test_a_day_that_has_come_is_not_waited_for() -> None:
    async with waldur([row()]) as site:
        order = ordered(site.emulator, project_starts="2026-11-21", starts="2026-11-20")
        assert site.states(order)[0] == "pending-provider"
        await site.act(order, "approve_by_provider")

        assert site.states(order)[0] == "executing"


# --- refusals


async def test_what_consumers_may_not_order_is_refused() -> None:
    async with waldur([row(), row("bad", state="Updating")]) as site:
        update, end = site.emulator.order_update, site.emulator.order_terminate
        with pytest.raises(ValueError, match="exactly the same"):
            update(uuid_of("res-1"), limits={"storage": 10})
        with pytest.raises(ValueError, match="Valid states for operation: OK"):
            update(uuid_of("bad"), limits={"storage": 1})
        with pytest.raises(ValueError, match="Valid states for operation: OK, Erred"):
            end(uuid_of("bad"))
        update(uuid_of("res-1"), limits={"storage": 11})
        with pytest.raises(ValueError, match="Pending order for resource already exists"):
            end(uuid_of("res-1"))
        with pytest.raises(ValueError, match="Pending order for resource already exists"):
            update(uuid_of("res-1"), options={"permissions": "700"})


async def test_what_is_not_there_cannot_be_ordered() -> None:
    async with waldur([row()]) as site:
        with pytest.raises(LookupError, match="no offering vast; there are: capstor"):
            ordered(site.emulator, offering_slug="vast")
        for call in (site.emulator.order_terminate, site.emulator.resource, site.emulator.order):
            with pytest.raises(LookupError, match=uuid_of("ghost")):
                call(uuid_of("ghost"))


async def test_the_older_version_has_no_orders_about_options() -> None:
    async with waldur([row()], mode=Mode.V5_8) as site:
        with pytest.raises(ValueError, match=r"5\.8"):
            site.emulator.order_update(uuid_of("res-1"), options={"permissions": "700"})


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"offering": "required", "project": "required"}),
        ({"offering": "x", "project": "y"}, {"offering": "does not exist"}),
        ({"project": "y"}, {"offering": "required"}),
        ({"offering": OFFERING, "project": "y"}, {"project": "does not exist"}),
        ({"offering": OFFERING, "project": PROJECT, "limits": 3}, {"limits": "a dictionary"}),
    ],
)
async def test_an_order_for_nothing_is_refused(
    body: dict[str, object], errors: dict[str, str]
) -> None:
    async with waldur([row()]) as site:
        answer = await site.post(ORDERS, body, by="alice")

    assert answer.status_code == 400
    assert answer.json().keys() == errors.keys()
    for name, text in errors.items():
        assert text in answer.json()[name][0]


async def test_a_second_resource_of_a_project_is_of_the_same_project() -> None:
    async with waldur([row()]) as site:
        customer, project = row()["customer_slug"], row()["project_slug"]
        orders = [
            ordered(site.emulator, customer_slug=customer, project_slug=project),
            ordered(site.emulator, customer_slug=customer, project_slug="new"),
            ordered(site.emulator, customer_slug=customer, project_slug="new"),
        ]
        found = [site.emulator.order(order) for order in orders]

    assert {each["customer_uuid"] for each in found} == {row()["customer_uuid"]}
    assert found[0]["project_uuid"] == row()["project_uuid"]
    assert found[1]["project_uuid"] == found[2]["project_uuid"] != found[0]["project_uuid"]


async def test_an_agent_orders_nothing() -> None:
    async with waldur([row()]) as site:
        change = await site.post(f"{CONSUMED}{uuid_of('res-1')}/terminate/", {})

        assert (change.status_code, (await site.post(ORDERS, {})).status_code) == (403, 403)


# --- laws

ACTIONS: Final = (
    *("approve_by_provider", "reject_by_provider", "set_state_done", "set_state_erred"),
    *("set_state_executing", "cancel", "update", "terminate"),
)


async def step(site: Waldur, uuid: str, action: str) -> bool:
    """Do it to the newest order; return whether it was allowed."""
    orders = (await site.get(ORDERS, resource_uuid=uuid, field="uuid", page_size=300)).json()
    if action in {"update", "terminate"}:
        bodies = {"update": {"limits": {"storage": len(orders) + 1}}, "terminate": {}}
        path = f"{CONSUMED}{uuid}/{'update_limits' if action == 'update' else action}/"
        return (await site.post(path, bodies[action], by="alice")).is_success
    return await site.act(orders[-1]["uuid"], action, ERROR) < 400


@given(
    actions=st.lists(st.sampled_from(ACTIONS), max_size=12),
    mode=st.sampled_from(Mode),
    offering_type=st.sampled_from([SLURM, BASIC, SUPPORT]),
)
async def test_whatever_is_tried_orders_stay_in_order(
    actions: Sequence[str], mode: Mode, offering_type: str
) -> None:
    """At most one order waits, what is over stays over, and a refusal changes nothing."""
    async with waldur([row(offering_type=offering_type)], mode=mode) as site:
        order = ordered(site.emulator)
        uuid = str(site.emulator.order(order)["marketplace_resource_uuid"])
        before = await snapshot(site, uuid)
        for action in actions:
            allowed = await step(site, uuid, action)
            after = await snapshot(site, uuid)

            waiting = [each for each in after["orders"] if each["state"] not in {*OVER, "erred"}]
            assert allowed or after == before
            assert after["resource"]["order_in_progress"] == (waiting[0] if waiting else None)
            assert len(waiting) <= 1 or "set_state_executing" in actions
            over = {
                each["uuid"]: each["state"] for each in before["orders"] if each["state"] in OVER
            }
            now = {each["uuid"]: each["state"] for each in after["orders"]}
            assert over.items() <= now.items()
            before = after


async def snapshot(site: Waldur, uuid: str) -> dict[str, Any]:
    found = await site.get(f"{RESOURCES}{uuid}/", by="staff")
    orders = await site.get(ORDERS, resource_uuid=uuid, by="staff", page_size=300)
    resource = found.json()
    if "order_in_progress" not in resource:
        resource["order_in_progress"] = None
    return {"resource": resource, "orders": orders.json()}
