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
from cscs_client.row_actions import may_work
from cscs_client.sync_actions import RowActions
from cscs_client.sync_client import StorageClient
from cscs_domain._text import label
from cscs_domain.errors import CscsError, OrderErredError
from cscs_domain.orders import OrderFacts
from cscs_domain.problems import ProblemCode
from cscs_domain.storage.rows import StorageRow
from cscs_domain.storage.states import OrderState, OrderType, Status

STOP: Final = frozenset(
    {ProblemCode.SHARED_PATH, ProblemCode.MOCK_IDENTITY, ProblemCode.LOW_IDENTITY}
)
"""Problems with which a row is not acted upon. They may be told of no row if not all are listed."""

_STATUSES: Final = {
    OrderType.CREATE: {Status.PENDING},
    OrderType.UPDATE: {Status.UPDATING, Status.ACTIVE},
    OrderType.TERMINATE: {Status.REMOVING, Status.ACTIVE},
}
"""Which rows an order can belong to; active ones while it is pending."""
_DEEPEST: Final = -8
"""The last so many calls of a traceback tell where it went wrong."""


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
    """Waldur could not be told, or asked; the next round will try again."""


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
    return [_step(client, provisioner, row, _doubt(answer, row), dry_run) for row in waiting]


def _doubt(answer: StorageAnswer, row: StorageRow) -> str:
    for problem in answer.problems_of(row):
        if problem.code in STOP:
            return problem.message
    if any(problem.code == ProblemCode.MORE_PROBLEMS for problem in answer.problems):
        return "the server does not list all problems, so some of this row may be untold"
    return ""


def _step(
    client: StorageClient, provisioner: Provisioner, row: StorageRow, doubt: str, dry_run: bool
) -> Step:
    work = OrderType.UNKNOWN
    try:
        actions = client.actions(row)
        facts = actions.order()
        work = facts.type
        doubt = doubt or _disagreement(row, facts)
        if not doubt and not dry_run:
            facts = actions.begin()
        if doubt := doubt or _obstacle(facts, dry_run):
            return Step(row, work, Result.PASSED_OVER, doubt)
        return Step(row, work, Result.PLANNED) if dry_run else _work(actions, provisioner, work)
    except OrderErredError as error:
        return Step(row, work, Result.ERRED, str(error))
    except CscsError as error:
        return Step(row, work, Result.UNREPORTED, str(error))


def _disagreement(row: StorageRow, facts: OrderFacts) -> str:
    if facts.resource not in {None, row.item_id}:
        return "its order belongs to another resource"
    if row.status not in _STATUSES.get(facts.type, ()):
        return f"its order is of type {facts.type}, which does not fit a row that is {row.status}"
    return ""


def _obstacle(facts: OrderFacts, dry_run: bool) -> str:
    pending = dry_run and facts.state is OrderState.PENDING_PROVIDER
    return "" if pending or may_work(facts) else f"its order is {label(facts.state_text)}"


def _work(actions: RowActions, provisioner: Provisioner, work: OrderType) -> Step:
    row = actions.row
    try:
        backend_id = _done_by(provisioner, row, work)
    except NotNowError as error:
        return Step(row, work, Result.PASSED_OVER, str(error))
    except Exception as error:  # noqa: BLE001  # whatever it is, Waldur has to know
        message = str(error) or type(error).__name__
        actions.erred(message, "".join(traceback.format_exception(error, limit=_DEEPEST)))
        return Step(row, work, Result.ERRED, message)
    if backend_id is not None:
        actions.set_backend_id(backend_id)
    actions.done()
    return Step(row, work, Result.DONE)


def _done_by(provisioner: Provisioner, row: StorageRow, work: OrderType) -> str | None:
    match work:
        case OrderType.CREATE:
            return provisioner.create(row)
        case OrderType.UPDATE:
            provisioner.update(row)
        case _:
            provisioner.remove(row)
    return None
