"""How users' figures are spread over several records of one component."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final, TypeAlias
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from cscs_domain.usage.months import Month
from cscs_http.waldur_usage_records import UsageRecord, UserPart
from cscs_http.waldur_usage_spreading import Spread, spread

Held: TypeAlias = Sequence[Mapping[str, str]]

RESOURCE: Final = UUID(int=1)
NAMES: Final = ("anna", "bob", "carl")
CENTS: Final = st.sampled_from(["0.00", "0.00", "0.01", "1.50", "7.25"])
PARTS: Final = st.dictionaries(st.sampled_from(NAMES), CENTS)
RECORDS: Final = st.lists(st.tuples(CENTS, PARTS), min_size=2, max_size=4)


def record(number: int, amount: str) -> UsageRecord:
    return UsageRecord(
        uuid=UUID(int=number),
        resource=RESOURCE,
        month=Month(2026, 11),
        component="nodeHours",
        amount=Decimal(amount),
        age=(str(number), ""),
        offering=None,
    )


def spread_over(
    totals: Sequence[str], held: Held, wanted: Mapping[str, str]
) -> tuple[dict[int, dict[str, str]], Spread]:
    """The changes by position of the record, the oldest first."""
    records = [record(number, amount) for number, amount in enumerate(totals)]
    parts = [
        UserPart(records[number], name, Decimal(amount))
        for number, each in enumerate(held)
        for name, amount in each.items()
    ]
    made = spread({name: Decimal(amount) for name, amount in wanted.items()}, records, parts)
    changes = {
        uuid.int: {name: str(amount) for name, amount in amounts.items()}
        for uuid, amounts in made.parts.items()
    }
    return changes, made


def test_the_newest_with_a_total_gets_what_the_others_leave() -> None:
    changes, made = spread_over(
        ["5.00", "4.00", "0.00"], [{"anna": "3.00"}, {"anna": "1.00"}], {"anna": "6.00"}
    )
    assert changes == {1: {"anna": "3.00"}}
    assert made.refused == {}


def test_what_the_others_hold_too_much_falls_from_the_newest_on() -> None:
    held = [{"anna": "3.00"}, {"anna": "2.00"}, {"anna": "1.00"}]
    changes, _ = spread_over(["5.00", "5.00", "5.00"], held, {"anna": "2.50"})
    assert changes == {0: {"anna": "2.50"}, 1: {"anna": "0.00"}, 2: {"anna": "0"}}


def test_what_a_record_of_nothing_holds_stays_as_long_as_it_can() -> None:
    held = [{"anna": "3.00"}, {"anna": "1.00", "bob": "1.00"}]
    changes, made = spread_over(["5.00", "0.00"], held, {"anna": "3.00", "bob": "0.50"})
    assert changes == {0: {"anna": "2.00"}}
    assert made.refused.keys() == {"bob"}


def test_the_last_user_of_a_record_of_nothing_may_leave_it() -> None:
    held = [{"anna": "3.00"}, {"anna": "1.00", "bob": "0.00"}]
    changes, made = spread_over(["5.00", "0.00"], held, {"anna": "0.00"})
    assert changes == {0: {"anna": "0"}, 1: {"anna": "0.00"}}
    assert made.refused == {}


def test_negative_parts_do_not_make_others_negative() -> None:
    held = [{"anna": "2.00"}, {"anna": "-3.00"}]
    changes, _ = spread_over(["5.00", "5.00"], held, {"anna": "1.00"})
    assert changes == {0: {"anna": "1.00"}, 1: {"anna": "0"}}


@given(records=RECORDS, wanted=PARTS)
def test_sums_become_right_and_totals_stay(
    records: list[tuple[str, dict[str, str]]], wanted: dict[str, str]
) -> None:
    totals = {number: Decimal(total) for number, (total, _) in enumerate(records)}
    after = {
        number: {name: Decimal(amount) for name, amount in parts.items()}
        for number, (_, parts) in enumerate(records)
    }
    before = dict(totals)

    _, made = spread_over([each[0] for each in records], [each[1] for each in records], wanted)

    for uuid, amounts in made.parts.items():
        for name, amount in sorted(amounts.items()):
            assert amount >= 0
            after[uuid.int][name] = amount
            totals[uuid.int] = totals[uuid.int] or sum(after[uuid.int].values(), Decimal(0))
    for name, figure in wanted.items():
        held = sum((parts.get(name, Decimal(0)) for parts in after.values()), Decimal(0))
        assert name in made.refused or held == Decimal(figure)
    assert totals == before or not any(before.values())


@given(records=RECORDS, wanted=PARTS)
def test_a_figure_is_refused_only_where_a_total_is_nothing(
    records: list[tuple[str, dict[str, str]]], wanted: dict[str, str]
) -> None:
    _, made = spread_over([each[0] for each in records], [each[1] for each in records], wanted)

    assert not made.refused or any(not Decimal(total) for total, _ in records)


@given(records=RECORDS, wanted=PARTS)
def test_what_was_spread_once_needs_no_more(
    records: list[tuple[str, dict[str, str]]], wanted: dict[str, str]
) -> None:
    totals, held = [total for total, _ in records], [dict(parts) for _, parts in records]
    changes, made = spread_over(totals, held, wanted)
    for number, amounts in changes.items():
        held[number] |= amounts

    again, _ = spread_over(
        totals, held, {name: each for name, each in wanted.items() if name not in made.refused}
    )

    assert again == {}
