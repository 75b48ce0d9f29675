"""Entity tags, 304, and what `Cache-Control` says and does."""

from __future__ import annotations

import re

import pytest

from tests.api.site import Site, resource, site_of


async def tag(site: Site, query: str = "") -> str:
    """The entity tag of an answer."""
    etag: str = (await site.get(query)).headers["etag"]
    return etag


async def test_an_entity_tag_is_strong_and_quoted(site: Site) -> None:
    assert re.fullmatch('"[0-9a-z-]+"', await tag(site))


@pytest.mark.parametrize(
    "condition", ["{tag}", "W/{tag}", "*", '"other", {tag}', '"a",W/"b",{tag} ', ' "x" ,  W/{tag}']
)
async def test_who_has_the_answer_already_gets_304_without_a_body(
    site: Site, condition: str
) -> None:
    etag = await tag(site)
    response = await site.get(if_none_match=condition.format(tag=etag))

    assert response.status_code == 304
    assert response.content == b""
    assert response.headers["etag"] == etag
    assert response.headers["cache-control"] == "private, no-cache"
    assert "content-type" not in response.headers
    assert response.headers.get("content-length", "0") == "0"


@pytest.mark.parametrize("condition", ['"other"', "", '"', "W/", "{bare}", '""', "{tag}x"])
async def test_any_other_condition_gets_the_answer(site: Site, condition: str) -> None:
    etag = await tag(site)
    asked = condition.format(tag=etag, bare=etag.strip('"'))

    assert (await site.get(if_none_match=asked)).status_code == 200


async def test_it_stays_the_same_across_refreshes_when_nothing_has_changed(site: Site) -> None:
    before = await tag(site)
    site.advance(31)

    assert before == await tag(site)
    assert site.waldur.reads == 2


async def test_it_stays_the_same_when_waldur_sends_the_rows_in_another_order() -> None:
    rows = [resource("res-1"), resource("res-2", project_slug="ocean")]
    tags = set()
    for order in (rows, rows[::-1]):
        async with site_of(order) as site:
            tags.add(await tag(site))

    assert len(tags) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"state": "Erred"},
        {"limits": {"storage": 11}},
        {"customer_name": "Another"},
        {"options": {"permissions": "750"}},
        {"state": "Suspended"},
        {"limits": {"storage": -1}},
    ],
)
async def test_it_changes_when_a_row_changes(change: dict[str, object]) -> None:
    async with site_of([resource("res-1")]) as site:
        before = await tag(site)
        site.waldur.replace(resource("res-1", **change))
        site.advance(31)
        response = await site.get(if_none_match=before)

    assert response.status_code == 200
    assert response.headers["etag"] != before


async def test_it_changes_with_a_gid_and_with_a_problem() -> None:
    async with site_of([resource("res-1")]) as site:
        tags = [await tag(site)]
        site.hpc_users.set_gid("climate", 31_000)
        site.advance(31)
        tags.append(await tag(site))
        site.hpc_users.remove_project("climate")
        site.advance(31)
        tags.append(await tag(site))

    assert len(set(tags)) == 3


async def test_it_differs_for_every_filter_and_page(site: Site) -> None:
    queries = [
        *("", "?page=2", "?page_size=99", "?page=2&page_size=99", "?status=active", "?state=OK"),
        *("?storage_system=vast", "?storage_system=capstor", "?data_type=store", "?data_type=vast"),
        *("?data_type=store&state=OK", "?state=OK&status=active"),
    ]
    tags = {await tag(site, query) for query in queries}

    assert len(tags) == len(queries)


async def test_it_does_not_depend_on_how_the_same_thing_is_asked(site: Site) -> None:
    queries = ["", "?page=1", "?page_size=100", "?debug=false", "?page=1&page_size=100", "?x=1"]

    assert len({await tag(site, query) for query in queries}) == 1


async def test_a_pinned_answer_has_the_tag_of_its_snapshot(site: Site) -> None:
    before = await site.get()
    pinned = "?snapshot=" + before.json()["pagination"]["snapshot"]
    site.waldur.add(resource("new"))
    site.advance(31)

    assert before.headers["etag"] != await tag(site)
    assert before.headers["etag"] == await tag(site, pinned)


@pytest.mark.parametrize("control", ["no-cache", "No-Cache", "max-age=5, no-cache", " no-cache ,x"])
async def test_no_cache_forces_a_fresh_read(site: Site, control: str) -> None:
    await site.get()
    site.waldur.add(resource("new", project_slug="glacier"))
    stale, fresh = await site.get(), await site.get(cache_control=control)

    assert len(fresh.json()["resources"]) > len(stale.json()["resources"])
    assert fresh.headers["age"] == "0"


@pytest.mark.parametrize("control", ["max-age=0", "no-store", "no-cacheable", ""])
async def test_any_other_directive_does_not(site: Site, control: str) -> None:
    await site.get()
    await site.get(cache_control=control)

    assert site.waldur.reads == 1


async def test_no_cache_and_a_condition_work_together(site: Site) -> None:
    etag = await tag(site)
    response = await site.get(if_none_match=etag, cache_control="no-cache")

    assert response.status_code == 304
    assert site.waldur.reads == 2


async def test_age_counts_whole_seconds_since_the_read_began(site: Site) -> None:
    await site.get()
    site.advance(14.9)

    assert (await site.get()).headers["age"] == "14"


async def test_an_answer_that_is_not_stale_carries_no_warning(site: Site) -> None:
    assert "warning" not in (await site.get()).headers
