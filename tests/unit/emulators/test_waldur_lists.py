"""Lists: pages, links, selections, filters and who sees what. Waldur contract, sections 1 to 3."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cscs_fakes.emulators.waldur import Mode, SiteFacts, WaldurEmulator
from cscs_fakes.waldur_rows import make_rows
from tests.unit.emulators.waldur_site import (
    CONSUMED,
    ORDERS,
    RESOURCES,
    URL,
    order_row,
    row,
    uuid_of,
    waldur,
    with_order,
)

NEW_KEYS: Final = {
    *("offering_slug", "offering_backend_id", "provider_slug", "customer_slug", "project_slug"),
    *("last_sync", "order_in_progress", "creation_order"),
}
WAITING: Final = with_order("waiting", type="Update", state="pending-provider")


def names(rows: list[dict[str, Any]]) -> list[str]:
    return [str(each["name"]) for each in rows]


# --- pages


@settings(max_examples=30)
@given(
    count=st.integers(0, 620),
    size=st.one_of(st.integers(-5, 400), st.just("abc"), st.just("")),
)
async def test_a_walk_along_the_links_sees_every_row_once(count: int, size: object) -> None:
    made = [
        row(f"r{number:03}", created=f"2026-01-01T00:00:00.{number:06}Z") for number in range(count)
    ]
    async with waldur(made) as site:
        seen: list[dict[str, Any]] = []
        path = f"{RESOURCES}?field=name&page_size={size}"
        while path:
            answer = await site.get(path)
            seen += answer.json()
            assert answer.headers["x-result-count"] == str(count)
            assert len(answer.json()) <= 300
            path = answer.links.get("next", {}).get("url", "")

    assert names(seen) == names(made)


async def test_the_first_page_has_no_number_and_the_query_is_written_anew() -> None:
    async with waldur([row("a"), row("b"), row("c")]) as site:
        answer = await site.get(RESOURCES, page=2, o="name", page_size=1, name=["x y,é", ""])
        links = {name: link["url"] for name, link in answer.links.items()}

    address = URL + RESOURCES
    rest = "name=x+y%2C%C3%A9&name=&o=name"
    assert links == {
        "first": f"{address}?{rest}&page_size=1",
        "prev": f"{address}?{rest}&page_size=1",
        "next": f"{address}?{rest}&page=3&page_size=1",
        "last": f"{address}?{rest}&page=3&page_size=1",
    }
    assert parse_qsl(urlsplit(links["first"]).query, keep_blank_values=True)[0] == ("name", "x y,é")


async def test_head_has_the_count_and_no_body() -> None:
    async with waldur([row()]) as site:
        headers = (await site.get(RESOURCES)).request.headers
        answer = await site.client.head(RESOURCES, headers=headers)

    assert (answer.headers["x-result-count"], answer.content) == ("1", b"")


async def test_a_path_without_its_slash_is_elsewhere() -> None:
    async with waldur() as site:
        answer = await site.get(RESOURCES.rstrip("/"), field="uuid", page=1)
        nowhere = await site.get("/api/nope")

    assert (answer.status_code, answer.headers["location"]) == (
        301,
        f"{RESOURCES}?field=uuid&page=1",
    )
    assert nowhere.status_code == 404


async def test_urls_name_the_host_that_was_asked() -> None:
    async with waldur([WAITING]) as site:
        (found,) = (await site.get(RESOURCES)).json()
        found |= {"nested": found["order_in_progress"]["url"]}

    for name in ("url", "offering", "plan", "project", "nested"):
        assert found[name].startswith(f"{URL}/api/"), name
    assert found["attributes"] == {"permissions": "2770"}


# --- selection


async def test_the_selection_reaches_the_nested_order() -> None:
    asked = ["uuid", "state", "limits", "type", "order_in_progress"]
    async with waldur([WAITING]) as site:
        (bare,) = (await site.get(RESOURCES, field=["uuid", "order_in_progress"])).json()
        (useful,) = (await site.get(RESOURCES, field=asked)).json()

    order = WAITING["order_in_progress"]
    assert bare == {"uuid": WAITING["uuid"], "order_in_progress": {"uuid": order["uuid"]}}
    assert useful == {
        "uuid": WAITING["uuid"],
        "state": "OK",
        "limits": {"storage": 10},
        "order_in_progress": {
            "uuid": order["uuid"],
            "state": "pending-provider",
            "limits": {"storage": 20},
            "type": "Update",
        },
    }


async def test_a_nested_order_that_shares_no_name_is_complete() -> None:
    async with waldur([WAITING]) as site:
        (found,) = (await site.get(RESOURCES, field="order_in_progress")).json()
        whole = (await site.get(f"{ORDERS}{uuid_of('waiting waiting')}/")).json()

    assert found == {"order_in_progress": whole}


async def test_a_resource_without_an_order_has_none_in_its_place() -> None:
    async with waldur([row()]) as site:
        (found,) = (await site.get(RESOURCES, field=["name", "order_in_progress"])).json()

    assert found == {"name": "res-1", "order_in_progress": None}


async def test_the_older_version_lacks_keys_and_nested_orders_in_lists() -> None:
    rows = make_rows(30)
    async with waldur(rows) as new, waldur(rows, mode=Mode.V5_8) as old:
        many = (await new.get(RESOURCES, page_size=50)).json()
        few = (await old.get(RESOURCES, page_size=50)).json()

    assert {frozenset(one.keys() - other.keys()) for one, other in zip(many, few, strict=True)} == {
        frozenset(NEW_KEYS - {"error_traceback"})
    }
    assert {frozenset(other.keys() - one.keys()) for one, other in zip(many, few, strict=True)} == {
        frozenset({"error_traceback"})
    }


async def test_a_traceback_is_shown_to_staff() -> None:
    async with waldur([row(error_traceback="line 1")]) as site:
        by_staff = await site.get(RESOURCES, by="staff", field=["name", "error_traceback"])
        by_agent = await site.get(RESOURCES, field=["name", "error_traceback"])

    assert by_staff.json() == [{"name": "res-1", "error_traceback": "line 1"}]
    assert by_agent.json() == [{"name": "res-1"}]


# --- filters


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"offering_slug": "capstor"}, "abcd"),
        ({"offering_slug": "vast,capstor"}, "abcde"),
        ({"offering_slug": ["capstor", "vast"]}, "e"),
        ({"offering_slug": "no-such-slug"}, ""),
        ({"slug": "a"}, "a"),
        ({"order_state": "pending-consumer"}, "b"),
        ({"order_state": ["pending-consumer", "executing"]}, "bc"),
        ({"visible_to_providers": "true"}, "acde"),
        ({"visible_to_providers": "false"}, "abcde"),
        ({"offering_uuid": f"{uuid_of('x')},{uuid_of('vast')}"}, "e"),
        ({"state": ["Creating", "Erred"], "o": "-name"}, "dcb"),
        ({"modified": "2026-06-01"}, "d"),
        ({"modified": "2026-06-01T02:00:00+02:00", "state": "OK"}, ""),
        ({"backend_id": "d-FS"}, ""),
        ({"query": "D-fs"}, "d"),
        ({"customer_uuid": uuid_of("nobody")}, ""),
        ({"no_such_filter": "x"}, "abcde"),
        ({"state": "OK", "name": ""}, "ae"),
    ],
    ids=str,
)
async def test_a_list_is_filtered(query: dict[str, Any], expected: str) -> None:
    create = {"type": "Create"}
    old = {"modified": "2026-02-01T00:00:00.000000Z"}
    rows = [
        row("a", **old),
        with_order("b", state="pending-consumer", **create) | old,
        with_order("c", state="executing", **create) | old,
        row("d", state="Erred", modified="2026-06-01T00:00:00.000000Z"),
        row("e", offering_slug="vast", offering_uuid=uuid_of("vast"), **old),
    ]
    async with waldur(rows) as site:
        found = (await site.get(RESOURCES, **query)).json()

    assert "".join(names(found)) == expected


@pytest.mark.parametrize(
    ("query", "errors"),
    [
        ({"state": "ok", "o": "bogus"}, {"state": "ok", "o": "bogus"}),
        ({"order_state": "new"}, {"order_state": "new"}),
    ],
)
async def test_a_bad_choice_is_told(query: dict[str, str], errors: dict[str, str]) -> None:
    async with waldur([row()]) as site:
        answer = await site.get(RESOURCES, **query)

    assert (answer.status_code, answer.json()) == (
        400,
        {
            name: [f"Select a valid choice. {value} is not one of the available choices."]
            for name, value in errors.items()
        },
    )


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"created": "yesterday"}, "Enter a valid date/time."),
        ({"offering_uuid": "x,y"}, "Enter a valid UUID."),
    ],
)
async def test_a_bad_value_is_told(query: dict[str, str], message: str) -> None:
    async with waldur([row()]) as site:
        answer = await site.get(RESOURCES, **query)

    assert (answer.status_code, answer.json()) == (400, {name: [message] for name in query})


async def test_words_of_8_1_are_no_choices_in_5_8() -> None:
    async with waldur([row()]) as new, waldur([row()], mode=Mode.V5_8) as old:
        for query in ({"state": "pending-start-date"}, {"type": "Restore"}):
            assert (await new.get(ORDERS, **query)).status_code == 200
            assert (await old.get(ORDERS, **query)).status_code == 400


async def test_orders_are_filtered_by_resource_and_offering() -> None:
    rows = [row("a"), WAITING, row("c", offering_slug="vast")]
    rows[2]["creation_order"] = order_row("c", "made", offering_slug="vast", state="done")
    async with waldur(rows) as site:
        by_resource = (await site.get(ORDERS, resource_uuid=WAITING["uuid"])).json()
        by_slug = (await site.get(ORDERS, offering_slug="vast", field="resource_name")).json()
        approvable = (await site.get(ORDERS, can_approve_as_provider="true")).json()
        others = (await site.get(ORDERS, can_approve_as_provider="false")).json()

    assert [each["uuid"] for each in by_resource] == [uuid_of("waiting waiting")]
    assert by_slug == [{"resource_name": "c"}]
    assert approvable == by_resource
    assert len(others) == 2


async def test_a_list_changes_with_its_rows() -> None:
    async with waldur([row("a"), row("b")]) as site:
        query = {"state": "OK", "field": "name"}
        first = (await site.get(RESOURCES, **query)).json()
        site.emulator.replace_row(row("a", state="Erred"))
        site.emulator.add_row(row("c"))
        site.emulator.remove_row(uuid_of("b"))
        second = (await site.get(RESOURCES, **query)).json()

        assert (names(first), names(second)) == (["a", "b"], ["c"])
        assert (await site.get(f"{RESOURCES}{uuid_of('b')}/")).status_code == 404
        assert len((await site.get(ORDERS)).json()) == 2


async def test_a_row_takes_its_place_by_its_age() -> None:
    async with waldur([row("b", created="2026-01-02")]) as site:
        for name, day in (("d", "2026-01-04"), ("a", "2026-01-01"), ("c", "2026-01-03")):
            site.emulator.add_row(row(name, created=day))
            assert (await site.get(RESOURCES)).status_code == 200

        assert names((await site.get(RESOURCES)).json()) == ["a", "b", "c", "d"]


async def test_rows_that_are_not_there_cannot_go() -> None:
    async with waldur([row()]) as site:
        for call in (
            site.emulator.remove_row,
            lambda uuid: site.emulator.replace_row({"uuid": uuid}),
        ):
            with pytest.raises(LookupError, match="ghost"):
                call("ghost")
    with pytest.raises(LookupError, match="no resource for order"):
        WaldurEmulator(facts=SiteFacts(orders=[order_row("ghost", "made")]))


# --- who sees what


@pytest.mark.parametrize(
    ("by", "mode", "expected"),
    [
        ("agent", Mode.V5_8, (1, 0, 1)),
        ("agent", Mode.V8_1, (1, 1, 1)),
        ("alice", Mode.V5_8, (0, 1, 1)),
        ("alice", Mode.V8_1, (0, 1, 1)),
        ("staff", Mode.V5_8, (1, 1, 1)),
    ],
)
async def test_lists_differ_by_who_asks(
    by: str, mode: Mode, expected: tuple[int, int, int]
) -> None:
    async with waldur([row()], mode=mode) as site:
        seen = [len((await site.get(path, by=by)).json()) for path in (RESOURCES, CONSUMED, ORDERS)]
        details = [
            (await site.get(f"{path}{uuid_of('res-1')}/", by=by)).status_code
            for path in (RESOURCES, CONSUMED)
        ]

    assert tuple(seen) == expected
    assert details == [200 if count else 404 for count in expected[:2]]


async def test_the_version_can_be_told_by_the_probes_of_the_contract() -> None:
    order = uuid_of("res-1 made")
    for mode, expected in {
        Mode.V5_8: (False, "1", "text/html; charset=utf-8"),
        Mode.V8_1: (True, "0", "application/json"),
    }.items():
        async with waldur([row()], mode=mode) as site:
            (found,) = (await site.get(RESOURCES)).json()
            filtered = await site.get(RESOURCES, offering_slug="no-such-slug")
            action = await site.post(f"{ORDERS}{order}/set_backend_id/", {"backend_id": ""})

        told = "offering_slug" in found, filtered.headers["x-result-count"]
        assert (*told, action.headers["content-type"]) == expected
