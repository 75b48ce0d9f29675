"""Laws of changes: they lead from one set of rows to the other, say all, and depend on no order."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal
from uuid import UUID

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from cscs_domain.errors import InvalidValueError
from cscs_domain.storage.callbacks import Callbacks
from cscs_domain.storage.changes import Changes, RowChange, RowField, apply_changes, changes
from cscs_domain.storage.data_types import TargetType
from cscs_domain.storage.hierarchy import build_hierarchy
from cscs_domain.storage.mount_points import MountPath
from cscs_domain.storage.permissions import Permission
from cscs_domain.storage.quotas import Quotas
from cscs_domain.storage.row_fields import READERS
from cscs_domain.storage.rows import StorageRow
from cscs_domain.storage.states import Status
from cscs_domain.storage.targets import (
    CustomerTarget,
    PrimaryProject,
    ProjectTarget,
    Target,
    TenantTarget,
    UserTarget,
)
from cscs_fakes.strategies import shuffled, sites
from tests.unit.storage.samples import leaf, sample

Rows = list[StorageRow]

PARENTS = {TargetType.TENANT, TargetType.CUSTOMER}
LEVELS = [{TargetType.TENANT}, {TargetType.CUSTOMER}, {TargetType.PROJECT, TargetType.USER}]
SOME_ID = UUID(int=7)
SOME_QUOTAS = Quotas(
    space_soft_tb=Decimal(3), space_hard_tb=Decimal(5), inodes_soft=30, inodes_hard=50
)
TARGETS: tuple[Target, ...] = (
    TenantTarget(item_id=SOME_ID, key="one", name="One"),
    CustomerTarget(item_id=SOME_ID, key="one", name="One"),
    ProjectTarget(
        item_id=SOME_ID, key=None, name="one", status=Status.ACTIVE, unix_gid=31000, active=True
    ),
    UserTarget(
        item_id=SOME_ID,
        key=None,
        name="one",
        status=Status.ACTIVE,
        email="one@uni.example",
        unix_uid=21000,
        primary_project=PrimaryProject(name="group", unix_gid=31000, active=True),
        active=True,
    ),
)
SET_WHERE_THERE_WAS_NONE: dict[str, object] = {
    "parent_item_id": SOME_ID,
    "quotas": SOME_QUOTAS,
    "old_quotas": SOME_QUOTAS,
    "new_quotas": SOME_QUOTAS,
}


def altered(row: StorageRow) -> Iterator[StorageRow]:
    """The row, each time with another of its members changed, down to the smallest."""
    for target in TARGETS:
        if target != row.target:
            yield attrs.evolve(row, target=target)
    for value in _others(row, ""):
        assert isinstance(value, StorageRow)
        yield value


def _others(value: object, member: str) -> Iterator[object]:
    """Values that may stand in a member's place; only kinds of value that rows are made of."""
    match value:
        case None:
            yield SET_WHERE_THERE_WAS_NONE.get(member, "https://waldur.example.com/api/")
        case bool():
            yield not value
        case Status():
            yield Status.ERROR if value is not Status.ERROR else Status.ACTIVE
        case str():
            yield f"{value}'"
        case int() | Decimal():
            yield value + 1
        case UUID():
            yield UUID(int=value.int ^ 1)
        case MountPath():
            yield from (MountPath(text) for text in ("/a", "/b") if text != value.text)
        case Permission():
            yield Permission("2750" if value.value != "2750" else "750")
        case _:
            if member in SET_WHERE_THERE_WAS_NONE:
                yield None
            yield from _with_other_members(value)


def _with_other_members(value: object) -> Iterator[object]:
    kind = type(value)
    assert attrs.has(kind), value
    for field in attrs.fields(kind):
        for other in _others(getattr(value, field.name), field.name):
            with contextlib.suppress(InvalidValueError):  # a soft quota above the hard one
                yield attrs.evolve(value, **{field.name: other})  # type: ignore[misc]


def answers() -> SearchStrategy[Rows]:
    return sites(most_rows=4).map(
        lambda site: list(build_hierarchy(site.waldur_rows, site.identities, site.policy).rows)
    )


