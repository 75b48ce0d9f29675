"""The journal of orders as a file: what is in it, what it survives, what it refuses."""

from __future__ import annotations

import asyncio
import json
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import pytest

from cscs_domain.errors import OrderConflictError, UpstreamServiceError
from cscs_domain.order_calls import done_call
from cscs_domain.orders import Outcome
from cscs_domain.problems import ProblemCode
from cscs_domain.storage.states import OrderState
from cscs_fakes.clock import FixedClock
from cscs_files import OrderJournal
from cscs_files.order_journal_lines import line_of

pytestmark = pytest.mark.anyio

ORDER: Final = UUID("b62f0513-ff7d-4e05-8ff8-cc9538832d7a")
RESOURCE: Final = UUID("324118fc-04e9-50de-a8b8-ecf0a7d9605f")
NOON: Final = datetime(2026, 11, 20, 12, tzinfo=UTC)


def journal_at(path: Path, **changes: Any) -> OrderJournal:
    return OrderJournal(path, clock=FixedClock(NOON), **changes)


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def edit(path: Path, change: Callable[[bytes], bytes]) -> None:
    path.write_bytes(change(path.read_bytes()))


def move_away(path: Path) -> None:
    path.rename(path.with_suffix(".old"))


def some_file(folder: Path, content: bytes) -> Path:
    path = folder / "orders.jsonl"
    path.write_bytes(content)
    return path


def content_of(path: Path) -> bytes:
    return path.read_bytes()


def is_there(path: Path) -> bool:
    return path.exists()


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "orders.jsonl"


async def test_a_line_tells_when_what_and_how_it_would_be_sent(path: Path) -> None:
    clock = FixedClock(NOON)
    journal = OrderJournal(path, clock=clock)

    await journal.approve(ORDER)
    clock.advance(timedelta(seconds=1.5))
    await journal.set_backend_id(RESOURCE, "fs-é")

    assert lines_of(path) == [
        {
            "at": "2026-11-20T12:00:00Z",
            "action": "approve_by_provider",
            "order": str(ORDER),
            "path": f"marketplace-orders/{ORDER.hex}/approve_by_provider/",
            "body": None,
        },
        {
            "at": "2026-11-20T12:00:01.500000Z",
            "action": "set_backend_id",
            "resource": str(RESOURCE),
            "path": f"marketplace-provider-resources/{RESOURCE.hex}/set_backend_id/",
            "body": {"backend_id": "fs-é"},
        },
    ]


async def test_only_what_is_new_becomes_a_line(path: Path) -> None:
    journal = journal_at(path)
    for _ in range(3):
        await journal.approve(ORDER)
        await journal.set_backend_id(RESOURCE, "a")
    with pytest.raises(OrderConflictError):
        await journal.reject(ORDER)

    assert [line["action"] for line in lines_of(path)] == ["approve_by_provider", "set_backend_id"]


async def test_going_back_to_an_earlier_value_is_new(path: Path) -> None:
    journal = journal_at(path)

    outcomes = [await journal.set_backend_id(RESOURCE, name) for name in ("a", "b", "a", "a")]

    assert outcomes == [*[Outcome.RECORDED] * 3, Outcome.ALREADY]


async def test_true_is_not_the_same_option_as_one(path: Path) -> None:
    journal = journal_at(path)

    outcomes = [await journal.update_options(RESOURCE, {"o": value}) for value in (1, True)]

    assert outcomes == [Outcome.RECORDED] * 2


async def test_another_journal_on_the_same_file_knows_what_was_noted(path: Path) -> None:
    """A program that starts again must not send everything twice."""
    first, second = journal_at(path), journal_at(path)
    await first.approve(ORDER)
    await second.done(ORDER)

    assert await first.done(ORDER) is Outcome.ALREADY
    assert (await first.order(ORDER)).state is OrderState.DONE


async def test_a_failure_is_read_back_with_its_message(path: Path) -> None:
    journal = journal_at(path)
    await journal.approve(ORDER)
    await journal.erred(ORDER, message="pool full", traceback="line 1\nline 2")

    facts = await journal_at(path).order(ORDER)

    assert (facts.state, facts.error_message) == (OrderState.ERRED, "pool full")


@pytest.mark.parametrize("cut", [1, 2, 30, 100])
async def test_a_line_that_was_cut_off_is_passed_over_and_told(path: Path, cut: int) -> None:
    """A crash while writing: nobody was answered, so whoever asked asks again."""
    journal = journal_at(path)
    await journal.approve(ORDER)
    await journal.done(ORDER)
    edit(path, lambda content: content[: -cut - 1])

    again = journal_at(path)

    assert await again.done(ORDER) is Outcome.RECORDED
    assert await journal_at(path).done(ORDER) is Outcome.ALREADY
    (problem,) = await again.problems()
    assert problem.code is ProblemCode.MALFORMED_RECORD
    assert "at 1 of its lines, first at line 2" in problem.message


