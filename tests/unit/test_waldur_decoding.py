"""A page of Waldur's JSON: one row that nobody can read concerns nobody else."""

from __future__ import annotations

import json

import pytest

from cscs_json import decode_rows
from cscs_json.waldur_decoding import MalformedPageError

GOOD = json.dumps({"uuid": "a" * 32, "slug": "good"})


@pytest.mark.parametrize(
    "bad",
    [
        '{"limits": {"storage": ' + "9" * 5000 + "}}",
        '{"limits": {"storage": 1e99999999999999999999}}',
        '{"order_in_progress": "soon"}',
        '"text"',
    ],
    ids=["long number", "long exponent", "order", "text"],
)
def test_a_row_that_cannot_be_read_hides_no_other(bad: str) -> None:
    page = decode_rows(f"[{GOOD}, {bad}, {GOOD}]".encode(), "row")

    assert [row.slug for row in page.rows] == ["good", "good"]
    (problem,) = page.problems
    assert "row 1" in problem.message
    assert len(str(problem)) < 300


@pytest.mark.parametrize("page", [b"{}", b"[1, 2", b"", b"\xff", b"null"])
def test_what_is_no_list_is_an_error_of_the_page(page: bytes) -> None:
    with pytest.raises(MalformedPageError):
        decode_rows(page)
