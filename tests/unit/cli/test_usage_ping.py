"""`cscs usage ping`: what works, what does not, why, and where to look."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeAlias
from uuid import UUID

import attrs
import pytest

from cscs_bootstrap.settings import Part
from cscs_bootstrap.upstream_failures import FailureKind
from cscs_bootstrap.usage_configuration import load_usage
from cscs_bootstrap.usage_describing import Gaps, gaps_of
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
from cscs_http.errors import UnexpectedStatusError, UnusableAnswerError
from tests.raw_server import answer, raw_server
from tests.unit.cli.usage_site import usage_site
from tests.unit.settings.usage_loading import SPEC_000

Said: TypeAlias = pytest.CaptureFixture[str]

CLOCK: Final = FixedClock(datetime(2026, 11, 21, 14, 5, tzinfo=UTC))
JOB: Final = UsageJob(
    name="daint",
    offerings=OfferingChoice(slugs=frozenset({"daint"})),
    metering=Metering(components=(Component(name="nodeHours"),)),
)
OFFERING: Final = UUID(int=7)
PING: Final = ("usage", "ping")
REFUSED: Final = UpstreamServiceError("OIDC", "answered 401: invalid_client", retryable=False)
AWAY: Final = UpstreamServiceError("DWDI", "does not answer within 10 s")
LIMITED: Final = UnexpectedStatusError("OIDC", "answered 429", status=429)
NOT_FOUND: Final = UnexpectedStatusError("OIDC", "answered 404", retryable=False, status=404)
PAGE: Final = UnusableAnswerError("OIDC", "answered 200 with HTML (a log-in or proxy page?)")


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
        waldur=FakeWaldurUsage(clock=CLOCK, slugs={"daint": OFFERING}),
        clock=CLOCK,
        tokens=tokens(token),
    )


def states(checks: list[Checked]) -> list[State]:
    assert [each.place for each in checks] == list(Place)
    return [each.state for each in checks]


async def test_all_three_are_tried() -> None:
    assert states(await check(service())) == [State.OK] * 3


async def test_a_waldur_that_does_not_show_the_offering_has_failed() -> None:
    strange = attrs.evolve(service(), waldur=FakeWaldurUsage(clock=CLOCK))

    checks = await check(strange)

    assert states(checks) == [State.OK, State.OK, State.FAILED]
    assert "daint" in checks[2].reason


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
        (REFUSED, ["cscs_dwdi_client_id", "cscs_dwdi_client_secret", "cscs_dwdi_oidc_scope"]),
        (AWAY, ["cscs_dwdi_oidc_token_url", "network", "firewall", "proxy", "socks_proxy"]),
        (LIMITED, ["limits requests", "less often", "quota"]),
        (NOT_FOUND, ["Check cscs_dwdi_oidc_token_url"]),
        (PAGE, ["Check cscs_dwdi_oidc_token_url", "no page for people", "cscs_dwdi_client_id"]),
    ],
    ids=["refused", "away", "limited", "not found", "a page"],
)
async def test_advice_follows_from_how_it_failed(error: Exception, words: list[str]) -> None:
    token, *_ = await check(service(token=error))

    places = [token.hint.find(word) for word in words]
    assert -1 not in places
    assert places == sorted(places)


@pytest.mark.parametrize("error", [PAGE, NOT_FOUND, LIMITED])
async def test_only_where_nobody_answers_the_network_is_suspected(error: Exception) -> None:
    _, warehouse, _ = await check(service(dwdi=error))

    assert "network" not in warehouse.hint


@pytest.mark.parametrize("place", Place)
@pytest.mark.parametrize("kind", FailureKind)
def test_every_failure_has_advice(place: Place, kind: FailureKind) -> None:
    assert Checked.failed(place, "x", kind).hint.endswith(".")


# --- what is configured in part


@pytest.mark.parametrize("form", [[], ["--json"]], ids=["text", "json"])
def test_without_waldur_the_others_are_tried(tmp_path: Path, capsys: Said, form: list[str]) -> None:
    """With a file as spec 000 has it, whose addresses lead nowhere."""
    config = tmp_path / "agent.yaml"
    config.write_text(SPEC_000, encoding="utf-8")

    (offering,) = load_usage({}, config, part=Part.WAREHOUSE).offerings
    assert not gaps_of(offering).is_waldur_known

    folder = tmp_path / "answers"
    folder.mkdir()
    (folder / "compute-2025-11.json").write_text('{"compute": []}', encoding="utf-8")
    adapters = f"adapters: {{dwdi: {{kind: file, path: {folder}}}}}\n"
    config.write_text(SPEC_000 + adapters, encoding="utf-8")

    assert main([*PING, "--config", str(config), *form]) == 3

    said = capsys.readouterr().out
    keys = ("waldur_api_url", "waldur_api_token", "waldur_offering_uuid")
    assert all(f"offerings[0].{key} (variable " in said for key in keys)
    if form:
        checks = json.loads(said)["offerings"][0]["checks"]
        assert [each["state"] for each in checks] == ["not_needed", "ok", "not_configured"]
    else:
        assert "\nWaldur  not configured: Set offerings[0].waldur_api_url (variable WALD" in said


async def test_a_waldur_that_answers_is_not_enough_without_offerings() -> None:
    gaps = Gaps(("usage.offerings (variable CSCS_USAGE__OFFERINGS)",), (), is_waldur_known=True)

    *_, waldur = await check(service(), gaps)

    assert waldur.state is State.NOT_CONFIGURED
    assert waldur.reason == "it answers, but cannot be reported to"
    assert waldur.hint == "Set usage.offerings (variable CSCS_USAGE__OFFERINGS)."


async def test_a_waldur_that_fails_is_told_whatever_else_is_lacking() -> None:
    gaps = Gaps(("usage.offerings",), (), is_waldur_known=True)
    failing = service()
    assert isinstance(failing.waldur, FakeWaldurUsage)
    failing.waldur.fail_with(AWAY)

    *_, waldur = await check(failing, gaps)

    assert waldur.state is State.FAILED


def test_a_file_that_holds_for_neither_is_told_with_every_mistake(
    tmp_path: Path, capsys: Said
) -> None:
    config = tmp_path / "agent.yaml"
    config.write_text(SPEC_000.replace("https://identity", "identity"), encoding="utf-8")

    assert main([*PING, "--config", str(config)]) == 2

    said = capsys.readouterr().err
    assert "offerings[0].backend_settings.cscs_dwdi_oidc_token_url" in said
    assert "offerings[0].waldur_api_url" in said


# --- what is printed

BAD: Final = OfferingChecks(
    "daint",
    (
        Checked.failed(Place.TOKEN, "OIDC: no\x1b", FailureKind.REFUSED),
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
    assert "check cscs_dwdi_client_id and cscs_dwdi_client_secret" in token.reason  # in any file
    assert "cscs_dwdi_client_id" in token.hint
    assert waldur.hint == "Check Waldur's URL and token."
    text = PingOutput((checked,)).document().decode()
    assert "hush-hush" not in text
    assert "0123456789abcdef" not in text
