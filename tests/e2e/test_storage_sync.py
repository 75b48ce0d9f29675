"""`waldur_cscs_storage_sync` as cron runs it: a process, the agent's file, an emulated centre."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pytest

from cscs_domain import __version__
from cscs_fakes.emulators.faults import Service
from cscs_fakes.emulators.oidc import CLIENT_SECRET
from cscs_fakes.emulators.waldur import AGENT_TOKEN
from tests.e2e.cli_process import Finished, environment, sync
from tests.e2e.document_site import GID, UUID_OF, DocumentSite, document_site
from tests.unit.cli.orders_of_rows import QUIET

STRANGE_TOKEN: Final = "f00dfacef00dfacef00dfacef00dfacef00dface"
SYNC: Final = (sys.executable, "-W", "error", "-m", "cscs_cli.sync_script")
_PATIENCE: Final = 30
"""Seconds after which a process is taken for hung."""


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[DocumentSite]:
    with document_site(tmp_path) as made:
        yield made


def read(path: Path) -> Any:
    return json.loads(path.read_bytes())


def no_secret_in(done: Finished) -> bool:
    secrets = (AGENT_TOKEN, STRANGE_TOKEN, CLIENT_SECRET)
    return not any(secret in done.out + done.err for secret in secrets)


def test_a_row_is_where_spec_002_puts_it(centre: DocumentSite) -> None:
    uuid = centre.order_climate()
    centre.provider(uuid, "approve_by_provider", "set_state_done")

    done = sync("-c", centre.agent_config(centre.offering("capstor")))

    assert (done.code, no_secret_in(done)) == (0, True)
    document = read(centre.out / "latest.json")
    assert (document["status"], document["code"]) == ("success", 200)
    assert document["meta"]["appVersion"] == __version__
    assert datetime.fromisoformat(document["meta"]["date"]).tzinfo is not None
    assert list(document["result"]) == ["storageResources", "paginate"]
    rows = {row["mountPoint"]["default"]: row for row in document["result"]["storageResources"]}
    assert document["result"]["paginate"]["total"] == len(rows) == 5
    row = rows["/lustre/store/university/physics-dept/climate-sim"]
    assert row["target"]["targetItem"]["unixGid"] == GID
    assert row["permission"]["value"] == "2770"
    assert [quota["quota"] for quota in row["quotas"]] == [12, 12, 15_960_000, 24_000_000]
    assert {row["parentItemId"] for row in rows.values()} == {None}


def test_units_and_coefficients_of_the_offering_count(centre: DocumentSite) -> None:
    uuid = centre.order_climate()
    centre.provider(uuid, "approve_by_provider", "set_state_done")
    settings = {
        "storage_file_system": "gpfs",
        "inode_soft_coefficient": 1.5,
        "inode_hard_coefficient": 3,
        **centre.backend(),
    }
    components = {"storage": {"measured_unit": "GB", "unit_factor": 0.001, "label": "Storage"}}
    offering = centre.offering("capstor", backend_settings=settings, backend_components=components)

    assert sync("-c", centre.agent_config(offering)).code == 0
    rows = read(centre.out / "latest.json")["result"]["storageResources"]
    row = next(r for r in rows if r["mountPoint"]["default"].endswith("/climate-sim"))
    assert row["mountPoint"]["default"].startswith("/gpfs/store/")
    assert [quota["quota"] for quota in row["quotas"]] == [0.012, 0.012, 18_000, 36_000]


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ({"waldur_offering_uuid": "0" * 32}, "is absent or not visible to this token"),
        ({"waldur_api_token": STRANGE_TOKEN}, "Waldur"),
        ({"waldur_api_url": "http://127.0.0.1:9/"}, "Waldur"),
    ],
    ids=["unknown", "refused", "unreachable"],
)
@pytest.mark.parametrize("bad_one_first", [True, False], ids=["first", "last"])
def test_an_offering_that_fails_leaves_the_others_their_documents(
    centre: DocumentSite, fault: Mapping[str, str], sentence: str, bad_one_first: bool
) -> None:
    bad = centre.offering("vast", name="The bad one", backend_settings=centre.backend("bad"))
    both = [{**bad, **fault}, centre.offering("capstor")]
    config = centre.agent_config(*(both if bad_one_first else reversed(both)))

    done = sync("-c", config, "--verbose")

    assert (done.code, no_secret_in(done)) == (1, True)
    (told,) = (line for line in done.err.splitlines() if line.startswith("The bad one: "))
    assert sentence in told
    assert done.err.splitlines()[-1] == "1 of 2 offerings failed, see above."
    assert list((centre.folder / "bad").glob("[!.]*")) == []
    assert len(read(centre.out / "latest.json")["result"]["storageResources"]) == 4


def test_a_file_over_a_dump_asks_nobody(centre: DocumentSite) -> None:
    (centre.folder / "dump.json").write_text(json.dumps(QUIET))
    ids = {str(row["project_slug"]): 40000 + n for n, row in enumerate(QUIET)}
    (centre.folder / "ids.json").write_text(json.dumps({"projects": ids, "users": []}))
    adapters = {
        "waldur": {"kind": "file", "path": "dump.json"},
        "hpc_user": {"kind": "file", "path": "ids.json"},
    }
    offering = centre.offering("capstor", waldur_api_url="http://127.0.0.1:9/")

    done = sync("-c", centre.agent_config(offering, adapters=adapters, hpc_user_api={}))

    assert done.code == 0
    assert len(read(centre.out / "latest.json")["result"]["storageResources"]) == 4
    assert centre.site.log.count(Service.WALDUR) == 0


def test_a_dry_run_shows_the_diff_and_leaves_the_folder_alone(centre: DocumentSite) -> None:
    config = centre.agent_config(centre.offering("capstor"))
    assert sync("-c", config).code == 0
    before = sorted(path.name for path in centre.out.iterdir())
    centre.order_climate()

    done = sync("-c", config, "--dry-run", "--verbose")

    assert done.code == 0
    assert "/lustre/store/university/physics-dept/climate-sim" in done.out
    assert "Dry run: nothing was written" in done.out
    assert sorted(path.name for path in centre.out.iterdir()) == before


def test_a_folder_of_several_offerings_keeps_the_latest_json_that_it_has(
    centre: DocumentSite,
) -> None:
    centre.out.joinpath("latest.json").write_text("of an earlier program")
    config = centre.agent_config(centre.offering("capstor"), centre.offering("vast"))

    done = sync("-c", config, "--offering-uuid", UUID_OF["vast"])

    assert done.code == 0
    assert len(read(centre.out / "latest-vast.json")["result"]["storageResources"]) == 3
    assert centre.out.joinpath("latest.json").read_text() == "of an earlier program"
    assert "latest.json stays as it is" in done.err


def test_a_reader_that_leaves_early_keeps_no_offering_from_being_written(
    centre: DocumentSite,
) -> None:
    offerings = [
        centre.offering(slug, backend_settings=centre.backend(slug)) for slug in ("capstor", "vast")
    ]
    with started(centre.agent_config(*offerings), stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(_PATIENCE) == 0

    for slug in ("capstor", "vast"):
        assert (centre.folder / slug / "latest.json").exists()


def test_a_run_that_is_told_to_end_leaves_no_document_and_no_lock(centre: DocumentSite) -> None:
    offering = centre.offering("capstor")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(_PATIENCE)
        port = silent.getsockname()[1]
        identities = {**centre.identities, "api_url": f"http://127.0.0.1:{port}/"}
        config = centre.agent_config(offering, hpc_user_api=identities)
        with started(config, stdout=subprocess.DEVNULL) as process:
            connection, _ = silent.accept()  # it reads, and waits for ids that never come
            process.send_signal(signal.SIGTERM)
            code = process.wait(_PATIENCE)
            connection.close()

    assert (code, centre.names) == (130, [])
    assert sync("-c", centre.agent_config(offering)).code == 0


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_closed_streams_keep_no_offering_from_being_written(
    centre: DocumentSite, closed: str
) -> None:
    """Some programs start others without any."""
    slugs = ("capstor", "vast")
    offerings = [centre.offering(slug, backend_settings=centre.backend(slug)) for slug in slugs]
    command = [*SYNC, "-c", str(centre.agent_config(*offerings))]
    done = subprocess.run(
        ["/bin/sh", "-c", f'exec "$@" {closed}', "sh", *command],
        env=environment({}),
        capture_output=True,
        timeout=_PATIENCE,
        check=False,
    )

    assert (done.returncode, b"Traceback" in done.stderr) == (0, False)
    for slug in slugs:
        assert read(centre.folder / slug / "latest.json")["status"] == "success"


def test_a_changed_gid_is_marked_dangerous_in_a_dry_run(centre: DocumentSite) -> None:
    config = centre.agent_config(centre.offering("capstor"))
    assert sync("-c", config).code == 0
    row = next(row for row in QUIET if row["offering_slug"] == "capstor")
    centre.site.hpc_user.set_gid(str(row["project_slug"]), 39999)

    done = sync("-c", config, "--dry-run")

    assert "39999" in done.out
    assert "dangerous" in done.out.lower()


def started(config: Path, *, stdout: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*SYNC, "-c", str(config)],
        env=environment({}),
        stdout=stdout,
        stderr=subprocess.DEVNULL,
    )
