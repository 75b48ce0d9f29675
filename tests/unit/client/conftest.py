"""Fixtures of the client's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import stamina


@pytest.fixture(autouse=True)
def without_waits() -> Iterator[None]:
    """Requests are repeated as ever, and nobody waits in between."""
    with stamina.set_testing(True, attempts=4):
        yield
