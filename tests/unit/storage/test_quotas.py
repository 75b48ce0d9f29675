"""Quotas: spec 004, section 5.3 and 8.3-8.4, and DESIGN section 3, figure by figure."""

from __future__ import annotations

from decimal import Decimal

import attrs
import pytest

from cscs_domain.errors import InvalidValueError
from cscs_domain.problems import ProblemCode, Severity
from cscs_domain.storage.quotas import QuotaOverrides, QuotaPolicy, Quotas
from cscs_domain.storage.wire import row_to_wire
from tests.unit.storage.samples import POLICY, answer, codes, leaf, leaves, order, problem, sample

TEN_TB = Quotas(
    space_soft_tb=Decimal(10),
    space_hard_tb=Decimal(10),
    inodes_soft=13_300_000,
    inodes_hard=20_000_000,
)


def quotas(**changes: object) -> Quotas | None:
    return leaf(sample("res-1", **changes)).quotas


def test_ten_terabytes_buy_what_the_formula_of_the_documents_says() -> None:
    """Spec 004's example shows 10 000 000 hard inodes, against its own formula; ours follow it."""
    assert quotas(limits={"storage": 10}) == TEN_TB


def test_8_2_terabytes_are_not_rounded_through_binary_floats() -> None:
    bought = quotas(limits={"storage": Decimal("8.2")})

    assert bought is not None
    assert (bought.inodes_soft, bought.inodes_hard) == (10_906_000, 16_400_000)


def test_the_wire_form_has_four_entries_in_the_documented_order() -> None:
    def entry(kind: str, quota: int, unit: str, enforcement: str) -> dict[str, object]:
        return {"type": kind, "quota": quota, "unit": unit, "enforcementType": enforcement}

    assert row_to_wire(leaf(sample()))["quotas"] == [
        entry("space", 10, "tera", "soft"),
        entry("space", 10, "tera", "hard"),
        entry("inodes", 13_300_000, "none", "soft"),
        entry("inodes", 20_000_000, "none", "hard"),
    ]


def test_inodes_are_floored_to_whole_ones() -> None:
    bought = quotas(limits={"storage": Decimal("0.000001")})

    assert bought is not None
    assert (bought.inodes_soft, bought.inodes_hard) == (1, 2)


@pytest.mark.parametrize("text", ["10", "10.0", " 10 ", "1e1"])
def test_a_limit_may_come_as_text(text: str) -> None:
    assert quotas(limits={"storage": text}) == TEN_TB


@pytest.mark.parametrize("limits", [None, {}, {"storage": None}, {"storage": ""}, {"storage": 0}])
def test_no_space_at_all_is_null(limits: object) -> None:
    assert quotas(limits=limits) is None


def test_overrides_take_precedence_over_the_formula() -> None:
    bought = quotas(
        options={
            "soft_quota_space": 11,
            "hard_quota_space": "12.5",
            "soft_quota_inodes": "10000.0",
            "hard_quota_inodes": 20000,
        }
    )

    assert bought == Quotas(
        space_soft_tb=Decimal(11),
        space_hard_tb=Decimal("12.5"),
        inodes_soft=10_000,
        inodes_hard=20_000,
    )


def test_inodes_follow_the_limit_even_when_space_is_overridden() -> None:
    bought = quotas(options={"hard_quota_space": 100})

    assert bought == attrs.evolve(TEN_TB, space_hard_tb=Decimal(100))


def test_without_a_limit_inodes_follow_the_overriding_space() -> None:
    assert quotas(limits={}, options={"hard_quota_space": 10}) == TEN_TB
    assert quotas(limits={}, options={"soft_quota_space": 10}) == TEN_TB


@pytest.mark.parametrize(
    "member", ["hard_quota_space", "soft_quota_space", "hard_quota_inodes", "soft_quota_inodes"]
)
def test_an_override_of_zero_is_passed_over_with_a_warning(member: str) -> None:
    """File systems take zero for "unlimited", which nobody means who writes it."""
    hierarchy = answer(sample(options={member: 0}))

    assert [row.quotas for row in leaves(hierarchy)] == [TEN_TB]
    assert problem(hierarchy, ProblemCode.QUOTA_CORRECTED).severity is Severity.WARNING


def test_an_order_leaves_the_overrides_that_it_does_not_name() -> None:
    changed = order("pending-provider", attributes={"new_options": {"hard_quota_space": 20}})
    options = {"soft_quota_inodes": 111, "hard_quota_space": 15}

    (row,) = leaves(answer(sample(options=options, order_in_progress=changed)))

    assert row.new_quotas is not None
    assert row.quotas == row.old_quotas
    assert (row.new_quotas.inodes_soft, row.new_quotas.space_hard_tb) == (111, Decimal(20))


def test_soft_space_above_hard_is_lowered_with_a_warning() -> None:
    hierarchy = answer(sample(options={"soft_quota_space": 12, "hard_quota_space": 11}))

    (row,) = leaves(hierarchy)
    assert row.quotas == attrs.evolve(TEN_TB, space_soft_tb=Decimal(11), space_hard_tb=Decimal(11))
    told = problem(hierarchy, ProblemCode.QUOTA_CORRECTED)
    assert (told.severity, told.resource) == (Severity.WARNING, str(row.item_id))


