"""Fixtures of the client's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import stamina

from cscs_client import StorageClient
from cscs_fakes.waldur_orders import FakeWaldurOrders
from tests.unit.client.directories import WALDUR
from tests.unit.client.rounds import Round


@pytest.fixture(autouse=True)
def without_waits() -> Iterator[None]:
    """Requests are repeated as ever, and nobody waits in between."""
    with stamina.set_testing(True, attempts=4):
        yield


@pytest.fixture
def round_() -> Iterator[Round]:
    """A round without orders yet, over a Waldur in memory."""
    waldur = FakeWaldurOrders()
    with StorageClient("http://storage", waldur_url=WALDUR, orders=waldur) as client:
        yield Round(client, waldur)
