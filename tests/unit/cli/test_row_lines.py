"""The lines of one row in the tree."""

from cscs_cli.row_lines import STATUS_STYLE, label
from cscs_cli.storage_tree import Node
from cscs_domain.storage.callbacks import Callbacks
from cscs_domain.storage.rows import ListedRow
from cscs_domain.storage.states import Status
from tests.unit.cli.rows import (
    TEN_TB,
    TWENTY_TB,
    customer,
    listed,
    project,
    tenant,
    uid,
    user,
)


def lines(one: ListedRow, *, matches: bool = True) -> list[str]:
    return label(Node(one, matches)).plain.split("\n")


def test_a_project_shows_path_status_quotas_group_and_mode() -> None:
    row = listed(project(), "/capstor/store/cscs/uni/p1", parent=uid("c"), quotas=TEN_TB)

    assert lines(row) == [
        (
            "project res-1  /capstor/store/cscs/uni/p1  active  10 TB, 13.3/20 M inodes  "
            "gid 30500  mode 2770"
        )
    ]


def test_a_user_shows_uid_and_primary_group() -> None:
    row = listed(user(), "/capstor/users/cscs/uni/ada", parent=uid("c"))

    assert lines(row) == [
        (
            "user ada@example.org  /capstor/users/cscs/uni/ada  active  no quota  "
            "uid 20001, gid 30500 (p1)  mode 2770"
        )
    ]


def test_a_tenant_shows_its_name_and_on_which_system_and_data_type_it_stands() -> None:
    assert lines(listed(tenant(), "/capstor/store/cscs")) == [
        "tenant cscs (CSCS)  /capstor/store/cscs  active  mode 2770  capstor, store"
    ]


def test_a_waiting_order_shows_what_would_change_and_what_may_be_called() -> None:
    callbacks = Callbacks(
        set_state_done_url="https://w.example/api/o/set_state_done/",
        set_backend_id_url="https://w.example/api/r/set_backend_id/",
    )
    row = listed(
        project(),
        "/capstor/store/cscs/uni/p1",
        parent=uid("c"),
        quotas=TEN_TB,
        change=(TEN_TB, TWENTY_TB),
        callbacks=callbacks,
    )

    assert lines(row)[1:] == [
        "order: 10 TB, 13.3/20 M inodes -> 20 TB, 26.6/40 M inodes",
        "callbacks: set_state_done, set_backend_id",
    ]


def test_an_order_that_adds_a_first_quota_says_that_there_was_none() -> None:
    row = listed(project(), "/capstor/store/cscs/uni/p1", parent=uid("c"), change=(None, TEN_TB))

    assert lines(row)[1] == "order: no quota -> 10 TB, 13.3/20 M inodes"


def test_a_parent_that_was_not_selected_is_named_and_dimmed_and_no_more() -> None:
    node = Node(listed(customer(), "/capstor/store/cscs/uni"), matches=False)

    assert label(node).plain == (
        "customer uni (University)  /capstor/store/cscs/uni  (not selected)"
    )
    assert label(node).style == "dim"


def test_names_from_upstream_reach_no_terminal_as_controls() -> None:
    hostile = "x\x1b]0;title\x07\n[red]y"
    rows = [
        listed(tenant(name=hostile), "/capstor/store/cscs"),
        listed(customer(hostile, hostile), "/capstor/store/cscs/uni", parent=uid("t")),
        listed(project(hostile), "/capstor/store/cscs/uni/p1", parent=uid("c")),
        listed(user(hostile), "/capstor/users/cscs/uni/p1", parent=uid("c")),
    ]
    for row in rows:
        (line,) = lines(row)

        assert line.isprintable()
        assert r"x\x1b]0;title\x07\n[red]y" in line


def test_every_status_has_a_colour() -> None:
    assert set(STATUS_STYLE) == set(Status)