@st.composite
def reworked(draw: DrawFn, rows: Rows) -> Rows:
    """What may have become of rows: some gone, some doubled, some changed, some again and again."""
    result: Rows = []
    for row in rows:
        fate = draw(st.sampled_from(["stays", "stays", "goes", "doubles", "changes", "splits"]))
        if fate in {"stays", "doubles", "splits"}:
            result.append(row)
        if fate == "doubles":
            result.append(row)
        if fate in {"changes", "splits"}:
            once = draw(st.sampled_from(list(altered(row))))
            result.append(draw(st.sampled_from([once, *altered(once)])))
    return result


def _crowd() -> Rows:
    """Rows of one key; some of them are equal, though their numbers are written differently."""
    row = leaf(sample())
    quotas = [
        attrs.evolve(SOME_QUOTAS, space_hard_tb=Decimal(text))
        for text in ("50", "5E+1", "51", "52", "52.0", "53")
    ]
    return [attrs.evolve(row, quotas=each) for each in quotas]


CROWDS = st.lists(st.sampled_from(_crowd()), max_size=6)


def before_and_after() -> SearchStrategy[tuple[Rows, Rows]]:
    """Two sets of rows that have much in common, or little; keys may repeat in either."""
    return st.one_of(of_one_site(), rehoused(), st.tuples(CROWDS, CROWDS))


@st.composite
def of_one_site(draw: DrawFn) -> tuple[Rows, Rows]:
    """What two documents of one site may hold, or documents of two sites."""
    rows = draw(answers())
    before = draw(st.just(rows) | reworked(rows))
    after = draw(reworked(rows) | answers())
    return before, draw(shuffled(after))


@st.composite
def rehoused(draw: DrawFn) -> tuple[Rows, Rows]:
    """Rows that take each other's paths, some of them made anew under another item id."""
    before = draw(answers())
    paths = [row.mount_point for row in before]
    after = [
        attrs.evolve(
            row,
            mount_point=draw(st.sampled_from([row.mount_point, *paths])),
            item_id=draw(st.sampled_from([row.item_id, UUID(int=row.item_id.int ^ 1)])),
        )
        for row in before
    ]
    return before, draw(shuffled(after))


def rows_from(made: Changes) -> Counter[StorageRow]:
    return Counter([*made.removed, *(change.before for change in made.changed)])


def rows_to(made: Changes) -> Counter[StorageRow]:
    return Counter([*made.created, *(change.after for change in made.changed)])


@given(answers(), st.data())
def test_equal_sets_have_no_changes(rows: Rows, data: st.DataObject) -> None:
    before = data.draw(reworked(rows))

    made = changes(before, data.draw(shuffled(before)))

    assert Changes() == made
    assert made.is_empty
    assert made.handed_over == ()


@given(before_and_after())
def test_changes_applied_to_the_old_set_give_the_new_one(sets: tuple[Rows, Rows]) -> None:
    before, after = sets

    assert Counter(after) == Counter(apply_changes(before, changes(before, after)))


@given(before_and_after(), st.data())
def test_changes_depend_on_no_order(sets: tuple[Rows, Rows], data: st.DataObject) -> None:
    before, after = sets
    made = changes(before, after)

    again = changes(data.draw(shuffled(before)), data.draw(shuffled(after)))
    assert (made, made.handed_over) == (again, again.handed_over)
    assert apply_changes(before, made) == apply_changes(data.draw(shuffled(before)), made)


@given(before_and_after())
def test_every_row_of_either_set_is_told_of_once_or_stays(sets: tuple[Rows, Rows]) -> None:
    before, after = map(Counter, sets)
    made = changes(*sets)

    assert rows_from(made) <= before
    assert rows_to(made) <= after
    assert before - rows_from(made) == after - rows_to(made)


@given(before_and_after())
def test_a_row_that_both_sets_hold_is_left_alone(sets: tuple[Rows, Rows]) -> None:
    before, after = map(Counter, sets)

    assert before - rows_from(changes(*sets)) == before & after


