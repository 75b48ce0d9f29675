"""The use case of order documents: one for each order whose turn it is, and no order lost."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import attrs
import pytest

from cscs_domain.errors import (
    DocumentsBusyError,
    ResourceProcessingError,
    UnknownOrderError,
    UpstreamServiceError,
)
from cscs_domain.problems import ProblemCode
from cscs_domain.storage.documents import DocumentHead, DocumentMeta
from cscs_domain.storage.export_orders import (
    PROVIDERS_TURN,
    OrderOutcome,
    OrdersReport,
    OrdersRequest,
    export_order,
    export_orders,
)
from cscs_domain.storage.rows import StorageRow
from cscs_domain.storage.states import OrderState, OrderType, Status
from cscs_domain.storage.waldur_rows import WaldurRow
from cscs_fakes.clock import FixedClock
from cscs_fakes.waldur_orders import FakeWaldurOrders
from tests.unit.storage.exporting import BROKEN, MOMENT, VERSION, ToldStore, Upstreams, named
from tests.unit.storage.samples import answer, leaves, order, sample, uuid_of

REQUEST = OrdersRequest(zone=UTC, version=VERSION)
CLOCK = FixedClock(MOMENT)
STAMP = "2026-11-21-13-05"
ABSENT = UUID(int=99)


def ordered(
    name: str, state: str = "executing", kind: str = "Create", **changes: object
) -> WaldurRow:
    """A resource with an order in progress, both of which can be referred to by name."""
    nested = order(state, kind, uuid=order_id(name).hex)
    return sample(name, **{"order_in_progress": nested, "state": "Creating", **changes})


def order_id(name: str) -> UUID:
    """The uuid of the order of a resource."""
    return UUID(uuid_of(f"order of {name}"))


def document_of(name: str, kind: str = "create") -> str:
    """What the document of a resource's order is called."""
    return f"{STAMP}-{kind}_{order_id(name)}.json"


def rows_about(name: str) -> list[StorageRow]:
    """What the document of this one's order holds."""
    return leaves(answer(ordered(name)))


def outcomes(report: OrdersReport) -> Mapping[UUID, OrderOutcome]:
    """What came of each order."""
    return {result.order.order: result.outcome for result in report.results}


async def write_all(
    store: ToldStore, read: Upstreams, request: OrdersRequest = REQUEST
) -> OrdersReport:
    """Write the documents of all orders."""
    return await export_orders(read, store, request, clock=CLOCK)


async def write_one(
    uuid: UUID,
    store: ToldStore,
    read: Upstreams,
    *,
    request: OrdersRequest = REQUEST,
    orders: FakeWaldurOrders | None = None,
) -> OrdersReport:
    """Write the document of one order."""
    return await export_order(uuid, read, store, request, clock=CLOCK, orders=orders)


