"""What can be done about one row, without an event loop of the caller's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol, TypeVar

import attrs

from cscs_client.callback_urls import OfferedActions
from cscs_client.row_actions import AsyncRowActions
from cscs_domain.orders import OrderFacts, Outcome
from cscs_domain.storage.rows import StorageRow

_T = TypeVar("_T")


class Run(Protocol):
    """Runs something to its end."""

    def __call__(self, call: Callable[[], Awaitable[_T]], /) -> _T:
        """Its result, or what it raised."""


@attrs.frozen
class RowActions:
    """`AsyncRowActions` for scripts: the same methods with the same promises."""

    _actions: AsyncRowActions
    _run: Run = attrs.field(repr=False)

    @property
    def row(self) -> StorageRow:
        """The row that this is about."""
        return self._actions.row

    @property
    def offered(self) -> OfferedActions:
        """What the row allows."""
        return self._actions.offered

    def order(self) -> OrderFacts:
        """The row's order as Waldur has it now."""
        return self._run(self._actions.order)

    def begin(self, facts: OrderFacts | None = None) -> OrderFacts:
        """Take the order on before its work begins; see `may_work` and `AsyncRowActions.begin`."""
        return self._run(lambda: self._actions.begin(facts))

    def approve(self) -> Outcome:
        """Take the order on. An order of a Basic offering is done by that."""
        return self._run(self._actions.approve)

    def reject(self, comment: str = "") -> Outcome:
        """Turn the order down, which only a pending order allows."""
        return self._run(lambda: self._actions.reject(comment))

    def done(self) -> Outcome:
        """Report the work as done; a pending order is approved before."""
        return self._run(self._actions.done)

    def erred(self, message: str, traceback: str = "") -> Outcome:
        """Report the work as failed; see `AsyncRowActions.erred` about pending orders."""
        return self._run(lambda: self._actions.erred(message, traceback))

    def set_backend_id(self, backend_id: str) -> Outcome:
        """Give the resource the provisioner's name for it."""
        return self._run(lambda: self._actions.set_backend_id(backend_id))

    def set_ok(self) -> Outcome:
        """Make the resource OK; its order stays as it is."""
        return self._run(self._actions.set_ok)

    def update_options(self, options: Mapping[str, object]) -> Outcome:
        """Give the resource new options, while its order is pending. Name all of them."""
        return self._run(lambda: self._actions.update_options(options))
