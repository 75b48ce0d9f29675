"""Rows become a tree again, and a filter keeps the way to each row that it selects."""

from cscs_cli.storage_tree import Node, make_forest
from cscs_domain.storage.filters import EVERYTHING, RowFilter
from cscs_domain.storage.rows import ListedRow
from cscs_domain.storage.states import Status
from tests.unit.cli.rows import customer, listed, project, small_site, tenant, uid


def outline(nodes: list[Node], level: int = 0) -> list[str]:
    """Indented paths; those in brackets are there for the sake of others."""
    lines = []
    for node in nodes:
        path = node.listed.row.mount_point.text
        lines.append("  " * level + (path if node.matches else f"({path})"))
        lines += outline(node.children, level + 1)
    return lines


def test_repeated_item_ids_do_not_mix_data_types() -> None:
    assert outline(make_forest(small_site(), EVERYTHING)) == [
        "/capstor/archive/cscs",
        "  /capstor/archive/cscs/uni",
        "    /capstor/archive/cscs/uni/old-results",
        "/capstor/store/cscs",
        "  /capstor/store/cscs/uni",
        "    /capstor/store/cscs/uni/results",
        "    /capstor/store/cscs/uni/drafts",
    ]


def test_a_filter_keeps_the_parents_of_what_it_selects_and_nothing_else() -> None:
    assert outline(make_forest(small_site(), RowFilter(status=Status.PENDING))) == [
        "(/capstor/store/cscs)",
        "  (/capstor/store/cscs/uni)",
        "    /capstor/store/cscs/uni/drafts",
    ]


def test_a_filter_that_selects_nothing_leaves_no_tree() -> None:
    assert make_forest(small_site(), RowFilter(data_type="scratch")) == []


def test_of_two_parents_with_one_id_the_one_above_in_the_path_is_taken() -> None:
    shared = uid("one offering that two tenants seem to have")
    rows: list[ListedRow] = [
        listed(tenant("a", item_id=shared), "/capstor/store/a"),
        listed(tenant("b", item_id=shared), "/capstor/store/b"),
        listed(customer(), "/capstor/store/b/uni", parent=shared),
    ]

    assert outline(make_forest(rows, EVERYTHING)) == [
        "/capstor/store/a",
        "/capstor/store/b",
        "  /capstor/store/b/uni",
    ]


def test_a_directory_elsewhere_still_hangs_on_its_parent() -> None:
    rows = [
        listed(customer(), "/capstor/store/cscs/uni", parent=None),
        listed(project(), "/capstor/elsewhere/res-1", parent=customer().item_id),
    ]

    assert outline(make_forest(rows, EVERYTHING)) == [
        "/capstor/store/cscs/uni",
        "  /capstor/elsewhere/res-1",
    ]


def test_a_row_without_its_parent_stands_at_the_top() -> None:
    rows = [listed(project(), "/capstor/store/cscs/uni/res-1", parent=uid("not listed"))]

    assert outline(make_forest(rows, EVERYTHING)) == ["/capstor/store/cscs/uni/res-1"]
