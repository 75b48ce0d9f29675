"""Laws of quotas: soft never above hard, more space never fewer inodes, rounding only down."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import floor

import attrs
from hypothesis import given

from cscs_domain.storage.quotas import QuotaOverrides, QuotaPolicy, Quotas
from cscs_fakes.strategies import overrides, quota_policies, terabytes

LIMITS = terabytes()
SPACES = terabytes(positive=True)


def derived(
    policy: QuotaPolicy, limit: Decimal | None, overriding: QuotaOverrides
) -> Quotas | None:
    found = policy.derive(limit, overriding)
    return None if found is None else found.quotas


@given(quota_policies(), LIMITS, overrides())
def test_hard_is_never_below_soft(
    policy: QuotaPolicy, limit: Decimal, overriding: QuotaOverrides
) -> None:
    quotas = derived(policy, limit, overriding)

    if quotas is not None:
        assert quotas.space_soft_tb <= quotas.space_hard_tb
        assert quotas.inodes_soft <= quotas.inodes_hard


@given(quota_policies(), overrides())
def test_hard_is_never_below_soft_without_a_limit(
    policy: QuotaPolicy, overriding: QuotaOverrides
) -> None:
    quotas = derived(policy, None, overriding)

    if quotas is not None:
        assert quotas.space_soft_tb <= quotas.space_hard_tb
        assert quotas.inodes_soft <= quotas.inodes_hard


@given(quota_policies(), SPACES, SPACES, overrides())
def test_more_space_never_means_fewer_inodes(
    policy: QuotaPolicy, one: Decimal, other: Decimal, overriding: QuotaOverrides
) -> None:
    small = derived(policy, min(one, other), overriding)
    large = derived(policy, max(one, other), overriding)

    assert (small is None) == (large is None)
    if small is not None and large is not None:
        assert small.inodes_soft <= large.inodes_soft
        assert small.inodes_hard <= large.inodes_hard


@given(quota_policies(), SPACES)
def test_inodes_are_the_exact_product_rounded_down_once(
    policy: QuotaPolicy, limit: Decimal
) -> None:
    base = Fraction(limit) * Fraction(policy.inode_base_multiplier)

    quotas = policy.quotas(limit)

    assert quotas.inodes_soft == floor(base * Fraction(policy.inode_soft_coefficient))
    assert quotas.inodes_hard == floor(base * Fraction(policy.inode_hard_coefficient))


@given(quota_policies(), SPACES)
def test_space_is_the_limit_to_the_last_digit(policy: QuotaPolicy, limit: Decimal) -> None:
    quotas = policy.quotas(limit)

    assert quotas.space_soft_tb == quotas.space_hard_tb == limit


@given(quota_policies(), SPACES, overrides())
def test_an_override_that_holds_is_taken_as_it_is(
    policy: QuotaPolicy, limit: Decimal, overriding: QuotaOverrides
) -> None:
    quotas = derived(policy, limit, overriding)

    if quotas is None:
        assert not any((limit, overriding.space_hard_tb, overriding.space_soft_tb))
        return
    # Zero is no quota: file systems take it for "unlimited".
    assert overriding.space_hard_tb in {None, Decimal(0), quotas.space_hard_tb}
    assert overriding.inodes_hard in {None, 0, quotas.inodes_hard}
    for wanted, soft, hard in (
        (overriding.space_soft_tb, quotas.space_soft_tb, quotas.space_hard_tb),
        (overriding.inodes_soft, quotas.inodes_soft, quotas.inodes_hard),
    ):
        assert not wanted or soft == min(wanted, hard)


@given(quota_policies(), SPACES, overrides())
def test_whatever_was_lowered_is_told(
    policy: QuotaPolicy, limit: Decimal, overriding: QuotaOverrides
) -> None:
    found = policy.derive(limit, overriding)

    if found is not None:
        untouched = policy.quotas(limit)
        lowered = [
            (overriding.space_soft_tb or untouched.space_soft_tb) > found.quotas.space_soft_tb,
            (overriding.inodes_soft or untouched.inodes_soft) > found.quotas.inodes_soft,
        ]
        zeros = [value == 0 for value in attrs.astuple(overriding)]
        assert len(found.corrections) == sum(lowered) + sum(zeros)
