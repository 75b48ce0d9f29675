"""What may be asked for when a link is corrected."""

from __future__ import annotations

import pytest

from cscs_domain.errors import InvalidValueError
from cscs_domain.events.link_correction import CorrectionRequest


@pytest.mark.parametrize(
    ("choices", "reason"),
    [
        ({"reason": ""}, "reason"),
        ({"reason": " \t"}, "is blank"),
        ({"reason": "x" * 1025}, "reason"),
        ({"reason": "a\0"}, "reason"),
        ({"reason": "ok", "user": ""}, "user"),
        ({"reason": "ok", "project": "\ud800"}, "project"),
        ({"reason": "ok", "allocation": "x" * 1025}, "allocation"),
    ],
)
def test_requests_that_make_no_sense_are_refused(choices: dict[str, str], reason: str) -> None:
    with pytest.raises(InvalidValueError, match=reason):
        CorrectionRequest(**choices)


def test_an_allocation_without_a_project_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="cannot be without a project"):
        CorrectionRequest(reason="ok", project=None, allocation="a1")


def test_the_reason_is_kept_without_blanks_at_its_ends() -> None:
    assert CorrectionRequest(reason=" told by phone\n").reason == "told by phone"
