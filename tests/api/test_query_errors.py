"""What is wrong with a query is said at once, in the form of spec 001's error examples."""

from __future__ import annotations

from typing import Final

import pytest

from tests.api.site import Json, Site, resource, site_of

SYSTEMS: Final = ["capstor", "vast", "iopsstor"]
INVALID_SYSTEM: Final = {
    "type": "enum_validation",
    "loc": ["query", "storage_system"],
    "msg": "Invalid storage_system value.",
    "ctx": {
        "allowed_values": ["capstor", "vast", "iopsstor"],
        "help": "Use: ?storage_system=capstor or ?storage_system=vast or ?storage_system=iopsstor",
    },
}
EMPTY_SYSTEM: Final = {
    "type": "enum_validation",
    "loc": ["query", "storage_system"],
    "msg": "storage_system cannot be empty.",
    "ctx": {
        "allowed_values": ["capstor", "vast", "iopsstor"],
        "help": "Use ?storage_system=capstor (not just ?storage_system=)",
    },
}


async def refused(site: Site, query: str) -> list[Json]:
    """The details of a 422 answer."""
    response = await site.get(query)
    assert response.status_code == 422, response.text
    assert response.headers["content-type"] == "application/json"
    body = response.json()
    assert list(body) == ["detail", "request_id"]
    assert body["request_id"] == response.headers["x-request-id"]
    details: list[Json] = body["detail"]
    return details


@pytest.mark.parametrize(
    ("value", "documented"),
    [("lustre", INVALID_SYSTEM), ("", EMPTY_SYSTEM)],
)
async def test_the_two_examples_of_the_document(site: Site, value: str, documented: Json) -> None:
    (detail,) = await refused(site, f"?storage_system={value}")

    assert documented | {"input": value} == detail
    assert list(detail) == ["type", "loc", "msg", "input", "ctx"]


@pytest.mark.parametrize(
    "value", ["Capstor", "CAPSTOR", "capstor%20", "capstor,vast", "None", "%00"]
)
async def test_systems_match_exactly(site: Site, value: str) -> None:
    (detail,) = await refused(site, f"?storage_system={value}")

    assert INVALID_SYSTEM["msg"] == detail["msg"]


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("status", ["pending", "active", "updating", "removing", "removed", "error", "unknown"]),
        ("state", ["Creating", "OK", "Updating", "Terminating", "Terminated", "Erred"]),
        ("debug", ["true", "false"]),
    ],
)
@pytest.mark.parametrize("value", ["nonsense", "", "ACTIVE", "ok"])
async def test_other_closed_lists_say_what_they_allow(
    site: Site, name: str, allowed: list[str], value: str
) -> None:
    (detail,) = await refused(site, f"?{name}={value}")

    assert detail["type"] == "enum_validation"
    assert detail["loc"] == ["query", name]
    assert detail["input"] == value
    assert detail["ctx"]["allowed_values"] == allowed
    assert f"?{name}={allowed[0]}" in detail["ctx"]["help"]


@pytest.mark.parametrize("name", ["data_type", "snapshot"])
async def test_free_text_may_not_be_empty(site: Site, name: str) -> None:
    (detail,) = await refused(site, f"?{name}=")

    assert (detail["type"], detail["loc"]) == ("enum_validation", ["query", name])


@pytest.mark.parametrize(
    "value",
    ["0", "-1", "501", "abc", "", "1.5", "1e2", "+1", "%201", "0x10", "٣", "²", "9" * 400, "1_0"],
)
async def test_a_page_size_is_a_whole_number_from_1_to_500(site: Site, value: str) -> None:
    (detail,) = await refused(site, f"?page_size={value}")

    assert detail["type"] == "int_range"
    assert detail["loc"] == ["query", "page_size"]
    assert detail["ctx"]["ge"] == 1
    assert detail["ctx"]["le"] == 500
    assert len(detail["input"]) <= 200


@pytest.mark.parametrize("value", ["0", "-1", "abc", "", "1.5", "9" * 30])
async def test_a_page_is_a_whole_number_of_1_or_more(site: Site, value: str) -> None:
    (detail,) = await refused(site, f"?page={value}")

    assert (detail["type"], detail["ctx"]["ge"]) == ("int_range", 1)
    assert "le" not in detail["ctx"]


async def test_every_mistake_is_told_at_once(site: Site) -> None:
    details = await refused(
        site,
        "?page=x&page_size=501&status=up&state=&storage_system=tape&data_type=&debug=maybe&snapshot=",
    )

    assert [detail["loc"][1] for detail in details] == [
        *("storage_system", "data_type", "status", "state"),
        *("page", "page_size", "debug", "snapshot"),
    ]


async def test_the_last_of_repeated_parameters_counts(site: Site) -> None:
    answer = await site.answer("?storage_system=tape&storage_system=vast")

    assert answer["filters_applied"]["storage_system"] == "vast"
    await refused(site, "?storage_system=vast&storage_system=tape")


async def test_more_parameters_than_anybody_needs_are_refused(site: Site) -> None:
    (detail,) = await refused(site, "?" + "&".join(f"p{n}=1" for n in range(101)))

    assert detail["loc"] == ["query"]


async def test_a_wrong_query_reads_nothing(site: Site) -> None:
    await refused(site, "?storage_system=tape")

    assert site.waldur.reads == 0


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("?colour=red", "colour"),
        ("?Storage_System=vast", "Storage_System"),
        ("?a%0d%0aSet-Cookie:%20x=1", "a??Set-Cookie:?x".replace(":", "?")),
        ("?%22quoted%5C=1", "?quoted?"),
        ("?%e2%82%ac=1", "?"),
        ("?" + "x" * 5000 + "=1", "x" * 40),
        ("?one=1&two=2", "one, two"),
    ],
)
async def test_an_unknown_parameter_is_a_warning_that_cannot_break_the_header(
    site: Site, query: str, named: str
) -> None:
    response = await site.get(query)

    assert response.status_code == 200
    assert response.headers["warning"] == f'299 cscs-domain "unknown_parameter: {named}"'
    assert "set-cookie" not in response.headers


async def test_many_unknown_parameters_do_not_make_a_long_header(site: Site) -> None:
    response = await site.get("?" + "&".join(f"unknown{n}=1" for n in range(99)))

    assert len(response.headers["warning"]) < 200


async def test_known_parameters_give_no_warning(site: Site) -> None:
    assert "warning" not in (await site.get("?page=1&debug=false&status=active")).headers


async def test_what_is_echoed_is_bounded() -> None:
    async with site_of([resource()]) as site:
        long_type = await site.get(f"?data_type={'x' * 5000}")
        long_snapshot = await site.get(f"?snapshot={'x' * 5000}")

    assert (long_type.status_code, long_snapshot.status_code) == (422, 410)
    assert max(len(long_type.content), len(long_snapshot.content)) < 1000
