"""Rows that disagree: one wrong row must not change what the others say. DESIGN section 3."""

from __future__ import annotations

import attrs
import pytest

from cscs_domain.problems import ProblemCode
from cscs_domain.storage.data_types import TargetType
from cscs_domain.storage.targets import UserTarget
from tests.unit.storage.samples import POLICY, answer, codes, leaf, leaves, order, sample, uuid_of


def test_one_wrong_customer_uuid_does_not_give_the_others_another_parent() -> None:
    rows = [sample(f"r{n}", project_slug="climate-sim") for n in range(3)]
    wrong = sample("wrong", project_slug="ocean", customer_uuid="0" * 31 + "1")

    hierarchy = answer(*rows, wrong)

    (customer,) = (r for r in hierarchy.rows if r.target_type is TargetType.CUSTOMER)
    assert str(customer.item_id) == uuid_of("university-physics")
    assert {str(row.parent_item_id) for row in leaves(hierarchy)} == {str(customer.item_id)}
    assert ProblemCode.AMBIGUOUS_PARENT in codes(hierarchy)


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("2026-11-20T10:00:00Z", "2026-11-20T10:00:00.500000Z"),
        ("2026-11-20T10:00:00+02:00", "2026-11-20T09:00:00Z"),
        ("2026-11-20T10:00:00", "2026-11-20T10:00:01Z"),
        ("nonsense", "2026-11-20T10:00:00Z"),
        ("", "1999-01-01"),
    ],
)
def test_of_two_copies_the_one_modified_later_counts(older: str, newer: str) -> None:
    rows = (
        sample(modified=older, limits={"storage": 1}),
        sample(modified=newer, limits={"storage": 2}),
    )

    for hierarchy in (answer(*rows), answer(*reversed(rows))):
        (row,) = leaves(hierarchy)
        assert row.quotas is not None
        assert row.quotas.space_hard_tb == 2


def test_a_ready_made_item_that_does_not_count_cannot_be_wrong() -> None:
    spoilt = {"project_item": {"unixGid": 0}, "user_item": {"unixUid": "x"}}
    without = attrs.evolve(POLICY, ready_items=False)

    assert len(leaves(answer(sample(backend_metadata=spoilt), policy=without))) == 1
    assert len(leaves(answer(sample(backend_metadata={"user_item": {"unixUid": "x"}})))) == 1
    assert leaves(answer(sample(backend_metadata=spoilt))) == []


def test_null_hides_nothing_in_a_ready_made_item() -> None:
    primary = {"name": "group", "unixGid": 30_777}
    item = {"unixUid": 20_100, "unixGid": None, "primaryProject": primary}

    row = leaf(
        sample(attributes={"storage_data_type": "users"}, backend_metadata={"user_item": item})
    )

    assert isinstance(row.target, UserTarget)
    assert row.target.primary_project.unix_gid == 30_777


def test_terminated_rows_that_nobody_asked_for_are_not_complained_about() -> None:
    rows = (
        sample("a", state="Terminated", limits=7),
        sample("b", state="Terminated", offering_slug="compute"),
        sample("c", order_in_progress=order("executing")),
    )

    assert answer(*rows, include_terminated=False).problems == answer(rows[2]).problems
    assert len(answer(*rows).problems) == len(answer(rows[2]).problems) + 2
