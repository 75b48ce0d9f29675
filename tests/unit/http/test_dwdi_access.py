"""The warehouse with its tokens as a program uses it, against the emulated site."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from cscs_domain.errors import UpstreamServiceError
from cscs_domain.usage.components import Component
from cscs_domain.usage.fetch_usage import MeteredAccount, fetch_report
from cscs_domain.usage.metering import Metering, UsageKind, WarehouseProfile
from cscs_domain.usage.months import Days, Month
from cscs_domain.usage.warehouse import WarehouseQuery
from cscs_fakes.clock import FixedClock
from cscs_fakes.emulators.oidc import CLIENT_ID, CLIENT_SECRET
from cscs_fakes.emulators.site import DWDI_PATH, EmulatedSite
from cscs_http.dwdi import HttpUsageWarehouse
from cscs_http.dwdi_access import DwdiAccess, DwdiClient, open_warehouse
from cscs_http.errors import NoAnswerError
from cscs_http.service import Call
from tests.emulated import running_site
from tests.raw_server import Reply, answer, raw_server, silence

pytestmark = pytest.mark.anyio

CLOCK = FixedClock(datetime(2026, 11, 21, 8, tzinfo=UTC))
NOVEMBER = Month(2026, 11)
NINETEENTH = Days(date(2026, 11, 19), date(2026, 11, 19))
TOKEN = answer(200, {"access_token": "a-token"})


@pytest.fixture(scope="module")
def running() -> Iterator[EmulatedSite]:
    with running_site(resources=0) as started:
        yield started


@pytest.fixture
def site(running: EmulatedSite) -> Iterator[EmulatedSite]:
    yield running
    running.reset()


def access_to(site: EmulatedSite, **changes: Any) -> DwdiAccess:
    """What lets us in there."""
    members = {
        "api_url": f"{site.url}{DWDI_PATH}",
        "token_url": f"{site.oidc.issuer}/protocol/openid-connect/token",
        "client_id": CLIENT_ID,
        "client_secret": lambda: CLIENT_SECRET,
    }
    return DwdiAccess(**{**members, **changes})


@asynccontextmanager
async def client_of(*, dwdi: Reply, oidc: Reply = TOKEN) -> AsyncIterator[DwdiClient]:
    """A client of two servers that answer so."""
    async with raw_server(dwdi) as data, raw_server(oidc) as tokens:
        access = DwdiAccess(
            api_url=data.url,
            token_url=f"{tokens.url}token",
            client_id="reporter",
            client_secret=lambda: "secret",
        )
        client = DwdiClient(access, CLOCK)
        yield client
        await client.close()


@pytest.mark.parametrize("profile", WarehouseProfile)
@pytest.mark.parametrize("suffix", ["", "/", "/api/v1/"])
async def test_months_and_days_of_accounts_are_a_line_each(
    site: EmulatedSite, profile: WarehouseProfile, suffix: str
) -> None:
    day = {"username": "u", "nodeHours": 2, "usageDate": "2026-11-19"}
    site.dwdi.put(
        UsageKind.COMPUTE, "2026-11", [{"account": "g1", "totalNodeHours": 7.5, "users": []}]
    )
    site.dwdi.put(
        UsageKind.COMPUTE, "2026-11-19", [{"account": "g1", "totalNodeHours": 2, "users": [day]}]
    )
    access = access_to(site, api_url=f"{site.url}{DWDI_PATH}{suffix}", profile=profile)
    metering = Metering(components=(Component(name="nodeHours"),), profile=profile)
    accounts = [MeteredAccount("g1")]

    async with open_warehouse(access, CLOCK) as warehouse:
        month = await fetch_report(warehouse, metering, NOVEMBER, accounts)
        days = await fetch_report(warehouse, metering, NINETEENTH, accounts)

    assert month.accounts["g1"].totals["nodeHours"] == Decimal("7.5")
    assert days.accounts["g1"].users == {"u": {"nodeHours": Decimal(2)}}


async def test_every_exchange_with_either_service_is_told(site: EmulatedSite) -> None:
    calls: list[Call] = []
    async with open_warehouse(access_to(site), CLOCK, observe=calls.append) as warehouse:
        await warehouse.ping()

    assert [(call.service, call.status) for call in calls] == [("OIDC", 200), ("DWDI", 200)]


async def test_the_ping_is_about_today_and_its_kind(site: EmulatedSite) -> None:
    access = access_to(site, profile=WarehouseProfile.V2, kind=UsageKind.STORAGE)
    async with open_warehouse(access, CLOCK) as warehouse:
        await warehouse.ping()

    (call,) = site.dwdi.calls
    assert call.path.endswith("/storage/usage-day")
    assert call.periods == ("2026-11-21 to 2026-11-21",)


@pytest.mark.parametrize(("section", "key"), [("", ""), ("usage", "usage.")])
async def test_a_client_that_is_refused_is_told_which_keys_to_look_at(
    site: EmulatedSite, section: str, key: str
) -> None:
    access = access_to(site, client_secret=lambda: "wr0ng", section=section)
    async with open_warehouse(access, CLOCK) as warehouse:
        with pytest.raises(UpstreamServiceError) as caught:
            await warehouse.ping()

    assert f"check {key}cscs_dwdi_client_id and" in str(caught.value)
    assert "wr0ng" not in f"{caught.value!r} {access!r}"


def test_nothing_secret_is_shown() -> None:
    access = DwdiAccess(
        api_url="https://dwdi.example.com",
        token_url="https://auth.example.com/token",
        client_id="reporter",
        client_secret=lambda: "secret",
        proxy=lambda: "socks5://me:hunter2@localhost:1080",
    )

    assert "lambda" not in repr(access)
    assert "proxy" not in repr(access.connection("DWDI", "https://dwdi.example.com/"))


def test_time_limits_follow_from_the_timeout() -> None:
    access = DwdiAccess(
        api_url="https://dwdi.example.com",
        token_url="https://auth.example.com/token",
        client_id="reporter",
        client_secret=lambda: "secret",
        timeout=5,
    )
    limits = access.connection("DWDI", "https://dwdi.example.com/").time_limits

    assert (limits.connect, limits.answer, limits.total) == (5, 5, 10)


async def test_days_of_large_accounts_fit_into_an_answer() -> None:
    """Thirty-odd megabytes, more than what other services may send."""
    packed = gzip.compress(b'{"compute": []' + b" " * (33 * 2**20) + b"}", compresslevel=1)
    async with client_of(dwdi=answer(200, packed, content_encoding="gzip")) as client:
        query = WarehouseQuery(period=NOVEMBER, subjects=["g1"])
        (page,) = [page async for page in client.warehouse.pages(query)]

    assert page.asked == {"g1"}


async def test_a_token_endpoint_that_says_nothing_is_not_waited_for() -> None:
    before = asyncio.all_tasks()
    async with client_of(dwdi=answer(200, {}), oidc=silence) as client:
        with pytest.raises(NoAnswerError, match=r"OIDC.*no answer within 0\.01 s") as caught:
            await client.get_token(within=0.01)
        with pytest.raises(NoAnswerError, match=r"DWDI.*no answer within 0\.01 s"):
            await client.warehouse.ping(within=0.01)

    assert caught.value.retryable
    assert asyncio.all_tasks() == before


async def test_a_token_that_was_tried_is_used_for_the_warehouse(site: EmulatedSite) -> None:
    calls: list[Call] = []
    client = DwdiClient(access_to(site), CLOCK, observe=calls.append)
    await client.get_token()
    await client.warehouse.ping()
    await client.close()

    assert [call.service for call in calls] == ["OIDC", "DWDI"]


async def test_everything_is_closed_after_an_error_as_well(site: EmulatedSite) -> None:
    before = asyncio.all_tasks()
    opened: list[HttpUsageWarehouse] = []
    with pytest.raises(LookupError):
        await _ping_and_fail(access_to(site), opened)

    with pytest.raises(RuntimeError, match="closed"):
        await opened[0].ping()
    assert asyncio.all_tasks() == before


async def _ping_and_fail(access: DwdiAccess, opened: list[HttpUsageWarehouse]) -> None:
    async with open_warehouse(access, CLOCK) as warehouse:
        opened.append(warehouse)
        await warehouse.ping()
        raise LookupError
