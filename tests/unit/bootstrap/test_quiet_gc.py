"""The garbage collector stands still during a refresh and always runs again afterwards."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from cscs_bootstrap.quiet_gc import paused_gc


@pytest.fixture(autouse=True)
def collector_on() -> Iterator[None]:
    gc.enable()
    yield
    gc.enable()


def test_it_is_off_inside_and_on_afterwards() -> None:
    with paused_gc():
        assert not gc.isenabled()

    assert gc.isenabled()


def test_it_is_on_again_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError), paused_gc():
        raise ZeroDivisionError

    assert gc.isenabled()


def test_the_last_of_nested_pauses_switches_it_on() -> None:
    with paused_gc():
        with paused_gc():
            pass
        assert not gc.isenabled()

    assert gc.isenabled()


def test_pauses_may_overlap_without_being_nested() -> None:
    """Two refreshes under way at once end in any order."""
    first, second = paused_gc(), paused_gc()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert not gc.isenabled()
    second.__exit__(None, None, None)

    assert gc.isenabled()


def test_what_somebody_else_has_switched_off_stays_off() -> None:
    gc.disable()
    with paused_gc(), paused_gc():
        assert not gc.isenabled()

    assert not gc.isenabled()
