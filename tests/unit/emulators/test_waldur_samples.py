"""Every exchange that was seen on the wire is had again with the emulator of version 5.8."""

from __future__ import annotations

from typing import Final

import pytest

from tests.unit.emulators.replay import differences
from tests.unit.emulators.sample_site import SAMPLES

CHAINS: Final = (
    ("flow_create_capstor", "flow_update_capstor", "flow_terminate_capstor"),
    ("flow_create_manual-share", "flow_update_manual-share", "flow_terminate_manual-share"),
    ("component_usages_set_usage", "component_user_usages"),
)
"""Samples that go on where others end."""

CHAINED: Final = {name for chain in CHAINS for name in chain}
OTHERS: Final = ("hpc_user_profiles", "hpc_user_projects")
ALONE: Final = [
    (path.stem,) for path in sorted(SAMPLES.glob("*.json")) if path.stem not in {*CHAINED, *OTHERS}
]


def test_no_sample_is_left_out() -> None:
    assert len(CHAINED) + len(ALONE) == 27


@pytest.mark.parametrize("names", [*ALONE, *CHAINS], ids="+".join)
async def test_an_exchange_goes_as_it_went(names: tuple[str, ...]) -> None:
    assert await differences(names) == []
