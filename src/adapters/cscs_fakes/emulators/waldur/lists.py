"""Lists and single objects as answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from cscs_fakes.emulators.waldur.answers import Answer
from cscs_fakes.emulators.waldur.calls import Call
from cscs_fakes.emulators.waldur.paging import page_of
from cscs_fakes.emulators.waldur.records import Row
from cscs_fakes.emulators.waldur.selection import picked

T = TypeVar("T")


def list_of(call: Call, items: Sequence[T], shown: Callable[[T], Row]) -> Answer:
    """The page that is asked for; only its items are looked at."""
    page, headers = page_of(call, items)
    return Answer(body=[shown(item) for item in page], headers=headers)


def plain_list(call: Call, rows: Sequence[Row]) -> Answer:
    """A page of rows that are there already, or of what `field` picks of them."""
    return list_of(call, rows, lambda row: picked(row, call.names))


def plain(call: Call, row: Row) -> Answer:
    """One row, or what `field` picks of it."""
    return Answer(body=picked(row, call.names))