def test_soft_inodes_above_hard_are_lowered_with_a_warning() -> None:
    hierarchy = answer(sample(options={"hard_quota_inodes": 5}))

    (row,) = leaves(hierarchy)
    assert row.quotas == attrs.evolve(TEN_TB, inodes_soft=5, inodes_hard=5)
    assert codes(hierarchy) == {ProblemCode.QUOTA_CORRECTED}


def test_quotas_that_hold_need_no_correction() -> None:
    assert codes(answer(sample())) == set()


def test_a_limit_in_another_unit_is_turned_into_terabytes_exactly() -> None:
    gigabytes = attrs.evolve(POLICY, unit_factor=Decimal("0.001"))
    row = leaf(sample(limits={"storage": 8200}), policy=gigabytes)

    assert row.quotas is not None
    assert row.quotas.space_hard_tb == Decimal("8.2")
    assert row.quotas.inodes_hard == 16_400_000


def test_an_order_of_other_limits_shows_before_and_after() -> None:
    """Spec 004, section 8.4: from 10 to 20 TB."""
    row = leaf(
        sample(
            state="Updating",
            order_in_progress=order(
                "executing",
                limits={"storage": 20},
                attributes={"old_limits": {"storage": 10}},
            ),
        )
    )

    assert row.old_quotas == row.quotas == TEN_TB
    assert row.new_quotas == Quotas(
        space_soft_tb=Decimal(20),
        space_hard_tb=Decimal(20),
        inodes_soft=26_600_000,
        inodes_hard=40_000_000,
    )


def test_an_order_of_other_options_keeps_the_limit() -> None:
    row = leaf(
        sample(
            options={"hard_quota_space": 11},
            order_in_progress=order(
                "executing",
                attributes={
                    "old_options": {"hard_quota_space": 11},
                    "new_options": {"hard_quota_space": "12.5"},
                },
            ),
        )
    )

    assert row.old_quotas == attrs.evolve(TEN_TB, space_hard_tb=Decimal(11))
    assert row.new_quotas == attrs.evolve(TEN_TB, space_hard_tb=Decimal("12.5"))


def test_an_order_of_both_shows_both() -> None:
    row = leaf(
        sample(
            order_in_progress=order(
                "executing",
                limits={"storage": "20"},
                attributes={
                    "old_limits": {"storage": "10"},
                    "old_options": {},
                    "new_options": {"hard_quota_inodes": "50000000.0"},
                },
            ),
        )
    )

    assert row.old_quotas == TEN_TB
    assert row.new_quotas is not None
    assert row.new_quotas.space_hard_tb == 20
    assert (row.new_quotas.inodes_soft, row.new_quotas.inodes_hard) == (26_600_000, 50_000_000)


def test_what_an_order_leaves_untouched_is_the_resources() -> None:
    row = leaf(
        sample(
            options={"hard_quota_space": 30},
            order_in_progress=order("pending-provider", limits={"storage": 20}),
        )
    )

    assert row.old_quotas == attrs.evolve(TEN_TB, space_hard_tb=Decimal(30))
    assert row.new_quotas is not None
    assert row.new_quotas.space_soft_tb == Decimal(20)
    assert row.new_quotas.space_hard_tb == Decimal(30)


@pytest.mark.parametrize("kind", ["Create", "Terminate", "Restore", "Migrate"])
def test_only_an_update_has_old_and_new_quotas(kind: str) -> None:
    row = leaf(sample(order_in_progress=order("executing", kind, limits={"storage": 20})))

    assert row.old_quotas is row.new_quotas is None


@pytest.mark.parametrize("soft", ["2", "2.0", "3"])
def test_the_hard_coefficient_must_be_strictly_greater(soft: str) -> None:
    with pytest.raises(InvalidValueError, match="must be greater than inode_soft_coefficient"):
        QuotaPolicy(inode_soft_coefficient=Decimal(soft))


@pytest.mark.parametrize("value", [Decimal(0), Decimal(-1), Decimal("NaN")])
def test_a_multiplier_that_buys_nothing_is_refused(value: Decimal) -> None:
    with pytest.raises(InvalidValueError):
        QuotaPolicy(inode_base_multiplier=value)


def test_quotas_refuse_a_soft_above_the_hard() -> None:
    with pytest.raises(InvalidValueError, match="soft quota above the hard one"):
        attrs.evolve(TEN_TB, space_soft_tb=Decimal(11))
    with pytest.raises(InvalidValueError, match="soft quota above the hard one"):
        attrs.evolve(TEN_TB, inodes_soft=20_000_001)


def test_the_same_overrides_give_the_same_quotas_with_and_without_a_row() -> None:
    derived = QuotaPolicy().derive(Decimal(10), QuotaOverrides(inodes_hard=50_000_000))

    assert derived is not None
    assert derived.quotas == quotas(options={"hard_quota_inodes": 50_000_000})
