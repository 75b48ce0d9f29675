"""What is peculiar to saved answers in a folder: their names, and what can be wrong with them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Final

import pytest

from cscs_domain.errors import UpstreamServiceError
from cscs_domain.usage.metering import UsageKind
from cscs_domain.usage.months import Days, Month
from cscs_domain.usage.warehouse import WarehouseQuery
from cscs_files import FileUsageWarehouse
from cscs_json import encode

pytestmark = pytest.mark.anyio

NOVEMBER: Final = Month(2026, 11)
GOOD: Final = b'{"compute": [{"account": "g1", "n": 0.5}]}'


def about(**members: object) -> WarehouseQuery:
    return WarehouseQuery(**{"period": NOVEMBER, "subjects": ["g1"], **members})  # type: ignore[arg-type]


async def read(folder: Path, query: WarehouseQuery | None = None) -> list[object]:
    pages = FileUsageWarehouse(folder).pages(query or about())
    return [row async for page in pages for row in page.rows]


async def failure(folder: Path, query: WarehouseQuery | None = None) -> UpstreamServiceError:
    with pytest.raises(UpstreamServiceError) as caught:
        await read(folder, query)
    return caught.value


def save(folder: Path, *names: str) -> None:
    """Files with a row each, which says where it stands."""
    for name in names:
        (folder / name).write_bytes(encode({"compute": [name]}))


async def test_parts_of_an_answer_are_read_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    names = [f"compute-2026-11.part{number}.json" for number in range(1, 12)]
    save(tmp_path, *names)

    assert await read(tmp_path) == names


async def test_a_cluster_and_a_day_have_parts_as_well(tmp_path: Path) -> None:
    names = [f"compute-2026-11-19@daint.part{number}.json" for number in (1, 2)]
    save(tmp_path, *names, "compute-2026-11.json")
    day = Days(date(2026, 11, 19), date(2026, 11, 19))

    assert await read(tmp_path, about(period=day, cluster="daint")) == names


@pytest.mark.parametrize(
    ("there", "missing"),
    [((2,), 1), ((1, 3), 2), ((1, 2, 4, 5), 3), ((1, 9999), 2)],
    ids=str,
)
async def test_a_part_below_the_last_one_is_missed(
    tmp_path: Path, there: tuple[int, ...], missing: int
) -> None:
    """Its usage would be left out without a word."""
    save(tmp_path, *(f"compute-2026-11@daint.part{number}.json" for number in there))

    error = await failure(tmp_path, about(cluster="daint"))

    assert f"file compute-2026-11@daint.part{missing}.json" in error.service
    assert not error.retryable


@pytest.mark.parametrize("cluster", ["", "@daint"])
async def test_a_whole_answer_beside_its_parts_counts_neither(tmp_path: Path, cluster: str) -> None:
    save(tmp_path, f"compute-2026-11{cluster}.json", f"compute-2026-11{cluster}.part1.json")

    error = await failure(tmp_path, about(cluster=cluster[1:]))

    assert f"file compute-2026-11{cluster}.json" in error.service
    assert f"compute-2026-11{cluster}.part1.json" in error.reason
    assert not error.retryable


@pytest.mark.parametrize(
    "name",
    [
        ".compute-2026-11.json",
        "Compute-2026-11.json",
        "compute-2026-1.json",
        "usage-2026-11.json",
        "storage-2026-11.json",
        "storage-2026-11.bak.json",
        "compute-2026-11-19.json",
        "compute-2026-11-19.bak.json",
        "compute-2026-10.bak.json",
        "compute-2026-11@daint.json",
        "compute-2026-11@daint.part1.json",
        "x-compute-2026-11.json",
    ],
)
async def test_files_about_something_else_are_passed_over(tmp_path: Path, name: str) -> None:
    save(tmp_path, name, "compute-2026-11.json")

    assert await read(tmp_path) == ["compute-2026-11.json"]


@pytest.mark.parametrize(
    "name",
    [
        "compute-2026-11.bak.json",
        "compute-2026-11 (1).json",
        "compute-2026-11.part1 (copy).json",
        "compute-2026-11.part0.json",
        "compute-2026-11.part01.json",
        "compute-2026-11.part-1.json",
        "compute-2026-11.part1.part2.json",
        "compute-2026-11.part1.json.gz",
        "compute-2026-11.json.tmp",
        "compute-2026-11.json~",
        "compute-2026-11.JSON",
        "compute-2026-11",
        "compute-2026-11-1.json",
        "compute-2026-11-190.json",
        "compute-2026-115.json",
        "compute-2026-11-part.json",
        "compute-2026-11@.json",
        "compute-2026-11@daint.bak.json",
    ],
)
async def test_a_copy_or_a_part_with_another_name_is_refused_by_name(
    tmp_path: Path, name: str
) -> None:
    """Read, a copy would count twice; passed over, a part would not count at all."""
    save(tmp_path, name, "compute-2026-11.json")

    error = await failure(tmp_path)

    assert f"file {name}" in error.service
    assert not error.retryable


async def test_a_copy_of_one_day_is_refused_where_that_day_is_asked_for(tmp_path: Path) -> None:
    names = [f"compute-2026-11-{day}.json" for day in (18, 19, 20)]
    save(tmp_path, *names, "compute-2026-11-19.old.json", "compute-2026-11.old.json")

    error = await failure(tmp_path, about(period=Days(date(2026, 11, 18), date(2026, 11, 20))))
    twentieth = await read(tmp_path, about(period=Days(date(2026, 11, 20), date(2026, 11, 20))))

    assert "file compute-2026-11-19.old.json" in error.service
    assert twentieth == ["compute-2026-11-20.json"]


async def test_only_its_own_files_are_about_a_cluster(tmp_path: Path) -> None:
    of_daint = [f"compute-2026-11@daint.part{number}.json" for number in (1, 2)]
    save(tmp_path, "compute-2026-11.json", *of_daint)

    assert await read(tmp_path) == ["compute-2026-11.json"]
    assert await read(tmp_path, about(cluster="daint")) == of_daint
    with pytest.raises(UpstreamServiceError, match="@eiger"):
        await read(tmp_path, about(cluster="eiger"))


@pytest.mark.parametrize(
    ("query", "name"),
    [
        (about(), "compute-2026-11.json"),
        (about(cluster="eiger"), "compute-2026-11@eiger.json"),
        (about(kind=UsageKind.STORAGE), "storage-2026-11.json"),
        (about(kind=UsageKind.INFERENCE), "inference-2026-11.json"),
        (about(period=Days(date(2026, 11, 19), date(2026, 11, 21))), "compute-2026-11-20.json"),
    ],
    ids=str,
)
async def test_what_is_not_there_is_named_and_not_taken_for_nothing(
    tmp_path: Path, query: WarehouseQuery, name: str
) -> None:
    for there in ("compute-2026-11-19.json", "compute-2026-11-21.json", "compute-2026-11@d.json"):
        (tmp_path / there).write_bytes(GOOD)

    error = await failure(tmp_path, query)

    assert f"file {name}" in error.service
    assert not error.retryable


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        GOOD[:-5],
        b"[]",
        b"null",
        b'{"compute": {}}',
        b'{"compute": "none"}',
        b"<html>Please log in</html>",
        b'{"error": "Unauthorized"}',
        b'{"detail": "Not quite"}',
        b'{"compute": [], "error": "timed out"}',
        b'{"compute": [{"account": "g1"}], "errors": [1]}',
        b'{"compute": null, "next": "/?page=2"}',
        b'{"storage": [{"path": "/a"}]}',
        b'{"compute": [{"account": "\xff"}]}',
    ],
    ids=repr,
)
async def test_what_is_no_answer_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "compute-2026-11.json").write_bytes(content)

    error = await failure(tmp_path)

    assert "file compute-2026-11.json" in error.service
    assert not error.retryable


@pytest.mark.parametrize("content", [b"{}", b'{"compute": []}', b'{"compute": null, "error": ""}'])
async def test_an_answer_may_be_empty(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "compute-2026-11.json").write_bytes(content)

    assert [
        (set(page.asked), list(page.rows))
        async for page in FileUsageWarehouse(tmp_path).pages(about())
    ] == [({"g1"}, [])]


async def test_an_amount_that_is_no_number_spoils_no_other_row(tmp_path: Path) -> None:
    (tmp_path / "compute-2026-11.json").write_bytes(b'{"compute": [{"n": NaN}, {"n": 0.5}]}')

    rows = await read(tmp_path)
    assert rows[1] == {"n": Decimal("0.5")}


async def test_a_directory_in_place_of_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "compute-2026-11.json").mkdir()

    assert "not a regular file" in (await failure(tmp_path)).reason


async def test_a_file_may_be_too_large(tmp_path: Path) -> None:
    (tmp_path / "compute-2026-11.json").write_bytes(GOOD)
    warehouse = FileUsageWarehouse(tmp_path, largest_file=10)

    with pytest.raises(UpstreamServiceError, match="more than the 10"):
        [page async for page in warehouse.pages(about())]


@pytest.mark.parametrize("make", [Path.mkdir, Path.touch, lambda path: path], ids=["", "file", "-"])
async def test_a_ping_wants_a_folder_with_an_answer_in_it(tmp_path: Path, make: object) -> None:
    folder = tmp_path / "answers"
    make(folder)  # type: ignore[operator]

    with pytest.raises(UpstreamServiceError) as caught:
        await FileUsageWarehouse(folder).ping()
    assert "answers" in caught.value.service
    assert not caught.value.retryable


async def test_a_ping_is_content_with_any_answer(tmp_path: Path) -> None:
    (tmp_path / "storage-2019-01-01.json").write_bytes(b"")

    await FileUsageWarehouse(tmp_path).ping()
