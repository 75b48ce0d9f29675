"""A whole round into a journal: what would be sent is written down, and Waldur hears nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from cscs_client import Result, StorageClient, SystemClock, reconcile
from cscs_client.order_plans import plan_of
from cscs_domain import (
    OrderFacts,
    OrderState,
    OrderType,
    ResourceState,
    StorageRow,
)
from cscs_files import OrderJournal
from tests.unit.client.directories import ORDER, WALDUR, answer_of, directory
from tests.unit.client.rounds import CREATE, EXECUTING, PENDING, TERMINATE, UPDATE, Disks


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "rehearsal.jsonl"


@pytest.fixture
def client(path: Path) -> Iterator[StorageClient]:
    journal = OrderJournal(path, clock=SystemClock())
    with StorageClient("http://storage", waldur_url=WALDUR, orders=journal) as made:
        yield made


def noted(path: Path) -> list[str]:
    return [json.loads(line)["action"] for line in path.read_text().splitlines()]


CHANGED = attrs.evolve(directory(ResourceState.OK, PENDING), new_quotas=directory().quotas)


@pytest.mark.parametrize(
    ("row", "work", "word"),
    [
        (directory(ResourceState.CREATING, PENDING), CREATE, "create"),
        (directory(ResourceState.CREATING, EXECUTING), CREATE, "create"),
        (directory(ResourceState.UPDATING, EXECUTING), UPDATE, "update"),
        (CHANGED, UPDATE, "update"),
        (directory(ResourceState.TERMINATING, EXECUTING), TERMINATE, "remove"),
    ],
)
def test_the_row_tells_what_is_to_be_done(
    client: StorageClient, path: Path, row: StorageRow, work: OrderType, word: str
) -> None:
    disks = Disks()
    (step,) = reconcile(client, disks, answer=answer_of(row))

    assert (step.work, step.result, step.reason) == (work, Result.DONE, "")
    assert disks.done == [(word, row.item_id)]
    named = ["set_backend_id"] if work is CREATE else []
    assert noted(path) == ["approve_by_provider", *named, "set_state_done"]


def test_a_failure_is_noted_with_its_reason(client: StorageClient, path: Path) -> None:
    row = directory()
    disks = Disks(errors={row.item_id: OSError("disk full")})
    (step,) = reconcile(client, disks, answer=answer_of(row))

    assert (step.result, step.reason) == (Result.ERRED, "disk full")
    assert noted(path) == ["approve_by_provider", "set_state_erred"]


def test_a_second_round_notes_nothing_more(client: StorageClient, path: Path) -> None:
    reconcile(client, Disks(), answer=answer_of(directory()))
    before = path.read_bytes()
    (step,) = reconcile(client, Disks(), answer=answer_of(directory()))

    assert (step.result, step.reason) == (Result.PASSED_OVER, "its order is done")
    assert path.read_bytes() == before


@pytest.mark.parametrize("state", [ResourceState.OK, ResourceState.ERRED])
def test_nothing_is_removed_or_changed_because_of_a_guess(
    client: StorageClient, path: Path, state: ResourceState
) -> None:
    disks = Disks()
    (step,) = reconcile(client, disks, answer=answer_of(directory(state, PENDING)))

    assert (step.work, step.result) == (OrderType.UNKNOWN, Result.PASSED_OVER)
    assert disks.done == []
    assert not path.exists()


@pytest.mark.parametrize("state", [PENDING, EXECUTING], ids=str)
def test_a_type_that_waldur_told_and_nobody_knows_is_not_taken_from_the_row(
    state: OrderState,
) -> None:
    """Only an order of which nothing is told is taken for what the row makes it look like."""
    row = directory(ResourceState.TERMINATING, EXECUTING)
    facts = OrderFacts(uuid=ORDER, state=state)

    assert plan_of(row, facts).work is TERMINATE
    for told in ({"resource": row.item_id}, {"offering_type": "Marketplace.Slurm"}):
        plan = plan_of(row, attrs.evolve(facts, **told))
        assert (plan.work, bool(plan.obstacle)) == (OrderType.UNKNOWN, True)
