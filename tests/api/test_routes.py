"""Paths, methods, request ids, and what a caller sees of an error that nobody expected."""

from __future__ import annotations

import re

import pytest

from tests.api.events_site import GUARDED, events_site
from tests.api.site import PATH, Site, resource, site_of


async def test_the_slash_at_the_end_may_be_left_out(site: Site) -> None:
    with_slash = await site.client.get(PATH)
    without = await site.client.get(PATH.rstrip("/"))

    assert without.status_code == 200
    assert with_slash.content == without.content
    assert with_slash.headers["etag"] == without.headers["etag"]


async def test_head_has_the_headers_of_get_and_no_body(site: Site) -> None:
    got = await site.client.get(PATH)
    asked = await site.client.head(PATH)

    assert asked.status_code == 200
    assert asked.content == b""
    for name in ("etag", "content-length", "content-type", "cache-control"):
        assert got.headers[name] == asked.headers[name]


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/api/", "/api/storage-resource/", "/api/storage-resources/x", "/favicon.ico"),
        *(
            "/docs",
            "/api/%2e%2e/etc/passwd",
            "/API/storage-resources/",
            "/api/storage-resources%00",
        ),
    ],
)
async def test_an_unknown_path_is_404_in_json(site: Site, path: str) -> None:
    response = await site.client.get(path)

    assert response.status_code == 404
    assert response.headers["content-type"] == "application/json"
    assert response.json() == {
        "detail": "Not Found",
        "error": "NotFound",
        "request_id": response.headers["x-request-id"],
    }


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/healthz/",
            "/readyz/",
            "/openapi.json/",
            "/collector/resource-usage/",
            "/api",
            "/usage",
        ),
        *("/api/storage-resources//", "/usage/summary/", "/usage/events/", "/usage/unresolved/"),
        *("/usage/events/00000000000000000000000000000000/", "/usage//events", "//evil.example/"),
    ],
)
async def test_no_slash_leads_to_the_host_that_a_request_names(path: str) -> None:
    """A redirect would be made of the `Host` header, which anybody can forge."""
    headers = {"host": "evil.example", "authorization": "Bearer operator"}
    async with events_site(settings=GUARDED) as site:
        for method in ("GET", "POST"):
            url = f"http://localhost{path}"
            response = await site.client.request(method, url, headers=headers)

            assert response.status_code == 404
            assert "location" not in response.headers


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"])
@pytest.mark.parametrize("path", [PATH, "/healthz", "/readyz"])
async def test_any_method_but_get_and_head_is_405_in_json(
    site: Site, method: str, path: str
) -> None:
    response = await site.client.request(method, path)

    assert response.status_code == 405
    assert set(response.headers["allow"].split(", ")) == {"GET", "HEAD"}
    assert response.json() == {
        "detail": "Method Not Allowed",
        "error": "MethodNotAllowed",
        "request_id": response.headers["x-request-id"],
    }


@pytest.mark.parametrize("given", ["a", "abc-123", "A.b_c-9", "x" * 64])
async def test_a_harmless_request_id_is_kept(site: Site, given: str) -> None:
    response = await site.get(x_request_id=given)

    assert response.headers["x-request-id"] == given


@pytest.mark.parametrize(
    "given", ["", " ", "x" * 65, "a b", "a;b", '"', "<script>", "a,b", "a\tb", "é", "a/../b"]
)
async def test_any_other_is_replaced_by_a_new_one(site: Site, given: str) -> None:
    response = await site.client.get(PATH, headers={b"x-request-id": given.encode()})

    assert re.fullmatch("[0-9a-f]{32}", response.headers["x-request-id"])


async def test_every_request_has_an_id_of_its_own(site: Site) -> None:
    ids = {(await site.get()).headers["x-request-id"] for _ in range(10)}

    assert len(ids) == 10


async def test_an_error_names_the_id_that_the_caller_gave(site: Site) -> None:
    response = await site.get("?page=0", x_request_id="mine")

    assert response.json()["request_id"] == "mine"
    assert response.headers.get_list("x-request-id") == ["mine"]


async def test_an_unexpected_error_is_500_with_the_id_and_nothing_of_the_inside() -> None:
    async with site_of([resource()]) as site:
        site.service.encode = _broken
        response = await site.get(x_request_id="mine")

    assert response.status_code == 500
    assert response.headers["x-request-id"] == "mine"
    assert response.json() == {
        "detail": "The server failed; its log has the reason under this request id.",
        "error": "InternalError",
        "request_id": "mine",
    }


async def test_after_an_unexpected_error_the_server_goes_on() -> None:
    async with site_of([resource()]) as site:
        works, site.service.encode = site.service.encode, _broken
        await site.get()
        site.service.encode = works
        site.advance(2)  # a read that has just failed is not tried again at once

        assert (await site.get()).status_code == 200


async def test_an_unexpected_error_is_bridged_by_the_last_good_answer() -> None:
    async with site_of([resource()]) as site:
        before = await site.rows()
        site.advance(31)
        site.service.encode = _broken
        response = await site.get()

    assert response.status_code == 200
    assert response.json()["resources"] == before
    assert response.headers["warning"].startswith("110 ")


def _broken(_row: object) -> bytes:
    raise ZeroDivisionError("the inside: s3cret")
