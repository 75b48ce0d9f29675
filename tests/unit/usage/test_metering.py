"""How usage is read: which settings go together."""

from __future__ import annotations

import pytest

from cscs_domain.errors import InvalidValueError
from cscs_domain.usage.components import Component, Factoring
from cscs_domain.usage.metering import Metering, UsageKind, WarehouseProfile

HOURS = Component(name="nodeHours")


def test_there_must_be_something_to_report() -> None:
    with pytest.raises(InvalidValueError, match="nothing to report"):
        Metering(components=())


def test_a_component_is_there_once() -> None:
    with pytest.raises(InvalidValueError, match="twice"):
        Metering(components=(HOURS, HOURS))


@pytest.mark.parametrize("kind", [UsageKind.STORAGE, UsageKind.INFERENCE])
def test_storage_and_inference_need_the_second_profile(kind: UsageKind) -> None:
    with pytest.raises(InvalidValueError, match="v2-account"):
        Metering(components=(HOURS,), kind=kind)

    assert Metering(components=(HOURS,), kind=kind, profile=WarehouseProfile.V2).kind is kind


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (UsageKind.COMPUTE, Factoring.MULTIPLY),
        (UsageKind.STORAGE, Factoring.DIVIDE),
        (UsageKind.INFERENCE, Factoring.DIVIDE),
    ],
)
def test_what_is_done_with_a_factor_follows_the_kind(kind: UsageKind, expected: Factoring) -> None:
    metering = Metering(components=(HOURS,), kind=kind, profile=WarehouseProfile.V2)

    assert metering.factoring(HOURS) is expected


@pytest.mark.parametrize("wanted", Factoring)
def test_a_component_may_say_what_is_done_with_its_factor(wanted: Factoring) -> None:
    component = Component(name="nodeHours", factor_semantics=wanted)

    assert Metering(components=(component,)).factoring(component) is wanted


@pytest.mark.parametrize("profile", WarehouseProfile)
def test_only_the_second_profile_fills_with_zeros_and_may_decrease(
    profile: WarehouseProfile,
) -> None:
    metering = Metering(components=(HOURS,), profile=profile)

    assert metering.fills_with_zeros is (profile is WarehouseProfile.V2)
    assert metering.may_decrease is (profile is WarehouseProfile.V2)
