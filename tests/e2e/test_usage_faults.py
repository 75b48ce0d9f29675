"""Reports while services fail: right figures, or exit code 1 and a sentence that names the service.

Whatever happens, Waldur never has a figure that is wrong, and the next report completes it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import attrs
import pytest

from cscs_fakes.emulators.faults_text import parse_fault
from tests.e2e.usage_site import (
    UsageSite,
    figures_of,
    invented,
    this_month,
    usage_site,
)
from tests.e2e.usage_watched import Arrived, Bystander

SERVICES: Final = {"dwdi": "DWDI", "waldur": "Waldur", "oidc": "OIDC"}
LASTING: Final = {"dwdi": "html", "waldur": "503:retry_after=99", "oidc": "html"}
IMPATIENT: Final = {
    "dwdi": {"CSCS_USAGE__TIMEOUT": "0.5"},
    "waldur": {"CSCS_WALDUR_API__TIMEOUT": "0.5"},
}
PASSING: Final = {
    "503 twice": ("503:times=2",),
    "broken connections": ("truncate:times=1", "reset:times=1:after=1"),
    "slow": ("slow:ms=1:size=256",),
}


@pytest.fixture
def live(tmp_path: Path) -> Iterator[UsageSite]:
    with usage_site(tmp_path) as live:
        yield live


def fail(live: UsageSite, service: str, fault: str) -> None:
    """Let a service fail from now on."""
    live.site.faults.add(service, parse_fault(fault))


def is_complete(live: UsageSite) -> bool:
    """Whether Waldur has just what the warehouse says."""
    return live.figures() == figures_of(invented(live.accounts, this_month()))


def is_partly_right(live: UsageSite) -> bool:
    """Whether everything that Waldur has is what the warehouse says."""
    has, wanted = live.figures(), figures_of(invented(live.accounts, this_month()))
    return has.totals.items() <= wanted.totals.items() and has.users.items() <= wanted.users.items()


# --- faults that pass


@pytest.mark.parametrize("faults", PASSING.values(), ids=PASSING)
def test_what_passes_while_a_report_is_made_does_not_show(
    live: UsageSite, faults: tuple[str, ...]
) -> None:
    for service in ("dwdi", "waldur"):
        for fault in faults:
            fail(live, service, fault)
    done = live.report()

    assert (done.code, is_complete(live)) == (0, True)
    assert "3 submitted; no problems" in done.out


def test_a_submission_whose_answer_is_lost_is_sent_again_and_counts_once(live: UsageSite) -> None:
    for path in ("set_usage", "set_user_usages"):
        fail(live, "waldur", f"lost:times=1:path={path}")
    done = live.report()

    assert (done.code, is_complete(live)) == (0, True)
    assert len(live.posts()) == 8  # two for each of three accounts, and two once more


class Revoking(Bystander):
    """Forgets all tokens when the warehouse is asked for the first time."""

    def __init__(self, live: UsageSite) -> None:
        self._live = live
        self._is_done = False

    async def comes(self, request: Arrived) -> bool:
        if request.path.startswith("/dwdi/") and not self._is_done:
            self._is_done = True
            self._live.site.oidc.revoke_all()
        return True


def test_a_token_that_is_refused_is_replaced_once(live: UsageSite) -> None:
    live.site.bystander = Revoking(live)
    done = live.report()

    assert (done.code, is_complete(live)) == (0, True)
    assert live.site.oidc.counts["token"] == 2
    assert live.site.dwdi.refusals == 1


# --- faults that last


def test_a_service_that_fails_is_named_and_nothing_is_submitted(live: UsageSite) -> None:
    for service, fault in LASTING.items():
        fail(live, service, fault)
        failed = live.report()
        live.site.faults.clear()

        assert (failed.code, live.posts()) == (1, [])
        assert f"{SERVICES[service]}: " in failed.err
    done = live.report()

    assert (done.code, is_complete(live)) == (0, True)


@pytest.mark.parametrize("service", IMPATIENT)
def test_a_service_that_takes_too_long_is_named(live: UsageSite, service: str) -> None:
    fail(live, service, "slow:size=1:ms=2000")
    failed = live.report(**IMPATIENT[service])

    assert (failed.code, live.posts()) == (1, [])
    assert f"{SERVICES[service]}: " in failed.err


@pytest.mark.parametrize("path", ["set_usage", "set_user_usages"])
def test_a_waldur_that_takes_only_some_of_it_gets_the_rest_the_next_time(
    live: UsageSite, path: str
) -> None:
    fail(live, "waldur", f"html:method=POST:path={path}:after=1")
    code, (report,) = live.report_json()
    partly = is_partly_right(live)
    live.site.faults.clear()
    done = live.report()

    assert (code, partly) == (1, True)
    assert re.match("2 resources failed; the first: g00[23]: Waldur: POST ", report["failure"])
    assert (done.code, is_complete(live)) == (0, True)


def test_an_answer_without_rows_lowers_nothing(live: UsageSite) -> None:
    live.record(figures_of(invented(live.accounts, this_month())))
    for fault in ("half_json", "garbage"):
        fail(live, "dwdi", fault)
        done = live.report("--reconcile", "--allow-decrease")
        live.site.faults.clear()

        assert (done.code, live.posts(), is_complete(live)) == (1, [], True)


# --- ping


@attrs.frozen
class Pinged:
    """The exit code, and by service its state and what is said about it."""

    code: int
    states: dict[str, str]
    said: dict[str, str]


def ping(live: UsageSite, **variables: str) -> Pinged:
    done = live.run("ping", "--json", **variables)
    (offering,) = json.loads(done.out)["offerings"]
    checks = {check["service"]: check for check in offering["checks"]}
    states = {name: check["state"] for name, check in checks.items()}
    return Pinged(
        done.code,
        states,
        {name: f"{each['reason']} {each['hint']}" for name, each in checks.items()},
    )


def test_ping_tells_a_wrong_secret(live: UsageSite) -> None:
    pinged = ping(live, CSCS_DWDI_CLIENT_SECRET="no-longer-right")

    states = {"token": "failed", "dwdi": "not_tried", "waldur": "ok"}
    assert (pinged.code, pinged.states) == (1, states)
    assert "cscs_dwdi_client_secret" in pinged.said["token"]
    assert "no-longer-right" not in str(pinged)


def test_ping_tells_a_warehouse_that_is_down(live: UsageSite) -> None:
    fail(live, "dwdi", "503:retry_after=99")
    pinged = ping(live)

    states = {"token": "ok", "dwdi": "failed", "waldur": "ok"}
    assert (pinged.code, pinged.states) == (1, states)
    assert "answered 503" in pinged.said["dwdi"]
    assert "cscs_dwdi_api_url" in pinged.said["dwdi"]


def test_ping_tells_a_wrong_token_of_waldur(live: UsageSite) -> None:
    pinged = ping(live, WALDUR_API_TOKEN="f" * 40)

    states = {"token": "ok", "dwdi": "ok", "waldur": "failed"}
    assert (pinged.code, pinged.states) == (1, states)
    assert "Invalid token." in pinged.said["waldur"]
    assert "f" * 40 not in str(pinged)
