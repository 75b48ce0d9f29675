"""An order of a resource."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import attrs

from cscs_fakes.emulators.waldur.mode import FINAL_ORDER_STATES
from cscs_fakes.emulators.waldur.records import Record

if TYPE_CHECKING:
    from cscs_fakes.emulators.waldur.resources import Resource


@attrs.define(eq=False)
class Order(Record):
    """An order.

    `starts` and `project_starts` are what it waits for; `failure` is what Waldur will fail with
    when it processes the order.
    """

    resource: Resource
    starts: datetime | None = None
    project_starts: datetime | None = None
    failure: str | None = None

    @property
    def uuid(self) -> str:
        """32 hex digits."""
        return self.text("uuid")

    @property
    def type(self) -> str:
        """Create, Update, Terminate or another word."""
        return self.text("type")

    @property
    def state(self) -> str:
        """A state of spec 004, section 8.6, or another word."""
        return self.text("state")

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in FINAL_ORDER_STATES

    @property
    def waits_for_time(self) -> bool:
        """Whether it goes on by itself one day."""
        return self.state in {"pending-start-date", "pending-project"}
