"""The server as a process: it starts, answers, logs and ends as an operator expects."""

from __future__ import annotations

import json
import signal
from pathlib import Path

from cscs_domain import __version__
from tests.e2e.conftest import START_SECONDS, Serve, launch, until

ALL = "/api/storage-resources/?page_size=500"


def test_it_answers_out_of_the_configured_files(serve: Serve, demo: Path) -> None:
    response = serve(demo / "config.yaml").get(ALL)
    body = response.json()

    assert response.status_code == 200
    assert (body["version"], body["status"]) == (__version__, "success")
    assert len(body["resources"]) == body["pagination"]["total"] > 48
    assert body["filters_applied"]["offering_slugs"] == [
        *("cscs-capstor-offering", "cscs-vast-offering", "cscs-iopsstor-offering")
    ]


def test_it_becomes_ready_by_itself(serve: Serve, demo: Path) -> None:
    server = serve(demo / "config.yaml")

    until(lambda: server.get("/readyz").status_code == 200, server)
    assert server.get("/readyz").json()["configured"]["storage"]["snapshot"]["rows"] > 48


def test_a_keep_alive_connection_gets_304s_and_heads(serve: Serve, demo: Path) -> None:
    with serve(demo / "config.yaml").client() as client:
        etag = client.get(ALL).headers["etag"]
        unchanged = client.get(ALL, headers={"if-none-match": etag})
        head = client.head(ALL)
        again = client.get(ALL)

    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert (head.status_code, head.content) == (200, b"")
    assert again.headers["etag"] == etag


def test_its_log_has_one_json_line_for_a_request(serve: Serve, demo: Path) -> None:
    server = serve(demo / "config.yaml")
    response = server.get(ALL, x_request_id="mine")
    until(lambda: '"mine"' in server.log, server)
    (line,) = [json.loads(line) for line in server.log.splitlines() if '"mine"' in line]

    assert line["event"] == "request"
    assert line["status"] == 200
    assert line["rows"] == len(response.json()["resources"])
    assert line["snapshot"] == response.json()["pagination"]["snapshot"]
    assert line["request_id"] == "mine"
    assert line["duration_ms"] >= 0


def test_a_request_that_came_through_a_proxy_is_refused(serve: Serve, demo: Path) -> None:
    server = serve(demo / "config.yaml")

    assert server.get(ALL, x_forwarded_for="127.0.0.1").status_code == 403
    assert server.get(ALL, x_forwarded_for="192.0.2.7").status_code == 403
    assert server.get(ALL).status_code == 200


def test_sigterm_ends_it_in_order(serve: Serve, demo: Path) -> None:
    server = serve(demo / "config.yaml")
    server.get(ALL)
    code = server.stop()

    # uvicorn ends itself with the signal that it was sent, once everything is closed
    assert code in {0, -signal.SIGTERM}
    assert "Application shutdown complete" in server.log
    assert "Traceback" not in server.log


def test_settings_that_do_not_hold_end_it_with_code_2_and_every_mistake(
    tmp_path: Path,
) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(
        "storage_system: {capstor: x}\n"
        "auth: {disable_auth: perhaps}\n"
        "backend_settings: {inode_soft_coefficient: 3, inode_hard_coefficient: 2}\n"
        "snapshot_max_age: -1\n"
    )
    server = launch(config, tmp_path / "log", {"WALDUR_VERIFY_SSL": "maybe"})

    assert server.process.wait(timeout=START_SECONDS) == 2
    for key in (
        *("storage_system", "disable_auth", "inode_hard_coefficient"),
        *("snapshot_max_age", "WALDUR_VERIFY_SSL"),
    ):
        assert key in server.log, server.log
    assert "Traceback" not in server.log


def test_a_configuration_that_is_not_there_ends_it_with_code_2(tmp_path: Path) -> None:
    server = launch(tmp_path / "nowhere.yaml", tmp_path / "log", {})

    assert server.process.wait(timeout=START_SECONDS) == 2
    assert "nowhere.yaml" in server.log


def test_without_a_realm_to_check_tokens_it_refuses_to_start(demo: Path, tmp_path: Path) -> None:
    server = launch(demo / "config.yaml", tmp_path / "log", {"DISABLE_AUTH": "false"})

    assert server.process.wait(timeout=START_SECONDS) == 2
    assert "CSCS_KEYCLOAK_URL" in server.log


def test_without_storage_it_starts_and_says_so(serve: Serve, tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("auth: {disable_auth: true}\n")
    server = serve(config)

    assert server.get("/readyz").json()["configured"] == {}
    assert server.get(ALL).status_code == 404
