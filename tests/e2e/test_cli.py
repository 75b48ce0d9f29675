"""The command as operators run it: a process, its output, its exit code."""

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest

from cscs_api.app import create_app
from cscs_bootstrap.wiring import DEMO_CONFIG, load_for_server
from cscs_domain import __version__
from tests.api.site import resource
from tests.e2e.cli_process import environment, run, serving

ROWS = "/api/storage-resources/"
SECRET = "hunter2-token"


def fetch(url: str, **headers: str) -> httpx.Response:
    return httpx.get(url, headers=headers, timeout=30, trust_env=False)


def site(folder: Path, dump: str) -> Path:
    """A configuration over one dump, written into a folder."""
    Path(folder, "dump.json").write_text(dump, encoding="utf-8")
    Path(folder, "ids.yaml").write_text("projects: []\nusers: []\n", encoding="utf-8")
    config = Path(folder, "cscs.yaml")
    config.write_text(
        """
        storage_systems: {capstor: cscs-capstor}
        adapters:
          waldur: {kind: file, path: dump.json}
          hpc_user: {kind: file, path: ids.yaml}
        auth: {disable_auth: true}
        """,
        encoding="utf-8",
    )
    return config


# --- cscs, cscs config


def test_the_version_is_that_of_the_package() -> None:
    done = run("--version")

    assert (done.code, done.out, done.err) == (0, f"cscs {__version__}\n", "")


def test_asking_for_the_version_loads_no_server_and_no_settings() -> None:
    code = (
        "import sys; import cscs_cli.main;"
        "print(sorted({'starlette', 'uvicorn', 'yaml', 'structlog'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True
    )

    assert done.stdout == "[]\n"


def test_a_good_configuration_is_shown_with_origins() -> None:
    done = run("config", "check", "--config", DEMO_CONFIG, CSCS_SNAPSHOT_MAX_AGE="7")

    assert done.code == 0
    lines = {line.split()[0]: line for line in done.out.splitlines()}
    assert lines["snapshot_max_age"].split()[1:] == [
        "7",
        "seconds",
        "variable",
        "CSCS_SNAPSHOT_MAX_AGE",
    ]
    assert "config.yaml:" in lines["storage_systems"]
    assert lines["item_ids"].split()[-1] == "default"
    assert done.err.startswith("Notice: auth.disable_auth is on")


