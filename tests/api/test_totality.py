"""Whatever Waldur sends is answered with 200, whatever a caller asks with 200, 410 or 422."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from urllib.parse import quote, quote_plus

import attrs
import httpx
from hypothesis import given
from hypothesis import strategies as st

from cscs_api.query_reader import QueryError
from cscs_api.storage_query import parse_query
from cscs_bootstrap.settings import HpcUserApi
from cscs_fakes.strategies import hostile_rows, json_values
from tests.api.conftest import SITUATIONS
from tests.api.site import GIDS, SETTINGS, site_of

MOCKING = attrs.evolve(SETTINGS, hpc_user_api=HpcUserApi(development_mode=True))
SLUGS = ("capstor", "vast", "iopsstor")

rows_lists = st.lists(hostile_rows(SLUGS) | json_values(), max_size=4)
gid_tables = st.just(GIDS) | st.dictionaries(st.sampled_from([*GIDS, "p1", "p2"]), json_values())


def refuse(constant: str) -> object:
    """NaN and Infinity are not JSON."""
    raise AssertionError(f"{constant} in an answer")


def responses(
    rows: Sequence[object], queries: Sequence[str], **more: object
) -> list[httpx.Response]:
    """What a site with these rows answers."""

    async def ask() -> list[httpx.Response]:
        async with site_of(rows, **more) as site:  # type: ignore[arg-type]
            return [await site.get(query) for query in queries]

    return asyncio.run(ask())


@given(rows_lists, gid_tables, st.booleans())
def test_rows_of_any_kind_are_answered_with_200_and_json(
    rows: list[object], gids: dict[str, object], mocking: bool
) -> None:
    queries = ["", "?data_type=store", "?state=Terminated", "?status=unknown"]
    settings = MOCKING if mocking else SETTINGS
    for response in responses(rows, queries, gids=gids, settings=settings):
        assert response.status_code == 200
        answer = json.loads(response.content, parse_constant=refuse)
        assert len(answer["resources"]) <= 3 * len(rows)


@given(rows_lists)
def test_debug_answers_of_any_rows_are_200_and_json(rows: list[object]) -> None:
    queries = ["?debug=true", "?debug=true&storage_system=vast", "?debug=true&state=OK"]
    for response in responses(rows, queries):
        assert response.status_code == 200
        json.loads(response.content, parse_constant=refuse)


@given(rows_lists)
def test_one_good_resource_is_served_whatever_stands_beside_it(rows: list[object]) -> None:
    good = SITUATIONS[0] | {"uuid": "f" * 32, "customer_slug": "alone", "customer_uuid": "e" * 32}
    (response,) = responses([*rows, good], ["?page_size=500"])
    served = {row["itemId"] for row in response.json()["resources"]}

    assert "ffffffff-ffff-ffff-ffff-ffffffffffff" in served


KNOWN = ("storage_system", "data_type", "status", "state", "page", "page_size", "debug", "snapshot")
VALUES = ("", "capstor", "store", "active", "OK", "1", "0", "-1", "501", "9" * 18, "9" * 40, "true")

texts = st.text(max_size=12).map(lambda text: quote(text, errors="replace"))
raw_texts = st.text("abc=&;%+?'\\[]{}0123456789", max_size=20)
pairs = st.builds(
    "{}={}".format,
    st.sampled_from(KNOWN) | texts,
    st.sampled_from(VALUES).map(quote_plus) | texts | raw_texts,
)
queries = st.lists(pairs | raw_texts, max_size=6).map("&".join)


@given(queries)
def test_any_query_is_answered_with_200_410_or_422(query: str) -> None:
    (response,) = responses(SITUATIONS, [f"?{query}"])

    assert response.status_code in {200, 410, 422}
    assert response.json()
    if response.status_code != 200:
        assert response.json()["request_id"]


@given(st.binary(max_size=60))
def test_a_query_of_any_bytes_is_read_or_refused(query: bytes) -> None:
    refused: list[dict[str, object]] = []
    try:
        parse_query(query, SLUGS)
    except QueryError as error:
        refused = error.details

    assert json.dumps(refused)
