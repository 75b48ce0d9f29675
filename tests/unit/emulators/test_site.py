"""The whole emulated centre: its parts fit together, rows come and go, and all comes back."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx
import pytest

from cscs_fakes.emulators.faults import Fault, FaultKind, Service
from cscs_fakes.emulators.oidc import CLIENT_ID, CLIENT_SECRET
from cscs_fakes.emulators.site import EmulatedSite
from cscs_fakes.emulators.waldur import AGENT_TOKEN
from tests.emulated import running_site

RESOURCES: Final = "/api/marketplace-provider-resources/"
TOKEN: Final = "/realms/cscs/protocol/openid-connect/token"


@pytest.fixture(scope="module")
def shared() -> Iterator[EmulatedSite]:
    with running_site(resources=60) as made:
        yield made


@pytest.fixture
def site(shared: EmulatedSite) -> EmulatedSite:
    shared.reset()
    return shared


@pytest.fixture
def client(site: EmulatedSite) -> Iterator[httpx.Client]:
    headers = {"authorization": f"Token {AGENT_TOKEN}"}
    with httpx.Client(base_url=site.url, timeout=10, trust_env=False, headers=headers) as made:
        yield made


def page(client: httpx.Client, number: int, **changes: int) -> list[dict[str, Any]]:
    answer = client.get(RESOURCES, params={"page": number, "page_size": 20} | changes)
    rows: list[dict[str, Any]] = answer.raise_for_status().json()
    return rows


def uuids(rows: list[dict[str, Any]]) -> list[str]:
    return [row["uuid"] for row in rows]


def test_every_project_and_owner_in_waldur_has_ids(
    site: EmulatedSite, client: httpx.Client
) -> None:
    rows = [row for number in (1, 2, 3) for row in page(client, number)]
    form = {
        "grant_type": "client_credentials",
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
    }
    token = client.post(TOKEN, data=form).json()["access_token"]
    bearer = {"authorization": f"Bearer {token}"}
    found = client.get("/hpc-user/api/v1/export/waldur/projects", headers=bearer).json()["projects"]

    assert len(rows) == 60
    assert {row["project_slug"] for row in rows} == {project["posixName"] for project in found}
    assert {user["posixName"] for user in site.hpc_user.users} <= {row["slug"] for row in rows}


def test_after_the_first_page_rows_vanish_and_others_come_at_the_end(
    site: EmulatedSite, client: httpx.Client
) -> None:
    before = [uuid for number in (1, 2, 3) for uuid in uuids(page(client, number))]
    site.faults.set("waldur", Fault(kind=FaultKind.VANISH, rows=2, times=1))

    walked = [uuids(page(client, number)) for number in (1, 2, 3)]

    # Offsets have shifted by two: the walk misses two rows that existed throughout.
    assert walked[0] == before[:20]
    assert walked[1] == before[22:42]
    assert walked[2][:18] == before[42:]
    assert set(walked[2][18:]).isdisjoint(before)
    assert uuids(page(client, 1)) == before[2:22]


def test_rows_that_have_all_vanished_cannot_vanish_again(
    site: EmulatedSite, client: httpx.Client
) -> None:
    before = uuids(page(client, 1, page_size=300))
    site.vanish(1000)
    site.vanish(1000)

    after = uuids(page(client, 1, page_size=300))
    assert len(after) == 60
    assert set(after).isdisjoint(before)


def order_a_resource(site: EmulatedSite) -> str:
    """The uuid of an order that waits for the provider."""
    return site.waldur.order_create(
        offering_slug="capstor", customer_slug="uni", project_slug="ocean", limits={"storage": 5}
    )


def test_an_action_whose_answer_is_lost_has_been_carried_out(
    site: EmulatedSite, client: httpx.Client
) -> None:
    order = order_a_resource(site)
    site.faults.set("waldur", Fault(kind=FaultKind.LOST, method="POST"))

    with pytest.raises(httpx.TransportError):
        client.post(f"/api/marketplace-orders/{order}/approve_by_provider/")

    assert site.waldur.order(order)["state"] == "executing"


def test_an_action_that_is_reset_has_not(site: EmulatedSite, client: httpx.Client) -> None:
    order = order_a_resource(site)
    site.faults.set("waldur", Fault(kind=FaultKind.RESET, method="POST"))

    with pytest.raises(httpx.TransportError):
        client.post(f"/api/marketplace-orders/{order}/approve_by_provider/")

    assert site.waldur.order(order)["state"] == "pending-provider"


def test_even_an_empty_answer_can_be_truncated(site: EmulatedSite, client: httpx.Client) -> None:
    order = order_a_resource(site)
    client.post(f"/api/marketplace-orders/{order}/approve_by_provider/").raise_for_status()
    site.faults.set("waldur", Fault(kind=FaultKind.TRUNCATE))

    with pytest.raises(httpx.RemoteProtocolError):
        client.post(f"/api/marketplace-orders/{order}/set_state_done/")

    assert site.waldur.order(order)["state"] == "done"


def test_orders_of_the_basic_offering_are_done_when_they_are_approved(
    site: EmulatedSite, client: httpx.Client
) -> None:
    order = site.waldur.order_create(
        offering_slug="manual-share",
        customer_slug="uni",
        project_slug="ocean",
        limits={"storage": 5},
    )

    client.post(f"/api/marketplace-orders/{order}/approve_by_provider/").raise_for_status()

    assert site.waldur.order(order)["state"] == "done"


def test_a_reset_brings_rows_orders_and_tokens_back(
    site: EmulatedSite, client: httpx.Client
) -> None:
    before = page(client, 1)
    site.vanish(5)
    site.waldur.expire(AGENT_TOKEN)
    assert client.get(RESOURCES).status_code == 401

    site.reset()

    assert page(client, 1) == before


def test_rows_that_were_given_come_back_unchanged(client: httpx.Client) -> None:
    rows = page(client, 1, page_size=3)
    with running_site(rows=rows) as site:
        site.waldur.remove_row(rows[0]["uuid"])
        site.reset()
        headers = {"authorization": f"Token {AGENT_TOKEN}"}
        found = httpx.get(site.url + RESOURCES, headers=headers, trust_env=False).json()

    assert uuids(found) == uuids(rows)


def test_the_address_in_links_is_that_of_the_request(
    site: EmulatedSite, client: httpx.Client
) -> None:
    answer = client.get(RESOURCES, params={"page_size": 1})

    assert f"<{site.url}{RESOURCES}?" in answer.headers["link"]


def test_all_services_share_one_clock(site: EmulatedSite) -> None:
    site.clock.advance(3600)

    assert site.oidc.now - datetime.now(UTC) > timedelta(seconds=3590)


def test_requests_at_once_are_counted(site: EmulatedSite) -> None:
    site.faults.set("waldur", Fault(kind=FaultKind.LATENCY, ms=100))

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: httpx.get(f"{site.url}/api/x/", trust_env=False), range(3)))

    assert 1 <= site.log.most_at_once[Service.WALDUR] <= 3
    assert site.log.count("waldur", "/api/x/", "GET") == site.log.count("waldur") == 3
    assert site.log.count("waldur", method="POST") == 0
