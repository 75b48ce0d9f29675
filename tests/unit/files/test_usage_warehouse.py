"""What is peculiar to saved answers in a folder: their names, and what can be wrong with them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Final

import pytest

from cscs_domain.errors import UpstreamServiceError
from cscs_domain.usage.metering import Kind
from cscs_domain.usage.months import Days, Month
from cscs_domain.usage.warehouse import WarehouseQuery
from cscs_files import FileUsageWarehouse

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


async def test_all_parts_of_an_answer_are_read_by_name(tmp_path: Path) -> None:
    for name in ("compute-2026-11.b.json", "compute-2026-11.json", "compute-2026-11.a.b.json"):
        (tmp_path / name).write_text(f'{{"compute": [{{"from": "{name}"}}]}}', encoding="utf-8")

    assert await read(tmp_path) == [
        {"from": "compute-2026-11.a.b.json"},
        {"from": "compute-2026-11.b.json"},
        {"from": "compute-2026-11.json"},
    ]


@pytest.mark.parametrize(
    "name",
    [
        ".compute-2026-11.json",
        "compute-2026-11.json.tmp",
        "compute-2026-11.json~",
        "Compute-2026-11.json",
        "compute-2026-1.json",
        "compute-2026-11-1.json",
        "compute-2026-115.json",
        "compute-2026-11-part.json",
        "usage-2026-11.json",
        "storage-2026-11.json",
        "compute-2026-11-19.json",
        "compute-2026-11@daint.json",
        "compute-2026-11@.json",
        "x-compute-2026-11.json",
    ],
)
async def test_files_of_other_names_are_passed_over(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b'{"compute": [{"account": "g1", "n": 99}]}')
    (tmp_path / "compute-2026-11.json").write_bytes(GOOD)

    assert await read(tmp_path) == [{"account": "g1", "n": Decimal("0.5")}]


async def test_the_files_of_a_cluster_come_before_those_of_all(tmp_path: Path) -> None:
    (tmp_path / "compute-2026-11.json").write_bytes(b'{"compute": ["all"]}')
    (tmp_path / "compute-2026-11@daint.json").write_bytes(b'{"compute": ["daint"]}')
    (tmp_path / "compute-2026-11@daint.more.json").write_bytes(b'{"compute": ["more"]}')

    assert await read(tmp_path) == ["all"]
    assert await read(tmp_path, about(cluster="daint")) == ["daint", "more"]
    assert await read(tmp_path, about(cluster="eiger")) == ["all"]


@pytest.mark.parametrize(
    ("query", "name"),
    [
        (about(), "compute-2026-11.json"),
        (about(cluster="eiger"), "compute-2026-11@eiger.json"),
        (about(kind=Kind.STORAGE), "storage-2026-11.json"),
        (about(kind=Kind.INFERENCE), "inference-2026-11.json"),
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


@pytest.mark.parametrize("content", [b"{}", b'{"compute": []}', b'{"compute": null, "note": 1}'])
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
