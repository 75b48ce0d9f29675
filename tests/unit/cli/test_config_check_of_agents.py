"""`cscs config check` of the site agent's file: what is in effect, or every mistake."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Final, TypeAlias

import pytest

from cscs_cli.main import main
from tests.unit.settings.usage_loading import SPEC_000

Said: TypeAlias = pytest.CaptureFixture[str]

PARTS: Final = ("usage", "warehouse")
WALDUR: Final = {
    "WALDUR_API_URL": "https://waldur.example.com/api/",
    "WALDUR_API_TOKEN": "hush-hush",
    "CSCS_USAGE__OFFERINGS": "d629d5e4-5567-425d-a9cd-bdc1af67b32c",
}


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith(("CSCS_", "WALDUR_")):
            monkeypatch.delenv(name)


@pytest.fixture
def agent_file(tmp_path: Path) -> Path:
    """The documented example."""
    file = tmp_path / "agent.yaml"
    file.write_text(SPEC_000, encoding="utf-8")
    return file


def check(file: Path, *options: str) -> int:
    return main(["config", "check", "--config", str(file), *options])


def rows_by_key(said: str) -> dict[str, Any]:
    """The settings of the only offering."""
    (offering,) = json.loads(said)["offerings"]
    assert offering["offering"] == "CSCS HPC Offering"
    assert offering["origin"].startswith("offerings[0] (")
    return {row["key"]: row for row in offering["settings"]}


def test_what_is_in_effect_is_told_by_the_agents_names(agent_file: Path, capsys: Said) -> None:
    assert check(agent_file, "--part", "warehouse") == 0

    said = capsys.readouterr().out
    lines = said.splitlines()
    assert lines[0] == f"CSCS HPC Offering: offerings[0] ({agent_file}:2)"
    found = {line.split()[0]: line.split()[1:] for line in lines[1:] if line}
    prefix = "offerings[0].backend_settings.cscs_dwdi_"
    assert found[f"{prefix}api_url"] == ["https://dwdi-api.cscs.ch", f"{agent_file}:5"]
    assert found[f"{prefix}client_secret"][0] == "***"
    assert found["usage.profile"][0] == "v1-multiaccount"
    assert found["offerings[0].waldur_api_url"] == ["null", "default"]
    assert "your-oidc-client-secret" not in said
    assert not any(key.startswith(("storage_", "auth", "hpc_user")) for key in found)


def test_as_json_as_well(agent_file: Path, capsys: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in WALDUR.items():
        monkeypatch.setenv(name, text)

    assert check(agent_file, "--part", *PARTS, "--json") == 0

    said = capsys.readouterr().out
    rows = rows_by_key(said)
    token = rows["waldur_api.access_token"]
    assert (token["value"], token["origin"]["source"]) == ("***", "environment")
    assert rows["offerings[0].backend_components"]["origin"]["source"] == "file"
    assert "hush-hush" not in said


@pytest.mark.parametrize("form", [[], ["--json"]], ids=["text", "json"])
def test_every_mistake_is_told_by_the_agents_names(
    agent_file: Path, capsys: Said, form: list[str]
) -> None:
    assert check(agent_file, "--part", "usage", *form) == 2

    said = capsys.readouterr()
    text = said.out if form else said.err
    keys = ("waldur_api_url", "waldur_api_token", "waldur_offering_uuid")
    assert all(f"offerings[0].{key}" in text for key in keys)


def test_notices_are_told(agent_file: Path, capsys: Said) -> None:
    text = SPEC_000.replace("cscs_dwdi_oidc_scope:", "cscs_dwdi_cluster: daint\n      x:")
    agent_file.write_text(text, encoding="utf-8")

    assert check(agent_file, "--part", "warehouse") == 0

    said = capsys.readouterr().err
    assert "Notice: offerings[0].backend_settings.x (" in said
    assert "Notice: offerings[0].backend_settings.cscs_dwdi_cluster (" in said


def test_a_query_of_a_url_is_not_shown(agent_file: Path, capsys: Said) -> None:
    text = SPEC_000.replace("openid-connect/token", "openid-connect/token?sid=hush-hush")
    agent_file.write_text(text, encoding="utf-8")

    assert check(agent_file, "--part", "warehouse") == 0

    said = capsys.readouterr().out
    assert "openid-connect/token?***" in said
    assert "hush-hush" not in said


def test_other_parts_take_a_file_of_our_own_form(agent_file: Path, capsys: Said) -> None:
    assert check(agent_file, "--part", "storage") == 2
    assert "offerings: is not a setting" in capsys.readouterr().err
