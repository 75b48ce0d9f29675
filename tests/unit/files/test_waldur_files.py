"""What is peculiar to Waldur's rows in files: their forms, their faults, their freshness."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Final

import pytest

from cscs_domain.errors import InvalidValueError, UpstreamServiceError
from cscs_files import FileWaldurResources
from tests.contract.waldur_adapters import QUERY, read, read_raw, row

pytestmark = pytest.mark.anyio

SAMPLES: Final = Path(__file__).parents[2] / "data" / "waldur"


def write(path: Path, value: object) -> Path:
    path.write_text(json.dumps(value), encoding="utf-8")
    return path


def exchange(path: str, body: object, *, method: str = "GET", status: int = 200) -> object:
    return {
        "request": {"method": method, "path": path},
        "response": {"status": status, "body": body},
    }


async def failure(*paths: Path, largest_file: int = 2**20) -> UpstreamServiceError:
    with pytest.raises(UpstreamServiceError) as caught:
        await read(FileWaldurResources(paths, largest_file=largest_file))
    return caught.value


async def test_a_captured_list_counts() -> None:
    rows = await read(FileWaldurResources([SAMPLES / "provider_resources_list.json"]))

    assert [got.slug for got in rows][:1] == ["cap-bad"]
    assert len(rows) == 4


async def test_captured_single_resources_count() -> None:
    rows = await read(FileWaldurResources([SAMPLES / "provider_resource_detail.json"]))

    assert len({got.uuid for got in rows}) == len(rows) == 3


async def test_a_capture_keeps_every_key() -> None:
    (first, *_) = await read_raw(FileWaldurResources([SAMPLES / "provider_resource_detail.json"]))

    assert len(first) == 65


@pytest.mark.parametrize(
    "other",
    [
        exchange("/api/marketplace-provider-resources/", [row(7)], status=401),
        exchange("/api/marketplace-provider-resources/", [row(7)], method="POST"),
        exchange(f"/api/marketplace-provider-resources/{'a' * 32}/plan_periods/", [row(7)]),
        exchange("/api/marketplace-orders/", [row(7)]),
        exchange("/api/marketplace-resources/", [row(7)]),
    ],
)
async def test_other_exchanges_of_a_capture_are_passed_over(tmp_path: Path, other: object) -> None:
    wanted = exchange(
        "https://waldur.example.org/api/marketplace-provider-resources/?page=1", [row(0)]
    )
    path = write(tmp_path / "c.json", [other, wanted])

    assert [got.slug for got in await read(FileWaldurResources([path]))] == ["res-0"]


async def test_a_capture_without_resources_is_not_an_empty_site(tmp_path: Path) -> None:
    path = write(tmp_path / "c.json", [exchange("/api/marketplace-orders/", [])])

    error = await failure(path)

    assert "provider resources" in error.reason
    assert not error.retryable


@pytest.mark.parametrize(
    "broken",
    ["text", {"request": 1, "response": {}}, exchange("/api/marketplace-provider-resources/", "x")],
)
async def test_a_broken_exchange_is_named_by_its_position(tmp_path: Path, broken: object) -> None:
    good = exchange("/api/marketplace-provider-resources/", [row(0)])

    error = await failure(write(tmp_path / "c.json", [good, broken]))

    assert "exchange 1" in error.reason
    assert not error.retryable


async def test_the_files_of_a_directory_are_read_by_name_and_others_left_alone(
    tmp_path: Path,
) -> None:
    write(tmp_path / "b.json", [row(2)])
    write(tmp_path / "a.json", [row(1)])
    for other in [".a.json", "a.json.tmp", "README.md"]:
        (tmp_path / other).write_text("half a fi", encoding="utf-8")

    rows = await read(FileWaldurResources([tmp_path]))

    assert [got.slug for got in rows] == ["res-1", "res-2"]


async def test_several_paths_make_one_site(tmp_path: Path) -> None:
    paths = [write(tmp_path / f"{n}.json", [row(n)]) for n in range(3)]

    assert len(await read(FileWaldurResources(paths))) == 3


def test_no_path_at_all_is_refused_at_once() -> None:
    with pytest.raises(InvalidValueError):
        FileWaldurResources([])


async def test_a_changed_file_shows_in_the_next_read(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.json", [row(0)])
    waldur = FileWaldurResources([path])
    before = await read(waldur)

    write(path, [row(1)])

    assert [got.slug for got in [*before, *await read(waldur)]] == ["res-0", "res-1"]


async def test_a_missing_file_may_come_back(tmp_path: Path) -> None:
    error = await failure(tmp_path / "dump.json")

    assert error.service == "Waldur (file dump.json)"
    assert error.retryable


async def test_an_error_names_the_file_but_not_its_folder(tmp_path: Path) -> None:
    """The sentence is answered to clients; the layout of the server is nobody's business."""
    assert str(tmp_path) not in str(await failure(tmp_path / "dump.json"))


async def test_a_name_that_could_forge_a_log_line_is_escaped(tmp_path: Path) -> None:
    assert "\n" not in str(await failure(tmp_path / "a\nERROR.json"))


