"""Walks over pages while rows come and go in Waldur and other callers refresh.

The promise: a row that was there throughout is in every walk exactly once; what came or went
meanwhile may or may not be, but never twice and never in part.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

import pytest

from cscs_client import StorageAnswer, StoragePage
from cscs_domain import RowKey, SnapshotGoneError, StorageRow
from tests.e2e.centre import Centre, running_centre

_RESOURCES: Final = "700"
"""More than two of Waldur's pages."""
_READ_EVERY_TIME: Final = {"snapshot_max_age": 0}


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    """A server that reads Waldur anew for everybody who does not name a snapshot."""
    folder = tmp_path_factory.mktemp("busy")
    with running_centre(folder, "--resources", _RESOURCES, settings=_READ_EVERY_TIME) as made:
        yield made


def keys(rows: Iterable[StorageRow]) -> Counter[RowKey]:
    return Counter(row.key for row in rows)


def read(centre: Centre, **options: object) -> StorageAnswer:
    """All rows now, by a caller of its own."""
    with centre.client(**options) as client:
        return client.read(fresh=True)


def hold(walked: Counter[RowKey], before: Counter[RowKey], after: Counter[RowKey]) -> None:
    """Hold the promise against what there was before and after."""
    assert set(walked.values()) == {1}
    assert (before.keys() & after.keys()) - walked.keys() == set()


@pytest.mark.parametrize("size", [90, 499])
def test_rows_that_come_and_go_between_pages_move_no_others(busy: Centre, size: int) -> None:
    busy.control.reset()
    before = keys(read(busy).rows)
    pages: list[StoragePage] = []
    with busy.client(page_size=size) as client:
        for page in client.walk():
            pages.append(page)
            busy.control.call("site", "vanish", count=5)
            read(busy)
    walked = keys(row for page in pages for row in page.rows)
    after = keys(read(busy).rows)

    assert len(pages) > 1
    assert {page.snapshot for page in pages} == {pages[0].snapshot}
    assert walked == before
    assert after != before
    hold(walked, before, after)


def test_rows_that_go_while_the_server_reads_move_no_others(busy: Centre) -> None:
    """Waldur's pages are offsets into a list that changes under the server's eyes."""
    busy.control.reset()
    before = keys(read(busy).rows)
    busy.control.add_fault("waldur", "vanish:rows=7:times=2")
    walked = keys(read(busy, page_size=60).rows)
    busy.control.clear_faults()
    after = keys(read(busy).rows)

    assert before != after
    hold(walked, before, after)


def test_many_walk_at_once_while_rows_come_and_go(busy: Centre) -> None:
    busy.control.reset()
    before = keys(read(busy).rows)
    with ThreadPoolExecutor() as pool:
        walks = [pool.submit(read, busy, page_size=size) for size in (90, 150, 250, 400)]
        for _ in range(10):
            busy.control.call("site", "vanish", count=3)
        answers = [walk.result() for walk in walks]
    after = keys(read(busy).rows)

    for answer in answers:
        hold(keys(answer.rows), before, after)
        assert not answer.stale


def test_pollers_see_every_change_and_no_other(busy: Centre) -> None:
    busy.control.reset()
    with busy.client() as client:
        seen = client.read()
        assert client.changed_since(seen) is None
        busy.control.call("site", "vanish", count=20)
        changed = client.changed_since(seen)

        assert changed is not None
        assert keys(changed.rows) != keys(seen.rows)
        assert client.changed_since(changed) is None


@pytest.fixture(scope="module")
def forgetful(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    """The same, and no snapshot is kept for those who are under way."""
    settings = _READ_EVERY_TIME | {"snapshot_keep": 0}
    folder = tmp_path_factory.mktemp("forgetful")
    with running_centre(folder, "--resources", _RESOURCES, settings=settings) as made:
        yield made


def test_a_walk_is_told_and_a_new_one_is_whole(forgetful: Centre) -> None:
    forgetful.control.reset()
    with forgetful.client(page_size=100) as client:
        pages = client.walk()
        first = next(pages)
        forgetful.control.call("site", "vanish", count=1)
        read(forgetful)
        with pytest.raises(SnapshotGoneError, match=first.snapshot):
            next(pages)
        whole = client.read()

    assert whole.snapshot != first.snapshot
    assert keys(whole.rows) == keys(read(forgetful).rows)


def test_a_read_is_whole_or_an_error(forgetful: Centre) -> None:
    """However the changes fall between its pages."""
    forgetful.control.reset()
    before = keys(read(forgetful).rows)
    with ThreadPoolExecutor() as pool:
        walks = [pool.submit(read, forgetful, page_size=150) for _ in range(4)]
        for _ in range(5):
            forgetful.control.call("site", "vanish", count=2)
        ends = [_end_of(walk) for walk in walks]
    after = keys(read(forgetful).rows)

    for answer in ends:
        if answer is not None:
            hold(keys(answer.rows), before, after)


def _end_of(walk: Future[StorageAnswer]) -> StorageAnswer | None:
    try:
        return walk.result()
    except SnapshotGoneError:
        return None
