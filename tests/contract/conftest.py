"""What several contract suites share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.contract.listing_server import Listings, listing_server
from tests.contract.waldur_orders_adapters import Desk, OrdersAdapter, Sites


@pytest.fixture(scope="session")
def listings() -> Iterator[Listings]:
    """One server of lists for a whole run."""
    with listing_server() as running:
        yield running


@pytest.fixture(scope="session")
def sites() -> Iterator[Sites]:
    """The emulated servers that take orders, for a whole run."""
    with Sites() as made:
        yield made


@pytest.fixture
async def desk(adapter: OrdersAdapter, tmp_path: Path, sites: Sites) -> AsyncIterator[Desk]:
    """Where orders come in for the adapter of a test."""
    async with adapter.opened(tmp_path, sites) as made:
        yield made
