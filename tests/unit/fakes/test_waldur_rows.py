"""The row generator: reproducible, complete, of a realistic size, and valid."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import cast

import pytest

from cscs_fakes.waldur_rows import iter_rows, make_gids, make_rows, make_users, rows_as_pages

SAMPLES = Path(__file__).parents[2] / "data" / "waldur"
NEWER_KEYS = {
    "customer_slug",
    "last_sync",
    "offering_backend_id",
    "offering_slug",
    "project_slug",
    "provider_slug",
}
"""What a server of line 8.1 sends and the captured one of line 5.8 does not."""

NEWER_ORDER_KEYS = {"offering_slug", "order_subtype", "provider_slug", "url"}
REVIEW_KEYS = {"consumer_reviewed_by", "consumer_reviewed_by_full_name"}
ROWS = make_rows(2000, seed=7)


def captured_row() -> dict[str, object]:
    """The full row of a resource with an order in progress, as a real server sent it."""
    exchanges = json.loads((SAMPLES / "provider_resource_detail.json").read_bytes())
    return cast("dict[str, object]", exchanges[0]["response"]["body"])


def nested(row: Mapping[str, object], key: str) -> dict[str, object]:
    """A nested object of a row, empty if it is null."""
    return cast("dict[str, object]", row[key] or {})


def data_type(row: Mapping[str, object]) -> object:
    return nested(row, "attributes").get("storage_data_type", "store")


def test_the_same_seed_gives_the_same_rows() -> None:
    assert make_rows(60, seed=3) == make_rows(60, seed=3)


def test_another_seed_gives_other_rows() -> None:
    assert make_rows(60, seed=3) != make_rows(60, seed=4)


def test_the_iterator_yields_what_the_list_holds() -> None:
    assert list(iter_rows(60, seed=3)) == make_rows(60, seed=3)


@pytest.mark.parametrize("count", [0, 1, 2, 41])
def test_any_count_is_met_exactly(count: int) -> None:
    assert len(make_rows(count)) == count


def test_a_negative_count_is_refused() -> None:
    with pytest.raises(ValueError, match="-1 is negative"):
        make_rows(-1)


def test_every_row_has_the_keys_of_the_newest_server() -> None:
    expected = set(captured_row()) | NEWER_KEYS

    assert {frozenset(row) for row in ROWS} == {frozenset(expected)}


def test_every_nested_order_has_the_keys_of_the_newest_server() -> None:
    always = (set(nested(captured_row(), "order_in_progress")) | NEWER_ORDER_KEYS) - REVIEW_KEYS
    orders = [nested(row, "creation_order") for row in ROWS]
    orders += [nested(row, "order_in_progress") for row in ROWS if row["order_in_progress"]]

    assert {frozenset(set(order) - REVIEW_KEYS) for order in orders} == {frozenset(always)}


def test_a_row_is_five_to_nine_kilobytes_of_json() -> None:
    sizes = [len(rows_as_pages([row])[0]) for row in ROWS]

    assert min(sizes) > 5000
    assert max(sizes) < 9000


def test_uuids_are_unique_and_have_no_dashes() -> None:
    uuids = [str(row["uuid"]) for row in ROWS]

    assert len(set(uuids)) == len(ROWS)
    assert all(re.fullmatch("[0-9a-f]{32}", uuid) for uuid in uuids)


def test_times_are_utc_with_microseconds_and_rise() -> None:
    created = [str(row["created"]) for row in ROWS]
    form = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")

    assert all(form.fullmatch(str(row[key])) for row in ROWS for key in ("created", "modified"))
    assert all(earlier < later for earlier, later in pairwise(created))


def test_about_one_row_in_twelve_has_an_order_in_progress() -> None:
    waiting = sum(row["order_in_progress"] is not None for row in ROWS)

    assert 0.06 < waiting / len(ROWS) < 0.10


def test_the_creation_order_of_a_resource_in_creation_is_the_one_in_progress() -> None:
    creating = [row for row in ROWS if row["state"] == "Creating"]

    assert creating
    assert all(row["creation_order"] == row["order_in_progress"] for row in creating)


def test_most_resources_are_ok_and_all_states_but_terminated_occur() -> None:
    states = Counter(str(row["state"]) for row in ROWS)

    assert states["OK"] > 0.85 * len(ROWS)
    assert set(states) == {"OK", "Erred", "Creating", "Updating", "Terminating"}


def test_stores_prevail_and_every_data_type_occurs() -> None:
    types = Counter(map(data_type, ROWS))

    assert types["store"] > 0.5 * len(ROWS)
    assert set(types) == {"store", "archive", "scratch", "users"}


def test_rows_spread_over_offerings_providers_customers_and_projects() -> None:
    distinct = {
        key: len({row[key] for row in ROWS})
        for key in ("offering_slug", "provider_slug", "customer_slug", "project_slug")
    }

    assert (distinct["offering_slug"], distinct["provider_slug"]) == (3, 2)
    assert distinct["customer_slug"] == pytest.approx(len(ROWS) / 40, rel=0.2)
    assert distinct["project_slug"] == pytest.approx(len(ROWS) / 4, rel=0.2)


def test_a_slug_always_means_the_same_uuid_and_name() -> None:
    for level in ("offering", "provider", "customer", "project"):
        known = {(row[f"{level}_slug"], row[f"{level}_uuid"], row[f"{level}_name"]) for row in ROWS}

        assert len(known) == len({slug for slug, _, _ in known})


def test_resource_slugs_are_unique_and_can_be_segments_of_a_path() -> None:
    slugs = [str(row["slug"]) for row in ROWS]

    assert len(set(slugs)) == len(slugs)
    assert all(re.fullmatch("[a-z0-9-]{3,50}", slug) for slug in slugs)


def test_a_backend_id_that_is_a_path_lies_under_the_usual_parent() -> None:
    paths = [row for row in ROWS if str(row["backend_id"]).startswith("/")]

    assert 0 < len(paths) < 0.1 * len(ROWS)
    for row in paths:
        place = [row["offering_slug"], data_type(row), row["provider_slug"], row["customer_slug"]]
        assert row["backend_id"] == "/" + "/".join(map(str, [*place, row["slug"]]))


def test_names_hold_letters_beyond_ascii() -> None:
    text = "".join(str(row["customer_name"]) + str(row["project_name"]) for row in ROWS)

    assert {"ü", "é", "ý", "Ø", "Λ"} <= set(text)


def test_some_limits_are_fractional_and_all_lie_between_half_and_500_terabytes() -> None:
    limits = [cast("int | float", nested(row, "limits")["storage"]) for row in ROWS]

    assert 8.2 in limits
    assert all(0.5 <= limit <= 500 for limit in limits)


def test_some_options_override_quotas_or_permissions_and_some_are_null() -> None:
    keys = {key for row in ROWS for key in nested(row, "options")}

    assert keys == {
        "permissions",
        "soft_quota_space",
        "hard_quota_space",
        "soft_quota_inodes",
        "hard_quota_inodes",
    }
    assert any(row["options"] is None for row in ROWS)


def test_every_project_has_a_gid_of_its_own_from_30000() -> None:
    gids = make_gids(ROWS)

    assert set(gids) == {row["project_slug"] for row in ROWS}
    assert sorted(gids.values()) == list(range(30000, 30000 + len(gids)))


def test_every_personal_resource_has_an_owner_whose_gid_is_that_of_the_project() -> None:
    gids, users = make_gids(ROWS), make_users(ROWS)
    personal = [row for row in ROWS if data_type(row) in {"users", "scratch"}]

    assert set(users) == {row["slug"] for row in personal}
    for row in personal:
        project = str(row["project_slug"])
        owner = users[str(row["slug"])]
        assert owner["posixName"] == row["slug"]
        assert owner["primaryProject"] == {"posixName": project, "unixGid": gids[project]}
        assert re.fullmatch(r"[a-z0-9-]+@[a-z0-9-]+\.example\.org", str(owner["email"]))


def test_uids_are_unique() -> None:
    uids = [owner["unixUid"] for owner in make_users(ROWS).values()]

    assert len(set(uids)) == len(uids)


def test_pages_hold_all_rows_in_order() -> None:
    pages = [json.loads(page) for page in rows_as_pages(iter(ROWS[:650]))]

    assert [len(page) for page in pages] == [300, 300, 50]
    assert [row for page in pages for row in page] == ROWS[:650]


def test_pages_are_compact_utf8() -> None:
    assert rows_as_pages([{"name": "Müller", "n": 1}]) == ['[{"name":"Müller","n":1}]'.encode()]


def test_no_rows_are_one_empty_page() -> None:
    assert rows_as_pages([]) == [b"[]"]


def test_a_page_needs_room_for_a_row() -> None:
    with pytest.raises(ValueError, match="0 is too few"):
        rows_as_pages(ROWS, page_size=0)
