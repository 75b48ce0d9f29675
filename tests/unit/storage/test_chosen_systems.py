"""Which systems somebody chose, by name or by the uuids of their offerings."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

import pytest

from cscs_domain.errors import InvalidValueError, UnknownOfferingError, UpstreamServiceError
from cscs_domain.storage.chosen_systems import chosen_systems
from cscs_domain.storage.policy import StoragePolicy
from cscs_fakes.waldur_resources import FakeWaldurResources

POLICY = StoragePolicy.for_systems(capstor="cscs-capstor", vast="cscs-vast")
CAPSTOR, VAST, COMPUTE, ABSENT = (UUID(int=number) for number in (1, 2, 3, 4))
SLUGS = {CAPSTOR: "cscs-capstor", VAST: "cscs-vast", COMPUTE: "compute\n"}


def waldur() -> FakeWaldurResources:
    """A Waldur that sells both systems and something else."""
    return FakeWaldurResources(
        [{"offering_uuid": uuid.hex, "offering_slug": slug} for uuid, slug in SLUGS.items()]
    )


@pytest.mark.parametrize(
    ("names", "uuids", "expected"),
    [
        ([], [], None),
        (["vast"], [], {"vast"}),
        ([], [VAST], {"vast"}),
        (["vast"], [VAST], {"vast"}),
        (["vast", "vast"], [], {"vast"}),
        (["capstor"], [VAST], {"capstor", "vast"}),
        ([], [VAST, CAPSTOR], {"capstor", "vast"}),
    ],
)
async def test_names_and_offerings_may_be_mixed_and_none_at_all_is_no_choice(
    names: Collection[str], uuids: Collection[UUID], expected: set[str] | None
) -> None:
    chosen = await chosen_systems(waldur(), POLICY, names=names, uuids=uuids)

    assert chosen == (None if expected is None else frozenset(expected))


@pytest.mark.parametrize("name", ["", "Vast", "cscs-vast", "va\nst"])
async def test_a_name_that_is_not_configured_is_refused_and_the_configured_ones_are_named(
    name: str,
) -> None:
    with pytest.raises(InvalidValueError, match="is none of capstor, vast") as caught:
        await chosen_systems(waldur(), POLICY, names=["vast", name])

    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("uuid", "why"),
    [
        (ABSENT, "is absent, without a slug, or not visible to this token"),
        (COMPUTE, r"\('compute\\n'\) is sold as none of the configured systems: capstor, vast"),
    ],
)
async def test_an_offering_that_leads_to_no_configured_system_is_refused(
    uuid: UUID, why: str
) -> None:
    """Left out in silence, it would make an export of all the others."""
    with pytest.raises(UnknownOfferingError, match=f"offering {uuid} {why}") as caught:
        await chosen_systems(waldur(), POLICY, uuids=[VAST, uuid])

    assert caught.value.offering == uuid


async def test_waldur_is_asked_about_offerings_alone() -> None:
    down = waldur()
    down.fail_with(UpstreamServiceError("Waldur", "is gone"))

    assert await chosen_systems(down, POLICY, names=["vast"]) == frozenset({"vast"})
    with pytest.raises(UpstreamServiceError):
        await chosen_systems(down, POLICY, uuids=[VAST])