@given(before_and_after())
def test_no_row_is_created_and_removed_under_one_key(sets: tuple[Rows, Rows]) -> None:
    made = changes(*sets)

    assert not {row.key for row in made.created} & {row.key for row in made.removed}


@given(before_and_after())
def test_the_way_back_is_the_same_changes_turned_round(sets: tuple[Rows, Rows]) -> None:
    before, after = sets
    there, back = changes(before, after), changes(after, before)

    assert (there.created, there.removed) == (back.removed, back.created)
    turned = Counter((change.after, change.before) for change in back.changed)
    assert Counter((change.before, change.after) for change in there.changed) == turned


def paths_of(rows: Iterable[StorageRow]) -> set[MountPath]:
    return {row.mount_point for row in rows}


@given(before_and_after())
def test_every_path_of_a_removed_row_that_a_row_comes_to_is_handed_over(
    sets: tuple[Rows, Rows],
) -> None:
    made = changes(*sets)
    gone, moved = paths_of(made.removed), [change for change in made.changed if change.is_move]
    new = paths_of([*made.created, *(change.after for change in moved)])
    left = gone | paths_of(change.before for change in moved)

    assert [one.path for one in made.handed_over] == sorted(left & new)


@given(before_and_after())
def test_a_path_is_only_handed_over_between_different_rows_at_that_path(
    sets: tuple[Rows, Rows],
) -> None:
    made = changes(*sets)
    for one in made.handed_over:
        assert Counter(one.leaving) <= rows_from(made)
        assert Counter(one.coming) <= rows_to(made)
        assert paths_of(one.leaving) == paths_of(one.coming) == {one.path}
        assert not {row.key for row in one.leaving} & {row.key for row in one.coming}


@given(before_and_after())
def test_on_the_way_back_the_same_paths_are_handed_over_the_other_way(
    sets: tuple[Rows, Rows],
) -> None:
    before, after = sets
    there, back = changes(before, after).handed_over, changes(after, before).handed_over

    assert [(one.leaving, one.coming) for one in there] == [
        (one.coming, one.leaving) for one in back
    ]


@given(before_and_after())
def test_every_change_of_a_row_names_a_field(sets: tuple[Rows, Rows]) -> None:
    for change in changes(*sets).changed:
        assert change.fields
        assert all(field.old != field.new for field in change.fields)
        assert change.is_dangerous == any(field.is_dangerous for field in change.fields)


@given(before_and_after())
def test_a_parent_is_only_ever_paired_with_one_of_its_id_system_and_type(
    sets: tuple[Rows, Rows],
) -> None:
    for change in changes(*sets).changed:
        old, new = change.before, change.after
        assert old.item_id == new.item_id
        if {old.target_type, new.target_type} & PARENTS:
            assert old.key._replace(path="") == new.key._replace(path="")


@given(before_and_after())
def test_all_is_told_in_the_order_of_the_answer(sets: tuple[Rows, Rows]) -> None:
    made = changes(*sets)
    for rows in (made.created, made.removed, [change.after for change in made.changed]):
        places = [
            (
                [row.target_type in level for level in LEVELS].index(True),
                row.mount_point.text,
                row.item_id,
            )
            for row in rows
        ]
        assert places == sorted(places)


@given(answers(), st.data())
def test_rows_that_differ_anywhere_differ_in_a_field(rows: Rows, data: st.DataObject) -> None:
    for row in rows[:1]:
        others = [row, *rows, *altered(row)]
        other = data.draw(st.sampled_from([*others, *altered(others[-1])]))
        assert (RowChange(row, other).fields == ()) == (row == other)


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: type(target).__name__)
def test_every_member_of_a_row_has_a_field(target: Target) -> None:
    """A member that a row gains must not be overlooked: `altered` goes over all there are."""
    row = attrs.evolve(
        leaf(sample()),
        target=target,
        quotas=SOME_QUOTAS,
        old_quotas=SOME_QUOTAS,
        new_quotas=SOME_QUOTAS,
        callbacks=Callbacks(),
    )
    for other in altered(row):
        assert RowChange(row, other).fields


def test_every_field_can_be_read() -> None:
    assert set(READERS) == set(RowField)
