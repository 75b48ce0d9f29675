"""Filters and pages. Source: DESIGN section 4."""

from __future__ import annotations

import pytest

from cscs_domain.errors import InvalidValueError
from cscs_domain.storage.filters import EVERYTHING, PageRequest, RowFilter
from cscs_domain.storage.rows import RowFacts
from cscs_domain.storage.states import ResourceState, Status

FACTS = RowFacts("capstor", "store", Status.ACTIVE, ResourceState.OK)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (EVERYTHING, True),
        (RowFilter(storage_system="capstor"), True),
        (RowFilter(storage_system="Capstor"), False),
        (RowFilter(storage_system="cap"), False),
        (RowFilter(data_type="store"), True),
        (RowFilter(data_type="Store"), False),
        (RowFilter(data_type=""), False),
        (RowFilter(status=Status.ACTIVE), True),
        (RowFilter(status=Status.PENDING), False),
        (RowFilter(state=ResourceState.OK), True),
        (RowFilter(storage_system="capstor", data_type="users"), False),
        (RowFilter(storage_system="capstor", data_type="store", status=Status.ACTIVE), True),
    ],
)
def test_filters_match_exactly_and_combine_with_and(wanted: RowFilter, expected: bool) -> None:
    assert wanted.matches(FACTS) is expected


def test_a_parent_has_no_waldur_state_and_is_not_shown_under_one() -> None:
    parent = RowFacts("capstor", "store", Status.ACTIVE, None)

    assert not RowFilter(state=ResourceState.OK).matches(parent)
    assert EVERYTHING.matches(parent)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (RowFilter(state=ResourceState.TERMINATED), True),
        (RowFilter(status=Status.REMOVED), True),
        (RowFilter(status=Status.REMOVING), False),
        (EVERYTHING, False),
    ],
)
def test_terminated_resources_are_read_only_when_asked_for(
    wanted: RowFilter, expected: bool
) -> None:
    assert wanted.asks_for_terminated is expected


def test_a_page_is_the_first_100_rows_by_default() -> None:
    assert (PageRequest().number, PageRequest().size, PageRequest().offset) == (1, 100, 0)


@pytest.mark.parametrize(("number", "size"), [(0, 100), (-1, 100), (1, 0), (1, 501), (1, -5)])
def test_pages_count_from_1_and_hold_1_to_500_rows(number: int, size: int) -> None:
    with pytest.raises(InvalidValueError):
        PageRequest(number, size)


def test_a_page_past_the_end_is_merely_empty() -> None:
    lies = PageRequest(9, 100).of(240)

    assert (lies.current, lies.offset, lies.pages, lies.has_next) == (9, 800, 3, False)


def test_an_empty_list_has_no_pages() -> None:
    lies = PageRequest().of(0)

    assert (lies.pages, lies.total, lies.has_next) == (0, 0, False)
