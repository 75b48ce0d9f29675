"""/openapi.json describes the routes that there are, in schemas that hold."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import jsonschema_rs
import pytest
from starlette.routing import BaseRoute, Mount, Route

from cscs_api.app import create_app
from cscs_api.openapi import document
from cscs_domain import __version__
from tests.api.events_site import GUARDED, OPEN, Json, events_site

METHODS = ("get", "put", "post", "delete", "patch")


def routes(found: list[BaseRoute], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Every path with every method, HEAD aside, which every GET has."""
    for route in found:
        if isinstance(route, Mount):
            yield from routes(list(route.routes), prefix + route.path)
        elif isinstance(route, Route):
            for method in (route.methods or set()) - {"HEAD"}:
                yield prefix + route.path, method.lower()


def operations(described: Json) -> Iterator[tuple[str, str, Json]]:
    """Every path with every method and what is said of it."""
    for path, item in described["paths"].items():
        for method, operation in item.items():
            assert method in METHODS
            yield path, method, operation


def references(value: object) -> Iterator[str]:
    """Every `$ref` at any depth."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "$ref":
                yield inner
            else:
                yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


@pytest.fixture
async def described() -> Json:
    """The document as a client reads it."""
    async with events_site(settings=GUARDED) as site:
        response = await site.client.get("/openapi.json")
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    found: Json = response.json()
    return found


async def test_it_is_public_and_of_this_version(described: Json) -> None:
    assert described["openapi"] == "3.1.0"
    assert described["info"]["version"] == __version__


async def test_routes_and_paths_are_the_same_set(described: Json) -> None:
    async with events_site() as site:
        served = sorted(routes(create_app(OPEN, events=site.service).routes))

    assert sorted((path, method) for path, method, _ in operations(described)) == served


async def test_a_server_without_anything_has_the_same_routes() -> None:
    async with events_site() as site:
        served = sorted(routes(create_app(OPEN, events=site.service).routes))

    assert sorted(routes(create_app(OPEN).routes)) == served


async def test_every_reference_leads_somewhere(described: Json) -> None:
    for reference in references(described):
        found: object = described
        for step in reference.removeprefix("#/").split("/"):
            assert isinstance(found, dict)
            found = found[step]


async def test_every_schema_is_one(described: Json) -> None:
    for schema in described["components"]["schemas"].values():
        jsonschema_rs.meta.validate(
            {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
        )


async def test_every_schema_is_used(described: Json) -> None:
    used = {reference.rpartition("/")[2] for reference in references(described)}

    assert set(described["components"]["schemas"]) <= used


async def test_operations_have_ids_of_their_own_and_say_who_may_ask(described: Json) -> None:
    ids = [operation["operationId"] for _, _, operation in operations(described)]
    schemes = set(described["components"]["securitySchemes"])

    assert len(set(ids)) == len(ids)
    for path, _, operation in operations(described):
        asked = {name for choice in operation["security"] for name in choice}
        assert asked <= schemes
        assert bool(asked) == path.startswith(("/api", "/usage", "/collector"))


async def test_every_body_of_an_error_has_a_schema(described: Json) -> None:
    for path, method, operation in operations(described):
        for status, answer in operation["responses"].items():
            if status not in {"200", "304"}:
                assert "application/json" in answer["content"], (path, method, status)


def test_the_document_is_made_of_plain_values() -> None:
    assert jsonschema_rs.is_valid({"type": "object"}, document())


async def test_it_is_not_behind_loopback() -> None:
    transport = httpx.ASGITransport(create_app(OPEN), client=("192.0.2.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://example.org") as client:
        assert (await client.get("/openapi.json")).status_code == 200
        assert (await client.get("/usage/events")).status_code == 403
