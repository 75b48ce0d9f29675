"""What a provisioner is to do about a row, decided from what the row and its order say.

Sources: spec 004, section 8; Waldur contract, section 4. Nothing is asked and nothing is done here.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import attrs

from cscs_client.answers import StorageAnswer
from cscs_client.row_order import why_foreign
from cscs_domain._text import label
from cscs_domain.orders import OrderFacts
from cscs_domain.problems import ProblemCode
from cscs_domain.storage.rows import StorageRow
from cscs_domain.storage.states import OrderState, OrderType, Status

STOP: Final = frozenset(
    {ProblemCode.SHARED_PATH, ProblemCode.MOCK_IDENTITY, ProblemCode.LOW_IDENTITY}
)
"""Problems with which a row is not acted upon. They may be told of no row if not all are listed."""

_STATUSES: Final[Mapping[OrderType, frozenset[Status]]] = MappingProxyType(
    {
        OrderType.CREATE: frozenset({Status.PENDING, Status.ERROR}),
        OrderType.UPDATE: frozenset({Status.UPDATING, Status.ACTIVE, Status.ERROR}),
        OrderType.TERMINATE: frozenset({Status.REMOVING, Status.ACTIVE, Status.ERROR}),
    }
)
"""Which rows an order can belong to. Active ones while it is pending; those in error when somebody
who has looked set the order to executing again, or ordered anew.
"""

_WORKS: Final[Mapping[Status, OrderType]] = MappingProxyType(
    {
        Status.PENDING: OrderType.CREATE,
        Status.UPDATING: OrderType.UPDATE,
        Status.REMOVING: OrderType.TERMINATE,
    }
)
"""What a row's status alone tells about its order."""

_WAITING: Final = frozenset({OrderState.PENDING_PROVIDER, OrderState.EXECUTING})


@attrs.frozen
class Plan:
    """The work that an order wants, and why it is not to be done; blank if it is."""

    work: OrderType
    obstacle: str = ""


def plan_of(row: StorageRow, facts: OrderFacts, doubt: str = "") -> Plan:
    """What to do about a row whose order stands like this; `doubt` is why nothing should be."""
    work = _work(row, facts)
    misfit = why_foreign(facts, row.item_id) or _misfit(row, work, facts)
    return Plan(work, doubt or misfit or _too_late(facts))


def doubt_about(answer: StorageAnswer, row: StorageRow) -> str:
    """The problem because of which a row is not to be acted upon; blank if there is none."""
    for problem in answer.problems_of(row):
        if problem.code in STOP:
            return problem.message
    if any(problem.code == ProblemCode.MORE_PROBLEMS for problem in answer.problems):
        return "the server does not list all problems, so some of this row may be untold"
    return ""


def standing(facts: OrderFacts) -> str:
    """An order's state as a reason to do nothing."""
    return f"its order is {label(facts.state_text)}"


def _work(row: StorageRow, facts: OrderFacts) -> OrderType:
    if not facts.tells_only_its_state:
        return facts.type
    # New quotas are those of an update. Without them an active row may stand for a removal as
    # well, and nothing is ever removed because of a guess.
    if row.status is Status.ACTIVE and row.new_quotas is not None:
        return OrderType.UPDATE
    return _WORKS.get(row.status, OrderType.UNKNOWN)


def _misfit(row: StorageRow, work: OrderType, facts: OrderFacts) -> str:
    if row.status in _STATUSES.get(work, ()):
        return ""
    if facts.tells_only_its_state:
        return f"neither its order nor a row that is {row.status} tells what is ordered"
    return f"its order is of type {work}, which does not fit a row that is {row.status}"


def _too_late(facts: OrderFacts) -> str:
    return "" if facts.state in _WAITING else standing(facts)
