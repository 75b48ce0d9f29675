"""Pages, and walks that stay on one snapshot while rows change."""

from __future__ import annotations

from collections.abc import AsyncIterator

import attrs
import pytest

from tests.api.site import SETTINGS, Json, Site, leaves, resource, site_of, uuid_of


@pytest.fixture
async def many() -> AsyncIterator[Site]:
    """A tenant, a customer and 23 projects: 25 rows."""
    slugs = [f"p-{n:02}" for n in range(23)]
    rows = [resource(f"res-{slug}", project_slug=slug) for slug in slugs]
    async with site_of(rows, gids={slug: 30_000 + n for n, slug in enumerate(slugs)}) as made:
        yield made


async def walk(site: Site, size: int, snapshot: str | None = None) -> list[Json]:
    """All rows, page by page, on the snapshot of the first page."""
    rows: list[Json] = []
    number, more = 1, True
    while more:
        pinned = f"&snapshot={snapshot}" if snapshot else ""
        answer = await site.answer(f"?page={number}&page_size={size}{pinned}")
        rows += answer["resources"]
        snapshot = answer["pagination"]["snapshot"]
        number, more = number + 1, answer["pagination"]["has_next"]
    return rows


async def test_pagination_says_where_the_page_lies(many: Site) -> None:
    answer = await many.answer("?page=2&page_size=10")
    pagination = answer["pagination"]
    snapshot = pagination.pop("snapshot")

    assert pagination == {
        "current": 2,
        "limit": 10,
        "offset": 10,
        "pages": 3,
        "total": 25,
        "has_next": True,
    }
    assert len(answer["resources"]) == 10
    assert isinstance(snapshot, str)
    assert snapshot


@pytest.mark.parametrize("size", [1, 2, 7, 12, 13, 24, 25, 26, 500])
async def test_pages_of_any_size_put_together_are_the_whole_list(many: Site, size: int) -> None:
    assert await many.rows("?page_size=500") == await walk(many, size)


async def test_the_default_page_has_100_rows() -> None:
    slugs = [f"p-{n:03}" for n in range(120)]
    rows = [resource(f"res-{slug}", project_slug=slug) for slug in slugs]
    async with site_of(rows, gids=dict.fromkeys(slugs, 30_000)) as site:
        answer = await site.answer()

    assert len(answer["resources"]) == 100
    assert answer["pagination"]["limit"] == 100


@pytest.mark.parametrize("page", ["3", "26", "1000000", "9" * 18])
async def test_a_page_past_the_end_is_empty(many: Site, page: str) -> None:
    answer = await many.answer(f"?page={page}&page_size=25")

    assert answer["resources"] == []
    assert answer["pagination"]["total"] == 25
    assert answer["pagination"]["has_next"] is False
    assert answer["pagination"]["current"] == int(page)


async def test_a_pinned_walk_is_complete_while_rows_come_change_and_go(many: Site) -> None:
    expected = await many.rows("?page_size=500")
    snapshot = (await many.answer())["pagination"]["snapshot"]
    walked: list[Json] = []
    for page in range(1, 6):
        many.waldur.remove(uuid_of(f"res-p-{page:02}"))
        many.waldur.replace(resource(f"res-p-{page + 10:02}", state="Erred"))
        many.waldur.add(resource(f"new-{page}", project_slug=f"p-{page:02}"))
        many.advance(31)
        await many.rows()
        walked += await many.rows(f"?page={page}&page_size=5&snapshot={snapshot}")

    assert expected == walked
    assert expected != await many.rows("?page_size=500")


async def test_a_walk_that_is_not_pinned_could_miss_rows_so_pages_name_their_snapshot(
    many: Site,
) -> None:
    first = await many.answer("?page_size=10")
    many.waldur.remove(uuid_of("res-p-00"))
    many.advance(31)
    second = await many.answer("?page=2&page_size=10")

    assert first["pagination"]["snapshot"] != second["pagination"]["snapshot"]


async def test_a_filtered_walk_can_be_pinned_too(many: Site) -> None:
    snapshot = (await many.answer("?state=OK"))["pagination"]["snapshot"]
    many.waldur.replace(resource("res-p-00", project_slug="p-00", state="Erred"))
    many.advance(31)

    assert len(await many.rows("?state=OK")) == 22
    assert len(await many.rows(f"?state=OK&snapshot={snapshot}")) == 23


async def test_a_walk_over_terminated_resources_can_be_pinned() -> None:
    rows = [resource(f"r{n}", project_slug="ocean", state="Terminated") for n in range(5)]
    async with site_of(rows) as site:
        first = await site.answer("?state=Terminated&page_size=2")
        snapshot = first["pagination"]["snapshot"]
        site.waldur.remove(uuid_of("r0"))
        site.advance(31)
        await site.rows("?state=Terminated")
        pages = [
            await site.rows(f"?state=Terminated&page_size=2&page={n}&snapshot={snapshot}")
            for n in (1, 2, 3)
        ]

    assert len({row["itemId"] for page in pages for row in page}) == 5


@pytest.mark.parametrize("snapshot", ["nonsense", "0" * 24, "%00", "%22", "x" * 3000])
async def test_an_unknown_snapshot_is_gone(many: Site, snapshot: str) -> None:
    response = await many.get(f"?snapshot={snapshot}")

    assert response.status_code == 410
    body = response.json()
    assert list(body) == ["detail", "error", "help", "request_id"]
    assert body["error"] == "SnapshotGoneError"
    assert "page 1" in body["help"]


async def test_a_replaced_snapshot_is_kept_as_long_as_configured() -> None:
    settings = attrs.evolve(SETTINGS, snapshot_keep=SETTINGS.snapshot_max_age * 2)
    async with site_of([resource("res-1")], settings=settings) as site:
        pinned = "?snapshot=" + (await site.answer())["pagination"]["snapshot"]
        site.waldur.replace(resource("res-1", state="Erred"))
        site.advance(31)
        await site.rows()
        site.advance(30)
        assert [row["status"] for row in leaves(await site.rows(pinned))] == ["active"]
        site.advance(0.001)

        assert (await site.get(pinned)).status_code == 410
