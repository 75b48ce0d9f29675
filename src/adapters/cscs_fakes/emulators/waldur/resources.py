"""A resource and its orders."""

from __future__ import annotations

import attrs

from cscs_fakes.emulators.waldur.orders import Order
from cscs_fakes.emulators.waldur.records import Record


@attrs.define(eq=False)
class Resource(Record):
    """A resource with its orders, oldest first.

    The two nested orders are orders of the book, or whatever else a given row held in their place.
    """

    orders: list[Order] = attrs.field(factory=list)
    in_progress: object = None
    creation: object = None

    @property
    def uuid(self) -> str:
        """32 hex digits."""
        return self.text("uuid")

    @property
    def state(self) -> str:
        """A state of spec 004, section 8.6, or another word."""
        return self.text("state")

    @state.setter
    def state(self, state: str) -> None:
        self.own["state"] = state

    @property
    def waiting_order(self) -> Order | None:
        """The first order that is not over. There can be one at most."""
        return next((order for order in self.orders if not order.is_over), None)

    def look_again(self) -> None:
        """Let the nested orders, and whether it may be terminated, follow from the orders."""
        self.in_progress = self.waiting_order
        self.creation = next((order for order in self.orders if order.type == "Create"), None)
        idle = self.in_progress is None
        self.own["can_terminate"] = idle and self.state in {"OK", "Erred"}
