"""Changes as people read them: in words, the dangerous ones first, and nothing that steers."""

import io
import re
from collections.abc import Sequence

import attrs
import pytest
from rich.console import Console

from cscs_cli.change_texts import change_texts, handover_text, owners_before
from cscs_cli.changes_table import change_cells, changes_summary, show_changes
from cscs_cli.terminal import console
from cscs_domain.storage.callbacks import Callbacks
from cscs_domain.storage.changes import Changes, Handover, RowChange, changes
from cscs_domain.storage.mount_points import MountPath
from cscs_domain.storage.permissions import Permission
from cscs_domain.storage.rows import StorageRow
from cscs_domain.storage.states import Status
from cscs_domain.storage.targets import ProjectTarget, Target
from tests.unit.cli.rows import TEN_TB, TWENTY_TB, customer, listed, project, uid, user

PATH = "/capstor/store/cscs/uni/p1"
ROW = listed(project(), PATH, parent=uid("c"), quotas=TEN_TB).row
USER = listed(user(), "/capstor/users/cscs/uni/ada", parent=uid("c")).row
PENDING = attrs.evolve(project(), status=Status.PENDING)
DONE = Callbacks(set_state_done_url="https://w.example/done/")
ERRED = Callbacks(set_state_erred_url="https://w.example/erred/")


def texts(before: StorageRow, after: StorageRow) -> list[str]:
    return list(change_texts(RowChange(before, after)))


def owned_by(target: ProjectTarget, row: StorageRow = ROW) -> StorageRow:
    return attrs.evolve(row, target=target)


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (ROW, []),
        (
            attrs.evolve(ROW, quotas=TWENTY_TB),
            ["quota 10 TB, 13.3/20 M inodes -> 20 TB, 26.6/40 M inodes"],
        ),
        (
            attrs.evolve(ROW, quotas=attrs.evolve(TEN_TB, inodes_hard=21_000_000)),
            ["quota 10 TB, 13.3/20 M inodes -> 10 TB, 13.3/21 M inodes"],
        ),
        (attrs.evolve(ROW, quotas=None), ["quota 10 TB, 13.3/20 M inodes -> no quota"]),
        (owned_by(project(gid=30501)), ["gid 30500 -> 30501"]),
        (attrs.evolve(ROW, mount_point=MountPath("/capstor/p2")), ["moves to /capstor/p2"]),
        (attrs.evolve(ROW, permission=Permission("750")), ["mode 2770 -> 750"]),
        (
            attrs.evolve(ROW, status=Status.PENDING, target=PENDING),
            ["status active -> pending"],
        ),
        (owned_by(PENDING), ["target status active -> pending"]),
        (
            owned_by(attrs.evolve(project(), active=False, name=None)),
            ["target name res-1 -> none", "target active yes -> no"],
        ),
        (
            attrs.evolve(ROW, old_quotas=TEN_TB, new_quotas=TWENTY_TB),
            ["waiting order: 10 TB, 13.3/20 M inodes -> 20 TB, 26.6/40 M inodes"],
        ),
        (attrs.evolve(ROW, callbacks=DONE), ["callbacks none -> set_state_done"]),
        (
            attrs.evolve(ROW, parent_item_id=uid("d")),
            [f"parent item id {uid('c')} -> {uid('d')}"],
        ),
    ],
    ids=lambda value: value[0].split()[0] if isinstance(value, list) and value else "",
)
def test_what_changes_is_told_in_words_of_people(after: StorageRow, expected: list[str]) -> None:
    assert texts(ROW, after) == expected


def test_several_changes_of_a_row_are_told_the_most_telling_first() -> None:
    after = attrs.evolve(
        owned_by(project(gid=1001)), quotas=TWENTY_TB, status=Status.UPDATING, callbacks=DONE
    )

    assert [text.split()[0] for text in texts(ROW, after)] == [
        "gid",
        "status",
        "quota",
        "callbacks",
    ]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (DONE, ERRED, "callbacks set_state_done -> set_state_erred"),
        (
            DONE,
            Callbacks(set_state_done_url="https://other.example/done/"),
            "callbacks set_state_done (other URLs)",
        ),
    ],
)
def test_callbacks_are_told_by_what_they_allow(
    before: Callbacks, after: Callbacks, expected: str
) -> None:
    old, new = (attrs.evolve(ROW, callbacks=some) for some in (before, after))

    assert texts(old, new) == [expected]


def test_an_order_that_is_gone_is_told() -> None:
    before = attrs.evolve(ROW, old_quotas=TEN_TB, new_quotas=TWENTY_TB)

    assert texts(before, ROW) == ["waiting order: none any more"]


def at_one_path(*targets: Target) -> tuple[StorageRow, ...]:
    return tuple(listed(target, PATH).row for target in targets)


