"""The promises of `WaldurOfferings`, kept by every adapter in `waldur_adapters`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import pytest

from cscs_domain.errors import UpstreamServiceError
from tests.contract.waldur_adapters import (
    WALDUR_ADAPTERS,
    Holding,
    Place,
    WaldurAdapter,
    row,
)

pytestmark = pytest.mark.anyio

CAPSTOR: Final = UUID("a4e4b0d6-2d9b-5880-a14e-d505aa2bb387")
VAST: Final = UUID("f6f7da56-3451-5435-bb36-107f0a9b3efb")
NOBODYS: Final = UUID("00000000-0000-4000-8000-000000000000")


@pytest.fixture(params=WALDUR_ADAPTERS, ids=lambda adapter: adapter.name)
def adapter(request: pytest.FixtureRequest) -> WaldurAdapter:
    made: WaldurAdapter = request.param
    return made


@pytest.mark.parametrize("form", ["hex", "dashed", "upper"])
async def test_an_offering_is_known_in_either_form_of_its_uuid(holding: Holding, form: str) -> None:
    """Waldur sends 32 digits, other software and older dumps send dashes."""
    sent = {"hex": VAST.hex, "dashed": str(VAST), "upper": VAST.hex.upper()}[form]
    waldur = holding([row(0), row(1, offering_uuid=sent, offering_slug="vast")])

    assert await waldur.offering_slug(VAST) == "vast"
    assert await waldur.offering_slug(CAPSTOR) == "capstor"


@pytest.mark.parametrize("rows", [[], [row(0), row(1)]], ids=["nothing", "others"])
async def test_an_offering_that_nobody_has_is_none(
    holding: Holding, rows: Sequence[object]
) -> None:
    assert await holding(rows).offering_slug(NOBODYS) is None


async def test_rows_that_make_no_sense_hide_no_offering(holding: Holding) -> None:
    odd: list[object] = [
        *("text", 7, None, []),
        row(1, offering_uuid=7, offering_slug=7),
        row(2, offering_uuid="capstor", offering_slug="vast"),
        row(3, offering_uuid=None, offering_slug=None),
        row(5, offering_slug=None),
    ]

    assert await holding([*odd, row(4)]).offering_slug(CAPSTOR) == "capstor"


async def test_a_broken_source_is_an_error_not_none(
    adapter: WaldurAdapter, waldur_place: Place
) -> None:
    """None would tell the operator that the uuid in the configuration is wrong."""
    with pytest.raises(UpstreamServiceError) as caught:
        await adapter.breaking(waldur_place, [row(0), row(1)]).offering_slug(NOBODYS)

    assert caught.value.service.startswith("Waldur")
