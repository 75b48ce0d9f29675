"""What the orders' adapter makes of everything that a server or a proxy before it may answer."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, TypeAlias
from uuid import UUID

import attrs
import pytest

from cscs_domain.errors import (
    InvalidValueError,
    OrderConflictError,
    OrderErredError,
    ResourceConflictError,
    UnknownOrderError,
    UnknownResourceError,
    UpstreamServiceError,
)
from cscs_domain.orders import OrderFacts, Outcome
from cscs_domain.storage.states import OrderState, OrderType
from cscs_http.credentials import WaldurToken
from cscs_http.waldur_orders import HttpWaldurOrders
from tests.raw_server import RawServer, Reply, answer, hang_up, raw_server, reset
from tests.unit.http.services import service_at

pytestmark = pytest.mark.anyio

ID: Final = UUID("b62f0513-ff7d-4e05-8ff8-cc9538832d7a")
RESOURCE: Final = UUID("324118fc-04e9-50de-a8b8-ecf0a7d9605f")
TOKEN: Final = "0123456789abcdef0123456789abcdef01234567"
ORDER_PATH: Final = f"/api/marketplace-orders/{ID.hex}/"
RESOURCE_PATH: Final = f"/api/marketplace-provider-resources/{ID.hex}/"

EMPTY: Final = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
PAGE: Final = b"<!doctype html><html><head><title>Not Found</title></head></html>"
CONFLICT: Final = answer(409, {"detail": "Valid states for operation: pending-provider."})
WRONG_TYPE: Final = answer(405, {"detail": 'Method "The order\'s offering..." not allowed.'})
ABSENT: Final = answer(404, {"detail": "No Order matches the given query."})
NO_ACTION: Final = answer(404, PAGE, kind="text/html; charset=utf-8")

Call: TypeAlias = Callable[[HttpWaldurOrders], Awaitable[object]]


@attrs.frozen
class Talk:
    """An adapter and the server that it talks to."""

    orders: HttpWaldurOrders
    server: RawServer

    @property
    def said(self) -> list[tuple[str, str, bytes]]:
        """Method, path and body of every request."""
        requests = self.server.requests
        return [(made.method, made.target.partition("?")[0], made.body) for made in requests]


@asynccontextmanager
async def talk(*replies: Reply) -> AsyncIterator[Talk]:
    async with (
        raw_server(*replies) as server,
        # Reading all certificates of this machine would be most of the time.
        service_at(
            f"{server.url}api/", credentials=WaldurToken(lambda: TOKEN), verify_tls=False
        ) as watched,
    ):
        yield Talk(HttpWaldurOrders(watched.service), server)


def order(state: object, **members: object) -> bytes:
    """The answer to reading the order."""
    return answer(200, {"uuid": ID.hex, "state": state, "type": "Create", **members})


def resource(state: object) -> bytes:
    return answer(200, {"uuid": ID.hex, "state": state})


ACTIONS: Final[dict[str, Call]] = {
    "approve": lambda orders: orders.approve(ID),
    "reject": lambda orders: orders.reject(ID),
    "done": lambda orders: orders.done(ID),
    "erred": lambda orders: orders.erred(ID, message="m"),
    "set_backend_id": lambda orders: orders.set_backend_id(ID, "fs-1"),
    "set_resource_ok": lambda orders: orders.set_resource_ok(ID),
    "update_options": lambda orders: orders.update_options(ID, {"o": 1}),
}
# What an action reads before it acts.
BEFORE: Final[dict[str, list[bytes]]] = {"erred": [order("executing")]}
every_action = pytest.mark.parametrize("name", ACTIONS)


class TestRequests:
    @pytest.mark.parametrize(
        ("name", "path", "body"),
        [
            ("approve", f"{ORDER_PATH}approve_by_provider/", None),
            ("reject", f"{ORDER_PATH}reject_by_provider/", None),
            ("done", f"{ORDER_PATH}set_state_done/", None),
            (
                "erred",
                f"{ORDER_PATH}set_state_erred/",
                {"error_message": "m", "error_traceback": ""},
            ),
            ("set_backend_id", f"{RESOURCE_PATH}set_backend_id/", {"backend_id": "fs-1"}),
            ("set_resource_ok", f"{RESOURCE_PATH}set_state_ok/", None),
            ("update_options", f"{RESOURCE_PATH}update_options_direct/", {"options": {"o": 1}}),
        ],
    )
    async def test_an_action_is_one_post_with_a_token(
        self, name: str, path: str, body: object
    ) -> None:
        replies = [*BEFORE.get(name, []), EMPTY, order("executing")]
        async with talk(*replies) as made:
            assert await ACTIONS[name](made.orders) is Outcome.DONE

        (post,) = [request for request in made.server.requests if request.method == "POST"]
        assert post.target == path
        assert (json.loads(post.body) if post.body else None) == body
        assert post.headers["authorization"] == f"Token {TOKEN}"

    @every_action
    @pytest.mark.parametrize(
        "good",
        [
            EMPTY,
            answer(201, b""),
            answer(202, {"status": "scheduled"}),
            answer(200, {"detail": "Order has been approved."}),
            answer(200, b"{broken", kind="application/json"),
        ],
        ids=["empty", "201", "202", "detail", "broken"],
    )
    async def test_what_a_good_answer_says_is_not_read(self, name: str, good: bytes) -> None:
        async with talk(*BEFORE.get(name, []), good, order("executing")) as made:
            assert await ACTIONS[name](made.orders) is Outcome.DONE

    async def test_an_order_is_read_with_few_members(self) -> None:
        """Without a selection a real server takes seconds for it."""
        async with talk(order("executing")) as made:
            await made.orders.order(ID)

        names = made.server.requests[0].target.partition("?")[2].split("&")
        assert set(names) == {
            "field=uuid",
            "field=state",
            "field=type",
            "field=marketplace_resource_uuid",
            "field=error_message",
            "field=offering_type",
        }

    @pytest.mark.parametrize(
        "call",
        [
            lambda orders: orders.set_backend_id(ID, ""),
            lambda orders: orders.set_backend_id(ID, "x" * 256),
            lambda orders: orders.update_options(ID, {}),
            lambda orders: orders.update_options(ID, {"o": float("nan")}),
        ],
    )
    async def test_a_value_that_cannot_be_is_not_sent(self, call: Call) -> None:
        async with talk(EMPTY) as made:
            with pytest.raises(InvalidValueError):
                await call(made.orders)

        assert made.said == []


class TestReadingBack:
    async def test_an_order_is_understood(self) -> None:
        told = order("pending-provider", marketplace_resource_uuid=str(RESOURCE), error_message="e")
        async with talk(told) as made:
            facts = await made.orders.order(ID)

        assert facts == OrderFacts(
            uuid=ID,
            resource=RESOURCE,
            type=OrderType.CREATE,
            state=OrderState.PENDING_PROVIDER,
            state_text="pending-provider",
            error_message="e",
        )

    @pytest.mark.parametrize(
        "members",
        [
            {"type": "Merge"},
            {"type": None},
            {"type": ["Create"]},
            {"error_message": None},
            {"error_message": {"a": 1}},
            {"marketplace_resource_uuid": None},
        ],
        ids=repr,
    )
    async def test_what_does_not_matter_does_not_hide_the_state(
        self, members: dict[str, Any]
    ) -> None:
        async with talk(order("executing", **members)) as made:
            assert (await made.orders.order(ID)).state is OrderState.EXECUTING

    async def test_a_state_that_is_not_known_is_carried(self) -> None:
        async with talk(order("on-hold")) as made:
            facts = await made.orders.order(ID)

        assert (facts.state, facts.state_text) == (OrderState.UNKNOWN, "on-hold")

    @pytest.mark.parametrize(
        "told",
        [
            answer(200, []),
            answer(200, None),
            answer(200, {"state": "executing"}),
            answer(200, {"uuid": ID.hex}),
            answer(200, {"uuid": RESOURCE.hex, "state": "executing"}),
            order(None),
            order(""),
            order(7),
            order("executing", marketplace_resource_uuid="x\x1b[2J" * 100),
            answer(200, b'{"uuid": "', kind="application/json"),
            answer(200, PAGE, kind="text/html"),
        ],
    )
    async def test_an_order_that_is_none_is_an_upstream_error(self, told: bytes) -> None:
        async with talk(told) as made:
            with pytest.raises(UpstreamServiceError) as caught:
                await made.orders.order(ID)

        assert str(caught.value).isprintable()
        assert len(str(caught.value)) < 500


class TestRefusals:
    @pytest.mark.parametrize("refusal", [CONFLICT, WRONG_TYPE], ids=["409", "405"])
    @pytest.mark.parametrize(
        ("name", "state"),
        [
            ("approve", "executing"),
            ("approve", "done"),
            ("approve", "erred"),
            ("approve", "pending-start-date"),
            ("reject", "rejected"),
            ("done", "done"),
            ("erred", "erred"),
        ],
    )
    async def test_a_refusal_is_good_news_if_the_order_is_there(
        self, name: str, state: str, refusal: bytes
    ) -> None:
        async with talk(*BEFORE.get(name, []), refusal, order(state)) as made:
            assert await ACTIONS[name](made.orders) is Outcome.ALREADY

    @pytest.mark.parametrize("refusal", [CONFLICT, WRONG_TYPE], ids=["409", "405"])
    @pytest.mark.parametrize(
        ("name", "state"),
        [
            ("approve", "rejected"),
            ("approve", "pending-project"),
            ("reject", "done"),
            ("done", "rejected"),
            ("done", "pending-provider"),
            ("erred", "done"),
            ("done", "on-hold"),
        ],
    )
    async def test_a_refusal_is_a_conflict_elsewhere(
        self, name: str, state: str, refusal: bytes
    ) -> None:
        async with talk(*BEFORE.get(name, []), refusal, order(state)) as made:
            with pytest.raises(OrderConflictError) as caught:
                await ACTIONS[name](made.orders)

        assert (caught.value.order, caught.value.state) == (ID, state)

    async def test_a_resource_that_is_ok_is_so_already(self) -> None:
        async with talk(CONFLICT, resource("OK")) as made:
            assert await made.orders.set_resource_ok(ID) is Outcome.ALREADY

    @pytest.mark.parametrize("state", ["Terminated", "Frozen"])
    async def test_a_resource_that_cannot_become_ok_is_a_conflict(self, state: str) -> None:
        async with talk(CONFLICT, resource(state)) as made:
            with pytest.raises(ResourceConflictError, match=state):
                await made.orders.set_resource_ok(ID)

    async def test_an_offering_without_the_action_is_told_from_a_wrong_state(self) -> None:
        async with talk(order("executing"), WRONG_TYPE, order("executing")) as made:
            with pytest.raises(OrderConflictError, match="type of its offering"):
                await made.orders.erred(ID, message="m")

    @pytest.mark.parametrize("state", ["done", "rejected", "canceled", "pending-provider", "held"])
    async def test_a_failure_is_never_sent_for_an_order_that_is_not_executing(
        self, state: str
    ) -> None:
        """Old servers would take it and break the resource."""
        async with talk(order(state)) as made:
            with pytest.raises(OrderConflictError):
                await made.orders.erred(ID, message="m")

        assert [method for method, _, _ in made.said] == ["GET"]

    async def test_a_failure_that_was_reported_before_is_not_sent_again(self) -> None:
        async with talk(order("erred")) as made:
            assert await made.orders.erred(ID, message="m") is Outcome.ALREADY

        assert [method for method, _, _ in made.said] == ["GET"]

    async def test_an_approval_that_waldur_cannot_process_is_an_error(self) -> None:
        """The answer to the approval says 200; only the order tells."""
        told = order("erred", error_message="no such plan\x1b[2J")
        async with talk(EMPTY, told) as made:
            with pytest.raises(OrderErredError, match="no such plan") as caught:
                await made.orders.approve(ID)

        assert caught.value.order == ID
        assert str(caught.value).isprintable()

    async def test_an_old_message_of_an_order_is_no_failure(self) -> None:
        async with talk(EMPTY, order("executing", error_message="earlier try")) as made:
            assert await made.orders.approve(ID) is Outcome.DONE


class TestAbsence:
    @every_action
    async def test_an_absent_object_is_told_as_such(self, name: str) -> None:
        of_order = name in {"approve", "reject", "done", "erred"}
        async with talk(ABSENT) as made:
            with pytest.raises((UnknownOrderError, UnknownResourceError)) as caught:
                await ACTIONS[name](made.orders)

        assert isinstance(caught.value, UnknownOrderError if of_order else UnknownResourceError)

    async def test_a_resource_that_goes_while_one_looks_is_absent(self) -> None:
        async with talk(CONFLICT, ABSENT) as made:
            with pytest.raises(UnknownResourceError):
                await made.orders.set_resource_ok(ID)

    @every_action
    @pytest.mark.parametrize("kind", ["text/html; charset=utf-8", "text/plain"])
    async def test_a_page_in_its_place_means_an_older_waldur(self, name: str, kind: str) -> None:
        missing = answer(404, PAGE, kind=kind)
        async with talk(*BEFORE.get(name, []), missing) as made:
            with pytest.raises(UpstreamServiceError, match="no such action") as caught:
                await ACTIONS[name](made.orders)

        assert not caught.value.retryable


class TestFaults:
    @every_action
    @pytest.mark.parametrize(
        ("reply", "words"),
        [
            (answer(400, {"backend_id": ["may not be null"]}), "backend_id: may not be null"),
            (answer(400, ["Offering is unavailable."]), "Offering is unavailable."),
            (answer(401, {"detail": "Token has expired."}), "has expired"),
            (answer(403, {"detail": "You do not have permission."}), "do not have permission"),
            (answer(301, b"", location="https://elsewhere.example.org/"), "301"),
            (answer(415, {"detail": "Unsupported media type"}), "Unsupported"),
        ],
        ids=["400", "400 list", "401", "403", "301", "415"],
    )
    async def test_a_refusal_for_good_is_told_and_not_repeated(
        self, name: str, reply: bytes, words: str
    ) -> None:
        before = BEFORE.get(name, [])
        async with talk(*before, reply) as made:
            with pytest.raises(UpstreamServiceError) as caught:
                await ACTIONS[name](made.orders)

        assert not caught.value.retryable
        assert words in str(caught.value)
        assert TOKEN not in str(caught.value)
        assert len(made.said) == len(before) + 1

    @every_action
    @pytest.mark.parametrize(
        "lost", [hang_up, reset, answer(503, {}), answer(500, PAGE, kind="text/html")]
    )
    async def test_an_action_is_sent_again_when_its_answer_was_lost(
        self, name: str, lost: Reply
    ) -> None:
        """It may have gone through: then the second try is refused, which is good news."""
        refused = (
            [CONFLICT, _after(name)]
            if name not in {"set_backend_id", "update_options"}
            else [EMPTY]
        )
        async with talk(*BEFORE.get(name, []), lost, *refused) as made:
            outcome = await ACTIONS[name](made.orders)

        assert outcome in {Outcome.ALREADY, Outcome.DONE}
        assert [method for method, _, _ in made.said].count("POST") == 2

    @every_action
    async def test_a_login_page_is_not_taken_for_a_success(self, name: str) -> None:
        """A proxy's 200 says nothing about the order, which would wait for ever."""
        page = answer(200, PAGE, kind="text/html")
        async with talk(*BEFORE.get(name, []), page) as made:
            with pytest.raises(UpstreamServiceError, match="HTML"):
                await ACTIONS[name](made.orders)

    @pytest.mark.parametrize("status", [405, 409])
    async def test_a_proxys_refusal_is_not_taken_for_waldurs(self, status: int) -> None:
        """Else a firewall that lets no POST through would read as "the order is in a bad state"."""
        async with talk(answer(status, PAGE, kind="text/html"), order("pending-provider")) as made:
            with pytest.raises(UpstreamServiceError, match="HTML"):
                await made.orders.approve(ID)

    async def test_an_approval_that_cannot_be_looked_at_may_be_repeated(self) -> None:
        failing = answer(503, {})
        replies = [EMPTY, failing, failing, failing, CONFLICT, order("executing")]
        async with talk(*replies) as made:
            with pytest.raises(UpstreamServiceError) as caught:
                await made.orders.approve(ID)
            assert caught.value.retryable

            assert await made.orders.approve(ID) is Outcome.ALREADY


def _after(name: str) -> bytes:
    states = {"approve": "executing", "reject": "rejected", "done": "done", "erred": "erred"}
    return order(states[name]) if name in states else resource("OK")
