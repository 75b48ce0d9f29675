"""Components that can be configured, and those that cannot."""

from __future__ import annotations

from decimal import Decimal

import pytest

from cscs_domain.errors import InvalidValueError
from cscs_domain.usage.components import NOT_NUMBERS, Component, check_component_name


@pytest.mark.parametrize("name", ["nodeHours", "node_hours", "storage", "GPU hours", "énergie"])
def test_names_of_components(name: str) -> None:
    assert check_component_name(name) == name


@pytest.mark.parametrize("name", [*sorted(NOT_NUMBERS), "Account", "USERNAME", "usagedate"])
def test_fields_that_hold_no_amount_are_no_components(name: str) -> None:
    with pytest.raises(InvalidValueError, match="holds no amount"):
        Component(name=name)


@pytest.mark.parametrize("name", ["", " ", " nodeHours", "node\nHours", "\ud800", "n" * 51])
def test_unusable_names_are_refused(name: str) -> None:
    with pytest.raises(InvalidValueError):
        Component(name=name)


@pytest.mark.parametrize("factor", ["0", "-1", "NaN", "Infinity", "1E+18", "1E-25"])
@pytest.mark.parametrize("key", ["unit_factor", "unit_factor_reporting"])
def test_factors_are_bounded_and_above_zero(key: str, factor: str) -> None:
    with pytest.raises(InvalidValueError, match=key):
        Component(name="nodeHours", **{key: Decimal(factor)})  # type: ignore[arg-type]


def test_a_factor_for_reporting_may_be_absent() -> None:
    assert Component(name="nodeHours", unit_factor_reporting=None).unit_factor == 1
