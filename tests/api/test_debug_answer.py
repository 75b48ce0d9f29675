"""debug=true: Waldur's data as it came, in the form of spec 001."""

from __future__ import annotations

import attrs
import httpx
import pytest

from cscs_bootstrap.secrets import Secret
from cscs_bootstrap.settings import HpcUserApi, WaldurApi
from tests.api.site import DOWN, SETTINGS, Site, resource, site_of

TOKEN, PASSWORD = "waldur-token-5e1f", "hpc-password-77aa"
WITH_SECRETS = attrs.evolve(
    SETTINGS,
    waldur_api=WaldurApi(api_url="https://waldur.example.com/api/", access_token=Secret(TOKEN)),
    hpc_user_api=HpcUserApi(client_secret=Secret(PASSWORD)),
)
HIDDEN = "never-show-this-9c4d"
LEAKY = resource(
    "leaky",
    secret_options={"key": HIDDEN},
    offering_secret_options={"key": HIDDEN},
    attributes={"client_secret": HIDDEN, "deep": [{"secret_options": {"a": [HIDDEN]}}]},
    order_in_progress={"uuid": "0" * 32, "state": "executing", "secret_options": HIDDEN},
)


async def test_the_shape_with_one_system_is_that_of_the_document() -> None:
    async with site_of([resource("res-1")], settings=WITH_SECRETS) as site:
        answer = await site.answer("?storage_system=capstor&debug=true")

    assert list(answer) == [
        *("status", "debug_mode", "agent_offering_config", "waldur_offering_details"),
        "raw_resources",
    ]
    assert (answer["status"], answer["debug_mode"]) == ("success", True)
    config = answer["agent_offering_config"]
    assert config["uuid"] == answer["waldur_offering_details"]["uuid"]
    assert config["api_url"] == "https://waldur.example.com/api/"
    assert config["backend_type"] == "cscs-hpc-storage"
    assert config["backend_settings"]["storage_file_system"] == "lustre"
    assert config["backend_components"]["storage"]["measured_unit"] == "TB"
    details = answer["waldur_offering_details"]
    assert (details["slug"], details["name"]) == ("capstor", "Storage of capstor")
    assert details["customer_slug"] == "cscs"
    raw = answer["raw_resources"]
    assert list(raw) == ["resources", "pagination", "filters_applied"]
    assert raw["resources"] == [resource("res-1")]
    assert raw["pagination"] == {"current": 1, "limit": 100, "offset": 0, "pages": 1, "total": 1}
    assert raw["filters_applied"] == {
        "storage_system": "capstor",
        "data_type": None,
        "status": None,
        "state": None,
    }


async def test_without_one_system_the_details_are_by_system(site: Site) -> None:
    answer = await site.answer("?debug=true")

    systems = ["capstor", "vast", "iopsstor"]
    assert list(answer["agent_offering_config"]) == systems
    assert list(answer["waldur_offering_details"]) == systems
    assert answer["waldur_offering_details"]["vast"]["slug"] == "vast"
    assert len(answer["raw_resources"]["resources"]) == 7


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("state=Creating", ["res-2"]),
        ("status=active", ["res-1", "anna", "res-5"]),
        ("data_type=store", ["res-1", "res-2", "res-4", "res-5", "res-6"]),
        ("data_type=users&storage_system=vast", ["anna"]),
        ("storage_system=capstor", ["res-1", "res-2", "res-3"]),
        ("state=Terminated", ["res-6"]),
        ("data_type=none", []),
        ("page=2&page_size=3", ["anna", "res-4", "res-5"]),
        ("page=9&page_size=3", []),
    ],
)
async def test_filters_and_pages_work_as_in_the_answer(
    site: Site, query: str, expected: list[str]
) -> None:
    answer = await site.answer(f"?debug=true&{query}")

    assert [row["slug"] for row in answer["raw_resources"]["resources"]] == expected


async def test_no_secret_of_waldur_is_shown_wherever_it_stands() -> None:
    async with site_of([LEAKY]) as site:
        for query in ("?debug=true", "?debug=true&storage_system=capstor"):
            text = (await site.get(query)).text

            assert "leaky" in text
            assert HIDDEN not in text
            assert "secret_options" not in text


async def test_no_secret_of_ours_is_shown() -> None:
    async with site_of([resource()], settings=WITH_SECRETS) as site:
        text = (await site.get("?debug=true")).text

    assert TOKEN not in text
    assert PASSWORD not in text


async def test_it_is_read_live(site: Site) -> None:
    await site.answer("?debug=true")
    site.waldur.add(resource("new"))

    assert '"new"' in (await site.get("?debug=true")).text


async def test_it_is_not_to_be_stored(site: Site) -> None:
    response = await site.get("?debug=true")

    assert response.headers["cache-control"] == "no-store"
    assert "etag" not in response.headers


async def test_rows_that_cannot_be_believed_are_shown_to_who_asks_for_everything() -> None:
    """They are why somebody looks here; no filter can tell what they are."""
    bad = resource("bad", uuid=None, limits="much")
    async with site_of([bad, resource("good")]) as site:
        assert _slugs(await site.get("?debug=true")) == ["bad", "good"]
        assert _slugs(await site.get("?debug=true&storage_system=capstor")) == ["bad", "good"]
        assert _slugs(await site.get("?debug=true&state=OK")) == ["good"]


@pytest.mark.parametrize("slug", [[], {}, ["capstor"], None, 7, "capstor\n"])
async def test_an_offering_that_is_no_text_belongs_to_no_system(slug: object) -> None:
    async with site_of([resource("odd", offering_slug=slug), resource("good")]) as site:
        assert _slugs(await site.get("?debug=true")) == ["good"]


async def test_what_no_json_can_carry_is_written_so_that_it_can_be_seen() -> None:
    deep: object = "bottom"
    for _ in range(900):
        deep = [deep]
    odd = resource("odd", attributes={"half \ud800": "\udfff!", "deep": deep, "name": "Été"})
    async with site_of([odd]) as site:
        (row,) = (await site.answer("?debug=true"))["raw_resources"]["resources"]

    assert row["attributes"]["half \\ud800"] == "\\udfff!"
    assert row["attributes"]["name"] == "Été"


async def test_an_offering_that_cannot_be_looked_up_is_shown_as_its_error() -> None:
    async with site_of([resource("res-1")]) as site:
        answer = await site.answer("?debug=true")

    assert answer["waldur_offering_details"]["vast"] == {
        "slug": "vast",
        "error": "Waldur shows no such offering",
    }
    assert answer["agent_offering_config"]["vast"]["uuid"] is None


async def test_waldur_down_is_502() -> None:
    async with site_of([resource("res-1")]) as site:
        site.waldur.fail_with(DOWN)

        assert (await site.get("?debug=true")).status_code == 502


async def test_debug_false_is_the_ordinary_answer(site: Site) -> None:
    assert await site.answer() == await site.answer("?debug=false")


def _slugs(response: httpx.Response) -> list[str]:
    return [row["slug"] for row in response.json()["raw_resources"]["resources"]]


async def test_no_member_that_speaks_of_a_secret_is_shown() -> None:
    hidden = {"password": 1, "api_token": 2, "private_key": 3, "clientSecret": 4, "API_KEY": 5}
    async with site_of([resource(attributes={**hidden, "comment": "shown"})]) as site:
        shown = (await site.answer("?debug=true"))["raw_resources"]["resources"][0]

    assert shown["attributes"] == {"comment": "shown"}
