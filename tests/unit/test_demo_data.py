"""The demonstration data: that no case it is meant to show gets lost."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import Decimal
from importlib.resources import files
from typing import Final, cast

import pytest

DEMO: Final = files("cscs_bootstrap") / "demo"
SYSTEMS: Final = ("capstor", "vast", "iopsstor")
MODERN_KEYS: Final = ("offering_slug", "provider_slug", "project_slug", "last_sync")

Row = dict[str, object]


def text_of(name: str) -> str:
    return (DEMO / name).read_text(encoding="utf-8")


def rows_of(system: str) -> list[Row]:
    return cast("list[Row]", json.loads(text_of(f"waldur-{system}.json")))


ROWS: Final = [row for system in SYSTEMS for row in rows_of(system)]
CONFIG: Final = text_of("config.yaml")
IDENTITIES: Final = text_of("identities.yaml")


def part(row: Row, key: str) -> Row:
    """A nested object, empty if it is null."""
    return cast("Row", row[key] or {})


def data_type(row: Row) -> object:
    return part(row, "attributes").get("storage_data_type", "(missing)")


def orders(key: str) -> list[Row]:
    return [part(row, key) for row in ROWS if row[key]]


def waiting(kind: str, subtype: str | None = None) -> list[Row]:
    """Orders in progress of one type."""
    found = [order for order in orders("order_in_progress") if order["type"] == kind]
    return [order for order in found if subtype in (None, order["order_subtype"])]


def overrides(key: str) -> list[object]:
    return [part(row, "options")[key] for row in ROWS if key in part(row, "options")]


def backend_paths(system: str) -> list[str]:
    return [str(row["backend_id"]) for row in rows_of(system) if "/" in str(row["backend_id"])]


def known_gids() -> dict[str, int]:
    """Project slug -> GID, read line by line: the file has one `  slug: number` for each."""
    lines = re.findall(r'^  "?([\w.-]+)"?: (\d+)\b', IDENTITIES, re.MULTILINE)
    return {slug: int(gid) for slug, gid in lines}


def known_users() -> set[str]:
    return set(re.findall(r"^  - posixName: (\S+)$", IDENTITIES, re.MULTILINE))


def walk(value: object) -> Iterator[object]:
    yield value
    if isinstance(value, dict):
        for inner in value.values():
            yield from walk(inner)


def test_there_are_at_least_48_resources_and_some_in_every_system() -> None:
    assert len({str(row["uuid"]) for row in ROWS}) >= 48
    assert all(len(rows_of(system)) >= 8 for system in SYSTEMS)


def test_every_row_says_what_it_shows() -> None:
    assert all(str(row["description"]).endswith(".") for row in ROWS)


def test_rows_have_the_keys_of_a_server_that_sends_slugs() -> None:
    assert all(key in row for row in ROWS for key in MODERN_KEYS)


def test_keys_are_sorted_so_that_changes_are_easy_to_see() -> None:
    objects = [value for row in ROWS for value in walk(row) if isinstance(value, dict)]

    assert all(list(value) == sorted(value) for value in objects)


def test_every_resource_state_and_an_unknown_one_occur() -> None:
    known = {"Creating", "OK", "Erred", "Updating", "Terminating", "Terminated"}

    assert {row["state"] for row in ROWS} == known | {"Suspended"}


def test_every_data_type_occurs_also_blank_missing_untidy_unknown_and_no_text() -> None:
    known = {"store", "archive", "users", "scratch"}
    odd = {"  ", "(missing)", " Scratch ", "ARCHIVE", "projects-shared", 42}

    assert set(map(data_type, ROWS)) == known | odd


def test_every_order_state_and_an_unknown_one_occur() -> None:
    in_progress = {order["state"] for order in orders("order_in_progress")}
    final = {order["state"] for order in orders("creation_order")} - in_progress

    assert in_progress == {
        "executing",
        "pending-consumer",
        "pending-project",
        "pending-provider",
        "pending-review",
        "pending-start-date",
    }
    assert final == {"done", "erred", "canceled", "rejected"}


def test_every_order_type_and_an_unknown_one_occur() -> None:
    kinds = {order["type"] for order in orders("order_in_progress")}

    assert kinds == {"Create", "Update", "Terminate", "Restore", "Transfer"}


def test_updates_of_limits_tell_the_old_ones() -> None:
    changes = waiting("Update", "update_limits")

    assert len(changes) >= 3
    assert all(part(order, "attributes")["old_limits"] and order["limits"] for order in changes)


def test_updates_of_options_tell_old_and_new_ones() -> None:
    changes = waiting("Update", "update_options")

    assert len(changes) >= 2
    assert all({"old_options", "new_options"} <= set(part(o, "attributes")) for o in changes)


def test_one_update_changes_limits_and_options_at_once() -> None:
    both = {"old_limits", "old_options", "new_options"}

    assert any(both <= set(part(order, "attributes")) for order in waiting("Update"))


@pytest.mark.parametrize("kind", ["Create", "Update", "Terminate"])
def test_orders_of_every_type_wait_for_both_approvals_and_are_under_way(
    kind: str,
) -> None:
    states = {order["state"] for order in waiting(kind)}

    assert states >= {"pending-consumer", "pending-provider", "executing"}


@pytest.mark.parametrize("field", ["resource_name", "customer_slug", "project_slug"])
def test_orders_belong_to_their_resource(field: str) -> None:
    source = {"resource_name": "name"}.get(field, field)
    for row in ROWS:
        for order in (part(row, "creation_order"), part(row, "order_in_progress")):
            assert order.get("marketplace_resource_uuid", row["uuid"]) == row["uuid"]
            if order and source in row:
                assert order[field] == row[source]


def test_permissions_occur_in_options_and_in_attributes_and_nowhere() -> None:
    assert "2750" in overrides("permissions")
    assert any("permissions" not in part(row, "attributes") for row in ROWS)
    assert any(
        "permissions" in part(row, "options") and "permissions" in part(row, "attributes")
        for row in ROWS
    )


@pytest.mark.parametrize("kind", ["space", "inodes"])
@pytest.mark.parametrize("level", ["soft", "hard"])
def test_every_quota_is_overridden_somewhere_by_a_number_and_by_text(level: str, kind: str) -> None:
    values = overrides(f"{level}_quota_{kind}")

    assert any(isinstance(value, int | float) for value in values)
    assert any(isinstance(value, str) for value in values)


def test_a_soft_quota_lies_above_its_hard_one() -> None:
    pairs = [
        (Decimal(str(options["soft_quota_space"])), Decimal(str(options["hard_quota_space"])))
        for row in ROWS
        if {"soft_quota_space", "hard_quota_space"} <= set(options := part(row, "options"))
    ]

    assert any(soft > hard for soft, hard in pairs)
    assert any(soft < hard for soft, hard in pairs)


def test_options_are_null_somewhere() -> None:
    assert None in [row["options"] for row in ROWS]


def test_limits_are_fractional_text_negative_and_empty_somewhere() -> None:
    limits = [part(row, "limits").get("storage") for row in ROWS]

    assert {8.2, "12.5", -5, None} <= set(limits)


def test_backend_ids_are_empty_opaque_and_paths_in_and_out_of_the_root() -> None:
    ids = {str(row["backend_id"]) for row in ROWS}

    assert {"", "fs-alpclim", "/users/legacy/foehn"} <= ids
    assert any(".." in path for path in backend_paths("capstor"))
    assert "/capstor/archive/cscs/landwasser/permafrost-2020" in ids


def test_children_disagree_about_one_parent_and_agree_about_another() -> None:
    parents = defaultdict(set)
    for row in ROWS:
        path = str(row["backend_id"])
        if row["slug"] in {"perowskit-store", "neutronen-store"} or path.startswith("/vast/"):
            parents[row["customer_slug"]].add(path.rpartition("/")[0])

    assert len(parents["wuerenlingen"]) == 2
    assert parents["greifensee"] == {"/vast/store/cscs/wasserforschung"}


def test_ready_made_target_items_occur_for_a_project_and_for_a_user() -> None:
    items = {kind: item for row in ROWS for kind, item in part(row, "backend_metadata").items()}

    assert set(items) == {"project_item", "user_item"}
    assert cast("Row", items["project_item"])["unixGid"] == 31500


def test_two_resources_share_a_path() -> None:
    places = Counter(
        (row["offering_slug"], str(data_type(row)), row["project_slug"])
        for row in ROWS
        if row["slug"] in {"schneehydro-store", "schneehydro-store-2"}
    )

    assert list(places.values()) == [2]


def test_one_uuid_comes_twice_with_different_content_and_age() -> None:
    [(uuid, times)] = Counter(str(row["uuid"]) for row in ROWS).most_common(1)
    older, newer = (row for row in ROWS if row["uuid"] == uuid)

    assert times == 2
    assert str(older["modified"]) < str(newer["modified"])
    assert older["limits"] != newer["limits"]


def test_all_uuids_but_one_have_the_form_of_the_server() -> None:
    odd = {u for row in ROWS if not re.fullmatch("[0-9a-f]{32}", u := str(row["uuid"]))}

    assert odd == {"7d1f-not-a-uuid"}


def test_one_row_lacks_its_customer() -> None:
    assert [row["slug"] for row in ROWS if "customer_slug" not in row] == ["ionosfaere-ohne-kunde"]


def test_one_slug_would_climb_a_directory_up() -> None:
    assert [row["slug"] for row in ROWS if row["project_slug"] == ".."] == ["punktpunkt-store"]


def test_one_permission_is_not_octal() -> None:
    values = Counter(part(row, "attributes").get("permissions", "775") for row in ROWS)

    assert [v for v in values if not re.fullmatch("[0-7]{3,4}", str(v))] == ["rwx"]


def test_all_offerings_but_one_are_configured_under_a_name_of_another_form() -> None:
    configured = dict(re.findall(r'^  (\w+): "([\w-]+)"$', CONFIG, re.MULTILINE))

    assert set(configured) == set(SYSTEMS)
    assert all(name != slug for name, slug in configured.items())
    assert {row["offering_slug"] for row in ROWS} - set(configured.values()) == {
        "cscs-daint-offering"
    }


def test_all_projects_but_one_have_a_gid() -> None:
    assert {row["project_slug"] for row in ROWS} - set(known_gids()) == {"nordlicht"}


def test_all_gids_lie_in_the_usual_range_but_root_and_a_low_one() -> None:
    gids = known_gids().values()

    assert {gid for gid in gids if not 30000 <= gid <= 39999} == {0, 500}
    assert len(set(gids)) == len(gids)


def test_all_users_have_a_record_but_one_and_one_whose_item_is_ready_made() -> None:
    personal = {
        str(row["slug"])
        for row in ROWS
        if str(data_type(row)).strip().lower() in {"users", "scratch"}
    }

    assert personal - known_users() == {"glovas", "mszabo"}
    assert known_users() < personal


def test_the_gid_of_a_users_project_is_that_of_the_project() -> None:
    pattern = r"primaryProject: \{posixName: (\S+), unixGid: (\d+)\}"
    projects = re.findall(pattern, IDENTITIES)

    assert len(projects) == len(known_users())
    assert all(known_gids()[slug] == int(gid) for slug, gid in projects)


def test_the_configuration_names_files_that_are_there() -> None:
    named = re.findall(r"^ +(?:- |path: )(\S+\.(?:json|yaml))$", CONFIG, re.MULTILINE)

    dumps = sorted(f"waldur-{name}.json" for name in SYSTEMS)
    assert sorted(named) == ["directory.yaml", "identities.yaml", *dumps]
    assert all((DEMO / name).is_file() for name in named)


def test_the_configuration_asks_for_no_secret_and_for_everything_there_is() -> None:
    assert re.search(r"^auth:\n  disable_auth: true$", CONFIG, re.MULTILINE)
    assert re.search(r"^include_terminated: true$", CONFIG, re.MULTILINE)


def test_names_hold_accents_and_umlauts() -> None:
    text = "".join(str(row["project_name"]) + str(row["customer_name"]) for row in ROWS)

    assert {"ü", "é", "ø", "É", "ß", "č"} <= set(text)
