"""Without tokens only programs on this machine are answered. DESIGN section 9."""

from __future__ import annotations

import attrs
import pytest

from cscs_bootstrap.settings import Auth
from cscs_domain.storage.filters import EVERYTHING
from tests.api.site import PATH, SETTINGS, Site, resource, site_of

OPEN = attrs.evolve(SETTINGS, auth=Auth(disable_auth=True, allow_insecure_bind=True))


async def status_for(address: str, **headers: str) -> int:
    """The status that a client at this address gets."""
    async with site_of([resource()], client_address=(address, 1)) as site:
        return (await site.get(**headers)).status_code


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1", "::ffff:7f00:1"]
)
async def test_this_machine_is_answered(address: str) -> None:
    assert await status_for(address) == 200


@pytest.mark.parametrize(
    "address",
    [
        *("10.0.0.9", "192.168.1.1", "128.0.0.1", "0.0.0.0", "::", "fe80::1", "2001:db8::1"),
        *("::ffff:10.0.0.9", "::ffff:a00:9", "::127.0.0.1"),
        *("localhost", "", "127.0.0.1.evil.example"),
    ],
)
async def test_any_other_is_refused(address: str) -> None:
    assert await status_for(address) == 403


async def test_the_refusal_says_why_and_what_to_do() -> None:
    async with site_of([resource()], client_address=("10.0.0.9", 1)) as site:
        response = await site.get()

    body = response.json()
    assert list(body) == ["detail", "error", "help", "request_id"]
    assert body["error"] == "PermissionDenied"
    assert "ALLOW_INSECURE_BIND" in body["help"]
    assert body["request_id"] == response.headers["x-request-id"]


async def test_a_refused_client_causes_no_read_and_learns_nothing_about_paths() -> None:
    async with site_of([resource()], client_address=("10.0.0.9", 1)) as site:
        paths = [PATH, PATH + "?debug=true", PATH + "?page=x", "/api/nowhere", "/api/"]
        statuses = {(await site.client.get(path)).status_code for path in paths}
        statuses.add((await site.client.post(PATH)).status_code)

    assert statuses == {403}
    assert site.waldur.reads == 0


@pytest.mark.parametrize(
    "name",
    [
        *("forwarded", "x-forwarded-for", "X-Forwarded-For", "x-real-ip"),
        *("via", "x-forwarded-host", "x-forwarded-proto"),
    ],
)
@pytest.mark.parametrize("value", ["10.0.0.9", "127.0.0.1", "for=127.0.0.1", "", "::1"])
async def test_a_request_that_came_through_a_proxy_is_not_taken_for_a_local_one(
    site: Site, name: str, value: str
) -> None:
    assert (await site.client.get(PATH, headers={name: value})).status_code == 403


async def test_allow_insecure_bind_answers_everybody() -> None:
    async with site_of([resource()], settings=OPEN, client_address=("10.0.0.9", 1)) as site:
        assert (await site.get()).status_code == 200
        assert (await site.get(x_forwarded_for="192.0.2.1")).status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
async def test_health_may_be_asked_from_anywhere(path: str) -> None:
    async with site_of([resource()], client_address=("10.0.0.9", 1)) as site:
        await site.service.serve(EVERYTHING)

        assert (await site.client.get(path)).status_code == 200


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:8080", "127.0.0.1:8080", "[::1]:8080", "[::1]", "127.8.9.10"]
)
async def test_a_request_for_this_machine_by_name_is_answered(host: str) -> None:
    assert await status_for("127.0.0.1", host=host) == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8080", "localhost.evil.example", "[2001:db8::1]:80", "10.0.0.9"],
)
async def test_a_local_request_for_another_name_is_refused(host: str) -> None:
    """A web page may have its own name resolve to this machine, and read in somebody's browser."""
    assert await status_for("127.0.0.1", host=host) == 403
