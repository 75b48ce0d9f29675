"""One round of a provisioner: what is ordered is done and reported, row by row.

Sources: spec 004, section 8; Waldur contract, section 4.
"""

from __future__ import annotations

import traceback
from enum import Enum
from typing import Final, Protocol

import attrs

from cscs_client.answers import StorageAnswer
from cscs_client.errors import NotNowError
from cscs_client.order_plans import Plan, doubt_about, plan_of, standing
from cscs_client.row_actions import may_work
from cscs_client.sync_actions import RowActions
from cscs_client.sync_client import StorageClient
from cscs_domain.errors import OrderErredError
from cscs_domain.free_text import bounded_text
from cscs_domain.order_calls import checked_backend_id
from cscs_domain.orders import OrderFacts
from cscs_domain.storage.rows import StorageRow
from cscs_domain.storage.states import OrderType
from cscs_http.errors import UnexpectedStatusError

_DEEPEST: Final = -8
"""The last so many calls of a traceback tell where it went wrong."""
_BAD_VALUE: Final = 400


class Provisioner(Protocol):
    """What a site's storage can do.

    Every method may be called again for a row whose work was done before, after an answer was
    lost, and then changes nothing. What it raises is reported to Waldur as the order's failure,
    except a `NotNowError`, after which the order is tried again in the next round.
    """

    def create(self, row: StorageRow) -> str:
        """Make the directory, parents as well, with owner and quotas; return its backend id."""

    def update(self, row: StorageRow) -> None:
        """Apply `new_quotas`, or `quotas` if there are none, and the permission."""

    def remove(self, row: StorageRow) -> None:
        """Archive or delete the directory."""


class Result(Enum):
    """What has become of a row."""

    DONE = "done"
    """The work is done and reported."""
    PLANNED = "planned"
    """The work would have been done."""
    PASSED_OVER = "passed over"
    """Nothing was done, and the order still stands."""
    ERRED = "erred"
    """The work failed, and Waldur knows."""
    UNREPORTED = "unreported"
    """Waldur could not be asked or told, or a mistake came between; the next round tries again."""


@attrs.frozen
class Step:
    """One row with an order: what was to be done, what has become of it, and why."""

    row: StorageRow
    work: OrderType
    result: Result
    reason: str = ""


def reconcile(
    client: StorageClient,
    provisioner: Provisioner,
    *,
    answer: StorageAnswer | None = None,
    dry_run: bool = False,
) -> list[Step]:
    """Carry out every order that waits, and report it; no row that fails stops the others.

    Raises what `client.read` raises. `dry_run` asks Waldur how orders stand, and changes nothing.
    """
    answer = client.read() if answer is None else answer
    waiting = [row for row in answer.directories if row.callbacks.set_state_done_url]
    return [_step(client, provisioner, row, doubt_about(answer, row), dry_run) for row in waiting]


def _step(
    client: StorageClient, provisioner: Provisioner, row: StorageRow, doubt: str, dry_run: bool
) -> Step:
    plan = Plan(OrderType.UNKNOWN)
    try:
        actions = client.actions(row)
        facts = actions.order()
        plan = plan_of(row, facts, doubt)
        if plan.obstacle or dry_run:
            return _not_now(row, plan)
        return _carried_out(actions, provisioner, plan.work, facts)
    except OrderErredError as error:
        return Step(row, plan.work, Result.ERRED, str(error))
    except Exception as error:  # noqa: BLE001  # whatever it is, the next row has its turn
        return Step(row, plan.work, Result.UNREPORTED, _text_of(error))


def _not_now(row: StorageRow, plan: Plan) -> Step:
    result = Result.PASSED_OVER if plan.obstacle else Result.PLANNED
    return Step(row, plan.work, result, plan.obstacle)


def _carried_out(
    actions: RowActions, provisioner: Provisioner, work: OrderType, facts: OrderFacts
) -> Step:
    row = actions.row
    facts = actions.begin(facts)
    if not may_work(facts):
        return Step(row, work, Result.PASSED_OVER, standing(facts))
    try:
        backend_id = _done_by(provisioner, row, work)
    except NotNowError as error:
        return Step(row, work, Result.PASSED_OVER, _text_of(error))
    except Exception as error:  # noqa: BLE001  # whatever it is, Waldur has to know
        return _failed(actions, work, error)
    return _reported(actions, work, backend_id)


def _done_by(provisioner: Provisioner, row: StorageRow, work: OrderType) -> str | None:
    """Do the work. An id that cannot be is a failure of the work: it would be the same again."""
    match work:
        case OrderType.CREATE:
            return checked_backend_id(provisioner.create(row))
        case OrderType.UPDATE:
            provisioner.update(row)
        case _:
            provisioner.remove(row)
    return None


def _reported(actions: RowActions, work: OrderType, backend_id: str | None) -> Step:
    try:
        if backend_id is not None:
            actions.set_backend_id(backend_id)
    except UnexpectedStatusError as error:
        # Sites have rules for ids. Nobody gets past them by doing the work again.
        if error.status != _BAD_VALUE:
            raise
        return _failed(actions, work, error)
    actions.done()
    return Step(actions.row, work, Result.DONE)


def _failed(actions: RowActions, work: OrderType, error: Exception) -> Step:
    message = _text_of(error)
    try:
        actions.erred(message, "".join(traceback.format_exception(error, limit=_DEEPEST)))
    except Exception as another:  # noqa: BLE001  # the first reason must not be lost
        untold = f"{message} (and Waldur could not be told: {_text_of(another)})"
        return Step(actions.row, work, Result.UNREPORTED, untold)
    return Step(actions.row, work, Result.ERRED, message)


def _text_of(error: Exception) -> str:
    """What an error says, or its name if it says nothing or cannot even do that."""
    try:
        text = str(error).strip()
    except Exception:  # noqa: BLE001  # a provisioner's own class may do anything
        text = ""
    return bounded_text(text) or type(error).__name__
