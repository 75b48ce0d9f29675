"""Every action on every order: state x type of offering x type of order x version.

What is expected stands here once more, from the table in section 4 of the Waldur contract.
"""

from __future__ import annotations

from itertools import product
from typing import Final

import pytest

from cscs_fakes.emulators.waldur import Mode
from tests.unit.emulators.waldur_site import (
    BASIC,
    ERROR,
    SLURM,
    SUPPORT,
    order_row,
    uuid_of,
    waldur,
    with_order,
)

STATES: Final = (
    *("pending-consumer", "pending-provider", "pending-project", "pending-start-date"),
    *("executing", "done", "erred", "canceled", "rejected"),
)
PENDING: Final = set(STATES[:4])
EVERY: Final = {SLURM, BASIC, SUPPORT}
TYPES: Final = ("Create", "Update", "Terminate")

FROM: Final = {
    "approve_by_provider": {"pending-provider"},
    "reject_by_provider": {"pending-provider"},
    "approve_by_consumer": {"pending-consumer"},
    "reject_by_consumer": {"pending-consumer"},
    "set_state_executing": {"pending-consumer", "pending-provider", "erred"},
    "set_state_done": {"executing"},
    "set_state_erred": set(STATES),
    "cancel": PENDING | {"executing"},
}
OFFERINGS: Final = {
    "approve_by_provider": EVERY,
    "reject_by_provider": EVERY,
    "approve_by_consumer": EVERY,
    "reject_by_consumer": EVERY,
    "set_state_executing": {SLURM},
    "set_state_done": EVERY,
    "set_state_erred": {SLURM},
    "cancel": {BASIC, SUPPORT},
}
SENDER: Final = {"approve_by_consumer": "alice", "reject_by_consumer": "alice"}
AT_WORK: Final = {"Create": "Creating", "Update": "Updating", "Terminate": "Terminating"}
AFTER_WORK: Final = {"Create": "OK", "Update": "OK", "Terminate": "Terminated"}
BEFORE: Final = {"Create": "Creating", "Update": "OK", "Terminate": "OK"}


def expected_status(action: str, state: str, offering: str) -> int:
    if state not in FROM[action]:
        return 409
    if offering not in OFFERINGS[action]:
        return 405
    return 202 if action == "cancel" else 200


def expected_states(
    action: str, state: str, offering: str, kind: str, mode: Mode
) -> tuple[str, str]:
    """Of the order and of the resource, after an action that was allowed."""
    if action == "approve_by_consumer":
        return "pending-provider", BEFORE[kind]
    if action == "set_state_executing":
        return "executing", BEFORE[kind]
    if action == "set_state_done" or (action == "approve_by_provider" and offering == BASIC):
        return "done", AFTER_WORK[kind]
    if action == "approve_by_provider":
        return "executing", AT_WORK[kind]
    if action == "set_state_erred":
        failed = {"Create": "Terminated", "Update": "Erred", "Terminate": "OK"}
        resource = "Erred" if mode is Mode.V5_8 else failed[kind]
        return "erred" if state == "executing" else state, resource
    gone = "canceled" if action == "cancel" else "rejected"
    return gone, "Terminated" if kind == "Create" else "OK"


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("action", FROM)
async def test_an_action_is_allowed_where_the_contract_says_so(action: str, mode: Mode) -> None:
    cases = list(product(STATES, sorted(EVERY), TYPES))
    rows = [
        with_order(f"{state} {offering} {kind}", offering_type=offering, state=state, type=kind)
        for state, offering, kind in cases
    ]
    async with waldur(rows, mode=mode) as site:
        for state, offering, kind in cases:
            order = uuid_of(f"{state} {offering} {kind} waiting")
            before = site.states(order)
            path = f"/api/marketplace-orders/{order}/{action}/"
            answer = await site.post(path, ERROR, by=SENDER.get(action, "agent"))

            status = expected_status(action, state, offering)
            after = expected_states(action, state, offering, kind, mode)
            assert (state, offering, kind, answer.status_code) == (state, offering, kind, status)
            assert (state, offering, kind, *site.states(order)) == (
                *(state, offering, kind),
                *(after if status < 400 else before),
            )


@pytest.mark.parametrize("state", STATES)
async def test_an_order_has_a_backend_id_of_its_own_since_8_1(state: str) -> None:
    rows = [with_order("one", type="Update", state=state)]
    order = uuid_of("one waiting")
    async with waldur(rows) as new, waldur(rows, mode=Mode.V5_8) as old:
        assert await new.act(order, "set_backend_id", {"backend_id": "job 7"}) == 200
        assert new.emulator.order(order)["backend_id"] == "job 7"
        assert new.emulator.resource(uuid_of("one"))["backend_id"] == ""
        answer = await old.post(f"/api/marketplace-orders/{order}/set_backend_id/", {})

    assert (answer.status_code, answer.headers["content-type"]) == (
        404,
        "text/html; charset=utf-8",
    )


async def test_words_that_are_no_states_or_types_are_carried_through() -> None:
    odd = order_row("odd", "waiting", state="pending-moon", type="Enchant")
    rows = [with_order("odd", state="pending-moon", type="Enchant")]
    async with waldur(rows) as site:
        assert await site.act(odd["uuid"], "approve_by_provider") == 409
        found = (await site.get("/api/marketplace-orders/", field=["state", "type"])).json()

    assert found == [{"state": "pending-moon", "type": "Enchant"}]