async def test_a_line_that_lacks_only_its_end_counts(path: Path) -> None:
    await journal_at(path).approve(ORDER)
    edit(path, lambda content: content.rstrip(b"\n"))
    journal = journal_at(path)

    assert await journal.approve(ORDER) is Outcome.ALREADY
    assert await journal.done(ORDER) is Outcome.RECORDED
    assert [line["action"] for line in lines_of(path)] == ["approve_by_provider", "set_state_done"]
    assert await journal.problems() == ()


@pytest.mark.parametrize("kept", [1, 5, 7, 40])
async def test_the_very_first_line_may_be_cut_off(path: Path, kept: int) -> None:
    await journal_at(path).approve(ORDER)
    edit(path, lambda content: content[:kept])

    assert await journal_at(path).approve(ORDER) is Outcome.RECORDED
    assert await journal_at(path).approve(ORDER) is Outcome.ALREADY


@pytest.mark.parametrize(
    "line",
    [
        b"[]",
        b"7",
        b"{}",
        b'{"action": "set_state_done"}',
        b'{"action": "set_state_done", "order": "x"}',
        b'{"action": "dance", "order": "b62f0513ff7d4e058ff8cc9538832d7a"}',
        b'{"action": "set_backend_id", "order": "b62f0513ff7d4e058ff8cc9538832d7a"}',
        b'{"action": ["set_state_done"], "order": "b62f0513ff7d4e058ff8cc9538832d7a"}',
        b'{"action": "set_state_done", "order": "b62f0513ff7d4e058ff8cc9538832d7a", "body": 7}',
        b"\xff\x00",
    ],
)
async def test_a_line_that_is_no_call_hides_no_other(path: Path, line: bytes) -> None:
    await journal_at(path).approve(ORDER)
    edit(path, lambda content: line + b"\n\n" + content)
    journal = journal_at(path)

    assert (await journal.order(ORDER)).state is OrderState.EXECUTING
    assert "line 1" in (await journal.problems())[0].message


@pytest.mark.parametrize("content", [b"storage_systems:\n  capstor: x\n", b"{}", b'{"at": 1}\n'])
async def test_a_file_of_something_else_is_left_alone(tmp_path: Path, content: bytes) -> None:
    """A wrong path in the configuration must not write into somebody's file, not even later."""
    path = some_file(tmp_path, content)
    journal = journal_at(path)

    for _ in range(2):
        with pytest.raises(UpstreamServiceError, match="no journal") as caught:
            await journal.approve(ORDER)

    assert not caught.value.retryable
    assert content_of(path) == content


async def test_a_journal_that_is_moved_away_begins_anew(path: Path) -> None:
    journal = journal_at(path)
    await journal.approve(ORDER)

    move_away(path)

    assert await journal.approve(ORDER) is Outcome.RECORDED
    assert len(lines_of(path)) == 1


async def test_reading_makes_no_file(path: Path) -> None:
    assert (await journal_at(path).order(ORDER)).state is OrderState.PENDING_PROVIDER
    assert not is_there(path)


async def test_only_its_owner_can_read_a_new_journal(path: Path) -> None:
    """Messages may tell how a storage is built."""
    await journal_at(path).approve(ORDER)

    assert mode_of(path) == 0o600


async def test_a_full_journal_is_refused_with_its_size(path: Path) -> None:
    await journal_at(path).approve(ORDER)

    with pytest.raises(UpstreamServiceError, match="more than the 10") as caught:
        await journal_at(path, largest=10).done(ORDER)

    assert not caught.value.retryable
    assert caught.value.service == "Waldur orders (file orders.jsonl)"


async def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UpstreamServiceError, match="cannot be written") as caught:
        await journal_at(tmp_path / "absent" / "orders.jsonl").approve(ORDER)

    assert not caught.value.retryable


@pytest.mark.parametrize("name", ["file/orders.jsonl", "x" * 300])
async def test_a_path_that_cannot_be_is_told(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(UpstreamServiceError, match="cannot be read"):
        await journal_at(tmp_path / name).approve(ORDER)


async def test_a_folder_is_no_journal(tmp_path: Path) -> None:
    with pytest.raises(UpstreamServiceError, match="regular file"):
        await journal_at(tmp_path).approve(ORDER)


async def test_calls_at_once_are_noted_once(path: Path) -> None:
    journal = journal_at(path)
    orders = [UUID(int=number) for number in range(8)]

    outcomes = await asyncio.gather(*(journal.approve(order) for order in orders * 4))

    assert outcomes.count(Outcome.RECORDED) == 8
    assert len(lines_of(path)) == 8


async def test_a_call_whose_caller_went_away_tears_no_other_line(path: Path) -> None:
    journal = journal_at(path)
    calls = [asyncio.create_task(journal.approve(UUID(int=number))) for number in range(30)]
    await asyncio.sleep(0)
    for call in calls[::2]:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)

    await journal.approve(ORDER)

    assert await journal.problems() == ()
    assert {UUID(line["order"]) for line in lines_of(path)} >= {
        UUID(int=number) for number in range(1, 30, 2)
    }


def test_a_time_of_another_zone_is_written_in_utc() -> None:
    noon = NOON.astimezone(timezone(timedelta(hours=2)))

    assert json.loads(line_of(done_call(ORDER), noon))["at"] == "2026-11-20T12:00:00Z"
