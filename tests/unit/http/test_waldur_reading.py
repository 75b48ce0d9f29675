"""One consistent read of a list that changes while it is read."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cscs_domain.errors import UpstreamServiceError
from cscs_domain.ports import ResourceQuery
from cscs_domain.storage.waldur_rows import ORDER_MEMBERS, ROW_MEMBERS
from cscs_http.waldur_resources import HttpWaldurResources
from tests.unit.http.changing_list import (
    Change,
    ChangingList,
    adding,
    both,
    doing_nothing,
    reader_of,
    removing,
    row,
)

pytestmark = pytest.mark.anyio

QUERY = ResourceQuery(offering_slugs=frozenset({"vast", "capstor"}))
EVERYTHING = ResourceQuery(offering_slugs=frozenset({"capstor"}), include_terminated=True)


async def slugs(waldur: HttpWaldurResources, query: ResourceQuery = QUERY) -> set[object]:
    """All slugs of one read."""
    return {one.slug async for page in waldur.pages(query) for one in page.rows}


async def raw_slugs(waldur: HttpWaldurResources) -> set[object]:
    """All slugs of one untouched read."""
    return {one["slug"] async for page in waldur.raw_pages(QUERY) for one in page}


def all_slugs(count: int) -> set[object]:
    return {f"res-{number}" for number in range(count)}


class TestWhatIsAsked:
    async def test_one_page_is_one_request(self) -> None:
        served = ChangingList([row(number) for number in range(5)])
        async with reader_of(served) as waldur:
            assert await slugs(waldur) == all_slugs(5)

        assert len(served.requests) == 1

    async def test_filters_selection_and_order(self) -> None:
        served = ChangingList([row(0)])
        async with reader_of(served) as waldur:
            await slugs(waldur)

        url = urlsplit(served.requests[0])
        query = parse_qs(url.query)
        assert url.path == "/api/marketplace-provider-resources/"
        assert query["offering_slug"] == ["capstor,vast"]
        assert query["o"] == ["created"]
        assert query["page_size"] == ["300"]
        assert set(query["state"]) == {"Creating", "OK", "Erred", "Updating", "Terminating"}
        assert set(query["field"]) == {*ROW_MEMBERS, *ORDER_MEMBERS}

    async def test_terminated_ones_are_asked_for_by_not_filtering_states(self) -> None:
        served = ChangingList([row(0)])
        async with reader_of(served) as waldur:
            await slugs(waldur, EVERYTHING)

        assert "state" not in parse_qs(urlsplit(served.requests[0]).query)

    async def test_an_untouched_read_selects_nothing(self) -> None:
        served = ChangingList([row(number) for number in range(12)])
        async with reader_of(served) as waldur:
            assert await raw_slugs(waldur) == all_slugs(12)

        assert "field" not in parse_qs(urlsplit(served.requests[0]).query)

    async def test_pages_that_are_cut_short_are_all_read(self) -> None:
        """A server gives at most so many rows a page, whatever it is asked for."""
        served = ChangingList([row(number) for number in range(23)], cap=4)
        async with reader_of(served) as waldur:
            assert await slugs(waldur) == all_slugs(23)

        whole = [request for request in served.requests if "field=slug" in request]
        assert len(whole) == 6

    async def test_an_empty_list_is_a_whole_read(self) -> None:
        async with reader_of(ChangingList([])) as waldur:
            assert await slugs(waldur) == set()


class TestMovement:
    async def test_a_row_that_slips_to_an_earlier_page_is_found(self) -> None:
        """The oldest leaves and a new one comes: the count stays, and row 5 is on no page."""
        served = ChangingList([row(number) for number in range(10)])
        served.changes = [doing_nothing, both(removing(0), adding([10]))]
        async with reader_of(served, at_once=1) as waldur:
            found = await slugs(waldur)

        assert {f"res-{number}" for number in range(1, 10)} <= found

    async def test_a_list_that_becomes_too_short_ends_there(self) -> None:
        served = ChangingList([row(number) for number in range(11)])
        served.changes = [doing_nothing, removing(0)]
        async with reader_of(served, at_once=1) as waldur:
            assert all_slugs(11) - {"res-0"} <= await slugs(waldur)

    async def test_a_row_that_goes_before_it_can_be_looked_at_is_gone(self) -> None:
        served = ChangingList([row(number) for number in range(10)])
        two_pages, uuids_of_two_pages = [doing_nothing] * 2, [adding([99]), doing_nothing]
        served.changes = [*two_pages, *uuids_of_two_pages, doing_nothing, removing(-1)]
        async with reader_of(served, at_once=1) as waldur:
            assert await slugs(waldur) == all_slugs(10)

    async def test_a_list_that_loses_too_much_while_it_is_read_is_an_error(self) -> None:
        served = ChangingList([row(number) for number in range(400)])
        served.changes = [removing(0)] * 1000
        async with reader_of(served, at_once=1) as waldur:
            with pytest.raises(UpstreamServiceError, match="changed"):
                await slugs(waldur)


changes = st.lists(
    st.one_of(
        st.builds(removing, st.integers(0, 40)),
        st.builds(adding, st.lists(st.integers(1000, 9999), max_size=3, unique=True)),
        st.just(doing_nothing),
    ),
    max_size=30,
)


@given(st.integers(0, 40), changes, st.integers(1, 5), st.integers(3, 9))
def test_what_was_there_throughout_is_read(
    count: int, script: list[Change], at_once: int, cap: int
) -> None:
    served = ChangingList([row(number) for number in range(count)], cap=cap, changes=list(script))

    async def read() -> set[object]:
        async with reader_of(served, at_once) as waldur:
            return await slugs(waldur)

    try:
        found = anyio.run(read)
    except UpstreamServiceError:
        return  # told, and not half a read
    left = {one["slug"] for one in served.rows}
    assert all_slugs(count) & left <= found


class TestUnusableAnswers:
    async def test_a_list_without_a_count_is_no_waldur(self) -> None:
        async with reader_of(ChangingList([row(0)], count_header=False)) as waldur:
            with pytest.raises(UpstreamServiceError, match="X-Result-Count"):
                await slugs(waldur)

    @pytest.mark.parametrize("count", ["-1", "", "1" * 10, "0" * 12 + "9" * 5000, "1e3"])
    async def test_an_absurd_count_is_refused(self, count: str) -> None:
        async with reader_of(ChangingList([row(0)], count=count)) as waldur:
            with pytest.raises(UpstreamServiceError) as caught:
                await slugs(waldur)

        assert len(str(caught.value)) < 300

    async def test_a_count_below_the_rows_that_come_is_refused(self) -> None:
        """There may be more of them, and nobody would ask."""
        async with reader_of(ChangingList([row(0), row(1)], count="1")) as waldur:
            with pytest.raises(UpstreamServiceError, match="2 rows"):
                await slugs(waldur)

    async def test_a_read_that_takes_too_long_is_an_error(self) -> None:
        served = ChangingList([row(number) for number in range(12)])
        async with reader_of(served, read_limit=0) as waldur:
            with pytest.raises(UpstreamServiceError, match="not over"):
                await slugs(waldur)

    async def test_refused_rows_are_not_fetched_again(self) -> None:
        rows = [row(number) | {"order_in_progress": [number]} for number in range(12)]
        served = ChangingList(rows)
        async with reader_of(served) as waldur:
            pages = [page async for page in waldur.pages(QUERY)]

        assert sum(len(page.problems) for page in pages) == 12
        assert len(served.requests) == 6

    async def test_rows_that_are_promised_and_never_sent_are_an_error(self) -> None:
        async with reader_of(ChangingList([row(0)], cap=0)) as waldur:
            with pytest.raises(UpstreamServiceError, match="sends none"):
                await slugs(waldur)

    async def test_nobody_walks_a_list_without_end(self) -> None:
        served = ChangingList([row(number) for number in range(20_001)], cap=1)
        async with reader_of(served) as waldur:
            with pytest.raises(UpstreamServiceError, match="pages"):
                await slugs(waldur)

        assert len(served.requests) == 1

    async def test_a_hostile_uuid_never_becomes_part_of_a_path(self) -> None:
        rows = [row(number) | {"uuid": f"../../users/{number}?x="} for number in range(12)]
        served = ChangingList(rows)
        async with reader_of(served) as waldur:
            assert await slugs(waldur) == all_slugs(12)

        assert not any("users" in request for request in served.requests)