class TestAllOrders:
    @pytest.mark.parametrize("kind", ["Create", "Update", "Terminate"])
    async def test_each_gets_a_document_with_the_row_of_its_resource_alone(self, kind: str) -> None:
        store = ToldStore()
        read = Upstreams(ordered("a", kind=kind), sample("b", project_slug="ocean"))
        report = await write_all(store, read)
        name = named(document_of("a", kind.lower()))
        (document,) = store.documents.values()
        (row,) = (row for row in leaves(read.hierarchy()) if str(row.item_id) == uuid_of("a"))

        assert list(store.documents) == [name]
        assert document is not None
        assert document.rows == (row,)
        assert document.head == DocumentHead(meta=DocumentMeta(MOMENT, VERSION), is_order=True)
        assert [(r.outcome, r.name) for r in report.results] == [(OrderOutcome.WRITTEN, name)]
        assert not report.is_doubtful
        assert store.links == {}

    @pytest.mark.parametrize("state", OrderState)
    async def test_only_one_whose_turn_it_is_does(self, state: OrderState) -> None:
        """Had one that waits its document, it would get none when it is to be carried out."""
        store = ToldStore()
        report = await write_all(store, Upstreams(ordered("a", state.value)))

        assert bool(store.documents) is (state in PROVIDERS_TURN)
        expected = OrderOutcome.WRITTEN if state in PROVIDERS_TURN else OrderOutcome.WAITING
        assert set(outcomes(report).values()) == (set() if state.is_final else {expected})

    async def test_what_comes_of_an_order_depends_on_it_alone(self) -> None:
        store = ToldStore()
        read = Upstreams(
            ordered("written", "executing"),
            ordered("waiting", "pending-consumer"),
            ordered("present", "executing"),
            ordered("restored", "executing", "Restore"),
            ordered("unknown", "executing", "Migrate"),
            ordered("unapproved", "hesitating"),
            ordered("lost", project_slug="nobody-knows"),
            ordered("unsafe", customer_slug=".."),
        )
        store.put(f"2026-11-20-08-00-create_{order_id('present')}.json", rows_about("present"))
        report = await write_all(store, read)

        assert outcomes(report) == {
            order_id("written"): OrderOutcome.WRITTEN,
            order_id("waiting"): OrderOutcome.WAITING,
            order_id("present"): OrderOutcome.PRESENT,
            order_id("restored"): OrderOutcome.UNKNOWN_TYPE,
            order_id("unknown"): OrderOutcome.UNKNOWN_TYPE,
            order_id("unapproved"): OrderOutcome.WAITING,
            order_id("lost"): OrderOutcome.LEFT_OUT,
            order_id("unsafe"): OrderOutcome.LEFT_OUT,
        }
        assert store.listed == [
            f"2026-11-20-08-00-create_{order_id('present')}.json",
            document_of("written"),
        ]

    async def test_a_second_run_writes_nothing_more(self) -> None:
        store, read = ToldStore(), Upstreams(ordered("a"), ordered("b", project_slug="ocean"))
        first = await write_all(store, read)
        documents = dict(store.documents)
        second = await write_all(store, read)

        assert store.documents == documents
        assert set(outcomes(second).values()) == {OrderOutcome.PRESENT}
        assert [r.name for r in second.results] == [r.name for r in first.results]

    async def test_an_order_that_waited_gets_its_document_when_its_turn_comes(self) -> None:
        store, read = ToldStore(), Upstreams(ordered("a", "pending-consumer"))
        await write_all(store, read)
        read.rows = (ordered("a", "pending-provider"),)
        await write_all(store, read)

        assert store.listed == [document_of("a")]

    async def test_the_next_order_of_a_resource_gets_a_document_of_its_own(self) -> None:
        store, read = ToldStore(), Upstreams(ordered("a"))
        await write_all(store, read)
        later = order("executing", "Terminate", uuid=order_id("later").hex)
        read.rows = (sample("a", state="Terminating", order_in_progress=later),)
        await write_all(store, read)

        assert set(store.listed) == {document_of("a"), document_of("later", "terminate")}

    @pytest.mark.parametrize("kind", ["create", "terminate"])
    async def test_documents_of_earlier_programs_count_without_dashes_as_well(
        self, kind: str
    ) -> None:
        store = ToldStore()
        store.put(f"2026-11-20-08-00-{kind}_{order_id('a').hex}.json", rows_about("a"))
        report = await write_all(store, Upstreams(ordered("a")))

        assert outcomes(report) == {order_id("a"): OrderOutcome.PRESENT}

    @pytest.mark.parametrize("content", [None, (), "other"])
    async def test_a_document_without_the_orders_resource_does_not_count(
        self, content: str | tuple[()] | None
    ) -> None:
        """Earlier programs wrote in place, may have been killed, and wrote empty lists."""
        broken = f"2026-11-20-08-00-create_{order_id('a')}.json"
        store, read = ToldStore(), Upstreams(ordered("a"))
        store.put(broken, rows_about("other") if content == "other" else ())
        if content is None:
            store.documents[named(broken)] = None
        await write_all(store, read)
        again = await write_all(store, read)

        assert store.listed == [broken, document_of("a")]
        assert outcomes(again) == {order_id("a"): OrderOutcome.PRESENT}

    async def test_a_document_of_all_rows_is_not_that_of_an_order(self) -> None:
        store, read = ToldStore(), Upstreams(ordered("a"))
        store.put(f"{STAMP}-all.json", read.hierarchy().rows)
        await write_all(store, read)

        assert document_of("a") in store.listed

    async def test_the_name_is_in_the_zone_of_the_site(self) -> None:
        store = ToldStore()
        request = attrs.evolve(REQUEST, zone=ZoneInfo("Pacific/Kiritimati"))
        await write_all(store, Upstreams(ordered("a")), request)

        assert store.listed == [f"2026-11-22-03-05-create_{order_id('a')}.json"]

    async def test_a_failure_keeps_what_was_written_and_the_next_run_goes_on(self) -> None:
        store = ToldStore()
        read = Upstreams(ordered("a"), ordered("b", project_slug="ocean"))
        store.breaks_at, store.breaks_from = "write", 2

        with pytest.raises(UpstreamServiceError) as caught:
            await write_all(store, read)
        assert caught.value is BROKEN
        (written,) = store.listed

        store.breaks_at = ""
        report = await write_all(store, read)
        assert [(r.outcome, str(r.name) == written) for r in report.results] == [
            (OrderOutcome.PRESENT, True),
            (OrderOutcome.WRITTEN, False),
        ]
        assert set(store.listed) == {document_of("a"), document_of("b")}

    async def test_an_upstream_that_does_not_answer_writes_nothing(self) -> None:
        store, read = ToldStore(), Upstreams(ordered("a"))
        read.failure = UpstreamServiceError("Waldur", "is gone")

        with pytest.raises(UpstreamServiceError) as caught:
            await write_all(store, read)
        assert caught.value is read.failure
        assert store.documents == {}

    async def test_another_writer_is_respected(self) -> None:
        store, read = ToldStore(), Upstreams(ordered("a"))
        async with store.exclusive(timedelta(0)):
            with pytest.raises(DocumentsBusyError):
                await write_all(store, read)

        assert read.reads == []


