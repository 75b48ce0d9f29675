"""What the fake of Waldur's orders remembers, and what each action makes of it.

The states are those of spec 004, section 8.6, as Waldur contract sections 4 and 5 tell them of
server [8.1]. They are written down here once more, so that this twin shares no mistake with the
rules of the domain.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import UUID

import attrs

from cscs_domain.storage.states import OrderState, OrderType, ResourceState

AGENT_DRIVEN: Final = "Marketplace.Slurm"
BASIC: Final = "Marketplace.Basic"

_AT_WORK: Final = {
    OrderType.CREATE: ResourceState.CREATING,
    OrderType.UPDATE: ResourceState.UPDATING,
    OrderType.TERMINATE: ResourceState.TERMINATING,
    OrderType.RESTORE: ResourceState.CREATING,
}


@attrs.define
class FakeResource:
    """A resource behind an order."""

    state: ResourceState
    backend_id: str = ""
    options: Mapping[str, object] = attrs.Factory(dict)


@attrs.define
class FakeOrder:
    """An order; `failure` is what Waldur will fail with when it processes the order."""

    uuid: UUID
    resource: UUID
    type: OrderType
    state: OrderState
    offering_type: str = AGENT_DRIVEN
    error_message: str = ""
    traceback: str = ""
    comment: str = ""
    failure: str | None = None

    def approve(self, resource: FakeResource) -> bool:
        """Begin the work; where nobody outside does it, end it as well."""
        if self.state is not OrderState.PENDING_PROVIDER:
            return False
        self.state = OrderState.EXECUTING
        resource.state = _AT_WORK.get(self.type, resource.state)
        if self.failure is not None:
            self._fail(resource, self.failure)
        elif self.offering_type == BASIC:
            self.finish(resource)
        return True

    def reject(self, resource: FakeResource, comment: str) -> bool:
        """Turn down; a resource that was never made is gone with its order."""
        if self.state is not OrderState.PENDING_PROVIDER:
            return False
        self.state = OrderState.REJECTED
        self.comment = comment
        if self.type is OrderType.CREATE:
            resource.state = ResourceState.TERMINATED
        return True

    def finish(self, resource: FakeResource) -> bool:
        """End well."""
        if self.state is not OrderState.EXECUTING:
            return False
        self.state = OrderState.DONE
        gone = self.type is OrderType.TERMINATE
        resource.state = ResourceState.TERMINATED if gone else ResourceState.OK
        return True

    def fail(self, resource: FakeResource, message: str, traceback: str) -> bool:
        """End badly; Basic offerings have no such action."""
        if self.state is not OrderState.EXECUTING or self.offering_type != AGENT_DRIVEN:
            return False
        self.traceback = traceback
        self._fail(resource, message)
        return True

    def _fail(self, resource: FakeResource, message: str) -> None:
        self.state = OrderState.ERRED
        self.error_message = message
        resource.state = ResourceState.ERRED
        if self.type is OrderType.TERMINATE:
            resource.state = ResourceState.OK
        elif self.type is OrderType.CREATE and not resource.backend_id:
            resource.state = ResourceState.TERMINATED
