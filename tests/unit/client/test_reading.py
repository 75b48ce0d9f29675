"""A read is all rows of one snapshot, or an error; never half a list, nor parts of two."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from cscs_client import AsyncStorageClient
from cscs_domain import (
    InvalidValueError,
    ProblemCode,
    RowFilter,
    SnapshotGoneError,
    Status,
    StorageRow,
    UpstreamServiceError,
    row_from_wire,
)
from tests.api.conftest import SITUATIONS
from tests.api.site import Site, resource, site_of, uuid_of
from tests.raw_server import answer, hang_up
from tests.unit.client.pages import client_of, page, row, sent, told

GONE = answer(410, {"detail": "gone", "error": "SnapshotGoneError", "request_id": "r"})


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with site_of(SITUATIONS) as made:
        yield made


async def all_of(site: Site, query: str = "?page_size=500") -> tuple[StorageRow, ...]:
    """What the server itself says on one page."""
    body = json.loads((await site.get(query)).content, parse_float=Decimal)
    return tuple(map(row_from_wire, body["resources"]))


class TestWholeLists:
    @pytest.mark.parametrize("size", [1, 2, 3, 7, 500])
    async def test_the_rows_are_the_servers_whatever_the_size_of_pages(
        self, site: Site, size: int
    ) -> None:
        found = await client_of(site, page_size=size).read()

        assert found.rows == await all_of(site)

    async def test_the_answer_tells_about_itself(self, site: Site) -> None:
        body = await site.answer()
        site.advance(7)
        found = await client_of(site).read()

        assert found.snapshot == body["pagination"]["snapshot"]
        assert found.version == body["version"]
        assert (found.age, found.stale) == (timedelta(seconds=7), False)
        assert found.filter == RowFilter()

    async def test_filters_are_the_servers(self, site: Site) -> None:
        client = client_of(site, page_size=1)

        for query, filters in (
            ("?storage_system=vast", {"storage_system": "vast"}),
            ("?data_type=archive", {"data_type": "archive"}),
            ("?status=pending", {"status": Status.PENDING}),
            ("?status=removed", {"status": "removed"}),
            ("?state=OK&storage_system=capstor", {"state": "OK", "storage_system": "capstor"}),
        ):
            wanted: Any = filters
            found = await client.read(**wanted)
            assert found.rows == await all_of(site, query), query
            assert found.rows

    async def test_no_rows_are_an_answer(self, site: Site) -> None:
        assert (await client_of(site).read(data_type="nobody-has-it")).rows == ()

    async def test_directories_are_those_of_projects_and_users(self, site: Site) -> None:
        found = await client_of(site).read()

        assert {each.target_type for each in found.directories} == {"project", "user"}
        assert len(found.directories) == 6

    @pytest.mark.parametrize("size", [0, 501])
    async def test_a_page_size_that_no_server_has_is_refused(self, size: int) -> None:
        with pytest.raises(InvalidValueError, match="size"):
            AsyncStorageClient("http://localhost", page_size=size)

    async def test_a_word_that_is_no_status_is_refused(self, site: Site) -> None:
        with pytest.raises(InvalidValueError, match="status"):
            await client_of(site).read(status="pendign")
        with pytest.raises(InvalidValueError, match="state"):
            await client_of(site).read(state="ok")

    async def test_a_filter_that_is_none_is_refused(self, site: Site) -> None:
        """A word that nobody looks at would let every row through."""
        misspelled: Any = {"stauts": "pending"}

        with pytest.raises(TypeError, match="stauts"):
            await client_of(site).read(**misspelled)


class TestProblems:
    async def test_those_of_the_server_are_told_with_their_rows(self) -> None:
        twins = [resource("res-1"), resource("res-2"), resource("lost", project_slug="atlantis")]
        async with site_of(twins) as site:
            found = await client_of(site, page_size=1).read()

        codes = [problem.code for problem in found.problems]
        assert codes == [
            ProblemCode.MISSING_IDENTITY,
            *[ProblemCode.SHARED_PATH] * 2,
            *[ProblemCode.EMPTY_SYSTEM] * 2,
        ]
        for each in found.directories:
            assert [p.code for p in found.problems_of(each)] == [ProblemCode.SHARED_PATH]
        assert found.problems[0].resource == uuid_of("lost")
        assert found.problems_of(found.rows[0]) == ()

    @pytest.mark.parametrize(
        "strange",
        [
            row(status="archived"),
            row(mountPoint={"default": "/capstor/../etc"}),
            row(target={"targetType": "robot", "targetItem": {}}),
            row(quotas=[]),
            {"itemId": row()["itemId"]},
        ],
    )
    async def test_a_row_that_is_not_understood_is_a_problem_and_takes_no_other_along(
        self, strange: object
    ) -> None:
        replies = sent(strange, pages=2, total=2), sent(row(), number=2, pages=2, total=2)
        async with told(*replies) as (client, _):
            found = await client.read()
        (problem,) = found.problems

        assert [each.item_id for each in found.rows] == [found.rows[0].item_id]
        assert problem.code == ProblemCode.MALFORMED_RECORD
        assert problem.severity == "error"
        assert problem.resource == row()["itemId"]
        assert len(problem.message) < 400

    @pytest.mark.parametrize("strange", [None, "x", 5, [], {}, {"itemId": "\x1b[2J" * 99}])
    async def test_what_is_no_row_at_all_is_a_problem_too(self, strange: object) -> None:
        async with told(sent(strange)) as (client, _):
            found = await client.read()
        (problem,) = found.problems

        assert found.rows == ()
        assert problem.message.isprintable()
        assert problem.resource is None or problem.resource.isprintable()

    async def test_members_that_a_newer_server_adds_are_passed_over(self) -> None:
        async with told(sent(row(colour="blue"), colour="red")) as (client, _):
            assert (await client.read()).problems == ()

    async def test_a_problem_of_a_newer_server_is_carried_through(self) -> None:
        problem = {"code": "haunted", "severity": "fatal", "resource": None, "message": "a\nb"}
        async with told(sent(row(), problems=[problem, "odd"])) as (client, _):
            first, second = (await client.read()).problems

        assert (first.code, first.severity, first.message) == ("haunted", "fatal", "a b")
        assert (second.severity, second.message) == ("error", "odd")


class TestSnapshots:
    async def test_all_pages_are_asked_of_the_first_ones_snapshot(self) -> None:
        replies = [sent(row(), number=n, pages=3, total=3) for n in (1, 2, 3)]
        async with told(*replies, page_size=1) as (client, server):
            await client.read()

        targets = [request.target.partition("?")[2] for request in server.requests]
        assert targets == [
            "page=1&page_size=1",
            "page=2&page_size=1&snapshot=s1",
            "page=3&page_size=1&snapshot=s1",
        ]

    async def test_a_walk_whose_snapshot_goes_away_begins_again(self) -> None:
        old = sent(row(), pages=2, total=2, snapshot="old")
        new = [sent(row(), number=n, pages=2, total=2, snapshot="new") for n in (1, 2)]
        async with told(old, GONE, *new) as (client, _):
            found = await client.read()

        assert (found.snapshot, len(found.rows)) == ("new", 2)

    async def test_it_does_not_begin_again_for_ever(self) -> None:
        async with told(*[sent(row(), pages=2, total=2), GONE] * 9) as (client, server):
            with pytest.raises(SnapshotGoneError, match="s1"):
                await client.read()

        assert len(server.requests) == 8

    async def test_a_walk_tells_that_its_snapshot_is_gone(self) -> None:
        async with told(sent(row(), pages=2, total=2), GONE) as (client, _):
            pages = client.walk()
            assert (await anext(pages)).number == 1
            with pytest.raises(SnapshotGoneError):
                await anext(pages)

    async def test_a_walk_gives_pages_as_they_come(self, site: Site) -> None:
        whole = await client_of(site).read()
        pages = [each async for each in client_of(site, page_size=4).walk()]

        assert [each.number for each in pages] == list(range(1, len(pages) + 1))
        assert {each.total for each in pages} == {len(whole.rows)}
        assert tuple(row for each in pages for row in each.rows) == whole.rows

    @pytest.mark.parametrize(
        "second",
        [
            sent(row(), number=2, pages=2, total=2, snapshot="s2"),
            sent(row(), number=1, pages=2, total=2),
            sent(number=2, pages=2, total=2),
            sent(row(), row(), number=2, pages=2, total=2),
        ],
        ids=["other snapshot", "other page", "empty", "too many"],
    )
    async def test_pages_that_do_not_fit_together_are_an_error(self, second: bytes) -> None:
        async with told(sent(row(), pages=2, total=2), second) as (client, _):
            with pytest.raises(UpstreamServiceError, match="page"):
                await client.read()

    async def test_fewer_rows_than_were_told_of_are_an_error(self) -> None:
        async with told(sent(row(), total=2)) as (client, _):
            with pytest.raises(UpstreamServiceError, match="2 rows"):
                await client.read()


class TestChanges:
    async def test_nothing_new_is_none(self, site: Site) -> None:
        client = client_of(site, page_size=3)
        before = await client.read()
        site.advance(60)

        assert await client.changed_since(before) is None

    async def test_something_new_is_the_whole_answer_to_the_same_question(self, site: Site) -> None:
        client = client_of(site, page_size=3)
        before = await client.read(storage_system="capstor")
        site.waldur.add(resource("new", project_slug="glacier"))
        site.advance(60)
        after = await client.changed_since(before)

        assert after is not None
        assert after.filter == before.filter
        assert len(after.directories) == len(before.directories) + 1

    async def test_an_unchanged_answer_costs_one_request_without_a_body(self) -> None:
        first = answer(200, page(row()), etag='"s1-x"')
        async with told(first, answer(304, b"")) as (client, server):
            assert await client.changed_since(await client.read()) is None

        assert server.requests[1].headers["if-none-match"] == '"s1-x"'

    @pytest.mark.parametrize("etag", ["", "x", '"a"b"', '"' + "x" * 999 + '"'])
    async def test_a_tag_that_is_none_is_not_sent_back(self, etag: str) -> None:
        reply = answer(200, page(row()), etag=etag)
        async with told(reply, reply) as (client, server):
            assert await client.changed_since(await client.read()) is not None

        assert "if-none-match" not in server.requests[1].headers

    async def test_a_304_that_nobody_asked_for_is_an_error(self) -> None:
        async with told(answer(304, b"")) as (client, _):
            with pytest.raises(UpstreamServiceError, match="304"):
                await client.read()


class TestFreshness:
    async def test_fresh_has_the_server_read_anew(self, site: Site) -> None:
        client = client_of(site)
        before = await client.read()
        site.waldur.add(resource("new", project_slug="glacier"))

        assert len((await client.read()).rows) == len(before.rows)
        assert len((await client.read(fresh=True)).rows) == len(before.rows) + 1
        assert await client.changed_since(before, fresh=True) is not None

    async def test_old_data_of_a_server_whose_upstream_fails_is_marked(self, site: Site) -> None:
        client = client_of(site)
        await client.read()
        site.waldur.fail_with(UpstreamServiceError("Waldur", "does not answer"))
        site.advance(120)
        found = await client.read()

        assert (found.age, found.stale) == (timedelta(seconds=120), True)

    async def test_a_warning_about_the_query_alone_is_not_staleness(self) -> None:
        reply = answer(200, page(row()), warning='299 x "unknown_parameter: a"', age="x")
        async with told(reply) as (client, _):
            found = await client.read()

        assert (found.age, found.stale) == (timedelta(0), False)


class TestWrongServers:
    @pytest.mark.parametrize(
        "reply",
        [
            answer(200, b"<html>log in</html>", kind="text/html"),
            answer(200, b"{"),
            answer(200, []),
            answer(200, {}),
            answer(200, page(row(), pagination=[])),
            answer(200, page(row(), problems=None)),
            answer(200, page(row()) | {"resources": {}}),
            sent(row(), total="1"),
            sent(row(), snapshot=None),
            answer(404, {"detail": "Storage is not configured on this server."}),
            answer(302, b"", location="http://localhost/login"),
        ],
    )
    async def test_what_is_no_page_is_an_error_that_names_the_request(self, reply: bytes) -> None:
        async with told(reply) as (client, _):
            with pytest.raises(UpstreamServiceError, match="GET storage-resources/") as caught:
                await client.read()

        assert caught.value.service == "storage API"

    async def test_a_server_that_fails_for_a_moment_is_asked_again(self) -> None:
        async with told(answer(502, {"detail": "x"}), hang_up, sent(row())) as (client, _):
            assert len((await client.read()).rows) == 1

    async def test_an_answer_of_the_server_about_its_upstreams_is_told(self) -> None:
        body = {"detail": "Waldur: does not answer", "request_id": "abc-1"}
        async with told(*[answer(502, body)] * 4) as (client, _):
            with pytest.raises(UpstreamServiceError, match=r"does not answer.*abc-1") as caught:
                await client.read()

        assert caught.value.retryable
