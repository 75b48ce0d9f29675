"""`cscs usage report` against a site over sockets: what is in Waldur afterwards, and what is told.

Source: DWDI contract, sections 8 to 11; Waldur contract, sections 7 to 11.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

from cscs_fakes.emulators.oidc import CLIENT_ID, CLIENT_SECRET
from cscs_fakes.emulators.site import DWDI_PATH
from cscs_fakes.emulators.waldur import AGENT_TOKEN
from tests.e2e.usage_site import (
    AS_STAFF,
    Figures,
    Rows,
    UsageSite,
    figures_of,
    invented,
    this_month,
    usage_site,
)

DONE: Final = 0
FAILED: Final = 1
WITH_PROBLEMS: Final = 3


@pytest.fixture
def live(tmp_path: Path) -> Iterator[UsageSite]:
    with usage_site(tmp_path) as live:
        yield live


def row(account: str, total: str, **users: str) -> dict[str, Any]:
    """A row of the warehouse."""
    amounts = {name: Decimal(amount) for name, amount in users.items()}
    return {
        "account": account,
        "accountNodeHours": Decimal(total),
        "users": [{"username": name, "nodeHours": each} for name, each in amounts.items()],
    }


def said(*rows: dict[str, Any]) -> dict[str, Rows]:
    """The same rows by month: they are of this one."""
    return {str(this_month()): rows}


def put(live: UsageSite, *rows: dict[str, Any]) -> dict[str, Rows]:
    """Let the warehouse say these rows of this month, and return them by month."""
    live.put(said(*rows))
    return said(*rows)


def codes(report: dict[str, Any]) -> list[str]:
    """The problems of a month."""
    return [problem["code"] for problem in report["problems"]]


def outcomes(report: dict[str, Any]) -> dict[str, str]:
    """What came of each account in a month."""
    return {each["account"]: each["outcome"] for each in report["accounts"]}


# --- what is in Waldur


def test_the_first_report_brings_the_warehouses_figures_and_the_second_sends_nothing(
    live: UsageSite,
) -> None:
    first = live.report()
    sent = len(live.posts())
    second = live.report()

    assert (first.code, second.code) == (DONE, DONE)
    assert "3 accounts: 3 submitted; no problems" in first.out
    assert "3 accounts: 3 unchanged; no problems" in second.out
    assert live.figures() == figures_of(invented(live.accounts, this_month()))
    assert (sent, len(live.posts())) == (6, 6)  # totals, and users at once, of each account


def test_users_are_linked_to_their_accounts_in_waldur_where_they_have_one(live: UsageSite) -> None:
    known = live.listed("/api/marketplace-offering-users/")
    anna = known[0]["username"]
    put(live, row("g001", "3", **{anna: "2", "stranger": "1"}))
    code, (report,) = live.report_json("--account", "g001")

    links = {each["username"]: each["user"] for each in live.user_rows()}
    assert code == DONE
    assert links == {anna: known[0]["url"], "stranger": None}
    assert codes(report) == ["unlinked_user"]


def test_halves_of_a_cent_go_up_once_and_rows_of_one_account_are_added(live: UsageSite) -> None:
    put(
        live,
        row("g001", "1.0025", ann="0.0025", bea="0.004"),
        row("g001", "0.0025", ann="0.0025", bea="0.0009"),
        row("g002", "0"),
        row("g003", "12.3", ann="12.3"),
    )
    done = live.report()

    month = str(this_month())
    assert done.code == DONE
    assert live.figures() == Figures(
        {
            ("g001", month): Decimal("1.01"),
            ("g002", month): Decimal("0.00"),
            ("g003", month): Decimal("12.30"),
        },
        {("g001", month, "ann"): Decimal("0.01"), ("g003", month, "ann"): Decimal("12.30")},
    )
    assert re.search(r"^g001 +nodeHours +- +1\.01 +\+1\.01 +1\.00 +create", done.out, re.MULTILINE)


def test_a_rehearsal_sends_nothing(live: UsageSite) -> None:
    done = live.report("--dry-run")

    assert done.code == DONE
    assert done.out.endswith("Dry run: nothing was submitted.\n")
    assert "3 accounts: 3 to submit" in done.out
    assert live.posts() == []


def test_programs_get_every_figure(live: UsageSite) -> None:
    put(live, row("g001", "5.5", ann="2"))
    code, (report,) = live.report_json("--account", "g001", "--account", "g999")

    (account,) = report["accounts"]
    total, user = account["figures"]
    assert code == WITH_PROBLEMS
    assert (report["month"], report["offering"]) == (str(this_month()), "daint")
    assert (account["account"], account["outcome"]) == ("g001", "submitted")
    assert account["unattributed"] == {"nodeHours": 3.5}
    assert (total["user"], total["recorded"], total["warehouse"]) == (None, None, 5.5)
    assert (user["user"], user["change"], user["action"]) == ("ann", 2, "create")
    assert codes(report) == ["unknown_account", "unlinked_user"]


def test_an_account_can_be_reported_alone_and_without_users(live: UsageSite) -> None:
    done = live.report("--account", "g002", "--totals-only")

    wanted = figures_of(invented(["g002"], this_month()))
    assert done.code == DONE
    assert live.figures() == Figures(wanted.totals, {})
    assert [call.subjects for call in live.site.dwdi.calls] == [("g002",)]


# --- what is held back


def test_what_became_less_and_what_is_forgotten_wait_for_an_option_each(live: UsageSite) -> None:
    month = str(this_month())
    before = said(row("g001", "10", ann="6", bob="4"), row("g002", "5", ann="5"))
    live.record(figures_of(before))
    after = put(live, row("g001", "8", ann="6", eve="2"))

    code, (held,) = live.report_json()
    kept, sent = live.figures(), live.posts()
    allowed, _ = live.report_json("--allow-decrease")
    lower = live.figures()
    reconciled, _ = live.report_json("--reconcile")

    wanted = figures_of(after)
    gone = {("g001", month, "bob"), ("g002", month, "ann")}
    assert (code, allowed, reconciled) == (WITH_PROBLEMS, WITH_PROBLEMS, DONE)
    assert outcomes(held) == {"g001": "held_back", "g002": "held_back", "g003": "unchanged"}
    assert (kept, sent) == (figures_of(before), [])
    assert lower.totals == {**figures_of(before).totals, **wanted.totals}
    assert lower.users == {**figures_of(before).users, **wanted.users}
    assert live.figures().totals == {**wanted.totals, ("g002", month): Decimal(0)}
    assert live.figures().users == {**wanted.users, **dict.fromkeys(gone, Decimal(0))}


def test_an_empty_warehouse_empties_waldur_only_by_force(live: UsageSite) -> None:
    before = said(row("g001", "10", ann="6"), row("g002", "5", ann="5"))
    live.record(figures_of(before))
    put(live)

    refused = live.report("--reconcile")
    kept, sent = live.figures(), live.posts()
    forced = live.report("--reconcile", "--force")

    assert refused.code == WITH_PROBLEMS
    assert "--reconcile with --force" in refused.out
    assert (kept, sent) == (figures_of(before), [])
    assert forced.code == WITH_PROBLEMS  # that nobody is known stays odd
    assert set(live.figures().totals.values()) == {Decimal(0)}
    assert set(live.figures().users.values()) == {Decimal(0)}


# --- past months


def test_a_closed_month_is_told_and_does_not_keep_the_others_from_being_reported(
    tmp_path: Path,
) -> None:
    this, last = this_month(), this_month().plus(-1)
    with usage_site(tmp_path, accounts=6) as live:  # five of one customer, one of another
        customer = live.site.waldur.resource(live.resources["g006"])["customer_uuid"]
        live.site.waldur.open_invoice(str(customer), str(last))
        code, (past, current) = live.report_json("--from", str(last))
        agents = live.figures()
        corrected = live.report("--from", str(last), **AS_STAFF)
        staffs = live.figures()

    everything = figures_of(invented(live.accounts, last, this))
    assert code == WITH_PROBLEMS
    assert set(codes(past)) == {"month_closed"}
    assert outcomes(past) == {
        **dict.fromkeys(["g001", "g002", "g003", "g004", "g005"], "closed"),
        "g006": "submitted",
    }
    assert set(outcomes(current).values()) == {"submitted"}
    assert {month for account, month in agents.totals if account != "g006"} == {str(this)}
    assert agents.totals.items() <= everything.totals.items()
    assert agents.users.items() <= everything.users.items()
    assert corrected.code == DONE
    assert staffs == everything


def test_an_old_waldur_takes_the_current_month_and_is_not_asked_to_take_another(
    tmp_path: Path,
) -> None:
    this, last = this_month(), this_month().plus(-1)
    with usage_site(tmp_path, mode="5.8") as live:
        code, (past,) = live.report_json("--month", str(last), **AS_STAFF)
        sent = len(live.posts())
        done = live.report()
        again = live.report()
        figures = live.figures()

    assert code == FAILED
    assert f"it would book {last} into its current one" in past["failure"]
    assert sent == 0
    assert (done.code, again.code) == (DONE, DONE)
    assert figures == figures_of(invented(live.accounts, this))
    assert "3 unchanged" in again.out


# --- resources that cannot be reported


def test_what_cannot_be_reported_is_told_and_does_not_stop_the_rest(tmp_path: Path) -> None:
    with usage_site(tmp_path, accounts=5) as live:
        live.change("g001", plan=None, plan_uuid=None)  # which Waldur refuses
        live.change("g002", state="Erred")
        live.change("g003", backend_id="g004")  # and there is one of that name already
        code, (report,) = live.report_json()
        figures = live.figures()

    told = {problem["code"]: problem for problem in report["problems"]}
    assert code == WITH_PROBLEMS
    assert sorted(told) == ["shared_account", "unreportable_state", "usage_refused"]
    assert told["usage_refused"]["resource"] == "g001"
    assert "Resource does not have a plan" in told["usage_refused"]["message"]
    assert "g002" in told["unreportable_state"]["message"]
    assert told["shared_account"]["resource"] == "g004"
    assert outcomes(report) == {"g001": "refused", "g005": "submitted"}
    assert figures == figures_of(invented(["g005"], this_month()))


# --- the site agent's file

AGENTS_FILE: Final = """
offerings:
  - name: "CSCS HPC Offering"
    waldur_api_url: "{url}/api/"
    waldur_api_token: "{token}"
    waldur_offering_uuid: "{offering}"
    reporting_backend: "cscs-dwdi"
    backend_settings:
      cscs_dwdi_api_url: "{url}{dwdi}"
      cscs_dwdi_client_id: "{client}"
      cscs_dwdi_client_secret: "{secret}"
      # Optional OIDC configuration (for production use)
      cscs_dwdi_oidc_token_url: "{url}/realms/cscs/protocol/openid-connect/token"
      cscs_dwdi_oidc_scope: "cscs-dwdi:read"

    backend_components:
      nodeHours:
        measured_unit: "node-hours"
        unit_factor: 1
        accounting_type: "usage"
        label: "Node Hours"
      storage:
        measured_unit: "TB"
        unit_factor: 1
        accounting_type: "usage"
        label: "Storage Usage"
  - name: "Another one"
    backend_type: "slurm"
"""
"""The example of spec 000, with addresses, as it stands in a file of the site agent's."""


def test_the_site_agents_own_file_reports_the_same(live: UsageSite, tmp_path: Path) -> None:
    resource = live.site.waldur.resource(live.resources["g001"])
    file = tmp_path / "waldur-site-agent.yaml"
    text = AGENTS_FILE.format(
        url=live.site.url,
        token=AGENT_TOKEN,
        offering=resource["offering_uuid"],
        dwdi=DWDI_PATH,
        client=CLIENT_ID,
        secret=CLIENT_SECRET,
    )
    file.write_text(text, encoding="utf-8")
    code, (report,) = live.report_json("--config", file, "--month", str(this_month()))

    assert code == WITH_PROBLEMS  # the emulated offering sells no storage
    assert codes(report) == ["unknown_component", "unmatched_component"]
    assert report["offering"] == "CSCS HPC Offering"
    assert live.figures() == figures_of(invented(live.accounts, this_month()))
