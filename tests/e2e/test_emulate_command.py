"""`cscs emulate` as people run it: what it says, what its configuration opens, how it ends."""

from __future__ import annotations

import re
import signal
import socket
import stat
import sys
from pathlib import Path
from typing import Final

import httpx
import pytest
import yaml
from joserfc import jwt
from joserfc.jwk import KeySet

from cscs_bootstrap.settings import Part, Settings, load_settings
from cscs_cli.emulate import warn_of_strangers
from cscs_cli.listening import Address
from cscs_cli.main import main
from cscs_fakes.emulators.waldur import AGENT_TOKEN
from tests.e2e.cli_process import run, serving
from tests.emulated import emulator_process, shared_process

FEW: Final = ("--resources", "30")


def loaded(config: Path) -> Settings:
    """The settings, if they are enough for the API over storage."""
    needed = frozenset({Part.API, Part.STORAGE})
    return load_settings({}, config_path=config, require=needed).settings


def fetch(url: str, **headers: str) -> httpx.Response:
    return httpx.get(url, headers=headers, timeout=30, trust_env=False)


def test_it_says_where_it_is_how_to_use_it_and_ends_well(tmp_path: Path) -> None:
    with emulator_process(*FEW) as emulator:
        assert emulator.said == f"Emulating on {emulator.url} (Ctrl-C ends it).\n"
        code, rest = emulator.stop()

    config = tmp_path / "emulated.yaml"
    config.write_text(rest.partition("Put this into emulated.yaml\n")[2].partition("\n# Let")[0])
    settings = loaded(config)
    assert code == 0
    assert settings.waldur_api.api_url == f"{emulator.url}/api/"
    assert settings.auth.keycloak_url == emulator.url
    assert "manual-share" in settings.storage_systems
    assert "cscs serve --config emulated.yaml\n" in rest


def test_the_token_in_the_line_to_paste_is_one_of_its_realm() -> None:
    with emulator_process(*FEW) as emulator:
        jwks = fetch(f"{emulator.url}/realms/cscs/protocol/openid-connect/certs").json()
        _, rest = emulator.stop(signal.SIGINT)

    found = re.search(r"curl -s -H 'Authorization: Bearer ([\w.-]+)' 'http://\S+'\n", rest)
    assert found
    claims = jwt.decode(found[1], KeySet.import_key_set(jwks), algorithms=["RS256"]).claims
    assert claims["iss"] == f"{emulator.url}/realms/cscs"
    assert claims["exp"] - claims["iat"] == 12 * 3600


def test_a_written_configuration_is_for_its_owner_and_opens_every_door(tmp_path: Path) -> None:
    config = tmp_path / "a b.yaml"
    with emulator_process(*FEW, "--write-config", str(config)) as emulator:
        settings = loaded(config)
        hpc, waldur = settings.hpc_user_api, settings.waldur_api
        assert hpc.client_secret
        assert hpc.oidc_token_url
        assert waldur.access_token
        form = {
            "grant_type": "client_credentials",
            "client_id": hpc.client_id,
            "client_secret": hpc.client_secret.reveal(),
        }
        token = httpx.post(hpc.oidc_token_url, data=form, trust_env=False).json()["access_token"]
        projects = fetch(
            f"{hpc.api_url}/api/v1/export/waldur/projects", authorization=f"Bearer {token}"
        )
        resources = fetch(
            f"{waldur.api_url}marketplace-provider-resources/",
            authorization=f"Token {waldur.access_token.reveal()}",
        )
        _, rest = emulator.stop()

    assert stat.S_IMODE(config.stat().st_mode) == 0o600
    assert projects.json()["projects"]
    assert resources.headers["x-result-count"] == "30"
    assert f"cscs serve --config '{config}'\n" in rest
    assert "waldur_api:" not in rest


@pytest.mark.parametrize("mode", ["8.1", "5.8"])
def test_accounts_come_with_what_it_takes_to_report_their_usage(tmp_path: Path, mode: str) -> None:
    config = tmp_path / "emulated.yaml"
    options = ("--resources", "0", "--accounts", "3", "--mode", mode)
    with emulator_process(*options, "--write-config", str(config)) as emulator:
        written = yaml.safe_load(config.read_text(encoding="utf-8"))
        usage, waldur = written["usage"], written["waldur_api"]
        form = {
            "grant_type": "client_credentials",
            "client_id": usage["cscs_dwdi_client_id"],
            "client_secret": usage["cscs_dwdi_client_secret"],
        }
        token = httpx.post(usage["cscs_dwdi_oidc_token_url"], data=form, trust_env=False).json()
        url = f"{usage['cscs_dwdi_api_url']}/api/v1/compute/usage-month-multiaccount"
        found = fetch(
            f"{url}?from=2026-10&to=2026-10", authorization=f"Bearer {token['access_token']}"
        )
        resources = fetch(
            f"{waldur['api_url']}marketplace-provider-resources/",
            authorization=f"Token {waldur['access_token']}",
        ).json()
        _, rest = emulator.stop()

    assert [row["account"] for row in found.json()["compute"]] == ["g001", "g002", "g003"]
    assert {row["backend_id"] for row in resources} == {"g001", "g002", "g003"}
    offering = resources[0]["offering_uuid"] if mode == "5.8" else "daint"
    assert [each.replace("-", "") for each in usage["offerings"]] == [offering]
    assert list(usage["components"]) == ["nodeHours"]
    assert "cscs usage report --config" in rest


