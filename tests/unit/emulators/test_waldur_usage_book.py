"""Lists of usage are narrowed before they are filtered; that must not be seen."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import product
from typing import Any, Final

import pytest

from cscs_fakes.emulators.waldur.records import NOTHING, Record
from cscs_fakes.emulators.waldur.usage_book import UsageBook
from tests.unit.emulators.sample_site import (
    DAINT_CLIMATE,
    sample_facts,
    sample_rows,
)
from tests.unit.emulators.waldur_site import Waldur, waldur

USAGES: Final = "/api/marketplace-component-usages/"
USER_USAGES: Final = "/api/marketplace-component-user-usages/"
PERIODS: Final = {USAGES: "billing_period", USER_USAGES: "component_usage__billing_period"}
MONTHS: Final = ("2026-10-01", "2026-11-01")
NOBODY: Final = "0" * 32


@pytest.fixture
async def site() -> AsyncIterator[Waldur]:
    async with waldur(sample_rows(), facts=sample_facts()) as made:
        for month, amount in zip(MONTHS, ("1.00", "2.00"), strict=True):
            usages = [{"type": "nodeHours", "amount": amount}, {"type": "storage", "amount": 3}]
            body = {"resource": DAINT_CLIMATE, "date": f"{month}T12:00:00Z", "usages": usages}
            await made.post(f"{USAGES}set_usage/", body, by="staff")
        for row in await rows(made, USAGES):
            part = {"username": "anna", "usage": "0.50"}
            await made.post(f"{USAGES}{row['uuid']}/set_user_usage/", part, by="staff")
        yield made


async def rows(site: Waldur, path: str, **query: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await site.get(path, by="staff", **query)).json()
    return found


@pytest.mark.parametrize("path", [USAGES, USER_USAGES])
async def test_every_mixture_of_filters_finds_what_fits(site: Waldur, path: str) -> None:
    everything = await rows(site, path)
    assert len(everything) == 4
    for resource, month, kind in product(
        ("", DAINT_CLIMATE, NOBODY), ("", *MONTHS, "2026-09-01"), ("", "nodeHours")
    ):
        asked = {"resource_uuid": resource, PERIODS[path]: month, "type": kind}
        found = await rows(site, path, **asked)
        assert found == [
            row
            for row in everything
            if resource in {"", row["resource_uuid"]}
            and month in {"", row["billing_period"]}
            and kind in {"", row.get("type") or row["component_type"]}
        ]


@pytest.mark.parametrize("path", [USAGES, USER_USAGES])
async def test_what_is_no_month_and_no_uuid_is_refused_as_ever(site: Waldur, path: str) -> None:
    for name, value in (("resource_uuid", "x"), (PERIODS[path], "November")):
        answer = await site.get(path, by="staff", **{name: value})
        assert (answer.status_code, list(answer.json())) == (400, [name])


def usage(uuid: str, resource: str) -> Record:
    row: dict[str, object] = {"uuid": uuid, "resource_uuid": resource, "created": uuid}
    row["month"] = "2026-11-01"
    return Record(NOTHING, NOTHING, row)


def test_a_record_is_found_by_its_uuid_whatever_its_key() -> None:
    book = UsageBook("month")
    first, second = usage("u1", "r1"), usage("u2", "r2")
    for key, record in (("a", first), ("b", second)):
        book.add(key, record)

    book.rename("a", "c")

    assert (book.get("a"), book.get("c"), book.by_uuid("u1")) == (None, first, first)
    assert (list(book), list(book.of_resource("r1"))) == ([first, second], [first])
    assert (book.by_uuid(None), book.by_uuid("u3"), book.of_resource("r3")) == (None, None, ())


@pytest.mark.parametrize("place", [("r1", ""), (None, "2026-11-01"), (None, "")])
def test_a_list_is_remembered_until_one_of_its_records_changes(
    place: tuple[str | None, str],
) -> None:
    book, record, looks = UsageBook("month"), usage("u1", "r1"), []

    def look(records: list[Record]) -> list[Record]:
        looks.append(len(records))
        return records

    book.add("a", record)
    for _ in range(2):
        assert book.narrowed(*place).matching("what is asked", look) == [record]
    assert looks == [1]

    book.changed(record)
    book.narrowed(*place).matching("what is asked", look)

    assert looks == [1, 1]
