"""One line of log for each request, and what stands in it."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.api.site import DOWN, PATH, Site, resource, site_of

Line = MutableMapping[str, Any]


@pytest.fixture
def lines() -> Iterator[list[Line]]:
    """All lines of log so far."""
    with capture_logs() as captured:
        yield captured


def only(lines: list[Line], event: str = "request") -> Line:
    """The one line of an event."""
    (line,) = [line for line in lines if line["event"] == event]
    return line


async def test_a_good_answer_is_told_with_rows_and_snapshot(site: Site, lines: list[Line]) -> None:
    response = await site.get("?storage_system=vast", x_request_id="mine")
    line = only(lines)
    duration = line.pop("duration_ms")

    assert line == {
        "event": "request",
        "log_level": "info",
        "method": "GET",
        "path": PATH,
        "status": 200,
        "client": "127.0.0.1",
        "request_id": "mine",
        "rows": len(response.json()["resources"]),
        "snapshot": response.json()["pagination"]["snapshot"],
    }
    assert 0 <= duration < 60_000


async def test_a_304_is_told_with_no_rows(site: Site, lines: list[Line]) -> None:
    etag = (await site.get()).headers["etag"]
    lines.clear()
    await site.get(if_none_match=etag)

    assert (only(lines)["status"], only(lines)["rows"]) == (304, 0)


async def test_an_upstream_error_is_told_with_its_reason(lines: list[Line]) -> None:
    async with site_of() as site:
        site.waldur.fail_with(DOWN)
        await site.get()
    line = only(lines)

    assert line["status"] == 502
    assert line["error"] == "UpstreamServiceError"
    assert line["reason"] == str(DOWN)


@pytest.mark.parametrize(
    ("path", "status"),
    [("/nowhere", 404), (PATH + "?page=0", 422), (PATH + "?snapshot=x", 410), ("/healthz", 200)],
)
async def test_every_answer_is_told(site: Site, lines: list[Line], path: str, status: int) -> None:
    response = await site.client.get(path)
    line = only(lines)

    assert status == line["status"] == response.status_code
    assert line["request_id"] == response.headers["x-request-id"]
    assert "duration_ms" in line


async def test_a_refused_client_is_told_by_address(lines: list[Line]) -> None:
    async with site_of(client_address=("10.0.0.9", 1)) as site:
        await site.get()

    assert (only(lines)["status"], only(lines)["client"]) == (403, "10.0.0.9")


async def test_an_unexpected_error_is_told_with_its_cause_under_the_same_id(
    lines: list[Line],
) -> None:
    def broken(_row: object) -> bytes:
        raise ZeroDivisionError("a bug")

    async with site_of([resource()]) as site:
        site.service.encode = broken
        await site.get(x_request_id="mine")

    assert only(lines)["status"] == 500
    failure = only(lines, "request_failed")
    assert (failure["request_id"], failure["exc_info"]) == ("mine", True)


async def test_queries_are_not_logged_for_they_may_hold_anything(
    site: Site, lines: list[Line]
) -> None:
    await site.get("?token=s3cret&data_type=s3cret")

    assert "s3cret" not in str(lines)


@pytest.mark.parametrize("path", ["/a%0aevent=forged", "/a%1b[2J", "/é\u202e", "/" + "x" * 5000])
async def test_a_path_cannot_forge_a_line(site: Site, lines: list[Line], path: str) -> None:
    await site.client.get(path)
    logged = only(lines)["path"]

    assert logged.isascii()
    assert logged.isprintable()
    assert len(logged) <= 2000


async def test_a_refresh_is_told_once_however_many_ask(site: Site, lines: list[Line]) -> None:
    for _ in range(3):
        await site.get()

    assert only(lines, "snapshot_taken")["rows"] == len(await site.rows("?page_size=500"))
