"""Changes: what an operator sees of the usual ones, and what happens when it is not clear."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal

import attrs
import pytest

from cscs_domain.errors import InvalidValueError
from cscs_domain.storage.changes import (
    Changes,
    FieldChange,
    Handover,
    RowChange,
    RowField,
    apply_changes,
    changes,
)
from cscs_domain.storage.changes_wire import changes_to_wire
from cscs_domain.storage.data_types import TargetType
from cscs_domain.storage.mount_points import MountPath
from cscs_domain.storage.permissions import Permission
from cscs_domain.storage.quotas import Quotas
from cscs_domain.storage.row_fields import FieldValue
from cscs_domain.storage.rows import StorageRow
from cscs_domain.storage.states import Status
from cscs_domain.storage.waldur_rows import WaldurRow
from cscs_json import encode
from tests.unit.storage.samples import GIDS, answer, leaf, sample, uuid_of

PATH = "/capstor/store/cscs/university-physics/climate-sim"


def row_of(*, gid: int = 30500, resource: WaldurRow | None = None) -> StorageRow:
    (only,) = answer(resource or sample(), gids={**GIDS, "climate-sim": gid}).rows[2:]
    return only


def at(path: str, row: StorageRow | None = None) -> StorageRow:
    return attrs.evolve(row or leaf(sample()), mount_point=MountPath(path))


def only_change(observed: Sequence[StorageRow], desired: Sequence[StorageRow]) -> RowChange:
    made = changes(observed, desired)
    (only,) = made.changed
    assert not made.created
    assert not made.removed
    return only


Told = dict[RowField, tuple[FieldValue, FieldValue]]

ROW = row_of()
CHANGED: dict[str, tuple[StorageRow, StorageRow, Told, bool]] = {
    "more space": (
        ROW,
        row_of(resource=sample(limits={"storage": 20})),
        {
            RowField.SPACE_SOFT_TB: (Decimal(10), Decimal(20)),
            RowField.SPACE_HARD_TB: (Decimal(10), Decimal(20)),
            RowField.INODES_SOFT: (13_300_000, 26_600_000),
            RowField.INODES_HARD: (20_000_000, 40_000_000),
        },
        False,
    ),
    "provisioned": (
        row_of(resource=sample(state="Creating")),
        ROW,
        {
            RowField.STATUS: ("pending", "active"),
            RowField.TARGET_STATUS: ("pending", "active"),
            RowField.TARGET_ACTIVE: (False, True),
        },
        False,
    ),
    "another permission": (
        ROW,
        row_of(resource=sample(options={"permissions": "2770"})),
        {RowField.PERMISSION: ("775", "2770")},
        False,
    ),
    "another group": (ROW, row_of(gid=30777), {RowField.GID: (30500, 30777)}, True),
    "another path": (ROW, at("/capstor/moved"), {RowField.PATH: (PATH, "/capstor/moved")}, True),
    "another storage system at the same path": (
        ROW,
        attrs.evolve(ROW, system=attrs.evolve(ROW.system, key="vast")),
        {RowField.SYSTEM: ("capstor", "vast")},
        True,
    ),
}


@pytest.mark.parametrize(("before", "after", "told", "is_dangerous"), CHANGED.values(), ids=CHANGED)
def test_a_change_of_a_row_is_told_field_by_field(
    before: StorageRow, after: StorageRow, told: Told, is_dangerous: bool
) -> None:
    change = only_change([before], [after])

    assert {field.field: (field.old, field.new) for field in change.fields} == told
    assert change.is_dangerous is is_dangerous


def test_a_row_that_is_new_is_created_and_one_that_is_gone_removed() -> None:
    old, kept, new = leaf(sample("old")), leaf(sample("kept")), leaf(sample("new"))

    assert changes([old, kept], [kept, new]) == Changes(created=(new,), removed=(old,))


def test_another_data_type_is_one_dangerous_change() -> None:
    archive = leaf(sample(attributes={"storage_data_type": "archive"}))

    change = only_change([leaf(sample())], [archive])

    told = {field.field: (field.old, field.new) for field in change.fields}
    assert told[RowField.DATA_TYPE] == ("store", "archive")
    assert told[RowField.PATH] == (PATH, PATH.replace("store", "archive"))
    assert change.is_dangerous


def test_a_projects_directory_that_becomes_a_users_is_dangerous_wherever_it_lies() -> None:
    users = leaf(sample("anna", attributes={"storage_data_type": "users"}))
    project = leaf(sample("anna"))

    change = only_change([project], [at(PATH, users)])

    told = {field.field: (field.old, field.new) for field in change.fields}
    assert told[RowField.TARGET_TYPE] == ("project", "user")
    assert told[RowField.UID] == (None, 20100)
    assert RowField.PATH not in told
    assert change.is_dangerous


def test_a_users_primary_group_is_the_gid_of_the_directory() -> None:
    users = sample("anna", attributes={"storage_data_type": "users"})

    change = only_change([row_of(resource=users)], [row_of(resource=users, gid=30777)])

    assert change.fields == (FieldChange(RowField.GID, 30500, 30777),)
    assert change.is_dangerous


def test_quotas_that_are_equal_as_numbers_have_not_drifted() -> None:
    row = leaf(sample())
    assert row.quotas is not None
    measured = attrs.evolve(row.quotas, space_hard_tb=Decimal("10.000"))

    assert changes([attrs.evolve(row, quotas=measured)], [row]).is_empty


def test_quotas_that_appear_were_none_before() -> None:
    change = only_change([row_of(resource=sample(limits={}))], [row_of()])

    assert {field.old for field in change.fields} == {None}
    assert change.fields[0] == FieldChange(RowField.SPACE_SOFT_TB, None, Decimal(10))


def test_parents_that_share_an_id_change_independently() -> None:
    """One customer with two data types has two rows of one documented id."""
    before = answer(sample("a"), sample("b", attributes={"storage_data_type": "archive"}))
    after = answer(
        sample("a", state="Creating"), sample("b", attributes={"storage_data_type": "archive"})
    )

    changed = changes(before.rows, after.rows).changed

    assert [(change.after.target_type.value, change.after.data_type.key) for change in changed] == [
        ("tenant", "store"),
        ("customer", "store"),
        ("project", "store"),
    ]


def test_a_parent_is_not_taken_for_one_of_another_data_type() -> None:
    store = answer(sample()).rows[:2]
    archive = answer(sample(attributes={"storage_data_type": "archive"})).rows[:2]

    assert changes(store, archive) == Changes(created=archive, removed=store)


def test_a_renamed_customer_moves_its_row() -> None:
    before = answer(sample()).rows[1]
    after = answer(sample(customer_slug="physics")).rows[1]

    change = only_change([before], [after])

    assert change.after.target_type is TargetType.CUSTOMER
    assert change.is_dangerous


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([at("/a")], [at("/b"), at("/c")]),
        ([at("/a"), at("/b")], [at("/c")]),
        ([at("/a"), at("/b")], [at("/c"), at("/d")]),
    ],
)
def test_where_several_rows_could_be_meant_none_is_said_to_have_moved(
    before: list[StorageRow], after: list[StorageRow]
) -> None:
    assert changes(before, after) == Changes(created=tuple(after), removed=tuple(before))


def test_rows_that_occur_twice_are_counted() -> None:
    row = leaf(sample())

    assert changes([row, row], [row]) == Changes(removed=(row,))
    assert changes([row], [row, row]) == Changes(created=(row,))


def test_of_rows_with_one_key_those_that_stay_are_left_alone() -> None:
    one, two, three = (
        attrs.evolve(leaf(sample()), status=status)
        for status in (Status.ACTIVE, Status.PENDING, Status.ERROR)
    )

    assert changes([one, two], [three, one]) == Changes(changed=(RowChange(two, three),))


@pytest.mark.parametrize("turned", [False, True])
def test_rows_of_one_key_are_paired_by_their_content(turned: bool) -> None:
    """Another order in a document must not make another difference out of the same rows."""
    row = leaf(sample())
    one, two, three, four = (
        attrs.evolve(row, permission=Permission(value)) for value in ("700", "710", "720", "730")
    )

    made = changes([two, one] if turned else [one, two], [three, four])

    assert made == Changes(changed=(RowChange(one, three), RowChange(two, four)))


def test_rows_of_one_key_are_paired_alike_however_their_numbers_are_written() -> None:
    row = leaf(sample())
    fifty, as_power, more, one, two = (
        attrs.evolve(
            row,
            quotas=Quotas(
                space_soft_tb=Decimal(1), space_hard_tb=Decimal(text), inodes_soft=1, inodes_hard=2
            ),
        )
        for text in ("50", "5E+1", "51", "60", "70")
    )

    made = changes([fifty, as_power, more], [one, two])

    assert made == changes([as_power, fifty, more], [one, two])


def test_the_dangerous_changes_are_picked_out() -> None:
    before = [at("/a", leaf(sample("a"))), at("/b", leaf(sample("b")))]
    after = [at("/a", leaf(sample("a", state="Erred"))), at("/c", leaf(sample("b")))]

    made = changes(before, after)

    assert len(made.changed) == 2
    assert made.dangerous == (RowChange(before[1], after[1]),)


OLD, NEW = row_of(), row_of(resource=sample("again"), gid=30777)
"""A resource, and one that was made anew at its path, for another group."""

USERS_NEW = at(PATH, leaf(sample("anna", attributes={"storage_data_type": "users"})))
HANDED_OVER: dict[str, tuple[list[StorageRow], list[StorageRow], list[Handover]]] = {
    "removed, and another one created": (
        [OLD],
        [NEW],
        [Handover(leaving=(OLD,), coming=(NEW,))],
    ),
    "a project's, and then a user's": (
        [OLD],
        [USERS_NEW],
        [Handover(leaving=(OLD,), coming=(USERS_NEW,))],
    ),
    "removed, and another one moves in": (
        [OLD, at("/b", NEW)],
        [NEW],
        [Handover(leaving=(OLD,), coming=(NEW,))],
    ),
    "moves out, and another one is created": (
        [OLD],
        [at("/b", OLD), NEW],
        [Handover(leaving=(OLD,), coming=(NEW,))],
    ),
    "two change places": (
        [OLD, at("/b", NEW)],
        [at("/b", OLD), NEW],
        [
            Handover(leaving=(at("/b", NEW),), coming=(at("/b", OLD),)),
            Handover(leaving=(OLD,), coming=(NEW,)),
        ],
    ),
    "one for two": (
        [at("/a", leaf(sample("b"))), at("/a", leaf(sample("a")))],
        [at("/a", NEW)],
        [
            Handover(
                leaving=tuple(at("/a", leaf(sample(name))) for name in sorted("ab", key=uuid_of)),
                coming=(at("/a", NEW),),
            )
        ],
    ),
    "another storage system, whose paths are the same": (
        [OLD],
        [attrs.evolve(NEW, system=attrs.evolve(NEW.system, key="vast"))],
        [
            Handover(
                leaving=(OLD,),
                coming=(attrs.evolve(NEW, system=attrs.evolve(NEW.system, key="vast")),),
            )
        ],
    ),
    "a row that moves alone": ([OLD], [at("/b", OLD)], []),
    "a row that changes where it is": ([OLD], [row_of(gid=30777)], []),
    "a shared path that one row leaves": ([OLD, NEW], [NEW], []),
    "a shared path that one row comes to": ([OLD], [OLD, NEW], []),
    "another path": ([OLD], [at("/b", NEW)], []),
}


@pytest.mark.parametrize(("before", "after", "told"), HANDED_OVER.values(), ids=HANDED_OVER)
def test_a_path_that_some_rows_leave_and_others_come_to_is_handed_over(
    before: list[StorageRow], after: list[StorageRow], told: list[Handover]
) -> None:
    assert changes(before, after).handed_over == tuple(told)


def test_a_path_that_is_handed_over_is_dangerous_on_the_wire_with_both_owners() -> None:
    wire = json.loads(encode(changes_to_wire(changes([OLD], [USERS_NEW]))))

    assert wire["summary"] == {"created": 1, "removed": 1, "changed": 0, "dangerous": 1}
    key = {"storageSystem": "capstor", "mountPoint": PATH}
    assert wire["handed_over"] == [
        {
            "mountPoint": PATH,
            "leaving": [
                {
                    "key": key
                    | {
                        "itemId": uuid_of("res-1"),
                        "targetType": "project",
                        "storageDataType": "store",
                    },
                    "gid": 30500,
                    "uid": None,
                }
            ],
            "coming": [
                {
                    "key": key
                    | {
                        "itemId": uuid_of("anna"),
                        "targetType": "user",
                        "storageDataType": "users",
                    },
                    "gid": 30500,
                    "uid": 20100,
                }
            ],
        }
    ]


def test_applied_changes_give_the_answer_in_its_order() -> None:
    before = answer(sample("a"), sample("b"))
    after = answer(sample("a", limits={"storage": 5}), sample("c", customer_slug="another"))

    made = changes(before.rows, after.rows)

    assert apply_changes(reversed(before.rows), made) == after.rows


def test_changes_of_a_row_that_is_not_there_are_refused() -> None:
    made = changes([at("/a"), leaf(sample("b"))], [at("/c")])

    with pytest.raises(InvalidValueError, match=r"'/a' is not among .* \(nor are 1 more\)"):
        apply_changes([], made)
    with pytest.raises(InvalidValueError, match="find the changes anew"):
        apply_changes([at("/c"), leaf(sample("b"))], made)


def test_on_the_wire_changed_rows_have_their_old_key_and_exact_numbers() -> None:
    before, new = leaf(sample()), leaf(sample("new", project_slug="ocean"))
    after = at("/capstor/moved", leaf(sample(limits={"storage": "10.5"})))

    wire = json.loads(encode(changes_to_wire(changes([before], [after, new]))), parse_float=str)

    assert wire["summary"] == {"created": 1, "removed": 0, "changed": 1, "dangerous": 1}
    assert [row["itemId"] for row in wire["created"]] == [uuid_of("new")]
    (change,) = wire["changed"]
    assert change["key"] == {
        "itemId": uuid_of("res-1"),
        "targetType": "project",
        "storageSystem": "capstor",
        "storageDataType": "store",
        "mountPoint": PATH,
    }
    assert change["dangerous"] is True
    assert change["fields"][:2] == [
        {"field": "path", "old": PATH, "new": "/capstor/moved", "dangerous": True},
        {"field": "space_soft_tb", "old": 10, "new": "10.5", "dangerous": False},
    ]


def test_whole_terabytes_are_whole_numbers_for_every_json_library() -> None:
    made = changes([leaf(sample())], [leaf(sample(limits={"storage": 20}))])

    text = json.dumps(changes_to_wire(made), default=str)

    assert '"field": "space_soft_tb", "old": 10, "new": 20' in text


def test_changes_of_nothing_are_empty_on_the_wire_too() -> None:
    assert changes_to_wire(changes([], [])) == {
        "summary": {"created": 0, "removed": 0, "changed": 0, "dangerous": 0},
        "created": [],
        "removed": [],
        "changed": [],
        "handed_over": [],
    }
