"""Laws of usage: what is added up in any order, rounded once, and reported at which time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from math import floor
from typing import Final

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DataObject, SearchStrategy

from cscs_domain.problems import Severity
from cscs_domain.quantities import EXACT
from cscs_domain.storage.wire import problem_to_wire
from cscs_domain.usage.aggregation import UsageTally
from cscs_domain.usage.amounts import to_cents
from cscs_domain.usage.components import Component
from cscs_domain.usage.metering import Metering, UsageKind, WarehouseProfile
from cscs_domain.usage.months import Month, months_between, safe_moment
from cscs_domain.usage.reports import TOTAL_ACCOUNT_USAGE, UsageReport, report_to_wire
from cscs_domain.usage.warehouse import WarehousePage
from cscs_fakes.strategies import any_text, json_values, pages, shuffled
from cscs_json import encode

ACCOUNTS: Final = frozenset({"g207", "g118", "lp05"})
RESOURCES: Final = frozenset({"3c2b7c1a-9d60-4f7f-a1f1-b6a6e1a30207"})
PERIOD: Final = Month(2025, 11)
COMPONENTS: Final = (
    Component(name="nodeHours", unit_factor=Decimal("0.25")),
    Component(name="cpuHours"),
)
COMPUTE: Final = Metering(components=COMPONENTS)
METERINGS: Final = (
    (COMPUTE, ACCOUNTS),
    (Metering(components=COMPONENTS, profile=WarehouseProfile.V2), ACCOUNTS),
    (
        Metering(components=COMPONENTS, profile=WarehouseProfile.V2, kind=UsageKind.STORAGE),
        ACCOUNTS,
    ),
    (
        Metering(components=COMPONENTS, profile=WarehouseProfile.V2, kind=UsageKind.INFERENCE),
        RESOURCES,
    ),
)

good_amounts: Final = (
    st.decimals(min_value=0, max_value=10**6, places=4)
    | st.integers(0, 10**6)
    | st.decimals(min_value=0, max_value=10**17, places=24)
)
any_amounts: Final = (
    good_amounts
    | good_amounts.map(str)
    | st.decimals(min_value=-(10**6), max_value=10**6, places=3)
    | st.sampled_from([Decimal("NaN"), Decimal("Infinity"), Decimal("1E-25"), 10**18, 10**400])
    | json_values()
)
days: Final = st.sampled_from(["2025-11-01", "2025-11-30", "2025-12-01", "soon"]) | st.none()


def user_rows(amounts: SearchStrategy[object]) -> SearchStrategy[dict[str, object]]:
    names = (
        st.sampled_from(["anovak", " anovak", "bkeller", "çmüller", TOTAL_ACCOUNT_USAGE])
        | any_text()
    )
    return st.fixed_dictionaries(
        {"username": names, "nodeHours": amounts},
        optional={"cpuHours": amounts, "usageDate": days, "cluster": any_text()},
    )


def compute_rows(amounts: SearchStrategy[object]) -> SearchStrategy[dict[str, object]]:
    return st.fixed_dictionaries(
        {"account": st.sampled_from([*sorted(ACCOUNTS), "not-asked", ""])},
        optional={
            "accountNodeHours": amounts,
            "totalNodeHours": amounts,
            "cpuHours": amounts,
            "usageDate": days,
            "users": st.lists(user_rows(amounts), max_size=5) | st.none(),
        },
    )


any_rows: Final = st.lists(compute_rows(any_amounts), max_size=8)
"""Rows of which any number may be wrong in any way."""

subject_values: Final = st.sampled_from([*sorted(ACCOUNTS), *RESOURCES]) | json_values()
hostile_rows: Final = json_values() | st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("account", "path", "waldurResourceUuid"), subject_values),
        **dict.fromkeys(("nodeHours", "totalNodeHours", "cpuHours", "usageDate"), json_values()),
        "users": json_values()
        | st.lists(json_values() | user_rows(any_amounts) | st.builds(dict), max_size=3),
    },
)


def report_of(
    portions: Sequence[Sequence[object]],
    metering: Metering = COMPUTE,
    asked: frozenset[str] = ACCOUNTS,
) -> UsageReport:
    tally = UsageTally(metering, PERIOD, {name: name for name in asked})
    for rows in portions:
        tally.add(WarehousePage(asked, rows))
    return tally.report()


def rearranged(row: dict[str, object]) -> SearchStrategy[dict[str, object]]:
    users = row.get("users")
    if not isinstance(users, list):
        return st.just(row)
    return shuffled(users).map(lambda shuffled_users: {**row, "users": shuffled_users})


@given(any_rows, st.data())
def test_order_and_paging_do_not_matter(rows: list[dict[str, object]], data: DataObject) -> None:
    again = [data.draw(rearranged(row)) for row in data.draw(shuffled(rows))]

    assert report_of(data.draw(pages(again))) == report_of([rows])


@given(st.lists(st.tuples(st.booleans(), compute_rows(any_amounts)), max_size=8))
def test_reports_of_any_two_parts_add_up_to_the_whole(
    parted: list[tuple[bool, dict[str, object]]],
) -> None:
    whole = figures(report_of([[row for _, row in parted]]))
    parts = [
        figures(report_of([[row for side, row in parted if side is which]]))
        for which in (False, True)
    ]

    together = dict(parts[0])
    for key, amount in parts[1].items():
        together[key] = EXACT.add(together.get(key, Decimal(0)), amount)
    assert together == whole


def figures(report: UsageReport) -> dict[tuple[str, str, str], Decimal]:
    return {
        (account, user, component): amount
        for account, usage in report.accounts.items()
        for user, amounts in [(TOTAL_ACCOUNT_USAGE, usage.totals), *usage.users.items()]
        for component, amount in amounts.items()
    }


signed_amounts: Final = good_amounts | st.decimals(min_value=-100, max_value=0, places=3)


@given(st.lists(compute_rows(signed_amounts), max_size=8))
def test_texts_of_numbers_count_as_the_numbers(rows: list[dict[str, object]]) -> None:
    # Numbers are added up all at once, texts one by one.
    assert report_of([[in_texts(row) for row in rows]]) == report_of([rows])


def in_texts(row: dict[str, object]) -> dict[str, object]:
    users = row.get("users")
    numbers = {name: str(value) for name, value in row.items() if isinstance(value, int | Decimal)}
    if isinstance(users, list):
        return {**row, **numbers, "users": [in_texts(user) for user in users]}
    return {**row, **numbers}


@given(any_rows)
def test_users_and_what_is_unattributed_are_exactly_the_total(
    rows: list[dict[str, object]],
) -> None:
    for usage in report_of([rows]).accounts.values():
        for component, total in usage.totals.items():
            parts = [amounts[component] for amounts in usage.users.values()]
            attributed = sum(map(Fraction, parts))
            assert attributed + Fraction(usage.unattributed(component)) == Fraction(total)


@given(st.lists(good_amounts, max_size=12), st.lists(good_amounts, max_size=12))
def test_sums_are_exact(totals: list[Decimal | int], hours: list[Decimal | int]) -> None:
    users = [{"username": "anovak", "cpuHours": amount} for amount in hours]
    rows = [{"account": "g207", "cpuHours": amount} for amount in totals]

    report = report_of([[*rows, {"account": "g207", "users": users}]])

    usage = report.accounts["g207"]
    assert Fraction(usage.totals["cpuHours"]) == sum(map(Fraction, totals))
    if hours:
        assert Fraction(usage.users["anovak"]["cpuHours"]) == sum(map(Fraction, hours))
    assert not usage.doubts


@given(any_rows)
def test_every_reported_figure_is_the_exact_one_rounded_once(
    rows: list[dict[str, object]],
) -> None:
    report = report_of([rows])

    for (account, user, component), exact in figures(report).items():
        reported = report_to_wire(report)[account][user][component]
        cents = floor(abs(Fraction(exact)) * 100 + Fraction(1, 2))
        assert abs(Fraction(reported)) * 100 == cents
        assert not reported or (reported < 0) == (exact < 0)


@given(any_rows)
def test_what_is_below_zero_or_unreadable_is_doubted(rows: list[dict[str, object]]) -> None:
    for usage in report_of([rows]).accounts.values():
        for component in usage.totals.keys() - usage.doubts.keys():
            amounts = [usage.totals, *usage.users.values()]
            assert all(to_cents(figures[component]) >= 0 for figures in amounts)


@given(any_rows)
def test_an_account_with_an_error_has_a_doubt(rows: list[dict[str, object]]) -> None:
    report = report_of([rows])

    for problem in report.problems:
        if problem.severity is Severity.ERROR and problem.resource is not None:
            found = report.accounts.get(problem.resource)
            assert problem.resource not in report.unknown if found is None else found.doubts


@given(st.sampled_from(METERINGS), st.lists(st.lists(hostile_rows, max_size=4), max_size=3))
def test_whatever_the_warehouse_sends_gives_a_report(
    metered: tuple[Metering, frozenset[str]], portions: list[list[object]]
) -> None:
    metering, asked = metered

    report = report_of(portions, metering, asked)

    assert report_to_wire(report).keys() == report.accounts.keys() <= asked
    assert report.unknown <= asked
    for problem in report.problems:
        assert str(problem).isprintable()
        assert encode(problem_to_wire(problem))


@given(any_rows, st.integers(2, 5))
def test_there_are_no_more_problems_for_more_of_the_same_rows(
    rows: list[dict[str, object]], times: int
) -> None:
    once, often = report_of([rows]), report_of([rows] * times)

    # Only what was too small to be told can become enough to be told.
    assert len(often.problems) <= len(once.problems) + len(COMPONENTS) * len(once.accounts)


months: Final = st.builds(Month, st.integers(1000, 3000), st.integers(1, 12))
steps: Final = st.integers(-500, 500)


@given(months)
def test_a_month_is_read_as_it_is_written(month: Month) -> None:
    assert Month.parse(str(month)) == month
    assert str(Month.parse(str(month))) == str(month)


@given(months, steps, steps)
def test_steps_between_months_are_a_group(month: Month, one: int, other: int) -> None:
    assert month.plus(0) == month
    assert month.plus(one).plus(other) == month.plus(one + other)
    assert month.plus(one).plus(-one) == month
    assert (month.plus(one) > month) == (one > 0)


@given(months, st.integers(0, 59))
def test_months_between_two_are_counted(month: Month, count: int) -> None:
    found = months_between(month, month.plus(count))

    assert len(found) == count + 1
    assert [month.plus(step) for step in range(count + 1)] == [*found]
    assert [*found] == sorted(set(found))


@given(months)
def test_a_month_holds_its_days_and_no_others(month: Month) -> None:
    first, last = month.first_day, month.last_day

    assert month.holds(first)
    assert month.holds(last)
    assert month.plus(1).first_day == last + timedelta(1)
    assert not month.holds(last + timedelta(1))
    assert not month.holds(first - timedelta(1))


offsets: Final = st.integers(-14 * 60, 14 * 60).map(lambda n: timezone(timedelta(minutes=n)))
moments: Final = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=offsets)  # noqa: DTZ001
near_midnight: Final = st.builds(
    lambda month, micros: (
        datetime(month.year, month.month, 1, tzinfo=UTC) + timedelta(microseconds=micros)
    ),
    months,
    st.integers(-2, 2) | st.integers(-(10**8), 10**8),
)


@given(moments | near_midnight, st.integers(-3, 1))
def test_a_safe_moment_counts_to_its_month_in_utc(now: datetime, step: int) -> None:
    month = Month.of(now).plus(step)

    moment = safe_moment(month, now)

    midnight = datetime(month.year, month.month, 1, tzinfo=UTC)
    if moment is None:
        assert now <= midnight
    else:
        assert Month.of(moment) == month
        assert midnight < moment <= now


@given(moments)
def test_a_month_that_is_over_everywhere_has_a_moment_that_is_in_it_everywhere(
    now: datetime,
) -> None:
    month = Month.of(now).plus(-1)

    moment = safe_moment(month, now)

    assert moment is not None
    for hours in (-14, 14):
        assert Month.of(moment, timezone(timedelta(hours=hours))) == month


@given(st.decimals(allow_nan=False, allow_infinity=False, max_value=10**18, min_value=-(10**18)))
def test_rounding_twice_changes_nothing(amount: Decimal) -> None:
    rounded = to_cents(amount)

    assert to_cents(rounded) == rounded
    assert rounded == amount.quantize(Decimal("0.01"), ROUND_HALF_UP, EXACT)
