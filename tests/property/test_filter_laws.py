"""Laws of filters, pages and snapshots: what is shown is exactly what was asked for, once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from cscs_domain.storage.filters import EVERYTHING, PageRequest, RowFilter
from cscs_domain.storage.hierarchy import build_hierarchy
from cscs_domain.storage.rows import ListedRow, RowFacts
from cscs_domain.storage.snapshots import Snapshot, SnapshotDraft
from cscs_domain.storage.states import ResourceState, Status
from cscs_fakes.strategies import Site, sites
from cscs_json import encode_row

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
SYSTEMS = st.sampled_from(["capstor", "vast"])
DATA_TYPES = st.sampled_from(["store", "users", "work"])
FACTS = st.builds(
    RowFacts,
    SYSTEMS,
    DATA_TYPES,
    st.sampled_from(Status),
    st.none() | st.sampled_from(ResourceState),
)
FILTERS = st.builds(
    RowFilter,
    storage_system=st.none() | SYSTEMS,
    data_type=st.none() | DATA_TYPES,
    status=st.none() | st.sampled_from(Status),
    state=st.none() | st.sampled_from(ResourceState),
)
LISTS = st.lists(FACTS, max_size=30)


def snapshot(facts: list[RowFacts]) -> Snapshot:
    """One made-up row for each fact."""
    draft = SnapshotDraft(taken_at=NOON, taken=timedelta(0), previous=None)
    draft.add([f"row {number}".encode() for number in range(len(facts))], facts)
    return draft.finish(())


def asked(wanted: RowFilter, facts: RowFacts) -> bool:
    """The rule of the documents, spelled out: every filter that is given must equal."""
    pairs = [
        (wanted.storage_system, facts.system),
        (wanted.data_type, facts.data_type),
        (wanted.status, facts.status),
        (wanted.state, facts.state),
    ]
    return all(expected == actual for expected, actual in pairs if expected is not None)


@given(FILTERS, FACTS)
def test_filters_match_exactly_and_all_of_them(wanted: RowFilter, facts: RowFacts) -> None:
    assert wanted.matches(facts) == asked(wanted, facts)


@given(LISTS, FILTERS)
def test_a_snapshot_shows_the_matching_rows_in_their_order(
    facts: list[RowFacts], wanted: RowFilter
) -> None:
    expected = [f"row {n}".encode() for n, fact in enumerate(facts) if asked(wanted, fact)]

    assert list(snapshot(facts).select(wanted)) == expected


@given(LISTS)
def test_the_statuses_part_the_rows_without_rest(facts: list[RowFacts]) -> None:
    taken = snapshot(facts)

    parts = [row for status in Status for row in taken.select(RowFilter(status=status))]

    assert sorted(parts) == sorted(taken.select(EVERYTHING))


@given(LISTS, FILTERS, st.integers(1, 12))
def test_pages_of_any_size_concatenated_are_the_list(
    facts: list[RowFacts], wanted: RowFilter, size: int
) -> None:
    taken = snapshot(facts)
    walked: list[bytes] = []
    for number in count(1):
        page = taken.page(wanted, PageRequest(number, size))
        walked += page.rows
        assert len(page.rows) <= size
        if not page.pagination.has_next:
            break

    assert tuple(walked) == taken.select(wanted)


@given(st.integers(0, 10**6), st.integers(1, 10**6), st.integers(1, 500))
def test_a_page_knows_where_it_lies(total: int, number: int, size: int) -> None:
    lies = PageRequest(number, size).of(total)

    assert lies.offset == (number - 1) * size
    assert (lies.pages - 1) * size < total <= lies.pages * size or total == lies.pages == 0
    assert lies.has_next == (lies.offset + size < total)


@given(sites())
def test_the_facts_of_a_row_are_what_the_row_shows(site: Site) -> None:
    names = {system.path_name.upper(): system.name for system in site.policy.mounted_systems}
    for listed in build_hierarchy(site.waldur_rows, site.identities, site.policy).listed:
        row, facts = listed.row, listed.facts
        assert facts.system == names[row.system.name]
        assert facts.data_type == row.data_type.path
        assert facts.status is row.status


def encoded(listed: tuple[ListedRow, ...], previous: Snapshot | None = None) -> Snapshot:
    draft = SnapshotDraft(taken_at=NOON, taken=timedelta(0), previous=previous)
    draft.add([encode_row(one.row) for one in listed], [one.facts for one in listed])
    return draft.finish(())


@given(sites())
def test_the_same_answer_is_the_same_snapshot_and_shares_its_rows(site: Site) -> None:
    listed = build_hierarchy(site.waldur_rows, site.identities, site.policy).listed
    first = encoded(listed)

    again = encoded(listed, first)

    assert again.id == first.id
    assert all(new is old for new, old in zip(again.rows, first.rows, strict=True))


@given(sites(), sites())
def test_different_answers_are_different_snapshots(one: Site, other: Site) -> None:
    answers = [
        build_hierarchy(site.waldur_rows, site.identities, site.policy).listed
        for site in (one, other)
    ]

    first, second = map(encoded, answers)

    assert (first.id == second.id) == (answers[0] == answers[1])
