"""Snapshots: what identifies one, what two of them share, and how rows are picked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cscs_domain.problems import Problem, ProblemCode, Severity
from cscs_domain.storage.filters import EVERYTHING, PageRequest, RowFilter
from cscs_domain.storage.rows import RowFacts
from cscs_domain.storage.snapshots import Snapshot, SnapshotDraft
from cscs_domain.storage.states import ResourceState, Status

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ACTIVE = RowFacts("capstor", "store", Status.ACTIVE, ResourceState.OK)
PENDING = RowFacts("capstor", "store", Status.PENDING, ResourceState.CREATING)
MISSING = Problem(ProblemCode.MISSING_IDENTITY, Severity.ERROR, "nobody")
LOW = Problem(ProblemCode.LOW_IDENTITY, Severity.WARNING, "low")


def taken(
    *rows: tuple[bytes, RowFacts],
    problems: tuple[Problem, ...] = (),
    previous: Snapshot | None = None,
    at: datetime = NOON,
) -> Snapshot:
    draft = SnapshotDraft(taken_at=at, taken=at - NOON, previous=previous)
    draft.add([row for row, _ in rows], [facts for _, facts in rows])
    return draft.finish(problems)


ONE = (b'{"a":1}', ACTIVE)
TWO = (b'{"b":2}', PENDING)


def test_the_same_content_is_the_same_snapshot_whenever_it_was_read() -> None:
    later = NOON + timedelta(minutes=1)

    assert taken(ONE, TWO).id == taken(ONE, TWO, at=later).id


def test_a_second_read_knows_when_it_was_taken() -> None:
    later = NOON + timedelta(minutes=1)

    again = taken(ONE, previous=taken(ONE), at=later)

    assert (again.taken_at, again.taken) == (later, timedelta(minutes=1))


def test_other_rows_order_states_or_problems_are_another_snapshot() -> None:
    other_state = (ONE[0], RowFacts("capstor", "store", Status.ACTIVE, ResourceState.ERRED))
    ids = [
        taken(ONE, TWO).id,
        taken(TWO, ONE).id,
        taken(ONE).id,
        taken(other_state, TWO).id,
        taken(ONE, TWO, problems=(LOW,)).id,
        taken().id,
    ]

    assert len(set(ids)) == len(ids)


def test_rows_that_did_not_change_are_shared_with_the_previous_snapshot() -> None:
    before = taken(ONE)
    copy = (bytes(bytearray(ONE[0])), ACTIVE)

    after = taken(copy, TWO, previous=before)

    assert after.rows == (ONE[0], TWO[0])
    assert after.rows[0] is before.rows[0]


def test_rows_are_selected_in_order_and_the_same_way_twice() -> None:
    snapshot = taken(ONE, TWO, ONE)
    active = RowFilter(status=Status.ACTIVE)

    assert tuple(snapshot.select(active)) == (ONE[0], ONE[0])
    assert tuple(snapshot.select(active)) == (ONE[0], ONE[0])
    assert tuple(snapshot.select(EVERYTHING)) == (ONE[0], TWO[0], ONE[0])
    assert tuple(snapshot.select(RowFilter(data_type="nothing"))) == ()


def test_many_different_filters_do_not_change_what_is_selected() -> None:
    snapshot = taken(ONE, TWO)
    for number in range(200):
        assert tuple(snapshot.select(RowFilter(data_type=f"type-{number}"))) == ()

    assert tuple(snapshot.select(RowFilter(status=Status.PENDING))) == (TWO[0],)


def test_a_page_has_its_rows_and_its_place() -> None:
    page = taken(ONE, TWO, ONE).page(EVERYTHING, PageRequest(2, 2))

    assert tuple(page.rows) == (ONE[0],)
    assert (page.pagination.total, page.pagination.pages, page.pagination.has_next) == (3, 2, False)


def test_missing_identities_are_picked_out_of_the_problems() -> None:
    assert taken(ONE, problems=(LOW, MISSING)).missing_identities == (MISSING,)
