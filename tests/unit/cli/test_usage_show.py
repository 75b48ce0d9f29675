"""`cscs usage show` over saved answers, in this process."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path
from typing import Any, Final, TypeAlias

import pytest

from cscs_cli.main import main
from tests.unit.cli.usage_site import UsageSite, row, usage_site

Said: TypeAlias = pytest.CaptureFixture[str]

MONTH: Final = ("--month", "2025-11")
V2: Final = """\
usage:
  profile: v2-account
  kind: %s
  components: {%s: {}}
adapters:
  dwdi: {kind: file, path: %%s}
"""


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in os.environ:
        if name.startswith(("CSCS_", "WALDUR_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def site(tmp_path: Path) -> UsageSite:
    """A site with the sample of November 2025."""
    made = usage_site(tmp_path)
    made.put_sample("dwdi_usage_month_multiaccount", "compute-2025-11")
    return made


def show(site: UsageSite, *options: str) -> int:
    return main(["usage", "show", "--config", str(site.config), *options])


def accounts(*names: str) -> list[str]:
    return [word for name in names for word in ("--account", name)]


def test_a_table_has_totals_users_and_what_nobody_has(site: UsageSite, capsys: Said) -> None:
    assert show(site, *accounts("g207", "g118", "nobody"), *MONTH) == 0

    table, problems, summary = capsys.readouterr().out.split("\n\n")
    assert table == (
        "2025-11\n"
        "account  user            component   amount  unit\n"
        "g118     (total)         nodeHours   656.13  node-hours\n"
        "g118     bkeller         nodeHours   655.38  node-hours\n"
        "g118     (unattributed)  nodeHours     0.75  node-hours\n"
        "g207     (total)         nodeHours  1292.97  node-hours\n"
        "g207     anovak          nodeHours  1292.34  node-hours\n"
        "g207     bkeller         nodeHours     0.63  node-hours\n"
        "g207     dsvoboda        nodeHours     0.01  node-hours"
    )
    assert "missing_account" in problems
    assert summary.startswith("2 accounts, the warehouse knows nothing of nobody; ")


def test_json_is_the_form_of_spec_000(site: UsageSite, capsys: Said) -> None:
    assert show(site, *accounts("g207", "g118"), *MONTH, "--json") == 0

    assert json.loads(capsys.readouterr().out) == {
        "g118": {
            "TOTAL_ACCOUNT_USAGE": {"nodeHours": 656.13},
            "bkeller": {"nodeHours": 655.38},
        },
        "g207": {
            "TOTAL_ACCOUNT_USAGE": {"nodeHours": 1292.97},
            "anovak": {"nodeHours": 1292.34},
            "bkeller": {"nodeHours": 0.63},
            "dsvoboda": {"nodeHours": 0.01},
        },
    }


@pytest.mark.parametrize("last", ["2025-11", "2025-12"])
def test_json_of_a_span_is_by_month_however_long_it_is(
    site: UsageSite, capsys: Said, last: str
) -> None:
    site.put("compute-2025-12", [row("g118", "7.005", bkeller=7)])

    assert show(site, *accounts("g118"), "--from", "2025-11", "--to", last, "--json") == 0

    found = json.loads(capsys.readouterr().out)
    assert found["2025-11"]["g118"]["TOTAL_ACCOUNT_USAGE"] == {"nodeHours": 656.13}
    assert list(found) == sorted({"2025-11", last})
    if last in found.keys() - {"2025-11"}:
        assert found[last]["g118"]["TOTAL_ACCOUNT_USAGE"] == {"nodeHours": 7.01}


def test_days_are_added_up_to_one_period(site: UsageSite, capsys: Said) -> None:
    site.put("compute-2025-11-01", [row("g118", 1.25, bkeller=1)])
    site.put("compute-2025-11-02", [row("g118", 2, bkeller=2)])
    days = ("--from", "2025-11-01", "--to", "2025-11-02")

    assert show(site, *accounts("g118"), *days, "--json") == 0
    assert json.loads(capsys.readouterr().out) == {
        "g118": {"TOTAL_ACCOUNT_USAGE": {"nodeHours": 3.25}, "bkeller": {"nodeHours": 3}}
    }


def read_csv(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_csv_has_a_line_for_each_figure_and_none_for_what_is_left(
    site: UsageSite, capsys: Said
) -> None:
    site.put("compute-2025-12", [row('o"dd, name', "1", **{"=1+1": 1})])
    span = ("--from", "2025-11", "--to", "2025-12")

    assert show(site, *accounts("g118", 'o"dd, name'), *span, "--csv") == 0

    assert read_csv(capsys.readouterr().out) == [
        {
            "period": period,
            "account": account,
            "user": user,
            "component": "nodeHours",
            "amount": amount,
            "unit": "node-hours",
        }
        for period, account, user, amount in [
            ("2025-11", "g118", "TOTAL_ACCOUNT_USAGE", "656.13"),
            ("2025-11", "g118", "bkeller", "655.38"),
            ("2025-12", 'o"dd, name', "TOTAL_ACCOUNT_USAGE", "1.00"),
            ("2025-12", 'o"dd, name', "=1+1", "1.00"),
        ]
    ]


@pytest.mark.parametrize("form", ["--json", "--csv"])
def test_problems_stay_out_of_what_programs_read(site: UsageSite, capsys: Said, form: str) -> None:
    site.put_sample("dwdi_awkward", "compute-2025-12")

    code = show(site, *accounts("g207", "g118", "lp05"), "--month", "2025-12", form)

    said = capsys.readouterr()
    assert code == 3
    assert "reserved_user" in said.err
    assert "reserved_user" not in said.out
    if form == "--json":
        found: dict[str, Any] = json.loads(said.out)
        assert found["g207"]["TOTAL_ACCOUNT_USAGE"] == {"nodeHours": 15}
        assert found["lp05"]["çmüller"] == {"nodeHours": -1.25}


def test_problems_of_a_table_are_below_it_and_end_with_3(site: UsageSite, capsys: Said) -> None:
    site.put_sample("dwdi_awkward", "compute-2025-12")

    assert show(site, *accounts("lp05"), "--month", "2025-12") == 3
    assert "reserved_user" in capsys.readouterr().out


def test_a_month_that_is_not_there_is_a_failure_of_the_warehouse(
    site: UsageSite, capsys: Said
) -> None:
    assert show(site, *accounts("g118"), "--month", "2024-01") == 1

    said = capsys.readouterr()
    assert said.out == ""
    assert "compute-2024-01.json" in said.err


# --- what is asked wrongly


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ([], "--account is missing: without a name the warehouse would be asked for everybody."),
        (accounts(""), "--account '' is no name of an account"),
        (accounts("g\udcff"), "is no name of an account"),
        ([*accounts("g1"), "--csv", "--json"], "--csv and --json exclude each other"),
        ([*accounts("g1"), "--month", "2025-13"], "month 13 is not from 1 to 12"),
        ([*accounts("g1"), "--month", "9000-01"], "9000-01 has not begun"),
        ([*accounts("g1"), "--from", "2025-12", "--to", "2025-11"], "end before they begin"),
        ([*accounts("g1"), "--from", "2015-12", "--to", "2025-11"], "are 120 months"),
        ([*accounts("g1"), "--offering", "eiger"], "--offering 'eiger' is not configured"),
        ([*accounts("g1"), "--demo"], "--demo brings its own configuration"),
    ],
    ids=str,
)
def test_a_mistake_is_a_sentence_on_standard_error(
    site: UsageSite, capsys: Said, options: list[str], complaint: str
) -> None:
    assert show(site, *options) == 2

    said = capsys.readouterr()
    assert said.out == ""
    assert complaint in said.err


@pytest.mark.parametrize(
    ("kind", "component", "last", "complaint"),
    [
        ("storage", "storage", "2025-11-02", "let --from and --to be the same day"),
        ("inference", "token_cost", "2025-11-01", "by month only"),
    ],
)
def test_days_that_a_warehouse_does_not_have_are_refused(
    tmp_path: Path, capsys: Said, kind: str, component: str, last: str, complaint: str
) -> None:
    settings = V2 % (kind, component)
    if kind == "storage":
        systems = "  storage_filesystem: capstor\n  storage_data_type: store\nadapters:"
        settings = settings.replace("adapters:", systems)
    made = usage_site(tmp_path, settings)

    code = show(made, *accounts("/x"), "--from", "2025-11-01", "--to", last)

    assert code == 2
    assert complaint in capsys.readouterr().err


# --- the demo


@pytest.mark.parametrize("form", [[], ["--json"], ["--csv"]], ids=["text", "json", "csv"])
def test_the_demo_needs_nothing(capsys: Said, form: list[str]) -> None:
    assert main(["usage", "show", "--demo", "--account", "g001", *form]) == 0
    assert "g001" in capsys.readouterr().out


# --- clusters


def clusters(tmp_path: Path, configured: str = "") -> UsageSite:
    """A site whose warehouse knows g1 on two clusters."""
    settings = V2 % ("compute", "nodeHours")
    site = usage_site(tmp_path, settings.replace("usage:\n", f"usage:\n{configured}"))
    for name, amount in (("daint", "1.5"), ("eiger", "2.5")):
        rows = [{"account": "g1", "totalNodeHours": amount, "users": []}]
        site.put(f"compute-2025-11@{name}", rows)
    return site


def totals_of(capsys: Said) -> Any:
    return json.loads(capsys.readouterr().out)["g1"]["TOTAL_ACCOUNT_USAGE"]["nodeHours"]


@pytest.mark.parametrize(
    ("options", "amount"),
    [([], 2.5), (["--cluster", "daint"], 1.5), (["--cluster", "Daint"], 1.5)],
    ids=["configured", "named", "in capitals"],
)
def test_a_cluster_that_is_named_counts_before_the_configured_one(
    tmp_path: Path, capsys: Said, options: list[str], amount: float
) -> None:
    site = clusters(tmp_path, "  cscs_dwdi_cluster: eiger\n")

    show(site, *accounts("g1"), *MONTH, "--json", *options)

    assert totals_of(capsys) == amount


@pytest.mark.parametrize("cluster", ["daint", ""])
def test_the_first_profile_knows_no_clusters(site: UsageSite, capsys: Said, cluster: str) -> None:
    assert show(site, *accounts("g118"), *MONTH, "--cluster", cluster) == 2
    assert "the warehouse knows clusters of compute in profile v2" in capsys.readouterr().err


def test_an_empty_cluster_is_a_slip(tmp_path: Path, capsys: Said) -> None:
    assert show(clusters(tmp_path), *accounts("g1"), *MONTH, "--cluster", "") == 2
    assert "--cluster is empty" in capsys.readouterr().err
