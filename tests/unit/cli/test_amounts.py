"""Quotas for people are short, and exact all the same."""

from decimal import Decimal

import pytest

from cscs_cli.amounts import inodes_text, quotas_text, space_text
from cscs_domain.storage.quotas import Quotas


@pytest.mark.parametrize(
    ("terabytes", "text"),
    [
        (Decimal(10), "10 TB"),
        (Decimal("1E+2"), "100 TB"),
        (Decimal("8.20"), "8.2 TB"),
        (Decimal("0.000001"), "0.000001 TB"),
    ],
)
def test_space_is_written_without_exponent_and_without_rounding(
    terabytes: Decimal, text: str
) -> None:
    assert space_text(terabytes) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0"),
        (999, "999"),
        (1_000, "1 k"),
        (665_000, "665 k"),
        (20_000_000, "20 M"),
        (10_906_000, "10.906 M"),
        (1_000_001, "1.000001 M"),
        (10**40 + 1, f"{10**34}.000001 M"),
    ],
)
def test_inodes_come_in_thousands_or_millions_without_rounding(count: int, text: str) -> None:
    assert inodes_text(count) == text


def quotas(space: tuple[str, str], inodes: tuple[int, int]) -> Quotas:
    return Quotas(
        space_soft_tb=Decimal(space[0]),
        space_hard_tb=Decimal(space[1]),
        inodes_soft=inodes[0],
        inodes_hard=inodes[1],
    )


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (quotas(("10", "10"), (20_000_000, 20_000_000)), "10 TB, 20 M inodes"),
        (quotas(("9.5", "10"), (13_300_000, 20_000_000)), "9.5/10 TB, 13.3/20 M inodes"),
        (quotas(("1", "1"), (665_000, 1_000_000)), "1 TB, 665 k/1 M inodes"),
        (quotas(("1", "1"), (5, 1_000)), "1 TB, 5/1 k inodes"),
        (None, "no quota"),
    ],
)
def test_soft_and_hard_are_told_apart_only_where_they_differ(
    given: Quotas | None, text: str
) -> None:
    assert quotas_text(given) == text
