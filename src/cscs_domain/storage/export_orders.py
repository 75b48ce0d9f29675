"""The use case of order documents: one for each order that it is the provider's turn to carry out.

Source: spec 002, "Individual Order Processing"; ADR 0018.
"""

from __future__ import annotations

from collections.abc import Awaitable, Iterable
from contextlib import nullcontext
from datetime import datetime, timedelta, tzinfo
from enum import Enum
from typing import Final, Protocol
from uuid import UUID

import attrs

from cscs_domain.errors import (
    InvalidValueError,
    ResourceProcessingError,
    UnknownOrderError,
    UpstreamServiceError,
)
from cscs_domain.ports import Clock, DocumentStore, WaldurOrders
from cscs_domain.problems import Problem, ProblemCode, Severity
from cscs_domain.storage.data_types import TargetType
from cscs_domain.storage.document_names import KIND_OF_ORDER, DocumentName
from cscs_domain.storage.documents import DocumentHead, DocumentMeta
from cscs_domain.storage.hierarchy import Hierarchy
from cscs_domain.storage.rows import OrderRow, StorageRow
from cscs_domain.storage.states import OrderState

PROVIDERS_TURN: Final = frozenset({OrderState.PENDING_PROVIDER, OrderState.EXECUTING})
"""States in which the provider has to act. Earlier ones wait for somebody else's approval: had
such an order its document already, it would get none when it is to be carried out."""


_UNREADABLE: Final = frozenset(
    {
        ProblemCode.MALFORMED_RECORD,
        ProblemCode.MISSING_FIELD,
        ProblemCode.UPSTREAM_TOO_OLD,
    }
)


class ReadHierarchy(Protocol):
    """Reads the upstreams. Raises `UpstreamServiceError` if that cannot be done whole."""

    def __call__(self, *, include_terminated: bool = False) -> Awaitable[Hierarchy]: ...


class OrderOutcome(Enum):
    """What came of one order."""

    WRITTEN = "written"
    """Its document is there now; in a rehearsal, it would be."""
    PRESENT = "present"
    """It had its document already."""
    WAITING = "waiting"
    """It is not the provider's turn: somebody has to approve it first."""
    LEFT_OUT = "left_out"
    """Its resource has no row; the problems say why."""
    UNKNOWN_TYPE = "unknown_type"
    """It is neither create, update nor terminate, so no document can be named after it."""


@attrs.frozen(kw_only=True)
class OrderResult:
    """One order and what came of it. `name` is its document's, if it has one."""

    order: OrderRow
    outcome: OrderOutcome
    name: DocumentName | None = None


@attrs.frozen(kw_only=True)
class OrdersRequest:
    """How to write order documents; members as in `ExportRequest`."""

    zone: tzinfo
    version: str
    rehearse: bool = False
    patience: timedelta = timedelta(0)


