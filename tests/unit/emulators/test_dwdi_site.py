"""Accounts of an emulated site: what Waldur sells, DWDI knows, and who works there agree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import httpx
import pytest

from cscs_fakes.emulators.faults import Fault, FaultKind
from cscs_fakes.emulators.oidc import CLIENT_ID, CLIENT_SECRET
from cscs_fakes.emulators.site import EmulatedSite
from cscs_fakes.emulators.waldur import AGENT_TOKEN
from tests.emulated import running_site

TOKEN: Final = "/realms/cscs/protocol/openid-connect/token"
RESOURCES: Final = "/api/marketplace-provider-resources/"
MONTH: Final = "/dwdi/api/v1/compute/usage-month-multiaccount"
NAMES: Final = [f"g{number:03d}" for number in range(1, 8)]


@pytest.fixture(scope="module", params=["8.1", "5.8"])
def shared(request: pytest.FixtureRequest) -> Iterator[EmulatedSite]:
    with running_site(resources=20, accounts=7, mode=request.param) as made:
        yield made


@pytest.fixture
def site(shared: EmulatedSite) -> EmulatedSite:
    shared.reset()
    return shared


@pytest.fixture
def waldur(site: EmulatedSite) -> Iterator[httpx.Client]:
    headers = {"authorization": f"Token {AGENT_TOKEN}"}
    with httpx.Client(base_url=site.url, trust_env=False, headers=headers) as made:
        yield made


def listed(client: httpx.Client, path: str, **query: str) -> list[dict[str, Any]]:
    answer = client.get(path, params={"page_size": "300", **query})
    rows: list[dict[str, Any]] = answer.raise_for_status().json()
    return rows


def compute_resources(client: httpx.Client) -> list[dict[str, Any]]:
    return [row for row in listed(client, RESOURCES) if row["offering_name"] == "Alps Daint"]


def usage(site: EmulatedSite, month: str = "2026-10") -> list[dict[str, Any]]:
    form = {
        "grant_type": "client_credentials",
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
    }
    with httpx.Client(base_url=site.url, trust_env=False) as client:
        token = client.post(TOKEN, data=form).json()["access_token"]
        bearer = {"authorization": f"Bearer {token}"}
        answer = client.get(MONTH, params={"from": month, "to": month}, headers=bearer)
    rows: list[dict[str, Any]] = answer.raise_for_status().json()["compute"]
    return rows


def test_every_account_is_a_resource_that_takes_usage(
    site: EmulatedSite, waldur: httpx.Client
) -> None:
    rows = compute_resources(waldur)

    assert sorted(row["backend_id"] for row in rows) == NAMES == [r["account"] for r in usage(site)]
    assert {row["state"] for row in rows} == {"OK"}
    assert len({row["uuid"] for row in rows}) == 7
    assert len(listed(waldur, RESOURCES)) == 27


def test_the_offering_bills_node_hours_by_usage(waldur: httpx.Client) -> None:
    uuid = compute_resources(waldur)[0]["offering_uuid"]
    offering = waldur.get(f"/api/marketplace-provider-offerings/{uuid}/").json()

    assert (offering["slug"], offering["backend_id"]) == ("daint", "daint")
    components = [(each["type"], each["billing_type"]) for each in offering["components"]]
    assert components == [("nodeHours", "usage")]


def test_everybody_who_works_there_has_an_account_in_waldur(
    site: EmulatedSite, waldur: httpx.Client
) -> None:
    offering = compute_resources(waldur)[0]["offering_uuid"]
    people = listed(waldur, "/api/marketplace-offering-users/", offering_uuid=offering)

    working = {user["username"] for row in usage(site) for user in row["users"]}
    assert {person["username"] for person in people} == working
    assert {person.get("state") for person in people} == {None if site.mode == "5.8" else "OK"}


def test_usage_of_totals_and_users_is_taken(site: EmulatedSite, waldur: httpx.Client) -> None:
    (row,) = (row for row in compute_resources(waldur) if row["backend_id"] == "g001")
    body = {"resource": row["uuid"], "usages": [{"type": "nodeHours", "amount": "12.34"}]}
    waldur.post("/api/marketplace-component-usages/set_usage/", json=body).raise_for_status()
    (record,) = listed(waldur, "/api/marketplace-component-usages/", resource_uuid=row["uuid"])
    (person, *_) = listed(waldur, "/api/marketplace-offering-users/")
    part = {"username": person["username"], "usage": "7.50", "user": person["url"]}
    path = f"/api/marketplace-component-usages/{record['uuid']}/set_user_usage/"
    waldur.post(path, json=part).raise_for_status()

    (stored,) = listed(waldur, "/api/marketplace-component-user-usages/")
    assert (record["usage"], stored["usage"], stored["user"]) == ("12.34", "7.50", person["url"])
    site.reset()
    assert listed(waldur, "/api/marketplace-component-usages/") == []


def test_the_warehouse_fails_when_it_is_told_to(site: EmulatedSite) -> None:
    site.faults.set("dwdi", Fault(kind=FaultKind.ERROR_503, times=1))

    with pytest.raises(httpx.HTTPStatusError):
        usage(site)
    assert len(usage(site)) == 7
    assert site.log.count("dwdi") == 2


def test_rows_of_storage_are_those_of_a_site_without_accounts(
    site: EmulatedSite, waldur: httpx.Client
) -> None:
    with running_site(resources=20, mode=site.mode) as other:
        headers = {"authorization": f"Token {AGENT_TOKEN}"}
        with httpx.Client(base_url=other.url, trust_env=False, headers=headers) as client:
            without = [row["uuid"] for row in listed(client, RESOURCES)]

    compute = {row["uuid"] for row in compute_resources(waldur)}
    assert [r["uuid"] for r in listed(waldur, RESOURCES) if r["uuid"] not in compute] == without
    assert set(site.uuids()) == set(without)
