"""How usage is read: which settings go together."""

from __future__ import annotations

import pytest

from cscs_domain.errors import InvalidValueError
from cscs_domain.usage.components import Component, Factoring
from cscs_domain.usage.metering import Kind, Metering, Profile

HOURS = Component(name="nodeHours")


def test_there_must_be_something_to_report() -> None:
    with pytest.raises(InvalidValueError, match="nothing to report"):
        Metering(components=())


def test_a_component_is_there_once() -> None:
    with pytest.raises(InvalidValueError, match="twice"):
        Metering(components=(HOURS, HOURS))


@pytest.mark.parametrize("kind", [Kind.STORAGE, Kind.INFERENCE])
def test_storage_and_inference_need_the_second_profile(kind: Kind) -> None:
    with pytest.raises(InvalidValueError, match="v2-account"):
        Metering(components=(HOURS,), kind=kind)

    assert Metering(components=(HOURS,), kind=kind, profile=Profile.V2).kind is kind


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (Kind.COMPUTE, Factoring.MULTIPLY),
        (Kind.STORAGE, Factoring.DIVIDE),
        (Kind.INFERENCE, Factoring.DIVIDE),
    ],
)
def test_what_is_done_with_a_factor_follows_the_kind(kind: Kind, expected: Factoring) -> None:
    metering = Metering(components=(HOURS,), kind=kind, profile=Profile.V2)

    assert metering.factoring(HOURS) is expected


@pytest.mark.parametrize("wanted", Factoring)
def test_a_component_may_say_what_is_done_with_its_factor(wanted: Factoring) -> None:
    component = Component(name="nodeHours", factor_semantics=wanted)

    assert Metering(components=(component,)).factoring(component) is wanted


@pytest.mark.parametrize("profile", Profile)
def test_only_the_second_profile_fills_with_zeros_and_may_decrease(profile: Profile) -> None:
    metering = Metering(components=(HOURS,), profile=profile)

    assert metering.fills_with_zeros is (profile is Profile.V2)
    assert metering.may_decrease is (profile is Profile.V2)
