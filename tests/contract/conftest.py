"""What several contract suites share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from cscs_domain.ports import UsageEventStore
from tests.contract.listing_server import Listings, listing_server
from tests.contract.usage_event_store_adapters import EVENT_STORES, Opening, StoreAdapter, Stores
from tests.contract.waldur_adapters import Holding, Place, WaldurAdapter
from tests.contract.waldur_orders_adapters import Desk, OrdersAdapter, Sites
from tests.events_site import ZURICH


@pytest.fixture(scope="session")
def listings() -> Iterator[Listings]:
    """One server of lists for a whole run."""
    with listing_server() as running:
        yield running


@pytest.fixture
async def waldur_place(tmp_path: Path, listings: Listings) -> AsyncIterator[Place]:
    """Where an adapter that reads Waldur finds its rows."""
    async with AsyncExitStack() as closing:
        yield Place(tmp_path, listings, closing)


@pytest.fixture
def holding(adapter: WaldurAdapter, waldur_place: Place) -> Holding:
    """Makes the adapter of a test hold some rows."""
    return lambda rows: adapter.holding(waldur_place, rows)


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


@pytest.fixture(scope="session", params=EVENT_STORES, ids=lambda adapter: adapter.name)
def opening(request: pytest.FixtureRequest) -> Iterator[Opening]:
    """Opens stores of usage events, of each kind in turn."""
    adapter: StoreAdapter = request.param
    with adapter.prepared() as made:
        yield made


@pytest.fixture
async def stores(opening: Opening) -> AsyncIterator[Stores]:
    """Two empty stores of usage events on the same data; days are those of Zurich."""
    async with opening(ZURICH) as made:
        yield made


@pytest.fixture
def store(stores: Stores) -> UsageEventStore:
    """An empty store of usage events."""
    return stores.first
