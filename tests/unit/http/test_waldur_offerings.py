"""What the question for an offering's slug makes of everything that may be answered."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from uuid import UUID

import pytest

from cscs_domain.errors import UpstreamServiceError
from cscs_http.waldur_resources import HttpWaldurResources
from tests.raw_server import RawServer, Reply, answer, hang_up, raw_server
from tests.unit.http.services import service_at

pytestmark = pytest.mark.anyio

ID: Final = UUID("a4e4b0d6-2d9b-5880-a14e-d505aa2bb387")
PAGE: Final = answer(404, b"<!doctype html><title>Not Found</title>", kind="text/html")


@asynccontextmanager
async def talk(*replies: Reply) -> AsyncIterator[tuple[HttpWaldurResources, RawServer]]:
    async with (
        raw_server(*replies) as server,
        # Reading all certificates of this machine would be most of the time.
        service_at(f"{server.url}api/", verify_tls=False) as watched,
    ):
        yield HttpWaldurResources(watched.service), server


async def test_it_is_one_small_request() -> None:
    async with talk(answer(200, {"uuid": ID.hex, "slug": "capstor"})) as (waldur, server):
        assert await waldur.offering_slug(ID) == "capstor"

    path = f"/api/marketplace-provider-offerings/{ID.hex}/?field=uuid&field=slug"
    assert [request.target for request in server.requests] == [path]


@pytest.mark.parametrize("uuid", [ID.hex, str(ID), ID.hex.upper()])
async def test_the_answer_may_have_either_form_of_the_uuid(uuid: str) -> None:
    async with talk(answer(200, {"uuid": uuid, "slug": "Zürich", "more": []})) as (waldur, _):
        assert await waldur.offering_slug(ID) == "Zürich"


async def test_an_offering_that_waldur_does_not_show_is_none() -> None:
    absent = answer(404, {"detail": "No Offering matches the given query."})
    async with talk(absent) as (waldur, _):
        assert await waldur.offering_slug(ID) is None


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (PAGE, "is this the API of Waldur"),
        (answer(200, b"<html>", kind="text/html"), "HTML"),
        (answer(200, b'{"uuid"'), "not JSON"),
        (answer(200, []), "no offering"),
        (answer(200, {"slug": "capstor"}), "uuid is missing"),
        (answer(200, {"uuid": 7, "slug": "capstor"}), "not a uuid"),
        (answer(200, {"uuid": UUID(int=7).hex, "slug": "vast"}), "another offering"),
        (answer(200, {"uuid": ID.hex}), "too old"),
        (answer(200, {"uuid": ID.hex, "slug": None}), "too old"),
        (answer(200, {"uuid": ID.hex, "slug": ""}), "too old"),
        (answer(200, {"uuid": ID.hex, "slug": ["capstor"]}), "not text"),
        (answer(200, {"uuid": ID.hex, "slug": "\ud800"}), "not valid Unicode"),
        (answer(401, {"detail": "Invalid token."}), "401"),
        (answer(403, {"detail": "No."}), "403"),
        (hang_up, "Waldur"),
    ],
)
async def test_anything_else_is_an_error_not_none(reply: Reply, said: str) -> None:
    """None would tell the operator that the uuid in the configuration is wrong."""
    async with talk(*[reply] * 3) as (waldur, _):
        with pytest.raises(UpstreamServiceError, match=said) as caught:
            await waldur.offering_slug(ID)

    assert caught.value.service == "Waldur"


async def test_a_page_instead_of_json_does_not_pass_by_itself() -> None:
    async with talk(PAGE) as (waldur, _):
        with pytest.raises(UpstreamServiceError) as caught:
            await waldur.offering_slug(ID)

    assert not caught.value.retryable
