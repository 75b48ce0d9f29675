"""The promises of `DocumentStore`, which every place for documents keeps."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

import attrs
import pytest

from cscs_domain.errors import DocumentsBusyError, InvalidValueError, UpstreamServiceError
from cscs_domain.ports import DocumentStore
from cscs_domain.problems import Problem, ProblemCode, Severity
from cscs_domain.storage.document_names import DocumentName, OrderKind, Series
from cscs_domain.storage.documents import (
    DocumentFormat,
    DocumentHead,
    DocumentMeta,
    StorageDocument,
)
from cscs_domain.storage.rows import StorageRow
from tests.contract.document_store_adapters import EVERY_ADAPTER, Place, StoreAdapter
from tests.unit.storage.samples import answer, sample

pytestmark = pytest.mark.anyio

NOON: Final = datetime(2026, 11, 21, 12, tzinfo=UTC)
ROWS: Final = answer(sample("res-1"), sample("res-2", project_slug="ocean")).rows
HEAD: Final = DocumentHead(meta=DocumentMeta(NOON, "1.0"))
ALL: Final = DocumentName.of_all(NOON, DocumentFormat.ENVELOPE)
LATEST: Final = Series()
AT_ONCE: Final = timedelta(0)
LONG: Final = timedelta(minutes=2)
DOUBT: Final = Problem(ProblemCode.MISSING_IDENTITY, Severity.ERROR, "no GID is known")


@pytest.fixture(params=EVERY_ADAPTER, ids=lambda adapter: adapter.name)
def adapter(request: pytest.FixtureRequest) -> StoreAdapter:
    made: StoreAdapter = request.param
    return made


@pytest.fixture
def place(adapter: StoreAdapter, tmp_path: Path) -> Place:
    return adapter.place(tmp_path)


@pytest.fixture
def store(place: Place) -> DocumentStore:
    return place.store


def at(minutes: int, form: DocumentFormat = DocumentFormat.ENVELOPE) -> DocumentName:
    return DocumentName.of_all(NOON + timedelta(minutes=minutes), form)


def of_order(minutes: int) -> DocumentName:
    moment = NOON + timedelta(minutes=minutes)
    return DocumentName.of_order(moment, OrderKind.CREATE, UUID(int=minutes + 1))


async def put(
    store: DocumentStore, name: DocumentName, *, problems: Sequence[Problem] = ()
) -> DocumentName:
    """Write a small document as every writer should. No two have the same content."""
    head = DocumentHead(meta=DocumentMeta(NOON, f"made for {name}"))
    async with store.exclusive(AT_ONCE):
        return await store.write(name, head, ROWS[:1], problems)


@pytest.mark.parametrize("rows", [(), ROWS], ids=["no rows", "rows"])
@pytest.mark.parametrize("form", DocumentFormat)
async def test_what_is_written_is_read(
    store: DocumentStore, form: DocumentFormat, rows: tuple[StorageRow, ...]
) -> None:
    head = DocumentHead.of(form, DocumentMeta(NOON, "1.0"))
    wanted = DocumentName.of_all(NOON, form)

    name = await store.write(wanted, head, iter(rows))

    assert name == wanted
    assert await store.read(name) == StorageDocument(head, rows)


async def test_the_document_of_an_order_stays_one(store: DocumentStore) -> None:
    head = DocumentHead(meta=DocumentMeta(NOON, "1.0"), is_order=True)

    name = await store.write(of_order(0), head, ROWS[-1:])

    assert await store.read(name) == StorageDocument(head, ROWS[-1:])
    assert await store.names() == [name]


async def test_a_document_of_the_same_minute_gets_the_next_number(store: DocumentStore) -> None:
    first = await store.write(ALL, HEAD, ROWS)
    second = await store.write(ALL, HEAD, ROWS[:1])
    third = await store.write(ALL, HEAD, ())

    assert [name.text for name in (first, second, third)] == [
        "2026-11-21-12-00-all.json",
        "2026-11-21-12-00-all.2.json",
        "2026-11-21-12-00-all.3.json",
    ]
    assert [len((await store.read(name)).rows) for name in (first, second, third)] == [
        len(ROWS),
        1,
        0,
    ]


async def test_a_name_whose_problems_are_there_is_taken(place: Place) -> None:
    """They would be taken for those of the new document."""
    first = await put(place.store, ALL, problems=[DOUBT])
    place.take_away(first)

    second = await put(place.store, ALL)

    assert second == ALL.next_copy
    assert place.problems_of(second) is None


async def test_documents_of_two_formats_never_share_a_list_of_problems(place: Place) -> None:
    await put(place.store, at(0, DocumentFormat.NDJSON), problems=[DOUBT])

    second = await put(place.store, ALL)

    assert second == ALL.next_copy


async def test_a_number_that_was_pruned_is_not_given_again(store: DocumentStore) -> None:
    """The newest document would pass for the oldest, and be the next to go."""
    names = [await put(store, ALL) for _ in range(3)]
    await store.switch_latest(LATEST, names[-1])
    await store.prune(LATEST, 1)

    assert (await put(store, ALL)).copy == 4


async def test_a_minute_whose_numbers_are_used_up_takes_no_more(place: Place) -> None:
    """Somebody has to have made the last one; its follower would be known by nobody."""
    last = attrs.evolve(ALL, copy=999_999)
    place.spoil(last)

    with pytest.raises(UpstreamServiceError, match=ALL.stamp) as caught:
        await put(place.store, ALL, problems=[DOUBT])

    assert not caught.value.retryable
    assert await place.store.names() == [last]


async def test_a_list_of_problems_has_a_date_from_its_document_or_the_caller(place: Place) -> None:
    lines = DocumentHead(format=DocumentFormat.NDJSON)
    name = at(0, DocumentFormat.NDJSON)

    with pytest.raises(InvalidValueError, match="has no date"):
        await place.store.write(name, lines, ROWS, [DOUBT])

    assert await place.store.names() == []
    assert await place.store.write(name, lines, ROWS, [DOUBT], moment=NOON) == name
    assert place.problems_of(name) == ["no GID is known"]


async def test_problems_are_listed_beside_their_document(place: Place) -> None:
    good = await put(place.store, at(0))
    doubtful = await put(place.store, at(1), problems=[DOUBT])
    again = await put(place.store, at(1), problems=[DOUBT, DOUBT])

    assert place.problems_of(good) is None
    assert place.problems_of(doubtful) == ["no GID is known"]
    assert place.problems_of(again) == ["no GID is known"] * 2
    assert await place.store.names() == [good, doubtful, again]


async def test_names_come_oldest_first(store: DocumentStore) -> None:
    written = [at(2), of_order(1), at(0), at(0), of_order(0), at(61)]
    for name in written:
        await put(store, name)

    names = await store.names()

    assert {name.text for name in names} == {name.text for name in [*written, ALL.next_copy]}
    assert [name.stamp[-5:] for name in names] == [
        "12-00",
        "12-00",
        "12-00",
        "12-01",
        "12-02",
        "13-01",
    ]


async def test_rows_that_end_in_an_error_leave_nothing(store: DocumentStore) -> None:
    def broken() -> Iterator[StorageRow]:
        yield from ROWS
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await store.write(ALL, HEAD, broken(), [DOUBT])

    assert await store.names() == []
    assert await put(store, ALL) == ALL


async def test_a_place_that_fails_is_an_upstream_that_failed(
    adapter: StoreAdapter, tmp_path: Path
) -> None:
    store = adapter.failing(tmp_path)

    with pytest.raises(UpstreamServiceError) as caught:
        await store.write(ALL, HEAD, ROWS, [DOUBT])

    assert (caught.value.service, caught.value.retryable) == ("documents", False)


async def test_what_is_no_document_is_said_to_be_none(place: Place) -> None:
    place.spoil(ALL)

    assert await place.store.names() == [ALL]
    with pytest.raises(InvalidValueError):
        await place.store.read(ALL)


async def test_a_document_that_has_gone_cannot_be_read(place: Place) -> None:
    name = await put(place.store, ALL)
    place.take_away(name)

    with pytest.raises(UpstreamServiceError):
        await place.store.read(name)


async def test_the_link_leads_to_what_it_was_switched_to_last(place: Place) -> None:
    store = place.store
    assert await store.latest(LATEST) is None
    names = [await put(store, at(minute)) for minute in (5, 0)]

    for name in names:
        await store.switch_latest(LATEST, name)

        assert await store.latest(LATEST) == name
        assert await place.another_store().latest(LATEST) == name
    assert await store.names() == names[::-1]


async def test_every_series_has_its_link(store: DocumentStore) -> None:
    lines = DocumentFormat.NDJSON
    series = [LATEST, Series(("vast",)), Series(("vast", "capstor")), Series((), lines.suffix)]
    names = [await put(store, at(minute)) for minute in range(3)]
    names.append(await store.write(at(3, lines), DocumentHead(format=lines), ROWS))
    for which, name in zip(series, names, strict=True):
        await store.switch_latest(which, name)

    assert [await store.latest(which) for which in series] == names


async def test_a_link_to_what_has_gone_is_none(place: Place) -> None:
    name = await put(place.store, ALL)
    await put(place.store, at(1))
    await place.store.switch_latest(LATEST, name)

    place.take_away(name)

    assert await place.store.latest(LATEST) is None


async def test_no_link_leads_to_what_is_not_there(store: DocumentStore) -> None:
    name = await put(store, ALL)
    await store.switch_latest(LATEST, name)

    with pytest.raises(UpstreamServiceError):
        await store.switch_latest(LATEST, at(7))

    assert await store.latest(LATEST) == name


@pytest.mark.parametrize(
    ("keep", "gone"), [(1, [0, 1, 2]), (2, [0, 1]), (3, [0]), (4, []), (99, [])]
)
async def test_pruning_keeps_the_newest(store: DocumentStore, keep: int, gone: list[int]) -> None:
    for minute in (3, 1, 0, 2):
        await put(store, at(minute))
        await put(store, of_order(minute))

    assert await store.prune(LATEST, keep) == [at(minute) for minute in gone]
    assert [name for name in await store.names() if name.is_all] == [
        at(minute) for minute in range(4) if minute not in gone
    ]
    assert [name for name in await store.names() if not name.is_all] == [
        of_order(minute) for minute in range(4)
    ]


@pytest.mark.parametrize(("suffix", "gone"), [("json", [0, 2, 3]), ("ndjson", [1])])
async def test_pruning_counts_and_deletes_one_format_alone(
    place: Place, suffix: str, gone: list[int]
) -> None:
    """Whoever writes lines for a stream must not delete what readers of JSON go by."""
    forms = [
        *(DocumentFormat.ENVELOPE, DocumentFormat.NDJSON, DocumentFormat.RESOURCES),
        *(DocumentFormat.ENVELOPE, DocumentFormat.ENVELOPE, DocumentFormat.NDJSON),
    ]
    store = place.store
    names = [
        await put(store, at(minute, form), problems=[DOUBT]) for minute, form in enumerate(forms)
    ]
    kept = [name for number, name in enumerate(names) if number not in gone]

    assert await store.prune(Series(("vast",), suffix), 1) == [names[number] for number in gone]
    assert await store.names() == kept
    assert [name for name in names if place.problems_of(name)] == kept


async def test_pruning_takes_problems_along(place: Place) -> None:
    for minute in range(3):
        await put(place.store, at(minute), problems=[DOUBT])
    await put(place.store, of_order(0), problems=[DOUBT])

    await place.store.prune(LATEST, 1)

    assert [place.problems_of(at(minute)) is None for minute in range(3)] == [True, True, False]
    assert place.problems_of(of_order(0)) is not None


async def test_pruning_never_deletes_what_a_link_leads_to(store: DocumentStore) -> None:
    """Whoever follows `latest-vast.json` must not find nothing since others exported more often."""
    for minute in range(4):
        await put(store, at(minute))
    await store.switch_latest(Series(("vast",)), at(0))
    await store.switch_latest(LATEST, at(2))

    assert await store.prune(LATEST, 1) == [at(1)]
    assert await store.latest(Series(("vast",))) == at(0)
    assert await store.prune(LATEST, 1) == []


@pytest.mark.parametrize("keep", [0, -1])
async def test_something_is_always_kept(store: DocumentStore, keep: int) -> None:
    await put(store, ALL)

    with pytest.raises(InvalidValueError):
        await store.prune(LATEST, keep)

    assert await store.names() == [ALL]


@pytest.mark.parametrize("patience", [AT_ONCE, timedelta(milliseconds=250)])
async def test_only_one_writer_is_in(place: Place, patience: timedelta) -> None:
    async with place.store.exclusive(AT_ONCE):
        for store in (place.store, place.another_store()):
            with pytest.raises(DocumentsBusyError):
                async with store.exclusive(patience):
                    pytest.fail("two are in")


async def test_who_waits_gets_in_when_the_other_has_left(place: Place) -> None:
    entered: list[str] = []

    async def enter(name: str, store: DocumentStore) -> None:
        async with store.exclusive(LONG):
            entered.append(name)
            assert await put_inside(store) is not None

    async with place.store.exclusive(AT_ONCE):
        waiting = [
            asyncio.create_task(enter("same", place.store)),
            asyncio.create_task(enter("other", place.another_store())),
        ]
        await asyncio.sleep(0)
        entered.append("first")
    await asyncio.gather(*waiting)

    assert entered[0] == "first"
    assert sorted(entered[1:]) == ["other", "same"]


async def put_inside(store: DocumentStore) -> DocumentName:
    return await store.write(ALL, HEAD, ROWS[:1])


async def test_an_error_lets_the_next_one_in(store: DocumentStore) -> None:
    with pytest.raises(ZeroDivisionError):
        async with store.exclusive(AT_ONCE):
            raise ZeroDivisionError

    assert await put(store, ALL) == ALL


async def test_being_cancelled_lets_the_next_one_in(place: Place) -> None:
    """Whether it was in, was waiting, or was writing."""
    inside = asyncio.Event()

    async def write() -> None:
        async with place.store.exclusive(LONG):
            inside.set()
            await put_inside(place.store)
            await asyncio.Event().wait()

    tasks = [asyncio.create_task(write()) for _ in range(4)]
    await inside.wait()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

    assert all(task.cancelled() for task in tasks)
    name = await put(place.another_store(), ALL)
    assert [name.copy for name in await place.store.names()] == list(range(1, name.copy + 1))
