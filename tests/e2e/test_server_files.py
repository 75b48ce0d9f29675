"""Files that change, break and are put right under a running server, and walks meanwhile."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from tests.e2e.conftest import Serve, Server, until

PATH = "/api/storage-resources/"
ALWAYS_READ = {"CSCS_SNAPSHOT_MAX_AGE": "0"}
NEVER_STALE = ALWAYS_READ | {"CSCS_STALE_IF_ERROR": "0"}


def replace(file: Path, text: str) -> None:
    """Put a new file in the place of an old one at once, as a program that dumps should."""
    fresh = file.with_suffix(".new")
    fresh.write_text(text)
    fresh.replace(file)


def half_of(file: Path) -> str:
    """What a program that does not do so leaves for a moment."""
    text = file.read_text()
    return text[: len(text) // 2]


def ask(server: Server) -> int:
    """The status of an answer that is read anew."""
    return server.get(PATH, cache_control="no-cache").status_code


def test_a_half_written_dump_leaves_the_last_good_answer_with_age_and_warning(
    serve: Serve, demo: Path
) -> None:
    server = serve(demo / "config.yaml", **ALWAYS_READ)
    good = server.get(PATH)
    replace(demo / "waldur-vast.json", half_of(demo / "waldur-vast.json"))
    response = server.get(PATH, cache_control="no-cache")

    assert response.status_code == 200
    assert good.json()["resources"] == response.json()["resources"]
    assert int(response.headers["age"]) >= 0
    assert response.headers["warning"].startswith("110 ")


def test_then_it_is_502_with_file_and_position_until_the_dump_is_repaired(
    serve: Serve, demo: Path
) -> None:
    server, dump = serve(demo / "config.yaml", **NEVER_STALE), demo / "waldur-vast.json"
    whole = dump.read_text()
    assert ask(server) == 200
    replace(dump, half_of(dump))
    response = server.get(PATH, cache_control="no-cache")
    body = response.json()

    assert response.status_code == 502
    assert body["error"] == "UpstreamServiceError"
    assert "waldur-vast.json" in body["detail"]
    assert str(demo) not in body["detail"], "folders are nobody's business"
    assert "line" in body["detail"]
    replace(dump, whole)
    assert ask(server) == 200
    assert "warning" not in server.get(PATH).headers


def test_a_dump_that_is_missing_at_the_start_is_served_once_it_is_there(
    serve: Serve, demo: Path
) -> None:
    dump = demo / "waldur-capstor.json"
    whole = dump.read_text()
    dump.unlink()
    server = serve(demo / "config.yaml", **NEVER_STALE)

    assert ask(server) == 502
    assert server.get("/readyz").status_code == 503
    replace(dump, whole)
    until(lambda: server.get("/readyz").status_code == 200, server)
    assert ask(server) == 200


@pytest.mark.parametrize("broken", ["", "projects: [", "projects:\n  a: 1", "nonsense: 1\n"])
def test_broken_identities_are_502_and_never_a_list_without_owners(
    serve: Serve, demo: Path, broken: str
) -> None:
    server, file = serve(demo / "config.yaml", **NEVER_STALE), demo / "identities.yaml"
    whole = file.read_text()
    assert ask(server) == 200
    replace(file, broken)
    response = server.get(PATH, cache_control="no-cache")

    assert response.status_code == 502
    assert "identities.yaml" in response.json()["detail"]
    replace(file, whole)
    assert ask(server) == 200


def test_a_changed_resource_is_seen_and_changes_the_tag(serve: Serve, demo: Path) -> None:
    server, dump = serve(demo / "config.yaml", **ALWAYS_READ), demo / "waldur-vast.json"
    before = server.get(PATH)
    rows = json.loads(dump.read_text())
    rows[6]["limits"] = {"storage": 123}
    replace(dump, json.dumps(rows))
    after = server.get(PATH)

    assert before.headers["etag"] != after.headers["etag"]
    assert '"quota":123,' in server.get(PATH + "?storage_system=vast").text


def test_ten_walkers_pinned_to_one_snapshot_see_it_whole_while_the_dump_is_rewritten(
    serve: Serve, demo: Path
) -> None:
    server = serve(demo / "config.yaml", **ALWAYS_READ)
    first = server.get(PATH + "?page_size=500").json()
    snapshot, expected = first["pagination"]["snapshot"], first["resources"]
    stop = Event()
    with ThreadPoolExecutor(11) as threads:
        writing = threads.submit(_rewrite, demo / "waldur-capstor.json", server, stop)
        walks = [threads.submit(_walk, server, snapshot, 3 + n) for n in range(10)]
        try:
            walked = [walk.result(timeout=60) for walk in walks]
        finally:
            stop.set()
        versions = writing.result(timeout=60)

    assert [expected] * 10 == walked
    assert len(versions - {snapshot}) > 1, "the file did change meanwhile"


def _rewrite(dump: Path, server: Server, stop: Event) -> set[str]:
    """Drop and change resources again and again, and tell which snapshots came of it."""
    rows, seen, round_ = json.loads(dump.read_text()), set(), 0
    while not stop.is_set() or round_ < 3:
        round_ += 1
        rows[0]["limits"] = {"storage": round_}
        replace(dump, json.dumps(rows[: len(rows) - round_ % 7]))
        seen.add(server.get(PATH + "?page_size=1").json()["pagination"]["snapshot"])
    return seen


def _walk(server: Server, snapshot: str, size: int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    page, more = 1, True
    with server.client() as client:
        while more:
            query = f"?snapshot={snapshot}&page={page}&page_size={size}"
            answer = client.get(PATH + query).raise_for_status().json()
            rows += answer["resources"]
            page, more = page + 1, answer["pagination"]["has_next"]
    return rows
