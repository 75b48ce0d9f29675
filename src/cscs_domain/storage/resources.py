"""A storage resource as the domain believes it, parsed and checked."""

from __future__ import annotations

from decimal import Decimal
from typing import Final, NamedTuple
from uuid import UUID

import attrs

from cscs_domain.storage.permissions import DEFAULT_PERMISSION, Permission
from cscs_domain.storage.quotas import NO_OVERRIDES, QuotaOverrides
from cscs_domain.storage.states import OrderState, OrderType, ResourceState, Status


@attrs.frozen
class Party:
    """Someone or something of Waldur that a level of the hierarchy is named after."""

    slug: str
    name: str
    uuid: UUID | None = None


@attrs.frozen(kw_only=True)
class Order:
    """An order in progress. Limits in the offering's unit; None means "left as it is"."""

    uuid: UUID
    type: OrderType
    state: OrderState
    limit: Decimal | None = None
    old_limit: Decimal | None = None
    overrides: QuotaOverrides | None = None
    old_overrides: QuotaOverrides | None = None


@attrs.frozen(kw_only=True)
class ReadyItem:
    """A target item that somebody put into `backend_metadata`; None where it says nothing."""

    item_id: UUID | None = None
    key: str | None = None
    name: str | None = None
    status: Status | None = None
    active: bool | None = None
    unix_gid: int | None = None
    unix_uid: int | None = None
    email: str | None = None
    primary_project: str | None = None


NOTHING_READY: Final = ReadyItem()


class Resource(NamedTuple):  # not attrs: one for every row of a refresh, at half the time
    """One Waldur resource: where it belongs, what was bought, and what is being changed.

    `limit` is the storage limit in the offering's unit (usually TB), None if there is none.
    `data_type` is normalised. `state` is Waldur's own; see `states.shown_state` for the one to
    act upon. `modified` is Waldur's text, used only to tell the newer of two copies.
    """

    uuid: UUID
    slug: str
    state: ResourceState
    offering: Party
    provider: Party
    customer: Party
    project: Party
    limit: Decimal | None = None
    data_type: str = "store"
    permission: Permission = DEFAULT_PERMISSION
    overrides: QuotaOverrides = NO_OVERRIDES
    backend_id: str = ""
    order: Order | None = None
    ready: ReadyItem = NOTHING_READY
    modified: str = ""
