"""What a refused action on an order means, decided from the order's state."""

from __future__ import annotations

import itertools
import pickle
from uuid import UUID

import pytest

from cscs_domain.errors import (
    CscsError,
    InputError,
    OrderConflictError,
    OrderErredError,
    ResourceConflictError,
    UnknownOrderError,
    UnknownResourceError,
)
from cscs_domain.free_text import LONGEST_TEXT
from cscs_domain.orders import (
    OrderAction,
    OrderFacts,
    Outcome,
    already_or_conflict,
    is_allowed,
    is_reached,
    resource_already_or_conflict,
    state_after,
)
from cscs_domain.storage.states import OrderState, OrderType, ResourceState

ORDER = UUID("b62f0513-ff7d-4e05-8ff8-cc9538832d7a")
EVERY_CASE = list(itertools.product(OrderAction, OrderState))

REACHED = {
    OrderAction.APPROVE: {"pending-start-date", "executing", "done", "erred"},
    OrderAction.REJECT: {"rejected"},
    OrderAction.DONE: {"done"},
    OrderAction.ERRED: {"erred"},
}


@pytest.mark.parametrize(("action", "state"), EVERY_CASE)
def test_an_action_has_come_true_in_its_state_and_later_ones(
    action: OrderAction, state: OrderState
) -> None:
    assert is_reached(action, state) is (state in REACHED[action])


@pytest.mark.parametrize(("action", "state"), EVERY_CASE)
def test_an_action_leads_where_it_counts_as_done(action: OrderAction, state: OrderState) -> None:
    """And nowhere is it both to be done and done already."""
    assert is_reached(action, state_after(action))
    assert not (is_allowed(action, state) and is_reached(action, state))


@pytest.mark.parametrize(
    ("action", "states"),
    [
        (OrderAction.APPROVE, {"pending-provider"}),
        (OrderAction.REJECT, {"pending-provider"}),
        (OrderAction.DONE, {"executing"}),
        (OrderAction.ERRED, {"executing"}),
    ],
)
def test_an_action_starts_from_one_state(action: OrderAction, states: set[str]) -> None:
    assert {state.value for state in OrderState if is_allowed(action, state)} == states


@pytest.mark.parametrize(("action", "state"), EVERY_CASE)
def test_every_refusal_is_good_news_or_an_error_with_advice(
    action: OrderAction, state: OrderState
) -> None:
    facts = OrderFacts(uuid=ORDER, state=state)
    if is_reached(action, state):
        assert already_or_conflict(action, facts) is Outcome.ALREADY
        return

    with pytest.raises(OrderConflictError) as caught:
        already_or_conflict(action, facts)

    error = caught.value
    assert (error.order, error.action, error.state) == (ORDER, action.value, state.value)
    assert error.advice
    assert all(part in str(error) for part in (str(ORDER), action.value, state.value, error.advice))


@pytest.mark.parametrize(
    ("action", "state", "advice"),
    [
        (OrderAction.DONE, OrderState.PENDING_PROVIDER, "approve it first"),
        (OrderAction.ERRED, OrderState.PENDING_PROVIDER, "reject it, or approve it first"),
        (OrderAction.DONE, OrderState.PENDING_CONSUMER, "wait until the customer"),
        (OrderAction.REJECT, OrderState.EXECUTING, "report it as done or erred"),
        (OrderAction.DONE, OrderState.REJECTED, "undo what was done"),
        (OrderAction.ERRED, OrderState.EXECUTING, "type of its offering"),
    ],
)
def test_the_advice_fits_what_was_asked(
    action: OrderAction, state: OrderState, advice: str
) -> None:
    with pytest.raises(OrderConflictError) as caught:
        already_or_conflict(action, OrderFacts(uuid=ORDER, state=state))

    assert caught.value.advice.startswith(advice) or advice in caught.value.advice


def test_a_state_that_is_not_known_is_carried_and_told() -> None:
    facts = OrderFacts(uuid=ORDER, state=OrderState.UNKNOWN, state_text="on-hold\x1b[2J")

    with pytest.raises(OrderConflictError) as caught:
        already_or_conflict(OrderAction.DONE, facts)

    assert "on-hold" in str(caught.value)
    assert str(caught.value).isprintable()


def test_facts_tell_the_state_in_waldurs_word_if_nothing_else_is_given() -> None:
    facts = OrderFacts(uuid=ORDER, state=OrderState.PENDING_PROJECT)

    assert facts.state_text == "pending-project"
    assert (facts.resource, facts.type, facts.error_message) == (None, OrderType.UNKNOWN, "")


def test_what_an_upstream_says_about_an_order_is_bounded() -> None:
    facts = OrderFacts(
        uuid=ORDER,
        state=OrderState.UNKNOWN,
        state_text="x" * 10**6,
        error_message="\x00" * 10**6,
    )

    assert len(facts.state_text) == LONGEST_TEXT
    assert len(facts.error_message) == LONGEST_TEXT
    assert "\x00" not in facts.error_message


@pytest.mark.parametrize("state", ResourceState)
def test_a_resource_is_ok_already_or_it_is_a_conflict(state: ResourceState) -> None:
    if state is ResourceState.OK:
        assert resource_already_or_conflict(ORDER, state, state.value) is Outcome.ALREADY
        return

    with pytest.raises(ResourceConflictError) as caught:
        resource_already_or_conflict(ORDER, state, state.value)

    assert (caught.value.resource, caught.value.state) == (ORDER, state.value)


ERRORS: list[tuple[CscsError, str]] = [
    (UnknownOrderError(ORDER), f"order {ORDER} is absent or not visible to this token"),
    (UnknownResourceError(ORDER), f"resource {ORDER} is absent or not visible to this token"),
    (
        OrderConflictError(ORDER, "set_state_done", "rejected", "undo it"),
        f"order {ORDER} is rejected, so no set_state_done: undo it",
    ),
    (
        ResourceConflictError(ORDER, "set_state_ok", "Terminated"),
        f"resource {ORDER} is Terminated, so no set_state_ok",
    ),
    (
        OrderErredError(ORDER, "pool\nfull"),
        f"order {ORDER} was approved and then erred: 'pool\\nfull'",
    ),
]


@pytest.mark.parametrize(("error", "text"), ERRORS, ids=lambda part: type(part).__name__)
def test_an_error_about_an_order_is_of_somebodys_input_and_says_why(
    error: CscsError, text: str
) -> None:
    assert isinstance(error, InputError)
    assert str(error) == text
    assert str(pickle.loads(pickle.dumps(error))) == text
