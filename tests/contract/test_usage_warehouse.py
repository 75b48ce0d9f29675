"""The promises of `UsageWarehouse`, kept by every adapter in `usage_warehouse_adapters`."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import AsyncExitStack
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Final, TypeAlias

import pytest

from cscs_domain.errors import UpstreamServiceError
from cscs_domain.ports import UsageWarehouse
from cscs_domain.usage.metering import UsageKind, WarehouseProfile
from cscs_domain.usage.months import Days, Month
from cscs_domain.usage.warehouse import WarehousePage, WarehouseQuery
from cscs_fakes.emulators.site import EmulatedSite
from cscs_fakes.usage_warehouse import subject_of
from tests.contract.usage_warehouse_adapters import (
    HTTP_ADAPTERS,
    NOVEMBER,
    USAGE_WAREHOUSES,
    Place,
    Stock,
    WarehouseAdapter,
)
from tests.emulated import running_site

pytestmark = pytest.mark.anyio

Row: TypeAlias = dict[str, object]
Holding: TypeAlias = Callable[..., UsageWarehouse]

RESOURCE: Final = "3c2b7c1a-9d60-4f7f-a1f1-b6a6e1a30207"
OTHER: Final = "c0ffee00-0004-1119-9990-000000000905"
NINETEENTH: Final = Days(date(2026, 11, 19), date(2026, 11, 19))
TWENTIETH: Final = Days(date(2026, 11, 20), date(2026, 11, 20))
BOTH: Final = Days(date(2026, 11, 19), date(2026, 11, 20))


@pytest.fixture(params=USAGE_WAREHOUSES, ids=lambda adapter: adapter.name)
def adapter(request: pytest.FixtureRequest) -> WarehouseAdapter:
    made: WarehouseAdapter = request.param
    return made


@pytest.fixture(scope="module")
def site() -> Iterator[EmulatedSite]:
    with running_site(rows=[]) as running:
        yield running


@pytest.fixture
async def place(site: EmulatedSite, tmp_path: Path) -> AsyncIterator[Place]:
    async with AsyncExitStack() as closing:
        yield Place(tmp_path, site, closing)
    site.reset()


@pytest.fixture
def holding(adapter: WarehouseAdapter, place: Place) -> Holding:
    def make(*stocks: Stock) -> UsageWarehouse:
        return adapter.holding(place, stocks)

    return make


def knowing(kind: UsageKind) -> pytest.MarkDecorator:
    """For those adapters that can be asked about a kind."""
    return for_adapters(adapter for adapter in USAGE_WAREHOUSES if kind in adapter.knows)


def for_adapters(adapters: Iterable[WarehouseAdapter]) -> pytest.MarkDecorator:
    chosen = list(adapters)
    names = [adapter.name for adapter in chosen]
    return pytest.mark.parametrize("adapter", chosen, ids=names, indirect=False)


def compute(account: object, hours: object = Decimal("1.5"), **members: object) -> Row:
    return {"account": account, "accountNodeHours": hours, "users": [], **members}


def query(*subjects: str, **members: object) -> WarehouseQuery:
    return WarehouseQuery(**{"period": NOVEMBER, "subjects": subjects, **members})  # type: ignore[arg-type]


async def pages(warehouse: UsageWarehouse, asked: WarehouseQuery) -> list[WarehousePage]:
    return [page async for page in warehouse.pages(asked)]


async def rows(warehouse: UsageWarehouse, asked: WarehouseQuery) -> list[object]:
    """What counts: on each page the rows about those that it is about."""
    return [
        row
        for page in await pages(warehouse, asked)
        for row in page.rows
        if subject_of(asked.kind, row) in page.asked
    ]


def by_account(found: Iterable[object]) -> list[object]:
    return sorted(found, key=str)


async def test_the_rows_of_those_asked_for_come_and_no_others_count(holding: Holding) -> None:
    warehouse = holding(Stock([compute("g1"), compute("g2", 3), compute("g3")], NOVEMBER))

    assert by_account(await rows(warehouse, query("g3", "g1"))) == [compute("g1"), compute("g3")]


async def test_rows_arrive_undamaged(holding: Holding) -> None:
    """Numbers are as exact as they were written, and what is odd is for the rules to judge."""
    users = [
        {"username": "çmüller", "nodeHours": Decimal("1204.3333"), "cluster": "daint"},
        {"username": "", "nodeHours": Decimal("0.1000000000000000055511151231257827021181583404")},
        {"username": None, "nodeHours": None, "new": {"deep": [1, Decimal("0.5"), True]}},
        "no row",
    ]
    stock = [
        compute("g1", users=users),
        compute("g1", None, users=None),
        compute("g2", "12.5", users={}),
        compute("g2", -7),
    ]
    found = await rows(holding(Stock(stock, NOVEMBER)), query("g1", "g2"))

    assert by_account(found) == by_account(stock)
    assert not any(isinstance(number, float) for number in numbers_in(found))


def numbers_in(value: object) -> Iterator[object]:
    match value:
        case dict():
            for member in value.values():
                yield from numbers_in(member)
        case list():
            for member in value:
                yield from numbers_in(member)
        case _:
            yield value


@pytest.mark.parametrize("account", ["g-zürich", "a b", "a&account=b", "a/b", "100%", "+", "🜁"])
async def test_an_account_may_be_called_anything(holding: Holding, account: str) -> None:
    warehouse = holding(Stock([compute(account), compute("b")], NOVEMBER))

    assert await rows(warehouse, query(account)) == [compute(account)]


async def test_what_the_warehouse_does_not_know_has_no_rows(holding: Holding) -> None:
    warehouse = holding(Stock([compute("g1")], NOVEMBER))
    found = await pages(warehouse, query("g1", "ghost"))

    assert frozenset().union(*(page.asked for page in found)) == {"g1", "ghost"}
    assert not [
        row for page in found for row in page.rows if subject_of(UsageKind.COMPUTE, row) != "g1"
    ]


async def test_a_warehouse_that_knows_nothing_tells_that_all_have_been_asked(
    holding: Holding,
) -> None:
    found = await pages(holding(Stock([], NOVEMBER)), query("g1", "g2"))

    assert frozenset().union(*(page.asked for page in found)) == {"g1", "g2"}
    assert [row for page in found for row in page.rows] == []


async def test_case_and_blanks_make_different_accounts(holding: Holding) -> None:
    warehouse = holding(Stock([compute("g1"), compute("G1"), compute(" g1")], NOVEMBER))

    assert await rows(warehouse, query("G1")) == [compute("G1")]


async def test_several_rows_of_one_account_all_come(holding: Holding) -> None:
    stock = [compute("g1", 10), compute("g2"), compute("g1", 5), compute("g1", 5)]

    found = await rows(holding(Stock(stock, NOVEMBER)), query("g1"))
    assert [row["accountNodeHours"] for row in found if isinstance(row, dict)] == [10, 5, 5]


async def test_of_five_thousand_accounts_each_comes_once(holding: Holding) -> None:
    accounts = [f"project-{number:05d}" for number in range(5000)]
    warehouse = holding(Stock([compute(account) for account in accounts], NOVEMBER))

    found = await rows(warehouse, query(*accounts))

    assert Counter(subject_of(UsageKind.COMPUTE, row) for row in found) == Counter(accounts)


async def test_everybody_else_gets_a_turn_between_pages(holding: Holding) -> None:
    turns = 0

    async def somebody_else() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    accounts = [f"p{number}" for number in range(400)]
    warehouse = holding(Stock([compute(account) for account in accounts], NOVEMBER))
    other = asyncio.create_task(somebody_else())
    count = 0
    async for _ in warehouse.pages(query(*accounts)):
        count += 1
    other.cancel()

    assert count > 1
    assert turns >= count - 1


async def test_a_month_is_that_month_alone(holding: Holding) -> None:
    october, last_year = Month(2026, 10), Month(2025, 11)
    warehouse = holding(
        Stock([compute("g1", 11)], NOVEMBER),
        Stock([compute("g1", 10)], october),
        Stock([compute("g1", 9)], last_year),
        Stock([compute("g1", 8)], NINETEENTH),
    )

    assert await rows(warehouse, query("g1", period=october)) == [compute("g1", 10)]
    assert await rows(warehouse, query("g1", period=last_year)) == [compute("g1", 9)]


async def test_days_are_those_days(holding: Holding) -> None:
    warehouse = holding(
        Stock([compute("g1", 19)], NINETEENTH),
        Stock([compute("g1", 20)], TWENTIETH),
        Stock([compute("g1", 11)], NOVEMBER),
    )

    assert await rows(warehouse, query("g1", period=TWENTIETH)) == [compute("g1", 20)]
    both = await rows(warehouse, query("g1", period=BOTH))
    assert by_account(both) == [compute("g1", 19), compute("g1", 20)]


@for_adapters(adapter for adapter in USAGE_WAREHOUSES if adapter.profile is WarehouseProfile.V2)
async def test_a_cluster_leaves_the_usage_of_others_out(holding: Holding) -> None:
    warehouse = holding(
        Stock([compute("g1", 3), compute("g2", 2)], NOVEMBER, cluster="daint"),
        Stock([compute("g1", 8)], NOVEMBER, cluster="eiger"),
    )

    assert await rows(warehouse, query("g1", cluster="daint")) == [compute("g1", 3)]
    assert await rows(warehouse, query("g1", cluster="eiger")) == [compute("g1", 8)]


@knowing(UsageKind.STORAGE)
async def test_storage_is_told_by_path_for_months_and_days(holding: Holding) -> None:
    mine = {"path": "/capstor/store/uni/g 207", "spaceUsed": 5 * 10**15, "inodesUsed": 1000}
    other = {"path": "/capstor/store/uni/g118", "spaceUsed": 0}
    again = {**mine, "spaceUsed": 7}
    warehouse = holding(
        Stock([mine, other, again], NOVEMBER, UsageKind.STORAGE),
        Stock([again], NINETEENTH, UsageKind.STORAGE),
    )
    where = {"kind": UsageKind.STORAGE, "filesystem": "capstor", "data_type": "store"}

    assert await rows(warehouse, query(mine["path"], **where)) == [mine, again]  # type: ignore[arg-type]
    days = await rows(warehouse, query(mine["path"], period=NINETEENTH, **where))  # type: ignore[arg-type]
    assert days == [again]


@knowing(UsageKind.INFERENCE)
async def test_costs_are_told_by_resource_in_any_form_of_its_uuid(holding: Holding) -> None:
    mine = {"waldurResourceUuid": RESOURCE.replace("-", ""), "totalCost": Decimal("17.425")}
    other = {"waldurResourceUuid": OTHER, "totalCost": 0}
    warehouse = holding(Stock([mine, other, {"totalCost": 3}], NOVEMBER, UsageKind.INFERENCE))

    assert await rows(warehouse, query(RESOURCE, kind=UsageKind.INFERENCE)) == [mine]
    assert await rows(warehouse, query(OTHER, kind=UsageKind.INFERENCE)) == [other]


async def test_no_answer_is_an_error_and_not_an_account_without_usage(
    adapter: WarehouseAdapter, place: Place
) -> None:
    """An outage that looked like "nobody used anything" would be reported as zeros."""
    warehouse = adapter.breaking(place)

    with pytest.raises(UpstreamServiceError) as caught:
        await pages(warehouse, query("g1"))
    assert caught.value.service.startswith("DWDI")
    assert caught.value.reason


async def test_half_a_read_never_ends_well(adapter: WarehouseAdapter, place: Place) -> None:
    accounts = [f"p{number:03d}" for number in range(200)]
    stock = [compute(account) for account in accounts]
    stocks = [Stock(stock, NINETEENTH), Stock(stock, TWENTIETH)]
    warehouse = adapter.stopping(place, stocks)

    with pytest.raises(UpstreamServiceError):
        await pages(warehouse, query(*accounts, period=BOTH))


async def test_a_ping_comes_back_from_a_warehouse_that_lets_us_in(holding: Holding) -> None:
    await holding(Stock([], NOVEMBER)).ping()


async def test_a_ping_says_why_not(adapter: WarehouseAdapter, place: Place) -> None:
    with pytest.raises(UpstreamServiceError) as caught:
        await adapter.breaking(place).ping()
    assert caught.value.reason


@for_adapters(HTTP_ADAPTERS)
async def test_no_url_is_too_long_for_the_servers_in_between(
    adapter: WarehouseAdapter, place: Place
) -> None:
    accounts = [f"{number:03d}-{'ü' * 80}" for number in range(200)]
    warehouse = adapter.holding(place, [Stock([compute(a) for a in accounts], NOVEMBER)])

    found = await rows(warehouse, query(*accounts))

    calls = place.site.dwdi.calls
    assert len(found) == 200
    assert max(call.url_length for call in calls) <= 6000
    assert sorted(account for call in calls for account in call.subjects) == accounts
