"""What several contract suites share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contract.listing_server import Listings, listing_server


@pytest.fixture(scope="session")
def listings() -> Iterator[Listings]:
    """One server of lists for a whole run."""
    with listing_server() as running:
        yield running
