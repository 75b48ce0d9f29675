"""Laws of actions on orders: repetitions change nothing, and the twins tell the same story."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, TypeAlias
from uuid import UUID

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cscs_domain.errors import OrderConflictError, ResourceConflictError
from cscs_domain.orders import Outcome
from cscs_domain.ports import WaldurOrders
from cscs_fakes.clock import FixedClock
from cscs_fakes.waldur_orders import FakeWaldurOrders
from cscs_files import OrderJournal
from cscs_files.order_journal_lines import calls_in

pytestmark = pytest.mark.anyio

ORDERS: Final = [UUID(int=1), UUID(int=2)]
RESOURCE_OF: Final = {ORDERS[0]: UUID(int=11), ORDERS[1]: UUID(int=12)}

Act: TypeAlias = Callable[[WaldurOrders, UUID], Awaitable[Outcome]]

ON_ORDERS: Final[dict[str, Act]] = {
    "approve": lambda orders, order: orders.approve(order),
    "reject": lambda orders, order: orders.reject(order, comment="no"),
    "done": lambda orders, order: orders.done(order),
    "erred": lambda orders, order: orders.erred(order, message="full"),
}
ON_RESOURCES: Final[dict[str, Act]] = {
    "name a": lambda orders, order: orders.set_backend_id(RESOURCE_OF[order], "a"),
    "name b": lambda orders, order: orders.set_backend_id(RESOURCE_OF[order], "b"),
    "ok": lambda orders, order: orders.set_resource_ok(RESOURCE_OF[order]),
    "options": lambda orders, order: orders.update_options(RESOURCE_OF[order], {"o": 1}),
}
ACTS: Final = ON_ORDERS | ON_RESOURCES

Step: TypeAlias = tuple[str, UUID]


@attrs.frozen
class Site:
    """An adapter and a way to see everything that its calls have changed."""

    orders: WaldurOrders
    state: Callable[[], object]


def steps(acts: dict[str, Act]) -> st.SearchStrategy[list[Step]]:
    return st.lists(st.tuples(st.sampled_from(sorted(acts)), st.sampled_from(ORDERS)), max_size=12)


@contextmanager
def fake() -> Iterator[Site]:
    orders = FakeWaldurOrders()
    for order in ORDERS:
        orders.add_order(order, resource=RESOURCE_OF[order])
    yield Site(
        orders,
        lambda: (
            [attrs.astuple(order) for order in orders.orders.values()],
            [attrs.astuple(resource) for resource in orders.resources.values()],
        ),
    )


@contextmanager
def journal() -> Iterator[Site]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "orders.jsonl"
        orders = OrderJournal(path, clock=FixedClock(datetime(2026, 11, 20, tzinfo=UTC)))
        yield Site(orders, lambda: path.read_bytes() if path.exists() else b"")


async def said(site: Site, step: Step) -> Outcome | str:
    """The outcome; a refusal is one too."""
    act, order = step
    try:
        return await ACTS[act](site.orders, order)
    except (OrderConflictError, ResourceConflictError):
        return "conflict"


async def story(site: Site, walk: Sequence[Step]) -> list[Outcome | str]:
    return [await said(site, step) for step in walk]


@pytest.mark.parametrize("opened", [fake, journal])
@given(walk=steps(ACTS), times=st.integers(2, 4))
async def test_calls_that_come_several_times_end_where_single_ones_do(
    opened: Callable[[], AbstractContextManager[Site]], walk: list[Step], times: int
) -> None:
    """The first of them says what a single one says, the others `ALREADY`, or the same conflict."""
    with opened() as once, opened() as often:
        for step in walk:
            single = await said(once, step)
            first, *rest = [await said(often, step) for _ in range(times)]

            assert first == single
            assert set(rest) == {"conflict" if single == "conflict" else Outcome.ALREADY}

        assert once.state() == often.state()


@given(walk=steps(ON_ORDERS))
async def test_the_fake_and_the_journal_tell_the_same_story(walk: list[Step]) -> None:
    """Two accounts of one state machine, written apart from each other."""
    with fake() as sent, journal() as noted:
        as_sent = await story(sent, walk)
        as_noted = await story(noted, walk)
        states = [
            [(await site.orders.order(order)).state for order in ORDERS] for site in (sent, noted)
        ]

    assert [Outcome.DONE if word is Outcome.RECORDED else word for word in as_noted] == as_sent
    assert states[0] == states[1]


@given(walk=steps(ACTS).filter(bool), share=st.fractions(0, 1))
async def test_a_journal_cut_anywhere_holds_all_its_whole_lines(
    walk: list[Step], share: Fraction
) -> None:
    """A crash costs the line that was being written, which nobody was told of, and no other."""
    with journal() as site:
        await story(site, walk)
        content = site.state()
    assert isinstance(content, bytes)
    cut = content[: int(len(content) * share)]

    calls, unreadable = calls_in(cut)

    all_calls, _ = calls_in(content)
    assert calls == all_calls[: len(calls)]
    assert len(calls) >= cut.count(b"\n")
    assert len(calls) + len(unreadable) == len([line for line in cut.split(b"\n") if line])