def test_our_own_server_answers_out_of_it(tmp_path: Path) -> None:
    config = tmp_path / "emulated.yaml"
    with (
        emulator_process(*FEW, "--write-config", str(config)) as emulator,
        serving("--config", config) as server,
    ):
        rows = f"{server.url}/api/storage-resources/?page_size=500"
        anna = emulator.control.mint()
        stranger = emulator.control.mint({"realm_access": {"roles": []}})
        answer = fetch(rows, authorization=f"Bearer {anna}")

        assert answer.status_code == 200, answer.text
        assert answer.json()["pagination"]["total"] > 30
        assert fetch(rows, authorization=f"Bearer {stranger}").status_code == 403
        assert fetch(rows).status_code == 401
        assert fetch(f"{rows}&debug=true", authorization=f"Bearer {anna}").status_code == 200


def test_only_a_configuration_of_its_own_is_replaced(tmp_path: Path) -> None:
    config = tmp_path / "cscs.yaml"
    config.write_text("debug: true\n", encoding="utf-8")
    refused = run("emulate", "--port", "0", *FEW, "--write-config", config)
    assert (refused.code, refused.out) == (2, "")
    assert "left as it is" in refused.err
    assert config.read_text(encoding="utf-8") == "debug: true\n"

    config.unlink()
    urls = []
    for _ in range(2):
        with emulator_process(*FEW, "--write-config", str(config)):
            urls.append(yaml.safe_load(config.read_text(encoding="utf-8"))["auth"]["keycloak_url"])
    assert len(set(urls)) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["cscs.yaml"]


def test_faults_and_mode_of_the_start_come_back_with_a_reset() -> None:
    options = ("--mode", "5.8", *FEW, "--fault", "oidc=503:times=1", "--latency", "1")
    with shared_process(*options) as emulator:
        certs = f"{emulator.url}/realms/cscs/protocol/openid-connect/certs"
        assert [fetch(certs).status_code for _ in range(2)] == [503, 200]
        emulator.control.clear_faults()
        emulator.control.reset()

        assert [fetch(certs).status_code for _ in range(2)] == [503, 200]
        assert emulator.control.state()["mode"] == "5.8"
        assert len(emulator.control.state()["faults"]) == 5


def test_a_shared_process_is_as_new_for_everybody() -> None:
    with shared_process(*FEW) as emulator:
        emulator.control.set_gid("g207", 1)
        url = emulator.url
    with shared_process(*FEW) as emulator:
        assert emulator.url == url
        assert set(emulator.control.state()["requests"].values()) == {0}


def test_the_same_seed_makes_the_same_site() -> None:
    def first_row(*options: str) -> object:
        with shared_process(*FEW, *options) as emulator:
            rows = f"{emulator.url}/api/marketplace-provider-resources/?page_size=1&field=uuid"
            return fetch(rows, authorization=f"Token {AGENT_TOKEN}").json()

    assert first_row("--seed", "1") == first_row("--seed", "1") != first_row()


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--resources", "-1"], "--resources -1 is negative"),
        (["--accounts", "-1"], "--accounts -1 is negative"),
        (["--latency", "-1"], "--latency -1 is negative"),
        (["--fault", "waldur=418"], "choose one of 500"),
        (["--fault", "503"], "has no service"),
        (["--mode", "9"], "8.1"),
        (["--host", "no such host"], "cannot be found"),
        (["--write-config", "/nowhere/x.yaml"], "No such file"),
    ],
    ids=str,
)
def test_what_cannot_be_emulated_is_told_with_code_2(
    options: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["emulate", "--port", "0", *options]) == 2

    said = capsys.readouterr()
    assert said.out == ""
    assert complaint in said.err


def test_a_port_in_use_is_told_before_anything_is_made(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main(["emulate", "--port", port, "--resources", "100000000"]) == 2

    assert f"port {port}" in capsys.readouterr().err


@pytest.mark.parametrize("library", ["starlette", "uvicorn", "cryptography"])
def test_a_missing_library_is_told_with_what_to_install(
    library: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in list(sys.modules):
        if name.startswith((library, "cscs_fakes.emulators", "cscs_bootstrap.emulation")):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, library, None)

    assert main(["emulate", "--port", "0"]) == 2
    said = capsys.readouterr().err
    assert f"'{library}" in said
    assert "cscs-domain[emulator,cli]" in said


def test_strangers_are_spoken_of_only_where_they_can_come(
    capsys: pytest.CaptureFixture[str],
) -> None:
    warn_of_strangers(Address("127.0.0.1", 80, socket.AF_INET))
    assert capsys.readouterr().err == ""

    warn_of_strangers(Address("0.0.0.0", 80, socket.AF_INET))
    assert "nothing asks for a password" in capsys.readouterr().err
