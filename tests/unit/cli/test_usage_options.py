"""Which offerings are meant by their names, slugs and uuids."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final, TypeAlias
from uuid import UUID

import attrs
import pytest

from cscs_bootstrap.settings import Settings
from cscs_bootstrap.usage_configuration import UsageOffering
from cscs_cli.failures import UsageError
from cscs_cli.main import main
from cscs_cli.usage_options import checked_accounts, chosen_offerings
from cscs_domain.usage.components import Component
from cscs_domain.usage.metered_resources import OfferingChoice
from cscs_domain.usage.metering import Metering
from cscs_domain.usage.usage_reporting import UsageJob

Said: TypeAlias = pytest.CaptureFixture[str]

FIRST: Final = UUID("11111111-2222-4333-8444-555555555555")
SECOND: Final = UUID("66666666-2222-4333-8444-555555555555")


def offering(
    name: str, *, slugs: tuple[str, ...] = (), uuids: tuple[UUID, ...] = ()
) -> UsageOffering:
    job = UsageJob(
        name=name,
        offerings=OfferingChoice(slugs=frozenset(slugs), uuids=frozenset(uuids)),
        metering=Metering(components=(Component(name="nodeHours"),)),
    )
    return UsageOffering(job=job, settings=Settings(), origin="a test")


PAIR: Final = offering("daint, eiger", slugs=("daint", "eiger"), uuids=(SECOND,))
ALPS: Final = offering("Alps compute", uuids=(FIRST,))
CONFIGURED: Final = (PAIR, ALPS)


def narrowed(*, slugs: tuple[str, ...] = (), uuids: tuple[UUID, ...] = ()) -> UsageOffering:
    """The pair, of which only these are left."""
    return attrs.evolve(PAIR, job=offering(PAIR.job.name, slugs=slugs, uuids=uuids).job)


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        ([], [PAIR, ALPS]),
        (["Alps compute"], [ALPS]),
        ([str(FIRST)], [ALPS]),
        ([FIRST.hex.upper()], [ALPS]),
        (["daint, eiger"], [PAIR]),
        (["daint"], [narrowed(slugs=("daint",))]),
        (["daint", SECOND.hex], [narrowed(slugs=("daint",), uuids=(SECOND,))]),
        (["Alps compute", "eiger"], [narrowed(slugs=("eiger",)), ALPS]),
    ],
    ids=str,
)
def test_offerings_are_chosen_by_name_slug_or_uuid(
    names: list[str], chosen: list[UsageOffering]
) -> None:
    assert list(chosen_offerings(CONFIGURED, names).chosen) == chosen


@pytest.mark.parametrize(
    ("names", "others"),
    [
        ([], []),
        (["Alps compute"], [PAIR]),
        (["daint, eiger"], [ALPS]),
        (["daint"], [narrowed(slugs=("eiger",), uuids=(SECOND,)), ALPS]),
        (["Alps compute", "eiger"], [narrowed(slugs=("daint",), uuids=(SECOND,))]),
    ],
    ids=["all", "one", "a pair", "one of a pair", "one and one of a pair"],
)
def test_what_is_not_chosen_is_known_as_well(names: list[str], others: list[UsageOffering]) -> None:
    assert list(chosen_offerings(CONFIGURED, names).others) == others


@pytest.mark.parametrize("name", ["alps", "", "\x1b[31m", str(UUID(int=7))])
def test_a_name_that_fits_none_is_told_with_those_that_would(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        chosen_offerings(CONFIGURED, ["daint", name])

    text = str(caught.value)
    assert text.isprintable()
    assert text.endswith(f"there are: daint, eiger, daint, eiger, {SECOND}, Alps compute, {FIRST}.")


def test_accounts_are_taken_once_each() -> None:
    assert checked_accounts(["g1", "g2", "g1"]) == {"g1", "g2"}


# --- a site agent's file

AGENT: Final = """\
offerings:
  - name: Alps
    reporting_backend: cscs-dwdi
    waldur_offering_uuid: 11111111222243338444555555555555
    waldur_api_url: https://waldur.example.com/api/
    waldur_api_token: replace-me
    backend_components: {nodeHours: {measured_unit: node-hours}}
  - name: Eiger
    reporting_backend: cscs-dwdi
    waldur_offering_uuid: 66666666222243338444555555555555
    waldur_api_url: https://waldur.example.com/api/
    waldur_api_token: replace-me
    backend_components: {nodeHours: {measured_unit: node-hours}}
  - name: Clouds
    backend_type: openstack
adapters:
  dwdi: {kind: fake}
  waldur: {kind: fake}
"""


@pytest.fixture
def agent_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The site agent's file of two offerings that report, and one that does not."""
    for name in os.environ:
        if name.startswith(("CSCS_", "WALDUR_")):
            monkeypatch.delenv(name)
    file = tmp_path / "agent.yaml"
    file.write_text(AGENT, encoding="utf-8")
    return file


def test_every_offering_of_the_agent_that_reports_is_reported(
    agent_file: Path, capsys: Said
) -> None:
    assert main(["usage", "report", "--config", str(agent_file), "--verbose"]) == 0

    said = capsys.readouterr()
    assert said.out.index("Alps, 2") < said.out.index("Eiger, 2")
    assert "Passed over, being of other backend types: " in said.err


def test_one_offering_of_the_agent_can_be_chosen(agent_file: Path, capsys: Said) -> None:
    assert main(["usage", "report", "--config", str(agent_file), "--offering", "Eiger"]) == 0
    assert "Alps" not in capsys.readouterr().out


def test_usage_of_several_offerings_is_not_shown_as_one(agent_file: Path, capsys: Said) -> None:
    command = ["usage", "show", "--config", str(agent_file), "--account", "g001"]

    assert main(command) == 2
    assert "(Alps, Eiger); choose one by --offering." in capsys.readouterr().err
    assert main([*command, "--offering", "Alps"]) == 0


def test_every_offering_is_pinged(agent_file: Path, capsys: Said) -> None:
    assert main(["usage", "ping", "--config", str(agent_file)]) == 0
    assert capsys.readouterr().out.count("Waldur  ok") == 2


# --- help


@pytest.mark.parametrize("command", [[], ["report"], ["show"], ["ping"]], ids=str)
def test_every_help_teaches_an_example_variables_and_exit_codes(
    command: list[str], capsys: Said
) -> None:
    assert main(["usage", *command, "--help"]) == 0

    text = capsys.readouterr().out
    assert f"Usage: cscs {' '.join(['usage', *command])}" in text
    assert all(word in text for word in ("Example", "Variables:", "Exit codes:"))
    assert max(map(len, text.splitlines())) <= 80