class TestRehearsal:
    async def test_it_says_what_would_be_written_and_touches_nothing(self) -> None:
        store, read = ToldStore(), Upstreams(ordered("a"), ordered("b", "pending-consumer"))
        async with store.exclusive(timedelta(0)):
            report = await write_all(store, read, attrs.evolve(REQUEST, rehearse=True))

        assert {r.name for r in report.results} == {named(document_of("a")), None}
        assert outcomes(report) == {
            order_id("a"): OrderOutcome.WRITTEN,
            order_id("b"): OrderOutcome.WAITING,
        }
        assert store.documents == {}
        assert "write" not in store.steps

    async def test_of_one_order_likewise(self) -> None:
        store, read = ToldStore(), Upstreams(ordered("a"))
        request = attrs.evolve(REQUEST, rehearse=True)
        report = await write_one(order_id("a"), store, read, request=request)

        assert [r.name for r in report.results] == [named(document_of("a"))]
        assert (store.documents, store.steps) == ({}, [])


class TestDoubts:
    @pytest.mark.parametrize(
        ("row", "code"),
        [
            (ordered("x", project_slug="nobody-knows"), ProblemCode.MISSING_IDENTITY),
            (ordered("x", attributes={"storage_data_type": "work"}), ProblemCode.UNKNOWN_DATA_TYPE),
            (ordered("x", kind="Migrate"), ProblemCode.UNKNOWN_ORDER),
            (ordered("x", "hesitating"), ProblemCode.UNKNOWN_ORDER),
        ],
        ids=["left out", "a warning", "an unknown type", "an unknown state"],
    )
    async def test_what_is_wrong_with_an_orders_resource_is_told(
        self, row: WaldurRow, code: ProblemCode
    ) -> None:
        report = await write_all(ToldStore(), Upstreams(row))

        assert {problem.code for problem in report.problems} == {code}
        assert report.is_doubtful

    async def test_an_order_that_can_have_no_document_is_a_doubt_in_itself(self) -> None:
        report = await write_all(ToldStore(), Upstreams(ordered("x", kind="Restore")))

        assert report.problems == ()
        assert report.is_doubtful

    async def test_what_is_wrong_with_resources_that_nobody_ordered_is_not(self) -> None:
        read = Upstreams(ordered("a"), sample("lost", project_slug="nobody-knows"))
        report = await write_all(ToldStore(), read)

        assert report.hierarchy.problems != ()
        assert report.problems == ()
        assert not report.is_doubtful

    @pytest.mark.parametrize(
        "fault", [{"limits": []}, {"slug": None}, {"order_in_progress": {"state": "executing"}}]
    )
    async def test_a_resource_that_cannot_be_read_may_hide_an_order_and_is_told(
        self, fault: dict[str, object]
    ) -> None:
        """Else that order would be lost without a word."""
        store = ToldStore()
        read = Upstreams(ordered("a"), sample("b", **(_nested("b") | fault)))
        report = await write_all(store, read)

        assert [problem.resource for problem in report.problems] == [uuid_of("b")]
        assert report.is_doubtful
        assert store.listed == [document_of("a")]


def _nested(name: str) -> dict[str, object]:
    return {"order_in_progress": order("executing", "Create", uuid=order_id(name).hex)}


