"""Who is let in, what is counted, and how Waldur says no. Waldur contract, section 1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import pytest

from cscs_fakes.emulators.waldur import AGENT_TOKEN, Mode, WaldurEmulator
from tests.unit.emulators.waldur_site import (
    CONSUMED,
    ERROR,
    ORDERS,
    RESOURCES,
    row,
    uuid_of,
    waldur,
    with_order,
)

WAITING: Final = with_order("waiting", type="Create", state="pending-provider")
ORDER: Final = uuid_of("waiting waiting")


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        ("", "Authentication credentials were not provided."),
        (f"Bearer {AGENT_TOKEN}", "Authentication credentials were not provided."),
        (f"Basic {AGENT_TOKEN}", "Authentication credentials were not provided."),
        ("Token", "Invalid token. No credentials provided."),
        (f"Token {AGENT_TOKEN} x", "Invalid token. Token string should not contain spaces."),
        (f"Token {AGENT_TOKEN[:-1]}", "Invalid token."),
        (f"Token {AGENT_TOKEN.upper()}", "Invalid token."),
    ],
)
async def test_strangers_are_turned_away(header: str, sentence: str) -> None:
    async with waldur([row()]) as site:
        answer = await site.client.get(RESOURCES, headers={"authorization": header})

    assert (answer.status_code, answer.json()) == (401, {"detail": sentence})
    assert answer.headers["www-authenticate"] == "Token"


@pytest.mark.parametrize("scheme", ["Token", "token", "TOKEN"])
async def test_the_case_of_the_scheme_does_not_matter(scheme: str) -> None:
    async with waldur([row()]) as site:
        headers = {"authorization": f"{scheme} {AGENT_TOKEN}"}
        answer = await site.client.get(RESOURCES, headers=headers)

    assert answer.status_code == 200


async def test_a_token_expires_is_renewed_and_is_revoked() -> None:
    async with waldur([row()]) as site:

        async def said(token: str = AGENT_TOKEN) -> Any:
            answer = await site.get(RESOURCES, by=token, field="name")
            found = answer.json()
            return found["detail"] if isinstance(found, dict) else "welcome"

        site.emulator.expire(AGENT_TOKEN)
        assert await said() == "Token has expired."
        other = site.emulator.issue()
        assert (len(other), await said(other)) == (40, "welcome")
        site.emulator.issue(token=AGENT_TOKEN)
        assert await said() == "welcome"
        site.emulator.revoke(AGENT_TOKEN)
        assert await said() == "Invalid token."
        assert site.emulator.issue("consumer") != other


async def test_a_missing_permission_is_403_and_can_be_given_back() -> None:
    async with waldur([WAITING]) as site:
        site.emulator.deny("ORDER.APPROVE")
        assert await site.act(ORDER, "approve_by_provider") == 403
        assert (await site.post(f"{ORDERS}{ORDER}/approve_by_provider/", by="alice")).json() == {
            "detail": "You do not have permission to perform this action."
        }
        assert site.states(ORDER) == ("pending-provider", "Creating")
        site.emulator.grant("ORDER.APPROVE")
        assert await site.act(ORDER, "approve_by_provider") == 200


async def test_staff_need_no_permission() -> None:
    async with waldur([WAITING]) as site:
        site.emulator.deny("ORDER.APPROVE")
        answer = await site.post(f"{ORDERS}{ORDER}/approve_by_provider/", by="staff")

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("GET", f"{RESOURCES}{uuid_of('ghost')}/", "Resource"),
        ("GET", f"{RESOURCES}zzz/", "Resource"),
        ("POST", f"{RESOURCES}{uuid_of('ghost')}/set_state_ok/", "Resource"),
        ("POST", f"{CONSUMED}{uuid_of('ghost')}/terminate/", "Resource"),
        ("GET", f"{ORDERS}{uuid_of('ghost')}/", "Order"),
        ("POST", f"{ORDERS}{uuid_of('ghost')}/set_state_done/", "Order"),
        ("GET", "/api/marketplace-component-usages/x/", "ComponentUsage"),
        ("GET", "/api/marketplace-provider-offerings/x/", "Offering"),
        ("GET", "/api/marketplace-offering-users/x/", "OfferingUser"),
        ("GET", "/api/marketplace-service-providers/x/customers/", "ServiceProvider"),
    ],
)
async def test_what_is_not_there_is_404_in_json(method: str, path: str, kind: str) -> None:
    async with waldur([row()]) as site:
        answer = await (site.get(path) if method == "GET" else site.post(path))

    assert (answer.status_code, answer.json()) == (
        404,
        {"detail": f"No {kind} matches the given query."},
    )


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", RESOURCES),
        ("PATCH", f"{RESOURCES}{uuid_of('res-1')}/"),
        ("GET", f"{ORDERS}{uuid_of('res-1 made')}/set_state_done/"),
        ("HEAD", f"{ORDERS}{uuid_of('res-1 made')}/set_state_done/"),
    ],
)
async def test_a_wrong_verb_is_405(method: str, path: str) -> None:
    async with waldur([row()]) as site:
        headers = (await site.get(RESOURCES)).request.headers
        answer = await site.client.request(method, path, headers=headers)

    expected = (
        b"" if method == "HEAD" else f'{{"detail":"Method \\"{method}\\" not allowed."}}'.encode()
    )
    assert (answer.status_code, answer.content) == (405, expected)


async def test_the_options_of_a_path_are_told() -> None:
    async with waldur([row()]) as site:
        headers = (await site.get(RESOURCES)).request.headers
        answer = await site.client.options(RESOURCES, headers=headers)

    assert (answer.status_code, answer.headers["allow"]) == (200, "GET, POST, HEAD, OPTIONS")


@pytest.mark.parametrize(
    ("content", "media_type", "status", "detail"),
    [
        (b"{bad", "application/json", 400, "JSON parse error - Expecting property name"),
        (b'{"a": NaN}', "application/json", 400, "JSON parse error - Out of range"),
        (b"\xff", "application/json", 400, "JSON parse error - 'utf-8'"),
        (b"a=b", "text/plain", 415, 'Unsupported media type "text/plain" in request.'),
    ],
)
async def test_a_body_that_cannot_be_read_is_told(
    content: bytes, media_type: str, status: int, detail: str
) -> None:
    async with waldur([WAITING]) as site:
        headers = {"authorization": f"Token {AGENT_TOKEN}", "content-type": media_type}
        path = f"{ORDERS}{ORDER}/approve_by_provider/"
        answer = await site.client.post(path, content=content, headers=headers)

        assert answer.status_code == status
        assert answer.json()["detail"].startswith(detail)
        assert site.states(ORDER) == ("pending-provider", "Creating")


@pytest.mark.parametrize("body", [[], "text", 1], ids=str)
async def test_a_body_that_is_no_object_is_refused(body: object) -> None:
    async with waldur([row()]) as site:
        answer = await site.post(f"{RESOURCES}{uuid_of('res-1')}/set_backend_metadata/", body)

    assert answer.status_code == 400
    assert "Expected a dictionary" in answer.json()["non_field_errors"][0]


async def test_a_form_is_read_too() -> None:
    async with waldur([row()]) as site:
        headers = {"authorization": f"Token {AGENT_TOKEN}"}
        path = f"{RESOURCES}{uuid_of('res-1')}/set_backend_id/"
        await site.client.post(path, data={"backend_id": "fs é"}, headers=headers)

        assert site.emulator.resource(uuid_of("res-1"))["backend_id"] == "fs é"


async def test_calls_are_counted_by_method_and_template() -> None:
    async with waldur([WAITING]) as site:
        await site.get(RESOURCES, page_size=1)
        await site.get(RESOURCES, page_size=1, by="")
        await site.act(ORDER, "approve_by_provider")
        await site.act(uuid_of("ghost"), "approve_by_provider")
        await site.get("/api/nope/")

        assert dict(site.emulator.calls) == {
            ("GET", "/api/marketplace-provider-resources/"): 2,
            ("POST", "/api/marketplace-orders/{uuid}/approve_by_provider/"): 2,
        }


@pytest.mark.parametrize(("mode", "version"), [(Mode.V5_8, "5.8.4"), (Mode.V8_1, "8.1.0")])
async def test_staff_see_the_version_and_that_they_are_staff(mode: Mode, version: str) -> None:
    async with waldur(mode=mode) as site:
        told = (await site.get("/api/version/", by="staff")).json()
        me = (await site.get("/api/users/me/", by="staff", field="is_staff")).json()
        refused = await site.get("/api/version/")

    assert (told, me, refused.status_code) == ({"version": version}, {"is_staff": True}, 403)


async def test_what_was_told_does_not_change_what_is() -> None:
    async with waldur([WAITING]) as site:
        told = site.emulator.resource(WAITING["uuid"])
        told["limits"] = "nonsense"
        told["order_in_progress"] = None

        again = site.emulator.resource(WAITING["uuid"])
        assert (again["limits"], again["state"]) == ({"storage": 10}, "Creating")
        assert again["order_in_progress"] == site.emulator.order(ORDER)


async def test_a_row_that_was_told_can_be_put_back() -> None:
    async with waldur([WAITING, row()]) as site:
        before = site.emulator.resource(WAITING["uuid"]), site.emulator.order(ORDER)
        site.emulator.replace_row(before[0])

        assert (site.emulator.resource(WAITING["uuid"]), site.emulator.order(ORDER)) == before


def awkward(**changes: object) -> dict[str, object]:
    return {**row("odd"), **changes}


@pytest.mark.parametrize(
    "changes",
    [
        {"uuid": None},
        {"uuid": "not-a-uuid"},
        {"state": ["OK"]},
        {"state": None},
        {"created": None},
        {"limits": None},
        {"limits": [1]},
        {"customer_uuid": 7},
        {"offering_uuid": None},
        {"attributes": "text"},
        {"order_in_progress": "soon"},
        {"order_in_progress": {"state": "executing"}},
        {"project_uuid": None, "project": None},
    ],
    ids=str,
)
async def test_rows_that_no_server_would_send_are_served_all_the_same(
    changes: dict[str, object],
) -> None:
    """Whoever tests how bad rows are taken needs somebody who sends them."""
    for mode in Mode:
        async with waldur([row(), awkward(**changes)], mode=mode) as site:
            found = (await site.get(RESOURCES, page_size=5)).json()
            filtered = await site.get(RESOURCES, state="OK", offering_slug="capstor", o="name")

            assert filtered.status_code == 200
        odd = next(each for each in found if each["name"] == "odd")
        for name in changes.keys() & odd.keys() - {"uuid"}:
            assert odd[name] == changes[name]


async def test_what_is_no_request_is_not_answered() -> None:
    async def never(*_: object) -> Any:
        raise AssertionError("nobody is asked")

    async with waldur() as site:
        await site.emulator.app({"type": "lifespan"}, never, never)


def test_a_mode_may_be_told_as_text() -> None:
    assert WaldurEmulator(mode=Mode("5.8")).mode is Mode.V5_8


@pytest.mark.parametrize(
    "actions", [("set_state_done",), ("approve_by_provider", "set_state_erred")]
)
async def test_an_emulator_remembers_nothing_of_another_one(actions: Sequence[str]) -> None:
    async with waldur([WAITING]) as one, waldur([WAITING]) as other:
        for action in actions:
            await one.act(ORDER, action, ERROR)

        assert other.states(ORDER) == ("pending-provider", "Creating")
