"""What the warehouse in memory offers to tests beyond its port."""

from __future__ import annotations

from datetime import date
from typing import Final

import pytest

from cscs_domain.errors import InvalidValueError, UpstreamServiceError
from cscs_domain.usage.metering import UsageKind
from cscs_domain.usage.months import Days, Month
from cscs_domain.usage.warehouse import WarehouseQuery
from cscs_fakes.usage_warehouse import FakeUsageWarehouse

pytestmark = pytest.mark.anyio

NOVEMBER: Final = Month(2026, 11)
DOWN: Final = UpstreamServiceError("DWDI", "is down")
G1: Final = WarehouseQuery(period=NOVEMBER, subjects=["g1"])


async def read(fake: FakeUsageWarehouse, query: WarehouseQuery = G1) -> list[object]:
    return [row async for page in fake.pages(query) for row in page.rows]


async def test_what_is_put_adds_to_what_is_there() -> None:
    fake = FakeUsageWarehouse()
    fake.put(UsageKind.COMPUTE, NOVEMBER, [{"account": "g1", "n": 1}])
    fake.put(UsageKind.COMPUTE, NOVEMBER, [{"account": "g1", "n": 2}, {"account": "g2"}])

    assert await read(fake) == [{"account": "g1", "n": 1}, {"account": "g1", "n": 2}]
    fake.clear()
    assert await read(fake) == []


async def test_rows_about_nobody_come_only_from_a_warehouse_that_answers_everything() -> None:
    fake = FakeUsageWarehouse(page_size=1)
    stock: list[object] = [{"account": ""}, {"account": None}, "no row", {"account": "g2"}]
    fake.put(UsageKind.COMPUTE, NOVEMBER, stock)
    assert await read(fake) == []

    fake.answers_everything = True

    both = WarehouseQuery(period=NOVEMBER, subjects=["g1", "g2"])
    assert await read(fake, both) == [*stock, *stock]


async def test_rows_of_no_cluster_are_for_questions_about_any() -> None:
    fake = FakeUsageWarehouse()
    fake.put(UsageKind.COMPUTE, NOVEMBER, [{"account": "g1", "n": 1}])
    fake.put(UsageKind.COMPUTE, NOVEMBER, [{"account": "g1", "n": 2}], cluster="daint")
    fake.put(UsageKind.COMPUTE, NOVEMBER, [{"account": "g1", "n": 3}], cluster="eiger")

    asked = WarehouseQuery(period=NOVEMBER, subjects=["g1"], cluster="daint")
    assert await read(fake, asked) == [{"account": "g1", "n": 1}, {"account": "g1", "n": 2}]
    assert len(await read(fake)) == 3


async def test_only_periods_that_lie_whole_in_the_question_are_answered() -> None:
    fake = FakeUsageWarehouse()
    fake.put(UsageKind.COMPUTE, Days(date(2026, 11, 1), date(2026, 11, 3)), [{"account": "g1"}])

    def about(first: int, last: int) -> WarehouseQuery:
        period = Days(date(2026, 11, first), date(2026, 11, last))
        return WarehouseQuery(period=period, subjects=["g1"])

    assert [len(await read(fake, about(*days))) for days in ((1, 3), (1, 4), (2, 4))] == [1, 1, 0]
    assert await read(fake) == []


async def test_it_fails_after_as_many_pages_as_it_is_told_and_recovers() -> None:
    fake = FakeUsageWarehouse(page_size=1)
    query = WarehouseQuery(period=NOVEMBER, subjects=["a", "b", "c"])
    fake.fail_with(DOWN, after_pages=2)
    pages = fake.pages(query)

    assert [set((await anext(pages)).asked) for _ in range(2)] == [{"a"}, {"b"}]
    with pytest.raises(UpstreamServiceError):
        await anext(pages)
    with pytest.raises(UpstreamServiceError):
        await fake.ping()

    fake.fail_with(None)
    assert await read(fake, query) == []
    await fake.ping()
    assert fake.queries == [query, query]


def test_a_page_is_about_somebody() -> None:
    with pytest.raises(InvalidValueError, match="below 1"):
        FakeUsageWarehouse(page_size=0)