class TestOneOrder:
    @pytest.mark.parametrize("state", ["pending-provider", "executing"])
    async def test_it_alone_gets_its_document(self, state: str) -> None:
        store, read = ToldStore(), Upstreams(ordered("a", state), ordered("b"))
        report = await write_one(order_id("a"), store, read)

        assert outcomes(report) == {order_id("a"): OrderOutcome.WRITTEN}
        assert store.listed == [document_of("a")]

    @pytest.mark.parametrize("state", ["pending-consumer", "pending-project", "hesitating"])
    async def test_one_that_waits_gets_none_and_will_get_it_in_time(self, state: str) -> None:
        """Had it one now, it would get none when it is to be carried out."""
        store, read = ToldStore(), Upstreams(ordered("a", state))
        report = await write_one(order_id("a"), store, read)

        assert outcomes(report) == {order_id("a"): OrderOutcome.WAITING}
        assert report.is_doubtful
        read.rows = (ordered("a", "pending-provider"),)
        await write_all(store, read)
        assert store.listed == [document_of("a")]

    async def test_it_gets_another_one_if_it_has_one(self) -> None:
        store, read = ToldStore(), Upstreams(ordered("a"))
        await write_one(order_id("a"), store, read)
        report = await write_one(order_id("a"), store, read)

        second = document_of("a").replace(".json", ".2.json")
        assert [str(r.name) for r in report.results] == [second]
        assert store.listed == [document_of("a"), second]

    @pytest.mark.parametrize(
        ("row", "outcome"),
        [
            (ordered("x", project_slug="nobody-knows"), OrderOutcome.LEFT_OUT),
            (ordered("x", kind="Restore"), OrderOutcome.UNKNOWN_TYPE),
        ],
    )
    async def test_without_a_row_or_a_type_it_gets_none_and_says_so(
        self, row: WaldurRow, outcome: OrderOutcome
    ) -> None:
        store = ToldStore()
        report = await write_one(order_id("x"), store, Upstreams(row, ordered("b")))

        assert outcomes(report) == {order_id("x"): outcome}
        assert report.is_doubtful
        assert store.documents == {}

    async def test_one_that_nobody_knows_is_refused(self) -> None:
        store, read = ToldStore(), Upstreams(ordered("a"))
        for orders in (None, FakeWaldurOrders()):
            with pytest.raises(UnknownOrderError):
                await write_one(ABSENT, store, read, orders=orders)

        assert store.documents == {}

    async def test_others_that_hide_something_are_not_its_problem(self) -> None:
        report = await write_one(
            order_id("a"), ToldStore(), Upstreams(ordered("a"), sample("b", limits=[]))
        )

        assert report.problems == ()
        assert not report.is_doubtful


class TestEndedOrder:
    """Waldur no longer shows it beside its resource, but knows which one that is."""

    @pytest.fixture
    def orders(self) -> FakeWaldurOrders:
        """Waldur with one order that was carried out, of the resource `a`."""
        orders = FakeWaldurOrders()
        orders.add_order(
            order_id("a"),
            resource=UUID(uuid_of("a")),
            type=OrderType.UPDATE,
            state=OrderState.DONE,
        )
        return orders

    async def test_its_document_has_the_row_as_it_is_now(self, orders: FakeWaldurOrders) -> None:
        store, read = ToldStore(), Upstreams(sample("a"))
        await write_one(order_id("a"), store, read, orders=orders)

        assert store.listed == [document_of("a", "update")]
        (row,) = store.rows_of(document_of("a", "update"))
        assert str(row.item_id) == uuid_of("a")
        assert read.reads == ["usual"]

    async def test_a_resource_that_is_gone_is_read_again_with_all_that_are(
        self, orders: FakeWaldurOrders
    ) -> None:
        store, read = ToldStore(), Upstreams(sample("a", state="Terminated"))
        await write_one(order_id("a"), store, read, orders=orders)
        (row,) = store.rows_of(document_of("a", "update"))

        assert row.status is Status.REMOVED
        assert read.reads == ["usual", "all"]

    @pytest.mark.parametrize(
        "rows",
        [(), (sample("b"),), (sample("a", project_slug="nobody-knows"),)],
        ids=["no rows", "other rows", "left out"],
    )
    async def test_one_of_a_resource_that_is_not_served_is_an_error(
        self, orders: FakeWaldurOrders, rows: tuple[WaldurRow, ...]
    ) -> None:
        store = ToldStore()

        with pytest.raises(ResourceProcessingError, match=str(order_id("a"))) as caught:
            await write_one(order_id("a"), store, Upstreams(*rows), orders=orders)
        assert uuid_of("a") in str(caught.value)
        assert store.documents == {}

    async def test_a_parent_with_the_id_of_the_resource_is_not_its_row(
        self, orders: FakeWaldurOrders
    ) -> None:
        """Documented ids of customers are whatever Waldur sends."""
        read = Upstreams(sample("b", customer_uuid=uuid_of("a")))

        with pytest.raises(ResourceProcessingError):
            await write_one(order_id("a"), ToldStore(), read, orders=orders)

    async def test_without_waldurs_orders_it_is_unknown(self) -> None:
        with pytest.raises(UnknownOrderError):
            await write_one(order_id("a"), ToldStore(), Upstreams(sample("a")))

    async def test_waldur_failing_writes_nothing(self, orders: FakeWaldurOrders) -> None:
        store, down = ToldStore(), UpstreamServiceError("Waldur", "is gone")
        orders.fail_with(down)

        with pytest.raises(UpstreamServiceError) as caught:
            await write_one(order_id("a"), store, Upstreams(sample("a")), orders=orders)
        assert caught.value is down
        assert store.documents == {}