@attrs.frozen(kw_only=True)
class OrdersReport:
    """What came of all orders, in the order in which they were handled.

    `unread` are the problems of resources that could not be read at all: orders may hang on them,
    and would then not be among the results.
    """

    hierarchy: Hierarchy
    results: tuple[OrderResult, ...]
    unread: tuple[Problem, ...] = ()
    is_demanded: bool = False
    """Whether somebody asked for just these orders, so that having to wait is no success."""

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What was found about the resources of these orders, and what could not be read."""
        concerned = {str(result.order.resource) for result in self.results}
        unread = set(self.unread)
        return tuple(p for p in self.hierarchy.problems if p.resource in concerned or p in unread)

    @property
    def is_doubtful(self) -> bool:
        """Whether an order could not get its document, or its row is in doubt."""
        without = {OrderOutcome.LEFT_OUT, OrderOutcome.UNKNOWN_TYPE}
        if self.is_demanded:
            without.add(OrderOutcome.WAITING)
        return any(result.outcome in without for result in self.results) or any(
            problem.is_doubt for problem in self.problems
        )


async def export_orders(
    read: ReadHierarchy, store: DocumentStore, request: OrdersRequest, *, clock: Clock
) -> OrdersReport:
    """Write the documents of all orders whose turn it is and that have none yet.

    Errors as `export_all`; what was written before one stays, and the next call goes on from there.
    """
    async with nullcontext() if request.rehearse else store.exclusive(request.patience):
        moment = clock.now().astimezone(request.zone)
        hierarchy = await read()
        present = {
            name.subject.order: name for name in await store.names() if name.subject is not None
        }
        results = [
            await _handled(order, present.get(order.order), store, request, moment)
            for order in hierarchy.orders
        ]
        unread = tuple(filter(_hides_orders, hierarchy.problems))
        return OrdersReport(hierarchy=hierarchy, results=tuple(results), unread=unread)


def _hides_orders(problem: Problem) -> bool:
    return problem.severity is Severity.ERROR and problem.code in _UNREADABLE


async def export_order(
    uuid: UUID,
    read: ReadHierarchy,
    store: DocumentStore,
    request: OrdersRequest,
    *,
    clock: Clock,
    orders: WaldurOrders | None = None,
) -> OrdersReport:
    """Write the document of one order, whether it has one already or not.

    One that waits for somebody else's approval gets none, as with `export_orders`. An order that is
    in progress is found in its resource's row; of others `orders` knows the resource, if it is
    given. Raises `UnknownOrderError` if neither knows the order, `ResourceProcessingError` if its
    resource is not among those that are read, and else as `export_all`.
    """
    async with nullcontext() if request.rehearse else store.exclusive(request.patience):
        moment = clock.now().astimezone(request.zone)
        hierarchy = await read()
        order = _order_in(hierarchy.orders, uuid)
        if order is None:
            hierarchy, order = await _ended_order(uuid, read, hierarchy, orders)
        if order.state in PROVIDERS_TURN or order.state.is_final:
            result = await _written(order, store, request, moment)
        else:
            result = OrderResult(order=order, outcome=OrderOutcome.WAITING)
        return OrdersReport(hierarchy=hierarchy, results=(result,), is_demanded=True)


def _order_in(orders: Iterable[OrderRow], uuid: UUID) -> OrderRow | None:
    return next((order for order in orders if order.order == uuid), None)


async def _ended_order(
    uuid: UUID, read: ReadHierarchy, hierarchy: Hierarchy, orders: WaldurOrders | None
) -> tuple[Hierarchy, OrderRow]:
    """The order as Waldur tells it, with its resource's row as it is now."""
    if orders is None:
        raise UnknownOrderError(uuid)
    facts = await orders.order(uuid)
    if facts.resource is None:
        raise UnknownOrderError(uuid)
    row = _row_of(hierarchy, facts.resource)
    if row is None:  # it may be gone, as after an order to terminate
        hierarchy = await read(include_terminated=True)
        row = _row_of(hierarchy, facts.resource)
    if row is None:
        raise ResourceProcessingError(
            str(facts.resource),
            f"has no row, so order {uuid} has no document: it belongs to no storage system that is"
            " read, or is left out (`cscs storage show` lists why)",
        )
    order = OrderRow(
        order=uuid, type=facts.type, state=facts.state, resource=facts.resource, row=row
    )
    return hierarchy, order


def _row_of(hierarchy: Hierarchy, resource: UUID) -> StorageRow | None:
    leaves = (TargetType.PROJECT, TargetType.USER)
    return next(
        (r for r in hierarchy.rows if r.item_id == resource and r.target_type in leaves), None
    )


async def _handled(
    order: OrderRow,
    present: DocumentName | None,
    store: DocumentStore,
    request: OrdersRequest,
    moment: datetime,
) -> OrderResult:
    if order.state not in PROVIDERS_TURN:
        return OrderResult(order=order, outcome=OrderOutcome.WAITING)
    if present is not None and await _is_whole(present, order, store):
        return OrderResult(order=order, outcome=OrderOutcome.PRESENT, name=present)
    return await _written(order, store, request, moment)


async def _is_whole(name: DocumentName, order: OrderRow, store: DocumentStore) -> bool:
    """Whether a document holds what the order is about.

    Earlier programs wrote in place, may have been killed, and wrote lists without anything.
    """
    try:
        document = await store.read(name)
    except (InvalidValueError, UpstreamServiceError):
        return False
    return any(row.item_id == order.resource for row in document.rows)


async def _written(
    order: OrderRow, store: DocumentStore, request: OrdersRequest, moment: datetime
) -> OrderResult:
    kind = KIND_OF_ORDER.get(order.type)
    if kind is None:
        return OrderResult(order=order, outcome=OrderOutcome.UNKNOWN_TYPE)
    if order.row is None:
        return OrderResult(order=order, outcome=OrderOutcome.LEFT_OUT)
    name = DocumentName.of_order(moment, kind, order.order)
    if not request.rehearse:
        head = DocumentHead(meta=DocumentMeta(moment, request.version), is_order=True)
        name = await store.write(name, head, [order.row])
    return OrderResult(order=order, outcome=OrderOutcome.WRITTEN, name=name)