async def test_an_empty_directory_is_not_an_empty_site(tmp_path: Path) -> None:
    assert "without any" in (await failure(tmp_path)).reason


async def test_what_is_not_a_file_is_never_opened(tmp_path: Path) -> None:
    """Opening a named pipe would wait for a writer for ever."""
    os.mkfifo(tmp_path / "pipe.json")

    error = await failure(tmp_path / "pipe.json")

    assert "regular" in error.reason
    assert not error.retryable


async def test_a_file_beyond_the_bound_is_not_read(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.json", [row(0)])

    error = await failure(path, largest_file=path.stat().st_size - 1)

    assert str(path.stat().st_size) in error.reason
    assert not error.retryable


async def test_a_file_of_just_the_bound_is(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.json", [row(0)])

    assert await read(FileWaldurResources([path], largest_file=path.stat().st_size))


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b'[{"a": 1},\n {"a" 2}]', "line 2, column 7"),
        (b'[{"a": 1},\n {"a": ', "line 2, column 8"),
        (b'[\n{"a": NaN}]', "line 2, column 7"),
        (b'{"resources": [\n\nInfinity]}', "line 3, column 1"),
        (b'[{"a": 1}]]', "line 1, column 11"),
        (b"", "line 1, column 1"),
    ],
)
async def test_what_is_not_json_yet_is_told_with_its_place(
    tmp_path: Path, content: bytes, place: str
) -> None:
    """Half a file is what a dump looks like while it is being written, so asking again may help."""
    path = tmp_path / "rows.json"
    path.write_bytes(content)

    error = await failure(path)

    assert place in error.reason
    assert error.service == "Waldur (file rows.json)"
    assert error.retryable


@pytest.mark.parametrize("value", [{}, {"resources": {}}, {"results": []}, 5, "rows", None])
async def test_another_form_has_to_be_put_right_by_somebody(tmp_path: Path, value: object) -> None:
    error = await failure(write(tmp_path / "rows.json", value))

    assert "expected a list" in error.reason
    assert not error.retryable


@pytest.mark.parametrize("opening", ["[", '{"resources": [', '[{"attributes": '])
async def test_endless_nesting_is_an_error_and_no_crash(tmp_path: Path, opening: str) -> None:
    path = tmp_path / "rows.json"
    path.write_text(opening + "[" * 100_000, encoding="utf-8")

    assert (await failure(path)).service == "Waldur (file rows.json)"


@pytest.mark.parametrize("content", [b'{"rows": %b}' % (b"9" * 5000), b'{"rows": "\xff"}'])
async def test_what_no_parser_can_place_is_still_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "rows.json"
    path.write_bytes(content)

    assert (await failure(path)).service == "Waldur (file rows.json)"


async def test_a_row_that_cannot_be_decoded_is_one_problem(tmp_path: Path) -> None:
    """A number of thousands of digits, or bytes that are no text, concern their own row only."""
    path = tmp_path / "rows.json"
    path.write_bytes(b'[{"slug": "a"}, {"slug": %b}, {"slug": "\xff"}]' % (b"9" * 5000))
    waldur = FileWaldurResources([path])

    problems = [problem async for page in waldur.pages(QUERY) for problem in page.problems]

    assert [got.slug for got in await read(waldur)] == ["a"]
    assert [problem.resource for problem in problems] == ["rows.json row 1", "rows.json row 2"]
    assert await read_raw(waldur) == [{"slug": "a"}]


async def test_a_problem_is_placed_in_the_file_and_not_in_its_page(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.json", [*(row(number) for number in range(700)), "junk"])

    pages = [page async for page in FileWaldurResources([path]).pages(QUERY)]

    assert [problem.resource for problem in pages[-1].problems] == ["rows.json row 700"]


async def test_a_problem_of_a_capture_names_its_exchange(tmp_path: Path) -> None:
    good = exchange("/api/marketplace-provider-resources/", [row(0)])
    bad = exchange("/api/marketplace-provider-resources/", [row(1), "junk"])
    path = write(tmp_path / "c.json", [good, bad])

    pages = [page async for page in FileWaldurResources([path]).pages(QUERY)]

    assert [p.resource for page in pages for p in page.problems] == ["c.json exchange 1 row 1"]


async def test_nothing_is_shown_before_all_files_were_read(tmp_path: Path) -> None:
    """Consumers may act on a page at once; the first one promises that the rest exists."""
    write(tmp_path / "a.json", [row(0)])
    (tmp_path / "b.json").write_text("[", encoding="utf-8")

    with pytest.raises(UpstreamServiceError):
        await anext(aiter(FileWaldurResources([tmp_path]).pages(QUERY)))


async def test_the_event_loop_runs_on_while_a_large_file_is_decoded(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.json", [row(number) for number in range(20_000)])
    turns = 0

    async def other_work() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    other = asyncio.create_task(other_work())
    first = await anext(aiter(FileWaldurResources([path]).pages(QUERY)))
    other.cancel()

    assert len(first.rows) == 300
    assert turns > 10
