"""The promises of `WaldurResources`, kept by every adapter in `waldur_adapters`."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from cscs_domain.errors import UpstreamServiceError
from cscs_domain.ports import ResourceQuery
from cscs_domain.problems import Problem, ProblemCode, Severity
from tests.contract.waldur_adapters import (
    QUERY,
    WALDUR_ADAPTERS,
    Holding,
    Place,
    Waldur,
    WaldurAdapter,
    read,
    row,
)

pytestmark = pytest.mark.anyio


@pytest.fixture(params=WALDUR_ADAPTERS, ids=lambda adapter: adapter.name)
def adapter(request: pytest.FixtureRequest) -> WaldurAdapter:
    made: WaldurAdapter = request.param
    return made


async def problems_of(waldur: Waldur) -> list[Problem]:
    return [problem async for page in waldur.pages(QUERY) for problem in page.problems]


async def test_every_row_comes_whatever_the_number_of_pages(holding: Holding) -> None:
    """A row lost at a page boundary is a directory that nobody provisions."""
    rows = [row(number) for number in range(1000)]

    found = await read(holding(rows))

    assert {got.uuid for got in found} == {sent["uuid"] for sent in rows}


@pytest.mark.parametrize("count", [1, 2, 299, 300, 301, 600])
async def test_no_row_is_lost_at_the_edge_of_a_page(holding: Holding, count: int) -> None:
    rows = [row(number) for number in range(count)]

    found = await read(holding(rows))

    assert sorted(str(got.slug) for got in found) == sorted(str(sent["slug"]) for sent in rows)


async def test_pages_are_small_enough_to_be_handled_between_two_requests(holding: Holding) -> None:
    """The domain handles a page without a pause, so its size bounds how long a server is deaf."""
    rows = [row(number) for number in range(1000)]

    sizes = [len(page.rows) async for page in holding(rows).pages(QUERY)]

    assert max(sizes) <= 300


@pytest.mark.parametrize("count", [1, 300, 301, 1000])
async def test_a_page_says_how_many_rows_there_will_be(holding: Holding, count: int) -> None:
    """A hint for people who wait, exact as long as nothing moves; refused rows count as well."""
    waldur = holding([*(row(number) for number in range(count - 1)), "junk"])

    pages = [page async for page in waldur.pages(QUERY)]

    assert {page.total for page in pages} == {count}
    assert sum(len(page.rows) + len(page.problems) for page in pages) == count


async def test_others_get_a_turn_between_pages(holding: Holding) -> None:
    """A refresh of a large site must not stop the server that it feeds."""
    turns = 0

    async def other_work() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    pages = 0
    other = asyncio.create_task(other_work())
    seen = []
    async for _ in holding([row(number) for number in range(1000)]).pages(QUERY):
        pages += 1
        seen.append(turns)
    other.cancel()

    assert pages > 1
    assert len(set(seen)) == pages


async def test_nothing_to_read_is_an_answer_too(holding: Holding) -> None:
    waldur = holding([])

    assert await read(waldur) == []
    assert await problems_of(waldur) == []


async def test_rows_of_the_asked_offerings_come_even_among_others(holding: Holding) -> None:
    """An adapter may return more, never less: the domain filters again."""
    rows = [row(0), row(1, offering_slug="vast"), row(2)]
    only_capstor = ResourceQuery(offering_slugs=frozenset({"capstor"}))

    found = [got async for page in holding(rows).pages(only_capstor) for got in page.rows]

    assert {"res-0", "res-2"} <= {got.slug for got in found}


async def test_terminated_resources_come_when_asked_for(holding: Holding) -> None:
    found = await read(holding([row(0), row(1, state="Terminated")]))

    assert {got.state for got in found} == {"OK", "Terminated"}


async def test_duplicates_do_not_hide_anything(holding: Holding) -> None:
    """Offsets move while a set is read, so Waldur repeats rows: the newest must arrive."""
    rows = [row(0, modified="2026-11-20T10:00:00Z"), row(0, modified="2026-11-20T11:00:00Z")]

    found = await read(holding(rows))

    assert "2026-11-20T11:00:00Z" in {got.modified for got in found}


async def test_numbers_arrive_exactly(holding: Holding) -> None:
    """A quota read as a binary float would drift by an inode or a kilobyte."""
    limits = {"storage": Decimal("8.2"), "files": 12345678901234567890}

    (found,) = await read(holding([row(0, limits=limits)]))

    assert found.limits == limits
    assert isinstance(found.limits, dict)
    assert isinstance(found.limits["storage"], Decimal)


async def test_absent_and_null_are_alike(holding: Holding) -> None:
    """Waldur leaves keys out when a relation is empty."""
    without = row(0)
    del without["project_slug"]

    found = await read(holding([without, row(1, project_slug=None)]))

    assert [got.project_slug for got in found] == [None, None]


async def test_an_order_comes_with_what_it_wants(holding: Holding) -> None:
    order = {"uuid": "b" * 32, "type": "Update", "state": "executing", "limits": {"storage": 3}}

    (found,) = await read(holding([row(0, order_in_progress={**order, "cost": "1.0"})]))

    assert found.order_in_progress is not None
    assert found.order_in_progress.type == "Update"
    assert found.order_in_progress.limits == {"storage": 3}


@pytest.mark.parametrize("junk", ["text", 7, None, [], [row(9)], True], ids=repr)
async def test_what_is_no_row_is_a_problem_and_hides_no_other(
    holding: Holding, junk: object
) -> None:
    waldur = holding([row(0), junk, row(1)])

    assert {got.slug for got in await read(waldur)} == {"res-0", "res-1"}
    (problem,) = await problems_of(waldur)
    assert problem.code is ProblemCode.MALFORMED_RECORD
    assert problem.severity is Severity.ERROR
    assert problem.resource


async def test_a_row_with_a_senseless_order_is_a_problem_under_its_uuid(holding: Holding) -> None:
    """Without its order the row might be shown as settled while somebody waits for it."""
    waldur = holding([row(0), row(1, order_in_progress="soon"), row(2)])

    assert {got.slug for got in await read(waldur)} == {"res-0", "res-2"}
    (problem,) = await problems_of(waldur)
    assert problem.resource == "00000000-0000-0000-0000-000000000002"


async def test_a_problem_never_carries_a_line_break_of_the_sender(holding: Holding) -> None:
    """Problems are logged: upstream text must not be able to write log lines of its own."""
    (problem,) = await problems_of(holding([row(0, uuid="x\nERROR forged", order_in_progress=1)]))

    assert "\n" not in str(problem)


@pytest.mark.parametrize(
    "slug", ["../../etc", "a\x00b", "a\nb", "\u202eevil", "Zürich Λ", "\ud800", "x" * 100_000]
)
async def test_hostile_text_is_passed_on_as_data(holding: Holding, slug: str) -> None:
    """What may be part of a path is for the domain to say, which also names the resource."""
    found = await read(holding([row(0, slug=slug), row(1)]))

    assert {got.slug for got in found} == {slug, "res-1"}


async def test_members_of_odd_types_are_passed_on_as_data(holding: Holding) -> None:
    odd: dict[str, object] = {
        "slug": 12,
        "limits": ["2"],
        "state": {"is": "OK"},
        "backend_id": False,
    }

    (found,) = await read(holding([row(0, **odd)]))

    assert [found.slug, found.limits, found.state, found.backend_id] == list(odd.values())


async def test_half_a_read_never_ends_normally(adapter: WaldurAdapter, waldur_place: Place) -> None:
    """An answer that lacks resources tells a provisioner that they are gone."""
    waldur = adapter.breaking(waldur_place, [row(number) for number in range(1000)])

    with pytest.raises(UpstreamServiceError) as caught:
        await read(waldur)

    assert caught.value.service.startswith("Waldur")


async def test_reads_do_not_disturb_each_other(holding: Holding) -> None:
    waldur = holding([row(number) for number in range(700)])

    first, second = await asyncio.gather(read(waldur), read(waldur))

    assert len(first) == len(second) == 700
