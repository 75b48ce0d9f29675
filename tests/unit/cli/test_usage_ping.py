"""`cscs usage ping`: what works, what does not, why, and where to look."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeAlias

import attrs
import pytest

from cscs_bootstrap.settings import Part
from cscs_bootstrap.usage_configuration import load_usage
from cscs_bootstrap.usage_service import UsageService
from cscs_cli.main import main
from cscs_cli.terminal import console
from cscs_cli.usage_ping import check, check_every
from cscs_cli.usage_ping_output import Checked, OfferingChecks, PingOutput, Place, State
from cscs_domain.errors import UpstreamServiceError
from cscs_domain.usage.components import Component
from cscs_domain.usage.metered_resources import OfferingChoice
from cscs_domain.usage.metering import Metering
from cscs_domain.usage.usage_reporting import UsageJob
from cscs_fakes.clock import FixedClock
from cscs_fakes.usage_warehouse import FakeUsageWarehouse
from cscs_fakes.waldur_usage import FakeWaldurUsage
from tests.raw_server import answer, raw_server
from tests.unit.cli.usage_site import usage_site

Said: TypeAlias = pytest.CaptureFixture[str]

CLOCK: Final = FixedClock(datetime(2026, 11, 21, 14, 5, tzinfo=UTC))
JOB: Final = UsageJob(
    name="daint",
    offerings=OfferingChoice(slugs=frozenset({"daint"})),
    metering=Metering(components=(Component(name="nodeHours"),)),
)
REFUSED: Final = UpstreamServiceError("OIDC", "answered 401: invalid_client", retryable=False)
AWAY: Final = UpstreamServiceError("DWDI", "does not answer within 10 s")


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in os.environ:
        if name.startswith(("CSCS_", "WALDUR_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def tokens(error: Exception | None = None) -> Callable[[], Awaitable[None]]:
    """A token, or a failure."""

    async def get() -> None:
        if error is not None:
            raise error

    return get


def service(*, token: Exception | None = None, dwdi: Exception | None = None) -> UsageService:
    """Services of which these fail."""
    warehouse = FakeUsageWarehouse()
    warehouse.fail_with(dwdi)
    return UsageService(
        job=JOB,
        warehouse=warehouse,
        waldur=FakeWaldurUsage(clock=CLOCK),
        clock=CLOCK,
        tokens=tokens(token),
    )


def states(checks: list[Checked]) -> list[State]:
    assert [each.place for each in checks] == list(Place)
    return [each.state for each in checks]


async def test_all_three_are_tried() -> None:
    assert states(await check(service())) == [State.OK] * 3


async def test_without_a_token_the_warehouse_is_not_tried_but_waldur_is() -> None:
    checks = await check(service(token=REFUSED))

    assert states(checks) == [State.FAILED, State.NOT_TRIED, State.OK]
    assert checks[0].reason == str(REFUSED)


async def test_a_warehouse_that_fails_does_not_keep_waldur_from_being_tried() -> None:
    checks = await check(service(dwdi=AWAY))

    assert states(checks) == [State.OK, State.FAILED, State.OK]
    assert checks[1].reason == "does not answer within 10 s"


async def test_a_warehouse_without_tokens_needs_none() -> None:
    files = attrs.evolve(service(dwdi=AWAY), tokens=None)

    checks = await check(files)

    assert states(checks) == [State.NOT_NEEDED, State.FAILED, State.OK]
    assert checks[1].hint == ""  # the keys of a client would mislead


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (REFUSED, ("cscs_dwdi_client_id", "cscs_dwdi_client_secret", "cscs_dwdi_oidc_scope")),
        (AWAY, ("cscs_dwdi_oidc_token_url", "network", "firewall", "proxy", "socks_proxy")),
    ],
)
async def test_advice_follows_from_whether_we_were_refused_or_not_answered(
    error: Exception, words: tuple[str, ...]
) -> None:
    token, *_ = await check(service(token=error))

    assert all(word in token.hint for word in words)


@pytest.mark.parametrize("place", Place)
@pytest.mark.parametrize("may_pass", [True, False])
def test_every_failure_has_advice(place: Place, may_pass: bool) -> None:
    assert Checked.failed(place, "x", may_pass=may_pass).hint.endswith(".")


# --- what is printed

BAD: Final = OfferingChecks(
    "daint",
    (
        Checked.failed(Place.TOKEN, "OIDC: no\x1b", may_pass=False),
        Checked(Place.WAREHOUSE, State.NOT_TRIED, "there is no token"),
        Checked(Place.WALDUR, State.OK),
    ),
)
GOOD: Final = OfferingChecks("eiger", tuple(Checked(place, State.OK) for place in Place))


def shown(*offerings: OfferingChecks) -> list[str]:
    out = io.StringIO()
    PingOutput(offerings).show(console(out))
    return out.getvalue().splitlines()


def test_each_check_is_a_line() -> None:
    first, second, third = shown(BAD)

    assert first.startswith(r"token   failed: OIDC: no\x1b. Check cscs_dwdi_client_id and ")
    assert second == "DWDI    not tried: there is no token."
    assert third == "Waldur  ok"


def test_several_offerings_are_named() -> None:
    lines = shown(BAD, GOOD)

    assert (lines[0], lines[4]) == ("daint:", "eiger:")
    assert lines[5:] == ["token   ok", "DWDI    ok", "Waldur  ok"]


def test_json_has_every_check() -> None:
    found = json.loads(PingOutput((BAD, GOOD)).document())

    assert found["ok"] is False
    bad, good = found["offerings"]
    assert [check["state"] for check in bad["checks"]] == ["failed", "not_tried", "ok"]
    assert bad["checks"][0]["hint"].startswith("Check cscs_dwdi_client_id")
    assert good == {
        "offering": "eiger",
        "checks": [
            {"service": name, "state": "ok", "reason": None, "hint": None}
            for name in ("token", "dwdi", "waldur")
        ],
    }


# --- the command


@pytest.mark.parametrize("form", [[], ["--json"]], ids=["text", "json"])
def test_the_demo_answers(capsys: Said, form: list[str]) -> None:
    assert main(["usage", "ping", "--demo", *form]) == 0
    assert "not" in capsys.readouterr().out  # no token is needed


def test_a_failure_ends_with_1(tmp_path: Path, capsys: Said) -> None:
    site = usage_site(tmp_path)
    site.answers.rmdir()

    assert main(["usage", "ping", "--config", str(site.config)]) == 1
    assert "\nDWDI    failed: DWDI " in capsys.readouterr().out


def test_an_offering_that_is_not_configured_is_a_sentence(tmp_path: Path, capsys: Said) -> None:
    site = usage_site(tmp_path)

    assert main(["usage", "ping", "--config", str(site.config), "--offering", "x"]) == 2
    assert "--offering 'x' is not configured; there are: daint." in capsys.readouterr().err


async def test_a_provider_that_refuses_the_client_is_told_by_name_and_key() -> None:
    """Over a socket, where every service answers 401."""
    async with raw_server(answer(401, {"error": "invalid_client"})) as server:
        environ = {
            "CSCS_USAGE__OFFERINGS": "daint",
            "CSCS_USAGE__COMPONENTS": '{"nodeHours": {}}',
            "CSCS_DWDI_API_URL": server.url,
            "CSCS_DWDI_CLIENT_ID": "reporter",
            "CSCS_DWDI_CLIENT_SECRET": "hush-hush",
            "CSCS_DWDI_OIDC_TOKEN_URL": f"{server.url}token",
            "WALDUR_API_URL": server.url,
            "WALDUR_API_TOKEN": "0123456789abcdef",
        }
        config = load_usage(environ, None, part=Part.USAGE)
        (checked,) = await check_every(config.offerings)

    assert states(list(checked.checks)) == [State.FAILED, State.NOT_TRIED, State.FAILED]
    token, _, waldur = checked.checks
    assert "401" in token.reason
    assert "cscs_dwdi_client_id" in token.hint
    assert waldur.hint == "Check Waldur's URL and token."
    text = PingOutput((checked,)).document().decode()
    assert "hush-hush" not in text
    assert "0123456789abcdef" not in text
