"""What providers do to resources, above all in 8.1. Waldur contract, section 5."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import pytest

from cscs_fakes.emulators.waldur import Mode
from tests.unit.emulators.waldur_site import (
    ERROR,
    NOW,
    ORDERS,
    RESOURCES,
    Waldur,
    order_row,
    row,
    uuid_of,
    waldur,
    with_order,
)

UUID: Final = uuid_of("res-1")
ACTIONS: Final = {
    "set_backend_id": {"backend_id": "x"},
    "set_backend_metadata": {"backend_metadata": {}},
    "submit_report": {"report": [{"header": "a", "body": "b"}]},
    "set_as_erred": {},
    "set_state_ok": None,
    "set_as_ok": None,
    "update_options_direct": {"options": {}},
    "set_limits": {"limits": {}},
    "refresh_last_sync": None,
}
SINCE_8_1: Final = list(ACTIONS)[4:]
STATES: Final = ("Creating", "OK", "Erred", "Updating", "Terminating", "Terminated")


async def act(site: Waldur, action: str, body: object = None) -> tuple[int, Any]:
    answer = await site.post(f"{RESOURCES}{UUID}/{action}/", body)
    return answer.status_code, answer.json() if answer.content else None


@pytest.mark.parametrize("action", SINCE_8_1)
async def test_the_older_version_lacks_an_action(action: str) -> None:
    async with waldur([row()], mode=Mode.V5_8) as site:
        answer = await site.post(f"{RESOURCES}{UUID}/{action}/", ACTIONS[action])

    assert (answer.status_code, answer.headers["content-type"]) == (
        404,
        "text/html; charset=utf-8",
    )


@pytest.mark.parametrize("action", ACTIONS)
async def test_a_consumer_does_not_see_what_is_acted_upon(action: str) -> None:
    async with waldur([row()]) as site:
        answer = await site.post(f"{RESOURCES}{UUID}/{action}/", ACTIONS[action], by="alice")

    assert answer.status_code == 404


@pytest.mark.parametrize("action", ACTIONS)
async def test_nothing_is_changed_while_the_offering_is_unavailable(action: str) -> None:
    async with waldur([row(state="Erred")]) as site:
        before = site.emulator.resource(UUID)
        site.emulator.set_offering_state("capstor", "Unavailable")

        assert await act(site, action, ACTIONS[action]) == (400, ["Offering is unavailable."])
        assert site.emulator.resource(UUID) == before
        site.emulator.set_offering_state("capstor", "Active")
        assert (await act(site, action, ACTIONS[action]))[0] == 200


async def test_orders_too_rest_while_the_offering_is_unavailable() -> None:
    async with waldur([with_order("res-1", type="Create", state="pending-provider")]) as site:
        site.emulator.set_offering_state("capstor", "Unavailable")

        assert await site.act(uuid_of("res-1 waiting"), "approve_by_provider") == 400


@pytest.mark.parametrize("state", STATES)
async def test_a_resource_is_set_ok_from_some_states(state: str) -> None:
    allowed = state in {"Erred", "Creating", "Updating", "Terminating"}
    async with waldur([row(state=state)]) as site:
        status, _ = await act(site, "set_state_ok")

        assert status == (200 if allowed else 409)
        assert site.emulator.resource(UUID)["state"] == ("OK" if allowed else state)


@pytest.mark.parametrize("state", STATES)
async def test_setting_a_resource_right_forgets_what_was_wrong(state: str) -> None:
    async with waldur([row(state=state, **ERROR)]) as site:
        assert await act(site, "set_as_ok") == (200, None)
        found = site.emulator.resource(UUID)

    assert found["state"] == "OK"
    # It does nothing to a resource that is OK.
    assert found["error_message"] == (ERROR["error_message"] if state == "OK" else "")


async def test_setting_a_state_leaves_the_order_alone() -> None:
    order = order_row("res-1", "waiting", type="Update", state="executing")
    async with waldur([row(state="Updating", order_in_progress=order)]) as site:
        assert await act(site, "set_state_ok") == (200, None)

        assert site.states(order["uuid"]) == ("executing", "OK")


async def test_a_provider_sets_a_resource_erred_since_8_1() -> None:
    async with waldur([row()]) as new, waldur([row()], mode=Mode.V5_8) as old:
        assert (await act(new, "set_as_erred", ERROR))[0] == 200
        assert (await act(old, "set_as_erred", ERROR))[0] == 403
        by_staff = await old.post(f"{RESOURCES}{UUID}/set_as_erred/", {}, by="staff")

        assert by_staff.status_code == 200
        assert {name: new.emulator.resource(UUID)[name] for name in ERROR} == ERROR
        for site in (new, old):
            assert site.emulator.resource(UUID)["state"] == "Erred"


async def test_options_are_replaced_if_they_are_declared() -> None:
    async with waldur([row(options={"permissions": "770"})]) as site:
        status, errors = await act(
            site, "update_options_direct", {"options": {"colour": "red", "permissions": "775"}}
        )
        assert (status, errors) == (400, {"options": ["Unknown options: colour."]})
        assert (await act(site, "update_options_direct", {"options": {"soft_quota_space": 3}}))[
            0
        ] == 200

        assert site.emulator.resource(UUID)["options"] == {"soft_quota_space": 3}


@pytest.mark.parametrize(
    ("limits", "status"),
    [({"storage": 3}, 200), ({}, 200), ({"cores": 3}, 400), ([], 400), (None, 400)],
)
async def test_limits_are_replaced_if_their_components_are_known(
    limits: object, status: int
) -> None:
    async with waldur([row()]) as site:
        assert (await act(site, "set_limits", {"limits": limits}))[0] == status
        expected = limits if status == 200 else {"storage": 10}

        assert site.emulator.resource(UUID)["limits"] == expected


async def test_a_change_leaves_its_time() -> None:
    now = [NOW]
    async with waldur([row()], clock=lambda: now[0]) as site:
        now[0] += timedelta(hours=1)
        await act(site, "refresh_last_sync")
        found = site.emulator.resource(UUID)
        since = await site.get(RESOURCES, modified="2026-11-21T13:00:00Z", field="name")

    assert found["last_sync"] == found["modified"] == "2026-11-21T13:00:00.000000Z"
    assert since.json() == [{"name": "res-1"}]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"backend_id": "new"}, (200, {"status": "Resource backend_id has been changed."})),
        ({"backend_id": " new "}, (200, {"status": "Resource backend_id has been changed."})),
        ({"backend_id": 7}, (200, {"status": "Resource backend_id has been changed."})),
        ({"backend_id": "res-1-fs"}, (200, {"status": "Resource backend_id is not changed."})),
        ({"backend_id": True}, (400, {"backend_id": ["Not a valid string."]})),
        ({"backend_id": ["x"]}, (400, {"backend_id": ["Not a valid string."]})),
        ({"backend_id": None}, (400, {"backend_id": ["This field may not be null."]})),
    ],
    ids=str,
)
async def test_a_backend_id_is_text(body: object, expected: tuple[int, object]) -> None:
    async with waldur([row()]) as site:
        assert await act(site, "set_backend_id", body) == expected


async def test_waldur_stumbles_over_a_missing_backend_id() -> None:
    async with waldur([row()]) as site:
        answer = await site.post(f"{RESOURCES}{UUID}/set_backend_id/", {})

    assert (answer.status_code, answer.headers["content-type"]) == (
        500,
        "text/html; charset=utf-8",
    )


@pytest.mark.parametrize(
    ("report", "errors"),
    [
        (
            ["text"],
            [{"non_field_errors": ["Invalid data. Expected a dictionary, but got str."]}],
        ),
        ("text", ["Report object should contain at least one section."]),
        (
            [{"header": "a"}, {"header": "a", "body": "b"}],
            [{"body": ["This field is required."]}, {}],
        ),
    ],
)
async def test_a_report_has_sections(report: object, errors: object) -> None:
    async with waldur([row()]) as site:
        assert await act(site, "submit_report", {"report": report}) == (400, {"report": errors})


async def test_the_id_of_an_order_is_not_changed_twice() -> None:
    order = uuid_of("res-1 made")
    async with waldur([row()]) as site:
        said = [
            (await site.post(f"{ORDERS}{order}/set_backend_id/", {"backend_id": "7"})).json()
            for _ in range(2)
        ]

    assert said == [
        {"status": "Order backend_id has been changed."},
        {"status": "Order backend_id is not changed."},
    ]