@pytest.mark.parametrize("form", [[], ["--json"]], ids=["text", "json"])
def test_a_secret_is_masked_wherever_it_comes_from(form: list[str], tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(f"{SECRET}-of-a-file\n", encoding="utf-8")
    done = run(
        *("config", "check", "--config", str(DEMO_CONFIG), *form),
        WALDUR_API_TOKEN=SECRET,
        HPC_USER_CLIENT_SECRET_FILE=str(file),
    )

    assert done.code == 0
    assert SECRET not in done.out + done.err
    assert done.out.count("***") == 3  # the demo has a collector's key


def test_a_good_configuration_in_json_has_every_setting_and_the_notices() -> None:
    done = run("config", "check", "--config", DEMO_CONFIG, "--json")
    found = json.loads(done.out)

    assert (done.code, done.err) == (0, "")
    rows = {row["key"]: row for row in found["settings"]}
    assert rows["auth.disable_auth"]["value"] is True
    assert rows["auth.disable_auth"]["origin"]["source"] == "file"
    assert found["notices"][0].startswith("auth.disable_auth is on")


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    config = tmp_path / "bad.yaml"
    config.write_text("debugg: true\nsnapshot_max_age: soon\n", encoding="utf-8")

    done = run("config", "check", "--config", config, DISABLE_AUTH="perhaps")

    assert (done.code, done.out) == (2, "")
    assert all(key in done.err for key in ("debugg", "snapshot_max_age", "DISABLE_AUTH"))


def test_mistakes_in_json_have_key_variable_reason_and_hint(tmp_path: Path) -> None:
    config = tmp_path / "bad.yaml"
    config.write_text("debugg: true\n", encoding="utf-8")

    done = run("config", "check", "--config", config, "--json", DISABLE_AUTH="true")

    assert (done.code, done.err) == (2, "")
    assert json.loads(done.out) == {
        "mistakes": [
            {
                "key": "debugg",
                "variable": None,
                "reason": f"is not a setting (in {config}:1).",
                "hint": "Did you mean debug?",
            }
        ]
    }


def test_parts_are_checked_when_they_are_asked_for() -> None:
    enough = {"DISABLE_AUTH": "true"}

    assert run("config", "check", "--part", "api", **enough).code == 0
    done = run("config", "check", "--part", "api", "storage", **enough)
    assert done.code == 2
    assert "STORAGE_SYSTEMS" in done.err


def test_whoever_has_configured_nothing_is_told_how_to_begin() -> None:
    for command in (["config", "check"], ["storage", "show"], ["serve"]):
        done = run(*command)

        assert (done.code, done.out) == (2, "")
        assert "cscs config example" in done.err
        assert "cscs serve --demo" in done.err


def test_the_example_is_a_configuration_of_defaults(tmp_path: Path) -> None:
    example = run("config", "example")
    config = tmp_path / "cscs.yaml"
    config.write_text(example.out, encoding="utf-8")

    done = run("config", "check", "--config", config, "--json", DISABLE_AUTH="true")

    assert (example.code, done.code) == (0, 0)
    rows = json.loads(done.out)["settings"]
    assert {row["origin"]["source"] for row in rows if row["key"] != "auth.disable_auth"} == {
        "default"
    }


# --- cscs storage show


@pytest.mark.parametrize(
    "filters",
    [
        {},
        {"storage_system": "vast"},
        {"data_type": "store", "status": "pending"},
        {"state": "Terminated"},
        {"data_type": "nobody-uses-it"},
    ],
    ids=str,
)
@pytest.mark.parametrize("terminated", ["true", "false"])
async def test_json_has_the_very_bytes_of_the_api(
    filters: Mapping[str, str], terminated: str
) -> None:
    variables = {"CSCS_INCLUDE_TERMINATED": terminated}
    app = create_app(load_for_server(variables, config=DEMO_CONFIG).settings)
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        answer = await client.get(ROWS, params={**filters, "page_size": "500"})

    options = [f"--{name.replace('_', '-')}={value}" for name, value in filters.items()]
    done = run("storage", "show", "--demo", "--json", *options, **variables)

    assert done.code == 3
    found = json.loads(done.out)
    assert list(found) == ["resources", "problems", "total"]
    assert found["total"] == len(found["resources"]) == answer.json()["pagination"]["total"]
    shared = done.data[len(b"{") : done.data.rindex(b',"total":')]
    resources, problems = shared.split(b',"problems":', 1)
    assert resources in answer.content
    assert b'"problems":' + problems in answer.content


def test_the_demo_is_shown_as_a_tree_with_its_problems() -> None:
    done = run("storage", "show", "--demo")

    assert (done.code, done.err) == (3, "")
    lines = done.out.splitlines()
    assert lines[0].startswith("tenant cscs ")
    assert any(line.startswith("└── customer ") for line in lines)
    assert any(line.startswith("error     missing_identity") for line in lines)
    assert "rows (" in lines[-1]
    assert "\x1b" not in done.out


def test_terminated_resources_are_read_when_they_are_asked_for() -> None:
    def removed(*options: str) -> int:
        command = ("storage", "show", "--demo", "--json", *options)
        found = json.loads(run(*command, CSCS_INCLUDE_TERMINATED="false").out)
        return sum(row["status"] == "removed" for row in found["resources"])

    assert removed() == 0
    assert removed("--include-terminated") == removed("--status", "removed") > 0


def test_a_source_without_any_problem_ends_with_0(tmp_path: Path) -> None:
    config = site(tmp_path, json.dumps([resource(offering_slug="cscs-capstor")]))
    Path(tmp_path, "ids.yaml").write_text("projects: {climate: 30500}\n", encoding="utf-8")

    done = run("storage", "show", "--config", config)

    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[-1] == "3 rows (3 active); 0 problems"


def test_a_dump_that_cannot_be_read_is_an_upstream_failure_with_file_and_position(
    tmp_path: Path,
) -> None:
    done = run("storage", "show", "--config", site(tmp_path, '[{"uuid": "'))

    assert (done.code, done.out) == (1, "")
    assert len(done.err.splitlines()) == 1
    assert "dump.json" in done.err
    assert "11" in done.err


def test_a_dump_that_is_not_there_is_an_upstream_failure(tmp_path: Path) -> None:
    config = site(tmp_path, "[]")
    Path(tmp_path, "dump.json").unlink()

    done = run("storage", "show", "--config", config, "--json")

    assert (done.code, done.out) == (1, "")
    assert "dump.json" in done.err


@pytest.mark.parametrize(
    ("option", "allowed"),
    [("--storage-system", "capstor, vast, iopsstor"), ("--status", "pending, "), ("--state", "OK")],
)
def test_an_unknown_filter_value_is_one_sentence_that_lists_the_known(
    option: str, allowed: str
) -> None:
    done = run("storage", "show", "--demo", option, "x\x1b[31m")

    assert (done.code, done.out) == (2, "")
    assert len(done.err.splitlines()) == 1
    assert allowed in done.err
    assert "\x1b" not in done.err


def test_a_strict_site_is_told_that_the_api_refuses_what_is_shown() -> None:
    done = run("storage", "show", "--demo", "--json", CSCS_STRICT="true")

    assert done.code == 3
    assert json.loads(done.out)["total"] > 0
    assert "the API answers 500" in done.err


def test_a_terminal_of_a_small_alphabet_gets_the_same_rows() -> None:
    small = run("storage", "show", "--demo", PYTHONUTF8="0", PYTHONIOENCODING="ascii")

    assert (small.code, small.err) == (3, "")
    assert small.out.isascii()
    assert small.out.splitlines()[-1] == run("storage", "show", "--demo").out.splitlines()[-1]


def test_a_reader_that_leaves_early_ends_the_command_quietly() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "cscs_cli", "storage", "show", "--demo"],
        env=environment({}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()

        assert process.stderr.read() == b""
        assert process.wait(60) == 141


# --- cscs serve


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_the_server_answers_and_ends_well_when_it_is_told_to(how: signal.Signals) -> None:
    with serving("--config", DEMO_CONFIG, CSCS_LOG_FORMAT="json") as server:
        answer = fetch(f"{server.url}{ROWS}?page_size=3")
        done = server.stop(how)

    assert answer.status_code == 200
    assert len(answer.json()["resources"]) == 3
    assert "server" not in answer.headers
    assert done.code == 0
    events = [json.loads(line)["event"] for line in done.err.splitlines()]
    assert events.count("request") == 1
    assert "configuration_notice" in events


def test_the_lines_of_the_welcome_are_answered() -> None:
    with serving("--demo", WALDUR_CSCS_STORAGE_PROXY_CONFIG_PATH="missing.yaml") as server:
        fetch(f"{server.url}{ROWS}")  # from now on it is ready
        lines = welcome_lines(server.process)
        urls = [line.split("'")[1] for line in lines if "$(" not in line and " -d " not in line]
        statuses = [fetch(url).status_code for url in urls]
        assert server.stop().code == 0

    assert len(lines) == 11
    assert statuses == [200] * 9


@pytest.mark.optin
@pytest.mark.skipif(
    not all(map(shutil.which, ("curl", "sed", "sh", "python3"))), reason="no curl to paste into"
)
def test_the_lines_of_the_welcome_can_be_pasted() -> None:
    with serving("--demo") as server:
        fetch(f"{server.url}{ROWS}")
        for line in welcome_lines(server.process):
            pasted = subprocess.run(
                ["sh", "-c", line], capture_output=True, encoding="utf-8", timeout=60, check=True
            )
            assert pasted.stdout
            assert '"error": "' not in pasted.stdout  # which every error has


def welcome_lines(process: subprocess.Popen[str]) -> list[str]:
    """The lines to paste; the last one asks for readiness."""
    assert process.stdout is not None
    lines: list[str] = []
    for line in process.stdout:
        if line.startswith("curl "):
            lines.append(line.rstrip("\n"))
        if "/readyz" in line:
            break
    return lines


def test_a_port_in_use_is_told_in_one_sentence() -> None:
    with serving("--demo") as server:
        port = server.url.rpartition(":")[2]
        done = run("serve", "--demo", "--port", port, CSCS_LOG_FORMAT="json")

    assert (done.code, done.out) == (2, "")
    assert f"Cannot listen on 127.0.0.1 port {port}" in done.err.splitlines()[-1]


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_without_tokens_strangers_are_not_listened_to(host: str) -> None:
    done = run("serve", "--demo", "--host", host, "--port", "0")

    assert (done.code, done.out) == (2, "")
    assert len(done.err.splitlines()) == 1
    assert "ALLOW_INSECURE_BIND" in done.err


def test_strangers_are_listened_to_where_that_is_wanted() -> None:
    with serving("--demo", "--host", "0.0.0.0", ALLOW_INSECURE_BIND="true") as server:
        assert fetch(f"{server.url}/healthz").status_code == 200
        assert server.stop().code == 0


def test_several_workers_are_refused_with_the_reason() -> None:
    done = run("serve", "--demo", "--workers", "2")

    assert (done.code, done.out) == (2, "")
    assert "snapshots live in the process" in done.err


def test_a_bad_configuration_ends_the_server_before_it_listens(tmp_path: Path) -> None:
    config = tmp_path / "bad.yaml"
    config.write_text("storage_systems: 7\nstrict: perhaps\n", encoding="utf-8")

    served = run("serve", "--config", config, DISABLE_AUTH="true")
    checked = run("config", "check", "--config", config, DISABLE_AUTH="true")

    assert (served.code, served.out) == (2, "")
    assert served.err == checked.err
    assert "strict" in served.err
