"""Rounds of tests: a Waldur with orders, a storage that may fail, and the rows between them."""

from __future__ import annotations

from typing import Final
from uuid import UUID

import attrs

from cscs_client import Provisioner, ReportedProblem, Result, StorageClient, reconcile
from cscs_domain import OrderState, OrderType, ResourceState, StorageRow
from cscs_fakes.waldur_order_book import AGENT_DRIVEN
from cscs_fakes.waldur_orders import FakeWaldurOrders
from tests.unit.client.directories import answer_of, directory

PENDING: Final = OrderState.PENDING_PROVIDER
EXECUTING: Final = OrderState.EXECUTING
CREATE, UPDATE, TERMINATE = OrderType.CREATE, OrderType.UPDATE, OrderType.TERMINATE
AT_WORK: Final = {
    CREATE: ResourceState.CREATING,
    UPDATE: ResourceState.UPDATING,
    TERMINATE: ResourceState.TERMINATING,
}


@attrs.define
class Disks:
    """A storage that writes down what it was told, and fails where a test wants it to."""

    done: list[tuple[str, UUID]] = attrs.Factory(list)
    errors: dict[UUID, Exception] = attrs.Factory(dict)

    def create(self, row: StorageRow) -> str:
        self._do("create", row)
        return f"fs-{row.item_id.int}"

    def update(self, row: StorageRow) -> None:
        self._do("update", row)

    def remove(self, row: StorageRow) -> None:
        self._do("remove", row)

    def _do(self, what: str, row: StorageRow) -> None:
        if row.item_id in self.errors:
            raise self.errors[row.item_id]
        self.done.append((what, row.item_id))


_: type[Provisioner] = Disks


@attrs.define
class Round:
    """A Waldur, a storage and the rows between them."""

    client: StorageClient
    waldur: FakeWaldurOrders
    disks: Disks = attrs.Factory(Disks)
    rows: list[StorageRow] = attrs.Factory(list)
    problems: list[ReportedProblem] = attrs.Factory(list)

    def add(
        self,
        kind: OrderType = CREATE,
        state: OrderState = PENDING,
        offering: str = AGENT_DRIVEN,
        fails_with: str | None = None,
    ) -> UUID:
        """Add an order with its row; return the resource."""
        number = len(self.rows) + 1
        order, resource = UUID(int=number), UUID(int=1000 + number)
        self.waldur.add_order(
            order,
            resource=resource,
            type=kind,
            state=state,
            offering_type=offering,
            fails_with=fails_with,
        )
        begun = state is EXECUTING or kind is CREATE
        shown = AT_WORK[kind] if begun else ResourceState.OK
        self.rows.append(directory(shown, state, order=order, resource=resource))
        return resource

    def worry(self, code: str, resource: UUID | None) -> None:
        """Add a problem."""
        name = None if resource is None else str(resource)
        self.problems.append(
            ReportedProblem(code=code, severity="warning", message=f"it is {code}", resource=name)
        )

    def run(self, *, dry_run: bool = False) -> list[tuple[OrderType, Result, str]]:
        """One round; what became of each row."""
        answer = answer_of(*self.rows, problems=tuple(self.problems))
        steps = reconcile(self.client, self.disks, answer=answer, dry_run=dry_run)
        return [(step.work, step.result, step.reason) for step in steps]

    @property
    def states(self) -> list[str]:
        return [order.state.value for order in self.waldur.orders.values()]