@pytest.mark.parametrize(
    ("leaving", "coming", "owners", "expected"),
    [
        (
            [project("a")],
            [project("b", gid=30501)],
            "project a",
            "project a (gid 30500) -> project b (gid 30501)",
        ),
        (
            [user()],
            [customer()],
            "user ada@example.org",
            "user ada@example.org (uid 20001, gid 30500) -> customer uni (University)",
        ),
        (
            [project("a"), project("b")],
            [project(f"c{n}") for n in range(6)],
            "project a and project b",
            "project a (gid 30500) and project b (gid 30500) -> "
            + "".join(f"project c{n} (gid 30500) and " for n in range(4))
            + "2 more",
        ),
    ],
    ids=["projects", "others", "many"],
)
def test_of_a_path_that_is_handed_over_both_owners_are_told(
    leaving: list[Target], coming: list[Target], owners: str, expected: str
) -> None:
    handover = Handover(leaving=at_one_path(*leaving), coming=at_one_path(*coming))

    assert owners_before(handover) == owners
    assert handover_text(handover) == f"passes to another row: {expected}"


def made_anew(count: int) -> Changes:
    """So many directories of which each is removed and created again for somebody else."""
    new = [attrs.evolve(row, target=user(), item_id=uid(str(row.item_id))) for row in rows(count)]
    return changes(rows(count), new)


def test_a_path_that_is_handed_over_has_a_dangerous_line_before_all_others() -> None:
    cells = list(change_cells(made_anew(1)))

    assert [one.kind for one in cells] == ["DANGEROUS", "removed", "created"]
    assert {one.path for one in cells} == {"/capstor/store/c/u/p0"}
    assert cells[0].row == cells[1].row


def sample() -> Changes:
    """One of each kind."""
    moved = attrs.evolve(ROW, mount_point=MountPath(f"{PATH}-b"))
    larger = listed(project("res-2"), f"{PATH}-2", parent=uid("c"), quotas=TEN_TB).row
    new = listed(customer(), "/capstor/store/cscs/uni").row
    return changes([ROW, larger, USER], [moved, attrs.evolve(larger, quotas=TWENTY_TB), new])


def printed(made: Changes, *, most: int | None = None) -> list[str]:
    out = io.StringIO()
    show_changes(made, console(out), most=most)
    return out.getvalue().splitlines()


def test_dangerous_changes_come_first_then_what_is_lost() -> None:
    assert [cells.kind for cells in change_cells(sample())] == [
        "DANGEROUS",
        "removed",
        "changed",
        "created",
    ]


def test_a_pipe_gets_one_line_a_change_with_the_path_as_it_was() -> None:
    lines = printed(sample())

    assert [line.split()[0] for line in lines] == [
        *("change", "DANGEROUS", "removed", "changed", "created")
    ]
    assert re.split(" {2,}", lines[1])[1:] == ["project res-1", PATH, f"moves to {PATH}-b"]


def test_lines_are_aligned_and_have_no_blanks_at_their_ends() -> None:
    lines = printed(sample())

    assert len({line.index("/") for line in lines[1:]}) == 1
    assert [line for line in lines if line != line.rstrip()] == []


def test_no_changes_are_no_lines() -> None:
    assert printed(Changes()) == []


def rows(count: int) -> Sequence[StorageRow]:
    return [listed(project(f"p{n}"), f"/capstor/store/c/u/p{n}").row for n in range(count)]


def test_more_changes_than_wanted_are_counted() -> None:
    lines = printed(changes((), rows(7)), most=5)

    assert len(lines) == 1 + 5 + 1
    assert lines[-1] == "... and 2 more changes; --verbose shows all"
    assert printed(made_anew(2), most=5)[-1] == "... and 1 more change; --verbose shows all"


@pytest.mark.parametrize("width", [40, 80, 200])
def test_a_terminal_cuts_nothing(width: int) -> None:
    out = io.StringIO()
    long = listed(project("x" * 200), PATH).row

    show_changes(changes((), [long]), Console(file=out, force_terminal=True, width=width))

    assert out.getvalue().count("x") >= 200
    assert "…" not in out.getvalue()


def test_names_from_upstream_reach_no_terminal_as_controls() -> None:
    hostile = "evil\x1b[2J\n[bold]"
    row = listed(project(hostile), PATH).row
    for made in (
        changes((), [row]),
        changes([ROW], [owned_by(attrs.evolve(project(), name=hostile))]),
    ):
        text = "\n".join(printed(made))

        assert r"evil\x1b[2J\n[bold]" in text


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (Changes(), "no changes"),
        (sample(), "1 created, 1 removed, 2 changed (1 dangerous)"),
        (changes(rows(2), rows(3)), "1 created, 0 removed, 0 changed"),
        (
            made_anew(1),
            "1 created, 1 removed, 0 changed, 1 path handed over (dangerous)",
        ),
        (
            made_anew(2),
            "2 created, 2 removed, 0 changed, 2 paths handed over (dangerous)",
        ),
    ],
    ids=["none", "each", "one", "handed over", "several handed over"],
)
def test_changes_are_summed_up(made: Changes, expected: str) -> None:
    assert changes_summary(made) == expected
