"""The emulated warehouse against its contract: endpoints, filters, refusals."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

import httpx
import msgspec
import pytest

from cscs_domain.usage.metering import UsageKind
from cscs_fakes.emulators.dwdi import DwdiEmulator

pytestmark = pytest.mark.anyio

MONTH: Final = "/api/v1/compute/usage-month-multiaccount"
DAY: Final = "/api/v1/compute/usage-day-multiaccount"
NEW_MONTH: Final = "/api/v1/compute/usage-month/account"
NEW_DAY: Final = "/api/v1/compute/usage-day/account"
STORAGE: Final = "/api/v1/storage/usage-month"
STORAGE_DAY: Final = "/api/v1/storage/usage-day"
COST: Final = "/api/v1/inference/resource/cost"
NOVEMBER: Final = "from=2026-11&to=2026-11"

PATHS: Final = ("/capstor/store/uni/g001", "/capstor/scratch/uni/g001", "/vast/store/uni/g002")
RESOURCES: Final = ("3c2b7c1a-9d60-4f7f-a1f1-b6a6e1a30207", "c0ffee00-0004-1119-9990-000000000905")
NOW: Final = datetime(2026, 11, 21, 8, tzinfo=UTC)


@pytest.fixture
def dwdi() -> DwdiEmulator:
    known = {
        UsageKind.COMPUTE: ("g001", "g002", "g003"),
        UsageKind.STORAGE: PATHS,
        UsageKind.INFERENCE: RESOURCES,
    }
    return DwdiEmulator(known, accepts={"good"}.__contains__, clock=lambda: NOW)


@asynccontextmanager
async def reaching(dwdi: DwdiEmulator) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(dwdi.app)
    async with httpx.AsyncClient(transport=transport, base_url="https://dwdi.example.com") as it:
        yield it


async def get(
    dwdi: DwdiEmulator, path: str, query: str = "", authorization: str = "Bearer good"
) -> httpx.Response:
    async with reaching(dwdi) as client:
        url = f"{path}?{query}" if query else path
        return await client.get(url, headers={"authorization": authorization})


async def rows(dwdi: DwdiEmulator, path: str, query: str) -> list[Any]:
    answer = await get(dwdi, path, query)
    assert answer.status_code == 200, answer.text
    body = msgspec.json.Decoder(float_hook=Decimal).decode(answer.content)
    ((member, found),) = body.items()
    assert f"/{member}/" in path
    return list(found)


async def accounts(dwdi: DwdiEmulator, path: str, query: str) -> list[str]:
    return [row["account"] for row in await rows(dwdi, path, query)]


async def test_without_an_account_everything_is_told(dwdi: DwdiEmulator) -> None:
    for path in (MONTH, NEW_MONTH):
        assert await accounts(dwdi, path, NOVEMBER) == ["g001", "g002", "g003"]


async def test_only_the_accounts_that_were_asked_for_are_told(dwdi: DwdiEmulator) -> None:
    for path in (MONTH, NEW_MONTH):
        found = await accounts(dwdi, path, f"{NOVEMBER}&account=g003&account=g001&account=ghost")
        assert found == ["g001", "g003"]


async def test_a_month_is_the_sum_of_its_days(dwdi: DwdiEmulator) -> None:
    (month,) = await rows(dwdi, MONTH, f"{NOVEMBER}&account=g001")
    (span,) = await rows(dwdi, DAY, "from=2026-11-01&to=2026-11-30&account=g001")
    days = [
        day
        for number in range(1, 31)
        for day in await rows(
            dwdi, DAY, f"from=2026-11-{number:02d}&to=2026-11-{number:02d}&account=g001"
        )
    ]

    assert sum(day["accountNodeHours"] for day in days) == month["accountNodeHours"]
    assert span["accountNodeHours"] == month["accountNodeHours"]
    assert {user["usageDate"] for user in days[2]["users"]} == {"2026-11-03"}


async def test_several_months_are_rows_of_their_own(dwdi: DwdiEmulator) -> None:
    both = await rows(dwdi, MONTH, "from=2025-12&to=2026-01&account=g001")
    each = [
        row
        for month in ("2025-12", "2026-01")
        for row in await rows(dwdi, MONTH, f"from={month}&to={month}&account=g001")
    ]

    assert both == each


async def test_only_the_second_profile_knows_clusters(dwdi: DwdiEmulator) -> None:
    first = await rows(dwdi, MONTH, NOVEMBER)
    both = await rows(dwdi, NEW_MONTH, f"{NOVEMBER}&cluster=daint&cluster=eiger")
    daint = await rows(dwdi, NEW_MONTH, f"{NOVEMBER}&cluster=daint")
    eiger = await rows(dwdi, NEW_MONTH, f"{NOVEMBER}&cluster=eiger")

    assert await rows(dwdi, MONTH, f"{NOVEMBER}&cluster=daint") == first
    assert [row["totalNodeHours"] for row in both] == [row["accountNodeHours"] for row in first]
    assert [user["cluster"] for row in daint for user in row["users"]].count("eiger") == 0
    for whole, one, other in zip(both, daint, eiger, strict=True):
        assert whole["totalNodeHours"] == one["totalNodeHours"] + other["totalNodeHours"]


async def test_storage_is_told_by_path_file_system_and_data_type(dwdi: DwdiEmulator) -> None:
    async def paths(path: str, query: str) -> list[str]:
        return [row["path"] for row in await rows(dwdi, path, query)]

    month, day = "exact-month=2026-11", "exact-date=2026-11-19"
    assert await paths(STORAGE, month) == list(PATHS)
    assert await paths(STORAGE_DAY, f"{day}&paths={PATHS[0]}&paths={PATHS[2]}") == [
        PATHS[0],
        PATHS[2],
    ]
    assert await paths(STORAGE, f"{month}&filesystem=capstor") == list(PATHS[:2])
    assert await paths(STORAGE, f"{month}&data_type=store") == [PATHS[0], PATHS[2]]
    in_path = f"{STORAGE}/capstor/store"
    assert await paths(in_path, month) == [PATHS[0]]
    assert await paths(f"{STORAGE_DAY}/vast/store", day) == [PATHS[2]]
    assert await paths(in_path, f"{month}&paths={PATHS[2]}") == []


@pytest.mark.parametrize("form", [RESOURCES[0], RESOURCES[0].replace("-", "").upper()])
async def test_costs_are_told_by_resource(dwdi: DwdiEmulator, form: str) -> None:
    (row,) = await rows(dwdi, COST, f"{NOVEMBER}&resource_uuid={form}")

    assert row["waldurResourceUuid"] == RESOURCES[0].replace("-", "")
    assert len(await rows(dwdi, COST, NOVEMBER)) == 2


async def test_what_is_no_uuid_has_no_costs(dwdi: DwdiEmulator) -> None:
    assert await rows(dwdi, COST, f"{NOVEMBER}&resource_uuid=g001") == []


@pytest.mark.parametrize(
    ("path", "query"),
    [
        (DAY, "from=2026-11-21&to=2026-11-21"),
        ("/api/v1/compute/usage-day", "from=2026-11-21&to=2026-11-21"),
        (STORAGE_DAY, "exact-date=2026-11-21"),
        (COST, "exact-date=2026-11-21"),
    ],
)
async def test_every_ping_is_answered(dwdi: DwdiEmulator, path: str, query: str) -> None:
    assert (await get(dwdi, path, query)).status_code == 200


async def test_without_a_clock_the_time_is_real() -> None:
    assert (await get(DwdiEmulator(), COST, "exact-date=2026-11-21")).json() == {"inference": []}


async def test_a_ping_about_costs_is_about_this_month(dwdi: DwdiEmulator) -> None:
    assert await rows(dwdi, COST, "exact-date=2020-01-01") == await rows(dwdi, COST, NOVEMBER)


@pytest.mark.parametrize("authorization", ["", "Bearer bad", "Bearer", "Token good", "Basic good"])
async def test_nobody_gets_in_without_a_valid_bearer_token(
    dwdi: DwdiEmulator, authorization: str
) -> None:
    answer = await get(dwdi, MONTH, NOVEMBER, authorization)

    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert set(answer.json()) == {"error", "message"}
    assert (dwdi.refusals, dwdi.calls) == (1, [])


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        (MONTH, "", 422),
        (MONTH, "from=2026-11", 422),
        (NEW_MONTH, "to=2026-11", 422),
        (DAY, "account=g001", 422),
        (STORAGE, "exact-date=2026-11-19", 422),
        (STORAGE_DAY, "exact-month=2026-11", 422),
        (COST, "from=2026-11", 422),
        (MONTH, "from=2026-13&to=2026-13", 400),
        (MONTH, "from=2026-11-01&to=2026-11-30", 400),
        (MONTH, "from=2026-11&to=2026-10", 400),
        (MONTH, "from=2020-01&to=2026-10", 400),
        (DAY, "from=2026-11&to=2026-11", 400),
        (DAY, "from=20261119&to=20261119", 400),
        (DAY, "from=2026-02-29&to=2026-03-01", 400),
        (NEW_DAY, "from=2026-11-02&to=2026-11-01", 400),
        (NEW_DAY, "from=2024-11-02&to=2026-11-01", 400),
        (STORAGE, "exact-month=now", 400),
    ],
)
async def test_missing_or_bad_dates_are_refused_in_json(
    dwdi: DwdiEmulator, path: str, query: str, status: int
) -> None:
    answer = await get(dwdi, path, query)

    assert answer.status_code == status
    assert set(answer.json()) == {"error", "message"}
    assert dwdi.calls == []


@pytest.mark.parametrize("path", ["/", "/compute/usage-month/account", f"{MONTH}/x", "/api/v1"])
async def test_nothing_is_anywhere_else(dwdi: DwdiEmulator, path: str) -> None:
    answer = await get(dwdi, path, NOVEMBER)

    assert (answer.status_code, answer.json()["error"]) == (404, "Not Found")


@pytest.mark.parametrize(("length", "status"), [(8192, 200), (8193, 414)])
async def test_urls_of_more_than_eight_kilobytes_are_refused(
    dwdi: DwdiEmulator, length: int, status: int
) -> None:
    query = f"{NOVEMBER}&account="

    answer = await get(dwdi, MONTH, query + "x" * (length - len(MONTH) - len(query) - 1))

    assert answer.status_code == status


async def test_what_is_put_takes_the_place_of_what_is_invented(dwdi: DwdiEmulator) -> None:
    first = {"account": "g001", "accountNodeHours": Decimal("0.1000000000000000055511")}
    dwdi.put("compute", "2026-11", [first, "no row", {"account": None}])
    october = await rows(dwdi, MONTH, "from=2026-10&to=2026-10")

    assert await rows(dwdi, MONTH, f"{NOVEMBER}&account=g001&account=g002") == [first]
    assert await rows(dwdi, MONTH, NOVEMBER) == [first, "no row", {"account": None}]
    assert [row["account"] for row in october] == ["g001", "g002", "g003"]
    dwdi.put(UsageKind.COMPUTE, "2026-11", [])
    assert await rows(dwdi, MONTH, NOVEMBER) == []


async def test_a_day_that_is_put_leaves_the_days_around_it_alone(dwdi: DwdiEmulator) -> None:
    dwdi.put("compute", "2026-11-19", [{"account": "g001", "accountNodeHours": 7}])

    found = await rows(dwdi, DAY, "from=2026-11-18&to=2026-11-20&account=g001")

    assert [row["accountNodeHours"] == 7 for row in found] == [False, True, False]


async def test_clusters_are_put_side_by_side(dwdi: DwdiEmulator) -> None:
    for cluster in ("daint", "eiger", ""):
        dwdi.put("compute", "2026-11", [{"account": "g001", "of": cluster}], cluster)

    found = await rows(dwdi, NEW_MONTH, f"{NOVEMBER}&account=g001&cluster=daint")
    assert [row["of"] for row in found] == ["daint", ""]
    assert len(await rows(dwdi, MONTH, NOVEMBER)) == 3


@pytest.mark.parametrize(
    ("kind", "period", "complaint"),
    [
        ("compute", "2026-13", "from 1 to 12"),
        ("compute", "2026", "isoformat"),
        ("compute", "2026-11-31", "day"),
        ("gpu", "2026-11", "gpu"),
    ],
)
def test_only_what_could_be_asked_for_can_be_put(
    dwdi: DwdiEmulator, kind: str, period: str, complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        dwdi.put(kind, period, [])


async def test_a_warehouse_may_answer_more_than_it_was_asked(dwdi: DwdiEmulator) -> None:
    dwdi.answers_everything = True

    assert await accounts(dwdi, MONTH, f"{NOVEMBER}&account=g002") == ["g001", "g002", "g003"]


async def test_calls_tell_whom_when_and_how_long(dwdi: DwdiEmulator) -> None:
    query = "from=2026-10&to=2026-11&account=b&account=a&cluster=daint"
    await get(dwdi, NEW_MONTH, query)

    (call,) = dwdi.calls
    assert (call.path, call.subjects, call.clusters) == (NEW_MONTH, ("a", "b"), ("daint",))
    assert call.periods == ("2026-10", "2026-11")
    assert call.url_length == len(f"{NEW_MONTH}?{query}")


async def test_a_reset_undoes_everything(dwdi: DwdiEmulator) -> None:
    before = await rows(dwdi, MONTH, NOVEMBER)
    dwdi.put("compute", "2026-11", [])
    dwdi.known = {**dwdi.known, UsageKind.COMPUTE: ["new"]}
    dwdi.answers_everything = True
    await get(dwdi, MONTH, NOVEMBER, "")

    dwdi.reset()

    assert (dwdi.answers_everything, dwdi.refusals, dwdi.calls) == (False, 0, [])
    assert await rows(dwdi, MONTH, NOVEMBER) == before
