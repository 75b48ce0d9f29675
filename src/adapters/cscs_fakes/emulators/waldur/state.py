"""Everything that the emulated portal knows, and how rows come and go."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from random import Random
from typing import Final
from uuid import UUID

import attrs

from cscs_fakes.emulators.waldur.auth import Tokens
from cscs_fakes.emulators.waldur.books import Book
from cscs_fakes.emulators.waldur.facts import SiteFacts
from cscs_fakes.emulators.waldur.mode import Mode
from cscs_fakes.emulators.waldur.offerings import Offering, limits_of, offering_of, record_part
from cscs_fakes.emulators.waldur.orders import Order
from cscs_fakes.emulators.waldur.places import Places
from cscs_fakes.emulators.waldur.records import (
    NOTHING,
    Record,
    Row,
    Shared,
    hex_of,
    key_of,
    rebased,
    rooted,
)
from cscs_fakes.emulators.waldur.resources import Resource
from cscs_fakes.emulators.waldur.selection import NESTED_ORDERS
from cscs_fakes.emulators.waldur.usage_book import UsageBook
from cscs_fakes.waldur_row_orders import waldur_time

_TRACEBACK: Final = "error_traceback"


@attrs.define(eq=False)
class Portal:
    """The state of an emulated Waldur; `denied` are permissions that the agent lacks."""

    mode: Mode
    clock: Callable[[], datetime]
    facts: SiteFacts = attrs.field(factory=SiteFacts)
    tokens: Tokens = attrs.field(factory=Tokens)
    resources: Book[Resource] = attrs.field(factory=Book)
    orders: Book[Order] = attrs.field(factory=Book)
    usages: UsageBook = attrs.field(factory=lambda: UsageBook("billing_period"))
    user_usages: UsageBook = attrs.field(factory=lambda: UsageBook("_billing_period"))
    offering_users: Book[Record] = attrs.field(factory=Book)
    offerings: dict[str, Offering] = attrs.field(factory=dict)
    places: Places = attrs.field(factory=Places)
    denied: set[str] = attrs.field(factory=set)
    open_invoices: set[tuple[str, str]] = attrs.field(factory=set)
    keys: dict[str, frozenset[str]] = attrs.field(
        factory=lambda: {"resource": frozenset(), "order": frozenset()}
    )
    _shared: Shared = attrs.field(factory=Shared)
    _random: Random = attrs.field(factory=lambda: Random("emulated Waldur"))
    _sleeping: list[Order] = attrs.field(factory=list)

    def __attrs_post_init__(self) -> None:
        for fields in self.facts.offerings:
            own = rebased(fields)
            part = self._shared.once(rooted(record_part(own)))
            self.offerings[str(own["uuid"])] = offering_of(part, own)
        for account in self.facts.offering_users:
            row = rebased(account)
            self.offering_users.add(key_of(row), Record(NOTHING, NOTHING, row))

    # --- time and ids

    @property
    def now(self) -> str:
        """The time as Waldur writes it."""
        return waldur_time(self.clock().astimezone(UTC))

    def new_uuid(self) -> str:
        """32 hex digits; the same ones in every run."""
        return UUID(int=self._random.getrandbits(128), version=4).hex

    @property
    def is_old(self) -> bool:
        """Whether this is version 5.8."""
        return self.mode is Mode.V5_8

    # --- rows

    def add_row(self, row: Row) -> Resource:
        """Take in a resource with the orders that are nested in it."""
        offering, place, own = self._shared.take_apart(row)
        nested = [own.pop(name, None) for name in NESTED_ORDERS]
        own["uuid"] = key = key_of(row)
        resource = Resource(offering, place, own)
        resource.in_progress, resource.creation = nested
        self._learn(resource)
        # The creation comes first, whichever of the two is nested first.
        creation = self._nested_order(resource, nested[1])
        waiting = self._nested_order(resource, nested[0])
        resource.in_progress, resource.creation = waiting, creation
        self.resources.add(key, resource)
        return resource

    def add_order_row(self, row: Row) -> None:
        """Take in an order of a resource that is there."""
        resource = self.resources.get(hex_of(row.get("marketplace_resource_uuid")))
        if resource is None:
            raise LookupError(f"no resource for order {row.get('uuid')}")
        self._nested_order(resource, row)

    def remove_row(self, uuid: str) -> None:
        """Forget a resource and its orders. Raises `LookupError`."""
        removed = self.resources.remove(hex_of(uuid) or uuid)
        if removed is None:
            raise LookupError(f"no resource {uuid}")
        for order in removed.orders:
            self.orders.remove(order.uuid)

    def resource(self, uuid: str) -> Resource:
        """Raises `LookupError`."""
        found = self.resources.get(hex_of(uuid) or uuid)
        if found is None:
            raise LookupError(f"no resource {uuid}")
        return found

    def order(self, uuid: str) -> Order:
        """Raises `LookupError`."""
        found = self.orders.get(hex_of(uuid))
        if found is None:
            raise LookupError(f"no order {uuid}")
        return found

    def offering_named(self, slug: str) -> Offering:
        """Raises `LookupError`."""
        found = next((each for each in self.offerings.values() if each.slug == slug), None)
        if found is None:
            known = ", ".join(sorted(each.slug for each in self.offerings.values()))
            raise LookupError(f"no offering {slug}; there are: {known}")
        return found

    def offering_of(self, record: Record) -> Offering:
        """The offering that a record belongs to."""
        return self.offerings[str(record.offering.get("offering_uuid"))]

    def add_order(self, order: Order) -> None:
        """An order that has just been made."""
        self._enter(order)
        order.resource.look_again()
        self.resources.changed()

    def touch(self, *records: Record) -> None:
        """Records have been changed just now."""
        for record in records:
            record.own["modified"] = self.now
        self.resources.changed()
        self.orders.changed()

    def sleepers(self) -> list[Order]:
        """The orders that wait for a day to come."""
        self._sleeping = [order for order in self._sleeping if order.waits_for_time]
        return self._sleeping

    def fall_asleep(self, order: Order) -> None:
        """Let an order wait for its day."""
        self._sleeping.append(order)

    def shared(self, part: dict[str, object]) -> Row:
        """An equal part that is there already, or this one."""
        return self._shared.once(part)

    def _learn(self, resource: Resource) -> None:
        self._learn_keys("resource", resource)
        uuid = str(resource.offering.get("offering_uuid"))
        offering = self.offerings.get(uuid)
        if offering is None:
            offering = self.offerings[uuid] = offering_of(resource.offering, {})
        elif "plan_uuid" not in offering.part:
            offering.part = resource.offering
        offering.learn_components(limits_of(resource))
        self.places.learn(resource.offering, resource.place)

    def _learn_keys(self, kind: str, record: Record) -> None:
        known = self.keys[kind]
        parts = (record.offering, record.place, record.own)
        if not all(part.keys() <= known for part in parts):
            self.keys[kind] = known.union(*parts)

    def _nested_order(self, resource: Resource, row: object) -> object:
        """The order of this row, which may be known already; what is no order stays as it is."""
        uuid = hex_of(row.get("uuid")) if isinstance(row, dict) else None
        if not isinstance(row, dict) or uuid is None:
            return row
        known = next((order for order in resource.orders if order.uuid == uuid), None)
        if known is not None:
            return known
        order = Order(*self._shared.take_apart(row), resource)
        order.own["uuid"] = uuid
        order.own.setdefault(_TRACEBACK, "")
        self._enter(order)
        return order

    def _enter(self, order: Order) -> None:
        self._learn_keys("order", order)
        order.resource.orders.append(order)
        self.orders.add(order.uuid, order)
