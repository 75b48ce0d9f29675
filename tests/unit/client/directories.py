"""Rows of tests: a project's directory whose resource and order are in a state of one's choice."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

import attrs

from cscs_client.answers import ReportedProblem, StorageAnswer
from cscs_domain import (
    ApiUrl,
    MountPath,
    OrderState,
    Permission,
    ProjectTarget,
    QuotaPolicy,
    ResourceState,
    Status,
    StorageItem,
    StorageRow,
    callbacks_for,
    status_of,
)

WALDUR: Final = "https://waldur.example.com/api/"
ORDER: Final = UUID("0d0d0d0d-0000-4000-8000-000000000001")
RESOURCE: Final = UUID("4e504e50-0000-4000-8000-000000000002")

_CAPSTOR: Final = StorageItem(item_id=UUID(int=1), key="capstor", name="CAPSTOR")
_LUSTRE: Final = StorageItem(item_id=UUID(int=2), key="lustre", name="LUSTRE")
_STORE: Final = StorageItem(item_id=UUID(int=3), key="store", name="STORE", path="store")


def directory(
    state: ResourceState = ResourceState.CREATING,
    order_state: OrderState | None = OrderState.PENDING_PROVIDER,
    *,
    order: UUID = ORDER,
    resource: UUID = RESOURCE,
    waldur: str = WALDUR,
) -> StorageRow:
    """A directory of 10 TB; without an order state it has no order."""
    row = StorageRow(
        item_id=resource,
        status=status_of(state, order_state),
        mount_point=MountPath.of("capstor", "store", "cscs", "uni", "climate"),
        permission=Permission("2770"),
        system=_CAPSTOR,
        file_system=_LUSTRE,
        data_type=_STORE,
        target=_target(resource),
        quotas=QuotaPolicy().quotas(Decimal(10)),
    )
    if order_state is None:
        return row
    callbacks = callbacks_for(
        ApiUrl.parse(waldur),
        order=str(order),
        order_state=order_state,
        resource=str(resource),
        resource_state=state,
    )
    return attrs.evolve(row, callbacks=callbacks)


def _target(resource: UUID) -> ProjectTarget:
    return ProjectTarget(
        item_id=resource, key=None, name="res-1", status=Status.ACTIVE, unix_gid=30500, active=True
    )


def answer_of(*rows: StorageRow, problems: tuple[ReportedProblem, ...] = ()) -> StorageAnswer:
    """An answer with these rows."""
    return StorageAnswer(
        rows=rows,
        problems=problems,
        snapshot="1",
        age=timedelta(0),
        stale=False,
        version="1.0",
        etag='"1-x"',
    )
