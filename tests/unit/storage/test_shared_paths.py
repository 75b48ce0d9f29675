"""Rows that end in one directory are told so. DESIGN section 3, "Mount points"."""

from __future__ import annotations

from itertools import permutations
from uuid import UUID

from cscs_domain.storage.shared_paths import shared_paths

ONE, TWO = UUID(int=1), UUID(int=2)


def test_each_row_that_is_not_alone_is_told_who_else_is_there() -> None:
    told = list(shared_paths([("/a/x", ONE), ("/a/y", ONE), ("/a/x", TWO)]))

    assert {problem.resource for problem in told} == {str(ONE), str(TWO)}
    assert all("/a/x" in problem.message for problem in told)


def test_the_order_of_rows_and_the_identity_of_their_ids_do_not_matter() -> None:
    """Documented ids repeat, and equal ids may or may not be one object."""
    rows = [("/a/x", ONE), ("/a/x", UUID(int=1)), ("/a/x", TWO)]

    answers = {frozenset(shared_paths(order)) for order in permutations(rows)}

    assert len(answers) == 1
    assert frozenset(shared_paths([("/a/x", ONE), ("/a/x", ONE)])) == frozenset(
        shared_paths([("/a/x", ONE), ("/a/x", UUID(int=1))])
    )
