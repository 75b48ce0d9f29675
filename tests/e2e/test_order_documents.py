"""Order documents from the customer's wish to the end, against an emulated centre (Waldur 8.1)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from cscs_domain import __version__
from cscs_fakes.emulators.waldur import AGENT_TOKEN
from tests.e2e.cli_process import Finished, run
from tests.e2e.document_site import GID, DocumentSite, document_site


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[DocumentSite]:
    with document_site(tmp_path) as made:
        yield made


def orders(centre: DocumentSite, *options: str) -> Finished:
    return run("storage", "orders", "--config", centre.config(), *options)


def order(centre: DocumentSite, uuid: str, *options: str) -> Finished:
    return run("storage", "order", uuid, "--config", centre.config(), *options)


def document(centre: DocumentSite, kind: str, uuid: str) -> Any:
    """The only document of this order."""
    (path,) = centre.out.glob(f"*-{kind}_{UUID(uuid)}*.json")
    return json.loads(path.read_bytes())


def row_of(centre: DocumentSite, kind: str, uuid: str) -> Any:
    (row,) = document(centre, kind, uuid)["result"]["storageResources"]
    return row


def finish(centre: DocumentSite, uuid: str) -> None:
    centre.provider(uuid, "approve_by_provider", "set_state_done")


def test_an_order_to_create_gets_one_document_with_its_row_alone(centre: DocumentSite) -> None:
    uuid = centre.order_climate()

    first, names = orders(centre), centre.names
    second = orders(centre)

    assert (first.code, second.code) == (0, 0)
    assert "1 order (1 written)" in first.out
    assert "1 order (1 present)" in second.out
    assert centre.names == names
    found = document(centre, "create", uuid)
    assert (found["status"], found["code"]) == ("success", 200)
    assert list(found["result"]) == ["storageResources"]
    assert found["meta"]["appVersion"] == __version__
    assert datetime.fromisoformat(found["meta"]["date"]).tzinfo is not None
    row = row_of(centre, "create", uuid)
    assert row["status"] == "pending"
    assert row["mountPoint"]["default"] == "/capstor/store/cscs/university/physics-dept"
    assert row["target"]["targetItem"]["unixGid"] == GID
    assert row["quotas"][0]["quota"] == 12
    assert f"marketplace-orders/{UUID(uuid)}/approve_by_provider/" in row["approve_by_provider_url"]


def test_an_order_waits_for_the_consumers_approval(centre: DocumentSite) -> None:
    uuid = centre.order_climate(approved=False)

    waiting = orders(centre)
    assert (waiting.code, centre.names) == (0, [])
    assert "pending-consumer" in waiting.out

    centre.consumer(uuid, "approve_by_consumer")

    assert orders(centre).code == 0
    assert row_of(centre, "create", uuid)["status"] == "pending"


def test_an_order_to_update_tells_old_and_new_quotas(centre: DocumentSite) -> None:
    created = centre.order_climate()
    finish(centre, created)
    resource = centre.site.waldur.order(created)["marketplace_resource_uuid"]
    uuid = centre.site.waldur.order_update(str(resource), limits={"storage": 30})
    centre.provider(uuid, "approve_by_provider")

    assert orders(centre).code == 0
    row = row_of(centre, "update", uuid)
    assert row["status"] == "updating"
    assert (row["oldQuotas"][0]["quota"], row["newQuotas"][0]["quota"]) == (12, 30)


def test_an_order_that_has_ended_is_written_by_name_with_what_became_of_it(
    centre: DocumentSite,
) -> None:
    created = centre.order_climate()
    finish(centre, created)
    assert order(centre, created).code == 0
    assert row_of(centre, "create", created)["status"] == "active"

    resource = centre.site.waldur.order(created)["marketplace_resource_uuid"]
    ended = centre.site.waldur.order_terminate(str(resource))
    finish(centre, ended)

    none_left = orders(centre)
    assert none_left.out == "no order is in progress; 0 problems\n"
    assert order(centre, ended).code == 0
    assert row_of(centre, "terminate", ended)["status"] == "removed"


def test_a_dry_run_leaves_the_folder_empty(centre: DocumentSite) -> None:
    uuid = centre.order_climate()

    for done in (orders(centre, "--dry-run"), order(centre, uuid, "--dry-run")):
        assert done.code == 0
        assert f"create_{UUID(uuid)}.json" in done.out
    assert list(centre.out.iterdir()) == []


def test_an_order_that_waldur_does_not_show_is_one_sentence(centre: DocumentSite) -> None:
    done = order(centre, "5dbb3c0e6b414a6ea6b67a6ee2a4bd5c")

    assert (done.code, done.out, centre.names) == (2, "", [])
    assert "5dbb3c0e-6b41-4a6e-a6b6-7a6ee2a4bd5c is absent" in done.err.splitlines()[-1]


def test_a_waldur_that_refuses_us_leaves_the_folder_as_it_is(centre: DocumentSite) -> None:
    uuid = centre.order_climate()
    centre.site.waldur.revoke(AGENT_TOKEN)

    for done in (orders(centre), order(centre, uuid)):
        assert (done.code, done.out, centre.names) == (1, "", [])
        assert "Waldur" in done.err.splitlines()[-1]
        assert AGENT_TOKEN not in done.err
