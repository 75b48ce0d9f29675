"""The promises of `WaldurInspection`, kept by every adapter in `waldur_adapters`."""

from __future__ import annotations

from decimal import Decimal

import pytest

from cscs_domain.errors import UpstreamServiceError
from tests.contract.waldur_adapters import (
    WALDUR_ADAPTERS,
    Holding,
    Place,
    WaldurAdapter,
    read,
    read_raw,
    row,
)

pytestmark = pytest.mark.anyio


@pytest.fixture(params=WALDUR_ADAPTERS, ids=lambda adapter: adapter.name)
def adapter(request: pytest.FixtureRequest) -> WaldurAdapter:
    made: WaldurAdapter = request.param
    return made


async def test_every_key_is_there_as_it_was_sent(holding: Holding) -> None:
    """Who looks for a fault needs what arrived, not what we made of it."""
    sent = row(0, can_terminate=True, never_heard_of={"a": [Decimal("1.50"), None]})

    assert await read_raw(holding([sent])) == [sent]


async def test_the_same_rows_come_as_in_a_normal_read(holding: Holding) -> None:
    waldur = holding([row(number) for number in range(700)])

    raw = await read_raw(waldur)

    assert {sent["uuid"] for sent in raw} == {got.uuid for got in await read(waldur)}


async def test_a_row_that_a_normal_read_refuses_can_be_looked_at(holding: Holding) -> None:
    refused = row(1, order_in_progress="soon")

    assert refused in await read_raw(holding([row(0), refused]))


@pytest.mark.parametrize("junk", ["text", 7, None, []], ids=repr)
async def test_what_is_no_object_is_left_out(holding: Holding, junk: object) -> None:
    assert await read_raw(holding([row(0), junk])) == [row(0)]


async def test_half_a_raw_read_never_ends_normally(
    adapter: WaldurAdapter, waldur_place: Place
) -> None:
    waldur = adapter.breaking(waldur_place, [row(number) for number in range(700)])

    with pytest.raises(UpstreamServiceError):
        await read_raw(waldur)


async def test_an_offering_is_known_by_its_slug(holding: Holding) -> None:
    found = await holding([row(0), row(1, offering_slug="vast")]).offering("capstor")

    assert found is not None
    assert found["uuid"] == "a4e4b0d62d9b5880a14ed505aa2bb387"
    assert (found["slug"], found["name"]) == ("capstor", "CAPSTOR")
    assert found["customer_name"] == "CSCS"


@pytest.mark.parametrize("slug", ["scratch", "Capstor", "capsto", ""])
async def test_an_offering_that_nobody_has_is_none(holding: Holding, slug: str) -> None:
    assert await holding([row(0), "junk", row(1, offering_slug=None)]).offering(slug) is None


async def test_secret_options_never_come_along(holding: Holding) -> None:
    """They hold the passwords of back ends, and this answer goes to whoever debugs."""
    found = await holding([row(0, offering_secret_options={"token": "hunter2"})]).offering(
        "capstor"
    )

    assert found is not None
    assert "hunter2" not in str(found)


async def test_an_offering_of_a_broken_source_is_an_error_not_none(
    adapter: WaldurAdapter, waldur_place: Place
) -> None:
    with pytest.raises(UpstreamServiceError):
        await adapter.breaking(waldur_place, [row(0), row(1)]).offering("vast")
