"""Usage settings in, the warehouse and Waldur behind their ports out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import attrs
import pytest
from structlog.testing import capture_logs

from cscs_bootstrap.settings import Part, load_settings
from cscs_bootstrap.usage_configuration import UsageOffering, load_usage
from cscs_bootstrap.usage_service import UsageService, usage_service
from cscs_bootstrap.wiring import DEMO_CONFIG
from cscs_domain.errors import ConfigurationError, UpstreamServiceError
from cscs_domain.usage.fetch_usage import MeteredAccount, fetch_report
from cscs_domain.usage.months import Days, Month, Period
from cscs_domain.usage.report_usage import report_usage
from cscs_domain.usage.usage_reporting import ReportRequest, ResourceOutcome
from cscs_fakes.clock import FixedClock
from cscs_fakes.emulators.oidc import CLIENT_ID, CLIENT_SECRET
from cscs_fakes.emulators.site import DWDI_PATH, EmulatedSite
from cscs_fakes.emulators.waldur import AGENT_TOKEN
from cscs_fakes.usage_warehouse import FakeUsageWarehouse
from cscs_fakes.waldur_usage import FakeWaldurUsage
from cscs_files import FileUsageWarehouse
from cscs_http.dwdi import HttpUsageWarehouse
from cscs_http.waldur_usage import HttpWaldurUsage
from tests.emulated import running_site
from tests.unit.http import test_proxies
from tests.unit.http.test_proxies import free_port

socks5 = test_proxies.socks5
NOW = datetime(2026, 11, 19, 12, tzinfo=UTC)
FAKES = {
    "CSCS_ADAPTERS__WALDUR": "fake",
    "CSCS_ADAPTERS__DWDI": "fake",
    "CSCS_USAGE__OFFERINGS": "daint",
    "CSCS_USAGE__COMPONENTS": '{"nodeHours": {}}',
}
SERVICES = {
    "WALDUR_API_URL": "https://waldur.example.com/api/",
    "WALDUR_API_TOKEN": "token",
    "CSCS_USAGE__OFFERINGS": "daint",
    "CSCS_USAGE__COMPONENTS": '{"nodeHours": {}}',
    "CSCS_DWDI_API_URL": "https://dwdi.example.com/api/v1",
    "CSCS_DWDI_CLIENT_ID": "reporter",
    "CSCS_DWDI_CLIENT_SECRET": "secret",
    "CSCS_DWDI_OIDC_TOKEN_URL": "https://auth.example.com/token",
}


def only(environ: dict[str, str], part: Part = Part.USAGE) -> UsageOffering:
    """The one offering that this environment configures."""
    (found,) = load_usage(environ, None, part=part).offerings
    return found


async def totals(service: UsageService, period: Period, *accounts: str) -> dict[str, Decimal]:
    """What accounts used in all, those that the warehouse knows."""
    asked = [MeteredAccount(name) for name in accounts]
    report = await fetch_report(service.warehouse, service.job.metering, period, asked)
    return {name: usage.totals["nodeHours"] for name, usage in report.accounts.items()}


class TestFakes:
    def test_they_stand_for_both_services(self) -> None:
        service = usage_service(only(FAKES))

        assert isinstance(service.warehouse, FakeUsageWarehouse)
        assert isinstance(service.waldur, FakeWaldurUsage)
        assert service.tokens is None

    async def test_accounts_have_usage_in_this_month_and_two_years_back(self) -> None:
        clock = FixedClock(NOW)
        service = usage_service(only(FAKES), clock)
        current = Month.of(clock.now())

        for month in (current, current.plus(-1), current.plus(-24)):
            assert (await totals(service, month, "g001"))["g001"] > 0
        assert await totals(service, current.plus(-25), "g001") == {}

    async def test_single_days_of_the_last_month_are_there_too(self) -> None:
        clock = FixedClock(NOW)
        service = usage_service(only(FAKES), clock)
        today = clock.now().date()

        days = await totals(service, Days(today - timedelta(days=6), today), "g001")
        day = await totals(service, Days(today, today), "g001")

        assert days["g001"] > day["g001"] > 0

    async def test_what_waldur_has_sold_is_what_the_warehouse_knows(self) -> None:
        environ = FAKES | {"CSCS_USAGE__OFFERINGS": f"daint,{'0' * 31}7"}
        service = usage_service(only(environ))
        assert service.waldur is not None
        found = await service.waldur.resources(service.job.offerings)
        names = [each.backend_id for each in found.resources]
        known = await totals(service, Month.of(service.clock.now()), *names)

        assert sorted(known) == sorted(names)
        assert len({each.offering for each in found.resources}) == 2
        assert all(each.components == frozenset({"nodeHours"}) for each in found.resources)

    @pytest.mark.parametrize("kind", ["storage", "inference"])
    async def test_other_kinds_are_invented_as_well(self, kind: str) -> None:
        environ = FAKES | {
            "CSCS_USAGE__KIND": kind,
            "CSCS_USAGE__PROFILE": "v2-account",
            "CSCS_USAGE__COMPONENTS": '{"storage": {}, "token_cost": {}}',
            "CSCS_USAGE__STORAGE_FILESYSTEM": "lustre",
            "CSCS_USAGE__STORAGE_DATA_TYPE": "store",
        }
        service = usage_service(only(environ))
        assert service.waldur is not None
        found = await service.waldur.resources(service.job.offerings)
        asked = [MeteredAccount(each.backend_id, resource=each.uuid) for each in found.resources]
        month = Month.of(service.clock.now())
        report = await fetch_report(service.warehouse, service.job.metering, month, asked)

        assert report.unknown == frozenset()
        assert report.rows == len(asked)

    async def test_the_demonstration_reports_without_any_service(self) -> None:
        (offering,) = load_usage({}, DEMO_CONFIG, part=Part.USAGE).offerings
        clock = FixedClock(NOW)
        async with usage_service(offering, clock) as service:
            assert service.waldur is not None
            months = report_usage(
                service.job,
                ReportRequest(months=(Month.of(clock.now()),)),
                waldur=service.waldur,
                warehouse=service.warehouse,
                clock=clock,
            )
            (report,) = [month async for month in months]

        assert not report.failure
        assert {result.outcome for result in report.results} == {ResourceOutcome.SUBMITTED}


async def test_a_folder_of_saved_answers_stands_for_the_warehouse(tmp_path: Path) -> None:
    rows = {"compute": [{"account": "g1", "accountNodeHours": 2.5, "users": []}]}
    (tmp_path / "compute-2026-11.json").write_text(json.dumps(rows), encoding="utf-8")
    choice = json.dumps({"kind": "file", "path": str(tmp_path)})
    environ = {**FAKES, "CSCS_ADAPTERS__DWDI": choice}
    service = usage_service(only(environ))

    assert isinstance(service.warehouse, FileUsageWarehouse)
    assert await totals(service, Month(2026, 11), "g1") == {"g1": Decimal("2.5")}


class TestServices:
    async def test_both_are_asked_over_http(self) -> None:
        async with usage_service(only(SERVICES)) as service:
            assert isinstance(service.warehouse, HttpUsageWarehouse)
            assert isinstance(service.waldur, HttpWaldurUsage)
            assert service.tokens is not None

    async def test_the_warehouse_alone_needs_no_waldur(self) -> None:
        environ = {name: text for name, text in SERVICES.items() if not name.startswith("WALDUR")}
        async with usage_service(only(environ, Part.WAREHOUSE), with_waldur=False) as service:
            assert service.waldur is None

    async def test_one_proxy_is_used_for_tokens_and_figures_and_told_without_its_password(
        self,
    ) -> None:
        environ = SERVICES | {"CSCS_DWDI_SOCKS_PROXY": "socks5://me:hunter2@localhost:1080"}
        with capture_logs() as lines:
            await usage_service(only(environ)).close()

        assert {(line["service"], line["proxy"]) for line in lines} == {
            ("OIDC", "socks5://***@localhost:1080"),
            ("DWDI", "socks5://***@localhost:1080"),
        }


@pytest.mark.parametrize("kept", [(), ("CSCS_DWDI_API_URL",)])
def test_settings_that_were_not_checked_for_it_are_refused(kept: tuple[str, ...]) -> None:
    settings = load_settings({name: SERVICES[name] for name in kept}).settings
    with pytest.raises(ConfigurationError, match=r"usage\.cscs_dwdi_"):
        usage_service(attrs.evolve(only(FAKES), settings=settings))


@pytest.fixture(scope="module")
def site() -> Iterator[EmulatedSite]:
    """A site with a few accounts."""
    with running_site(resources=1, accounts=3) as started:
        yield started


def environment(site: EmulatedSite) -> dict[str, str]:
    """What lets us in there."""
    return {
        **SERVICES,
        "WALDUR_API_URL": f"{site.url}/api/",
        "WALDUR_API_TOKEN": AGENT_TOKEN,
        "CSCS_DWDI_API_URL": f"{site.url}{DWDI_PATH}",
        "CSCS_DWDI_CLIENT_ID": CLIENT_ID,
        "CSCS_DWDI_CLIENT_SECRET": CLIENT_SECRET,
        "CSCS_DWDI_OIDC_TOKEN_URL": f"{site.oidc.issuer}/protocol/openid-connect/token",
    }


class TestEmulatedSite:
    async def test_figures_go_from_the_warehouse_to_waldur(self, site: EmulatedSite) -> None:
        async with usage_service(only(environment(site))) as service:
            assert service.waldur is not None
            await service.warehouse.ping()
            await service.waldur.ping()
            month = Month.of(service.clock.now())
            found = await service.waldur.resources(service.job.offerings)
            expected = await totals(service, month, *(each.backend_id for each in found.resources))
            request = ReportRequest(months=(month,))
            (report,) = [
                month
                async for month in report_usage(
                    service.job,
                    request,
                    waldur=service.waldur,
                    warehouse=service.warehouse,
                    clock=service.clock,
                )
            ]
            recorded = await service.waldur.recorded(month, found.resources)

        assert len(expected) == 3
        assert not report.failure
        for each in found.resources:
            difference = recorded[each.uuid].totals["nodeHours"] - expected[each.backend_id]
            assert abs(difference) <= Decimal("0.005")

    @pytest.mark.parametrize("prefix", ["/api/v1", "/api/v1/", "/"])
    async def test_the_url_may_end_in_the_path_of_the_interface(
        self, site: EmulatedSite, prefix: str
    ) -> None:
        environ = environment(site)
        environ["CSCS_DWDI_API_URL"] += prefix
        async with usage_service(only(environ)) as service:
            assert await totals(service, Month(2026, 5), "g001")

    async def test_a_token_can_be_had_without_anything_else(self, site: EmulatedSite) -> None:
        async with usage_service(only(environment(site)), with_waldur=False) as service:
            assert service.tokens is not None
            await service.tokens()

    async def test_a_client_that_is_refused_is_told_which_keys_to_look_at(
        self, site: EmulatedSite
    ) -> None:
        environ = environment(site) | {"CSCS_DWDI_CLIENT_SECRET": "wrong"}
        async with usage_service(only(environ)) as service:
            assert service.tokens is not None
            with pytest.raises(UpstreamServiceError, match="check cscs_dwdi_client_id and "):
                await service.tokens()

    async def test_one_proxy_serves_tokens_and_figures(
        self, site: EmulatedSite, socks5: str
    ) -> None:
        environ = environment(site) | {"CSCS_DWDI_SOCKS_PROXY": f"socks5://{socks5}"}
        async with usage_service(only(environ), with_waldur=False) as service:
            assert service.tokens is not None
            await service.tokens()
            await service.warehouse.ping()

    async def test_nothing_goes_around_a_proxy_that_is_not_there(self, site: EmulatedSite) -> None:
        site.log.forget()
        environ = environment(site) | {
            "CSCS_DWDI_SOCKS_PROXY": f"socks5://127.0.0.1:{free_port()}",
            "CSCS_USAGE__TIMEOUT": "0.05",
        }
        async with usage_service(only(environ), with_waldur=False) as service:
            assert service.tokens is not None
            with pytest.raises(UpstreamServiceError, match="OIDC"):
                await service.tokens()

        assert not site.log.counts
