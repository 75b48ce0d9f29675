"""Several offerings and failures: what is told, what goes on, and how it ends."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias
from uuid import UUID

import attrs
import pytest

from cscs_bootstrap.settings import Settings, UsageSettings
from cscs_bootstrap.usage_configuration import UsageOffering
from cscs_bootstrap.usage_service import UsageService
from cscs_cli.usage_report import report_every
from cscs_cli.usage_run import HowToTell, UsageRun
from cscs_domain.errors import UpstreamServiceError
from cscs_domain.usage.components import Component
from cscs_domain.usage.metered_resources import MeteredResource, OfferingChoice
from cscs_domain.usage.metering import Metering, UsageKind
from cscs_domain.usage.months import Month
from cscs_domain.usage.submissions import TotalsEntry
from cscs_domain.usage.usage_reporting import ReportRequest, UsageJob
from cscs_fakes.clock import FixedClock
from cscs_fakes.usage_warehouse import FakeUsageWarehouse
from cscs_fakes.waldur_usage import FakeWaldurUsage
from tests.unit.cli.usage_site import row
from tests.unit.cli.usage_values import HELD, ONE_OF_EACH, month_of, uuid_of

Said: TypeAlias = pytest.CaptureFixture[str]

CLOCK: Final = FixedClock(datetime(2026, 11, 21, 14, 5, tzinfo=UTC))
OCTOBER: Final = Month(2026, 10)
NOVEMBER: Final = Month(2026, 11)
UUIDS: Final = {name: UUID(int=place) for place, name in enumerate(("daint", "eiger"), 1)}
AWAY: Final = UpstreamServiceError("Waldur", "is away")


def offering(name: str) -> UsageOffering:
    """An offering of node-hours."""
    job = UsageJob(
        name=name,
        offerings=OfferingChoice(uuids=frozenset({UUIDS[name]})),
        metering=Metering(components=(Component(name="nodeHours"),)),
    )
    return UsageOffering(job=job, settings=Settings(), origin="a test")


DAINT, EIGER = offering("daint"), offering("eiger")


def waldur_with(*accounts: str, name: str, keeps_dates: bool = True) -> FakeWaldurUsage:
    """A Waldur that has sold these accounts by this offering."""
    resources = [
        MeteredResource(uuid=uuid_of(account), backend_id=account, offering=UUIDS[name])
        for account in accounts
    ]
    return FakeWaldurUsage(resources, clock=CLOCK, keeps_dates=keeps_dates)


class Wiring:
    """Makes services over one warehouse and a Waldur for each offering."""

    def __init__(self, waldurs: Mapping[str, FakeWaldurUsage]) -> None:
        self.waldurs = waldurs
        self.warehouse = FakeUsageWarehouse()
        self.crashing: set[str] = set()
        self.let_go: list[str] = []

    def __call__(self, offering: UsageOffering) -> UsageService:
        name = offering.job.name
        if name in self.crashing:
            raise ZeroDivisionError

        async def close() -> None:
            self.let_go.append(name)

        return UsageService(
            job=offering.job,
            warehouse=self.warehouse,
            waldur=self.waldurs[name],
            clock=CLOCK,
            closers=(close,),
        )


@pytest.fixture
def wiring() -> Wiring:
    """Daint has g1, Eiger has g2; both were used in November."""
    made = Wiring(
        {"daint": waldur_with("g1", name="daint"), "eiger": waldur_with("g2", name="eiger")}
    )
    made.warehouse.put(UsageKind.COMPUTE, NOVEMBER, [row("g1", 1), row("g2", 2)])
    return made


async def reported(wiring: Wiring, *, months: tuple[Month, ...] = (NOVEMBER,), **how: Any) -> Any:
    """The JSON of a run over both, and its code under `code`."""
    run = UsageRun(how=HowToTell(json=True), is_alone=False, **how)
    await report_every([DAINT, EIGER], ReportRequest(months=months), run, wiring)
    code = run.end()
    return json.loads(run.document()) | {"code": code}


def totals(wiring: Wiring, name: str, account: str) -> list[str]:
    """What Waldur has of November."""
    recorded = wiring.waldurs[name].record(uuid_of(account), NOVEMBER)
    return list(map(str, recorded.totals.values()))


async def test_offerings_are_reported_one_after_the_other(wiring: Wiring) -> None:
    found = await reported(wiring)

    assert [month["offering"] for month in found["months"]] == ["daint", "eiger"]
    assert found["code"] == 0
    assert totals(wiring, "daint", "g1") == ["1.00"]
    assert totals(wiring, "eiger", "g2") == ["2.00"]
    assert wiring.let_go == ["daint", "eiger"] * 2  # first to see whom they have in common


async def test_an_offering_that_fails_does_not_keep_the_next_one_from_being_reported(
    wiring: Wiring, capsys: Said
) -> None:
    wiring.waldurs["daint"].fail_with(AWAY)

    found = await reported(wiring)

    assert found["failures"] == [{"offering": "daint", "reason": "Waldur: is away"}]
    assert [month["offering"] for month in found["months"]] == ["eiger"]
    assert found["code"] == 1
    assert totals(wiring, "eiger", "g2") == ["2.00"]
    assert capsys.readouterr().err == "daint: Waldur: is away\n"
    assert wiring.let_go == ["daint", "eiger", "eiger"]


async def test_an_error_of_our_own_does_not_keep_the_next_one_from_being_reported(
    wiring: Wiring,
) -> None:
    wiring.crashing.add("daint")

    found = await reported(wiring)

    assert "ZeroDivisionError" in found["failures"][0]["reason"]
    assert found["code"] == 1
    assert totals(wiring, "eiger", "g2") == ["2.00"]


async def test_after_usage_was_booked_into_another_month_nothing_more_is_submitted(
    wiring: Wiring, capsys: Said
) -> None:
    """A server that forgets dates would spoil the current month of everybody."""

    class Forgetful(FakeWaldurUsage):
        async def submit_totals(self, entry: TotalsEntry) -> None:
            self.keeps_dates = False  # it has said that it keeps them, and then does not
            await super().submit_totals(entry)

    (g1,) = (await wiring.waldurs["daint"].resources(DAINT.job.offerings)).resources
    wiring.waldurs = {**wiring.waldurs, "daint": Forgetful([g1], clock=CLOCK)}
    wiring.warehouse.put(UsageKind.COMPUTE, OCTOBER, [row("g1", 5)])

    found = await reported(wiring, months=(OCTOBER, NOVEMBER))

    (month,) = found["months"]
    assert (month["offering"], month["month"]) == ("daint", "2026-10")
    assert "booked into 2026-11" in month["failure"]
    assert found["failures"][0]["reason"].startswith("nothing more is submitted")
    assert found["code"] == 1
    assert totals(wiring, "eiger", "g2") == []
    assert capsys.readouterr().err.count("booked into 2026-11") == 1


# --- accounts that several offerings have


def sharing(wiring: Wiring) -> None:
    """Let both offerings have g2."""
    wiring.waldurs = {**wiring.waldurs, "daint": waldur_with("g1", "g2", name="daint")}


def shared_accounts(found: Any) -> list[list[str]]:
    """By month, the accounts that are said to be elsewhere as well."""
    return [
        [each["resource"] for each in month["problems"] if each["code"] == "shared_account"]
        for month in found["months"]
    ]


async def test_an_account_of_two_offerings_is_submitted_by_neither(wiring: Wiring) -> None:
    sharing(wiring)

    found = await reported(wiring)

    assert shared_accounts(found) == [["g2"], ["g2"]]
    assert found["code"] == 3
    assert totals(wiring, "daint", "g1") == ["1.00"]
    assert totals(wiring, "daint", "g2") == totals(wiring, "eiger", "g2") == []


async def test_it_is_found_in_offerings_that_are_not_reported_as_well(wiring: Wiring) -> None:
    other = MeteredResource(uuid=UUID(int=99), backend_id="g2", offering=UUIDS["eiger"])
    sharing(wiring)
    wiring.waldurs = {**wiring.waldurs, "eiger": FakeWaldurUsage([other], clock=CLOCK)}
    run = UsageRun(how=HowToTell(json=True))

    await report_every([DAINT], ReportRequest(months=(NOVEMBER,)), run, wiring, others=[EIGER])

    assert shared_accounts(json.loads(run.document())) == [["g2"]]
    assert totals(wiring, "daint", "g1") == ["1.00"]
    assert wiring.let_go == ["daint", "eiger", "daint"]


async def test_one_resource_under_two_names_is_no_account_of_two(wiring: Wiring) -> None:
    """As of an offering that is named by slug and by uuid."""
    run = UsageRun(how=HowToTell(json=True))

    await report_every([DAINT], ReportRequest(months=(NOVEMBER,)), run, wiring, others=[DAINT])

    assert shared_accounts(json.loads(run.document())) == [[]]
    assert totals(wiring, "daint", "g1") == ["1.00"]


@pytest.mark.parametrize("is_chosen", [True, False])
async def test_an_offering_that_cannot_be_read_stands_in_nobodys_way(
    wiring: Wiring, is_chosen: bool
) -> None:
    sharing(wiring)
    wiring.waldurs["eiger"].fail_with(AWAY)
    run = UsageRun(how=HowToTell(json=True))
    chosen, others = ([DAINT, EIGER], []) if is_chosen else ([DAINT], [EIGER])

    await report_every(chosen, ReportRequest(months=(NOVEMBER,)), run, wiring, others=others)

    assert totals(wiring, "daint", "g2") == ["2.00"]
    assert run.end() == (1 if is_chosen else 3)  # others might have an account that was reported


async def test_accounts_of_one_name_in_other_warehouses_are_others(wiring: Wiring) -> None:
    sharing(wiring)
    elsewhere = Settings(usage=UsageSettings(cscs_dwdi_api_url="https://dwdi.example.org"))
    run = UsageRun(how=HowToTell(json=True))

    eiger = attrs.evolve(EIGER, settings=elsewhere)
    await report_every([DAINT, eiger], ReportRequest(months=(NOVEMBER,)), run, wiring)

    assert shared_accounts(json.loads(run.document())) == [[], []]
    assert totals(wiring, "daint", "g2") == ["2.00"]


# --- accounts that were named


async def test_an_account_of_one_offering_is_not_missed_in_the_other(
    wiring: Wiring, capsys: Said
) -> None:
    found = await reported(wiring, asked={"g2"})

    assert found["unknown_accounts"] == []
    assert [month["problems"] for month in found["months"]] == [[], []]
    assert found["code"] == 0
    assert totals(wiring, "daint", "g1") == []
    assert totals(wiring, "eiger", "g2") == ["2.00"]
    assert capsys.readouterr().err == ""


async def test_an_account_that_no_offering_has_is_told_once(wiring: Wiring, capsys: Said) -> None:
    found = await reported(wiring, asked={"g2", "zz"})

    assert found["unknown_accounts"] == ["zz"]
    assert found["code"] == 3
    assert capsys.readouterr().err == (
        "No resource of these offerings has the account 'zz'; check its name.\n"
    )


# --- what is printed


def test_a_reader_that_leaves_does_not_end_the_run(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    run = UsageRun(how=HowToTell())
    with os.fdopen(writing, "w", encoding="utf-8") as pipe:
        monkeypatch.setattr(sys, "stdout", pipe)
        for _ in range(3):
            run.add("daint", month_of(*ONE_OF_EACH, problems=(HELD,)))
            pipe.flush()

    assert run.end() == 3
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("failures", "problems", "code"), [(0, 0, 0), (0, 1, 3), (1, 0, 1), (1, 1, 1)]
)
def test_the_worst_of_all_decides_how_it_ends(failures: int, problems: int, code: int) -> None:
    run = UsageRun(how=HowToTell(json=True))
    run.add("daint", month_of(*ONE_OF_EACH))
    for _ in range(problems):
        run.add("daint", month_of(problems=(HELD,)))
    for _ in range(failures):
        run.fail("daint", "x")

    assert run.end() == code


def test_without_any_month_the_json_is_whole() -> None:
    assert json.loads(UsageRun(how=HowToTell(json=True)).document()) == {
        "dry_run": False,
        "into_memory": [],
        "failures": [],
        "unknown_accounts": [],
        "months": [],
    }
