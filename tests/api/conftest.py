"""Fixtures of the tests of the HTTP answer."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.api.site import Site, resource, site_of

SITUATIONS = (
    resource("res-1"),
    resource("res-2", project_slug="ocean", state="Creating"),
    resource(
        "res-3", project_slug="glacier", state="Erred", attributes={"storage_data_type": "archive"}
    ),
    resource("anna", offering_slug="vast", attributes={"storage_data_type": "users"}),
    resource("res-4", offering_slug="vast", project_slug="ocean", state="Terminating"),
    resource("res-5", offering_slug="iopsstor", project_slug="glacier"),
    resource("res-6", offering_slug="iopsstor", state="Terminated"),
)
"""Seven resources that differ in system, data type and state."""


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    """A site with resources of every kind."""
    async with site_of(SITUATIONS) as made:
        yield made
