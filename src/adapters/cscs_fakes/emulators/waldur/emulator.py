"""A whole Waldur Mastermind, as far as providers of storage and compute have to do with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time
from threading import RLock
from typing import Final

import msgspec

from cscs_fakes.emulators.waldur.answers import Refusal
from cscs_fakes.emulators.waldur.app import WaldurApp
from cscs_fakes.emulators.waldur.auth import Role
from cscs_fakes.emulators.waldur.facts import SiteFacts
from cscs_fakes.emulators.waldur.mode import Mode
from cscs_fakes.emulators.waldur.new_places import place_for
from cscs_fakes.emulators.waldur.order_machine import wake
from cscs_fakes.emulators.waldur.ordering import (
    Wish,
    order_end,
    order_limits,
    order_new,
    order_options,
)
from cscs_fakes.emulators.waldur.orders import Order
from cscs_fakes.emulators.waldur.records import ROOT, Record, Row
from cscs_fakes.emulators.waldur.resources import Resource
from cscs_fakes.emulators.waldur.state import Portal
from cscs_fakes.emulators.waldur.usage_records import begin_plan, month_of
from cscs_fakes.waldur_row_catalogue import API
from cscs_json import encode


class WaldurEmulator:
    """Waldur in one of its two versions, with the resources of `rows` and their orders.

    `rows` are whole rows, with nested orders, as version 8.1 lists them; the emulator keeps what it
    is given. `app` serves `/api/...`; `tokens` says who is let in. The methods are the side of
    consumers and of administrators. They may be called from any thread, take and return what JSON
    can tell, and raise `LookupError` for what is not there, `ValueError` for what Waldur refuses.
    """

    def __init__(
        self,
        *,
        mode: Mode = Mode.V8_1,
        rows: Iterable[Mapping[str, object]] = (),
        clock: Callable[[], datetime] | None = None,
        facts: SiteFacts | None = None,
    ) -> None:
        self._portal = Portal(mode, clock or _now, facts or SiteFacts())
        self._lock = RLock()
        self.app = WaldurApp(self._portal, self._lock)
        self.tokens = self._portal.tokens
        for row in rows:
            self._portal.add_row(row)
        for order in self._portal.facts.orders:
            self._portal.add_order_row(order)
        self._portal.resources.ordered()  # now rather than at the first request

    @property
    def mode(self) -> Mode:
        """Which version this is."""
        return self._portal.mode

    @property
    def calls(self) -> Counter[tuple[str, str]]:
        """How often what was served: by method and path template (`/api/.../{uuid}/...`)."""
        return self.app.calls

    # --- tokens and permissions

    def expire(self, token: str) -> None:
        """Let a token be refused: "Token has expired."."""
        self.tokens.expire(token)

    def revoke(self, token: str) -> None:
        """Let a token be refused: "Invalid token."."""
        self.tokens.revoke(token)

    def issue(self, role: str = Role.AGENT, token: str | None = None) -> str:
        """A token, a new one unless it is given; `role` is agent, staff or consumer."""
        return self.tokens.issue(Role(role), token)

    def deny(self, permission: str) -> None:
        """Take a permission (`ORDER.APPROVE`, ...) from the agent: 403."""
        self._portal.denied.add(permission)

    def grant(self, permission: str) -> None:
        """Give a permission back."""
        self._portal.denied.discard(permission)

    # --- consumers

    def order_create(  # noqa: PLR0913  # so many things can be said about an order
        self,
        *,
        offering_slug: str,
        customer_slug: str,
        project_slug: str,
        limits: Mapping[str, object],
        attributes: Mapping[str, object] | None = None,
        slug: str | None = None,
        approved: bool = True,
        starts: str | None = None,
        project_starts: str | None = None,
    ) -> str:
        """Order a resource; return the order's uuid.

        A customer or project that is not there comes into being. `approved` is the consumer's
        approval; without it the order is `pending-consumer`. `starts` (of the order, [8.1]) and
        `project_starts` are dates: in the future they make the order wait.
        """
        with self._lock:
            offering = self._portal.offering_named(offering_slug)
            place = place_for(self._portal.places, customer_slug, project_slug)
            name = slug or f"{project_slug}-{offering_slug}"
            wish = Wish(
                type="Create",
                limits=limits,
                attributes=attributes or {},
                approved=approved,
                starts=_begin_of(starts),
                project_starts=_begin_of(project_starts),
            )
            return _uuid_of(lambda: order_new(self._portal, offering, place, wish, name))

    def order_update(
        self,
        resource_uuid: str,
        *,
        limits: Mapping[str, object] | None = None,
        options: Mapping[str, object] | None = None,
    ) -> str:
        """Order other limits, other options ([8.1]) or both; return the order's uuid."""
        if options is not None and self._portal.is_old:
            raise ValueError("version 5.8 has no orders that change options")
        with self._lock:
            resource = self._portal.resource(resource_uuid)
            if options is not None:
                return _uuid_of(lambda: order_options(self._portal, resource, options, limits))
            return _uuid_of(lambda: order_limits(self._portal, resource, limits or {}))

    def order_terminate(self, resource_uuid: str) -> str:
        """Order the end of a resource; return the order's uuid."""
        with self._lock:
            resource = self._portal.resource(resource_uuid)
            return _uuid_of(lambda: order_end(self._portal, resource))

    # --- administrators

    def fail_when_processed(self, order_uuid: str, message: str) -> None:
        """Let Waldur itself fail with this message when the order has been approved."""
        with self._lock:
            self._portal.order(order_uuid).failure = message

    def set_offering_state(self, offering_slug: str, state: str) -> None:
        """Make an offering `Unavailable` ([8.1]), or `Active` again."""
        with self._lock:
            self._portal.offering_named(offering_slug).fields["state"] = state

    def open_invoice(self, customer_uuid: str, month: str) -> None:
        """Let a customer's invoice of a month (`2026-10`) be open still ([8.1])."""
        with self._lock:
            self._portal.open_invoices.add((customer_uuid, f"{month}-01"))

    def change_plan(self, resource_uuid: str, month: str | None = None) -> None:
        """Let another plan begin within this month, or another one (`2026-10`) ([8.1]).

        What is recorded of that month stays as it is; a total that is reported from now on goes
        to a record of its own, without what the earlier ones hold.
        """
        if self._portal.is_old:
            raise ValueError("version 5.8 has one record a month, whatever the plan")
        with self._lock:
            period = f"{month}-01" if month else month_of(self._portal.now)
            begin_plan(self._portal, self._portal.resource(resource_uuid), period)

    # --- rows

    def resource(self, uuid: str) -> dict[str, object]:
        """The state of a resource, as a whole row of version 8.1."""
        with self._lock:
            wake(self._portal)
            found = self._portal.resource(uuid)
            return _copied({**found.fields(), **_nested(found)})

    def order(self, uuid: str) -> dict[str, object]:
        """The state of an order, as a whole row of version 8.1."""
        with self._lock:
            wake(self._portal)
            return _copied(self._portal.order(uuid).fields())

    def add_row(self, row: Row) -> None:
        """A resource comes, with the orders that are nested in its row."""
        with self._lock:
            self._portal.add_row(row)

    def remove_row(self, uuid: str) -> None:
        """A resource goes, with all its orders."""
        with self._lock:
            self._portal.remove_row(uuid)

    def replace_row(self, row: Row) -> None:
        """A resource, and its orders, become those of the row."""
        with self._lock:
            self._portal.remove_row(str(row.get("uuid")))
            self._portal.add_row(row)


_ROOT: Final = ROOT.encode()
_ADDRESS: Final = API.encode()


def _copied(fields: Mapping[str, object]) -> dict[str, object]:
    """A copy that nobody else changes, with the addresses of made-up rows."""
    text = encode(fields).replace(_ROOT, _ADDRESS)
    found: dict[str, object] = msgspec.json.decode(text)
    return found


def _nested(resource: Resource) -> dict[str, object]:
    orders = {
        "order_in_progress": resource.in_progress,
        "creation_order": resource.creation,
    }
    return {
        name: found.fields() if isinstance(found, Record) else found
        for name, found in orders.items()
    }


def _uuid_of(make: Callable[[], Order]) -> str:
    try:
        return make().uuid
    except Refusal as refusal:
        raise ValueError(str(refusal.answer.body)) from None


def _begin_of(day: str | None) -> datetime | None:
    return None if day is None else datetime.combine(date.fromisoformat(day), time(), UTC)


def _now() -> datetime:
    return datetime.now(UTC)
