"""With tokens on: who is let through, what the others are told, and what the log says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, MutableMapping
from typing import Any

import attrs
import httpx
import pytest
from starlette.types import Message, Scope
from structlog.testing import capture_logs

from cscs_api.app import create_app
from cscs_bootstrap.settings import Auth, Settings
from cscs_domain.callers import Caller
from cscs_domain.errors import UpstreamServiceError
from cscs_domain.storage.filters import EVERYTHING
from cscs_fakes.token_verifier import FakeTokenVerifier
from tests.api.site import PATH, SETTINGS, Site, resource, site_of

Line = MutableMapping[str, Any]

ANNA = Caller(subject="7f1c", username="anna", roles=frozenset({"reader"}))
OLGA = Caller(subject="9b2d", username="olga", roles=frozenset({"reader", "operator"}))
NOBODY = Caller(subject="0000", username="ned")
CHECKED = attrs.evolve(
    SETTINGS, auth=Auth(keycloak_url="https://auth.example.com", required_role="reader")
)
WITH_OPERATORS = attrs.evolve(CHECKED, auth=attrs.evolve(CHECKED.auth, operator_role="operator"))
SECRET = "good-token-of-anna"
KEYS_GONE = UpstreamServiceError("OIDC", "does not answer")


def verifier() -> FakeTokenVerifier:
    """Believes Anna, Olga and Ned."""
    return FakeTokenVerifier({SECRET: ANNA, "of-olga": OLGA, "of-ned": NOBODY})


@pytest.fixture
def known() -> FakeTokenVerifier:
    return verifier()


@pytest.fixture
async def site(known: FakeTokenVerifier) -> AsyncIterator[Site]:
    async with site_of([resource()], settings=WITH_OPERATORS, verifier=known) as made:
        yield made


@pytest.fixture
def lines() -> Iterator[list[Line]]:
    with capture_logs() as captured:
        yield captured


def bearer(token: str = SECRET) -> dict[str, str]:
    """The header of a token."""
    return {"authorization": f"Bearer {token}"}


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR", "Bearer  "])
async def test_a_good_token_is_answered(site: Site, scheme: str) -> None:
    response = await site.client.get(PATH, headers={"authorization": f"{scheme} {SECRET}"})

    assert response.status_code == 200
    assert len(response.json()["resources"]) == 3


async def test_from_any_machine_and_through_any_proxy(known: FakeTokenVerifier) -> None:
    async with site_of(
        [resource()], settings=CHECKED, verifier=known, client_address=("10.0.0.9", 1)
    ) as site:
        headers = bearer() | {"x-forwarded-for": "192.0.2.1", "host": "storage.example.com"}

        assert (await site.client.get(PATH, headers=headers)).status_code == 200


async def test_no_token_is_401_with_what_it_takes(site: Site) -> None:
    response = await site.client.get(PATH)

    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    body = response.json()
    assert list(body) == ["detail", "error", "help", "request_id"]
    assert body["error"] == "AuthenticationError"
    assert "Authorization: Bearer" in body["help"]
    assert body["request_id"] == response.headers["x-request-id"]


@pytest.mark.parametrize(
    "value",
    [
        *("", "Bearer", "Bearer ", "Basic YW5uYTphbm5h", "Token " + SECRET, SECRET),
        *(f"Bearer{SECRET}", f"Bearer\t{SECRET}", f"Bearer {SECRET} x", f"Bearer {SECRET},x"),
        *(f"Bearer {SECRET}, Bearer {SECRET}", f"Bearer Bearer {SECRET}", f'Bearer "{SECRET}"'),
        *(f"Bearer ={SECRET}", f"Bearer {SECRET}\x00", f"Bearer é{SECRET}", f"Bear {SECRET}"),
    ],
)
async def test_any_other_form_is_401_and_nobody_is_asked(
    site: Site, known: FakeTokenVerifier, value: str
) -> None:
    response = await site.client.get(PATH, headers={b"authorization": value.encode("latin-1")})

    assert (response.status_code, known.checked) == (401, 0)
    assert response.headers["www-authenticate"] == "Bearer"
    assert SECRET not in response.text


async def test_a_token_that_is_not_believed_is_401_and_says_so(site: Site) -> None:
    response = await site.client.get(PATH, headers=bearer("wrong-token-5e1f"))

    assert response.status_code == 401
    assert response.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    assert "wrong-token" not in response.text


@pytest.mark.parametrize("other", ["good-token-of-anna", "wrong", ""])
async def test_two_headers_are_refused_even_if_one_is_good(
    site: Site, known: FakeTokenVerifier, other: str
) -> None:
    for pair in ((SECRET, other), (other, SECRET)):
        headers = [("authorization", f"Bearer {token}") for token in pair]
        response = await site.client.get(PATH, headers=headers)

        assert (response.status_code, known.checked) == (401, 0)


@pytest.mark.parametrize("name", ["access_token", "token", "authorization", "bearer"])
async def test_a_token_in_the_query_or_a_cookie_is_none(
    site: Site, lines: list[Line], name: str
) -> None:
    response = await site.client.get(
        PATH, params={name: SECRET}, headers={"cookie": f"{name}={SECRET}"}
    )

    assert response.status_code == 401
    assert SECRET not in response.text
    assert SECRET not in str(lines)


async def test_who_lacks_the_role_is_403_and_told_which(site: Site) -> None:
    response = await site.client.get(PATH, headers=bearer("of-ned"))

    assert response.status_code == 403
    assert response.headers["www-authenticate"] == 'Bearer error="insufficient_scope"'
    body = response.json()
    assert list(body) == ["detail", "error", "help", "request_id"]
    assert body["error"] == "PermissionDenied"
    assert "'reader'" in body["help"]


async def test_without_a_required_role_any_good_token_will_do(known: FakeTokenVerifier) -> None:
    settings = attrs.evolve(CHECKED, auth=Auth(keycloak_url="https://auth.example.com"))
    async with site_of([resource()], settings=settings, verifier=known) as site:
        assert (await site.client.get(PATH, headers=bearer("of-ned"))).status_code == 200


async def test_keys_that_cannot_be_had_are_502(site: Site, known: FakeTokenVerifier) -> None:
    """Without the reason, which has addresses: nobody knows yet who asks."""
    known.fail_with(KEYS_GONE)
    response = await site.client.get(PATH, headers=bearer())

    assert response.status_code == 502
    assert response.json() == {
        "detail": "OIDC did not give a usable answer.",
        "error": "UpstreamServiceError",
        "message": "Failed to communicate with an upstream service.",
        "request_id": response.headers["x-request-id"],
    }


class BrokenVerifier(FakeTokenVerifier):
    """Fails in a way that nobody expected."""

    async def verify(self, token: str) -> Caller:
        raise ZeroDivisionError(token)


async def test_a_verifier_that_breaks_lets_nobody_in() -> None:
    async with site_of([resource()], settings=CHECKED, verifier=BrokenVerifier()) as site:
        response = await site.client.get(PATH, headers=bearer())

    assert response.status_code == 500
    assert SECRET not in response.text
    assert site.waldur.reads == 0


@pytest.mark.parametrize("token", [None, "wrong", "of-ned"])
@pytest.mark.parametrize(
    "path",
    [PATH, PATH + "?debug=true", PATH + "?page=x", PATH + "?snapshot=x", "/api/nowhere", "/api/"],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS", "BREW"])
async def test_who_is_refused_learns_nothing_and_causes_no_read(
    site: Site, token: str | None, path: str, method: str
) -> None:
    headers = bearer(token) if token else {}
    response = await site.client.request(method, path, headers=headers)

    assert response.status_code == (403 if token == "of-ned" else 401)
    assert "etag" not in response.headers
    assert site.waldur.reads == 0


async def test_who_knows_the_tag_still_needs_a_token(site: Site) -> None:
    etag = (await site.client.get(PATH, headers=bearer())).headers["etag"]
    for tag in (etag, "*"):
        conditional = {"if-none-match": tag}

        assert (await site.client.get(PATH, headers=conditional)).status_code == 401
        granted = await site.client.get(PATH, headers=conditional | bearer())
        assert granted.status_code == 304


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
async def test_health_needs_none(site: Site, path: str) -> None:
    await site.service.serve(EVERYTHING)

    assert (await site.client.get(path)).status_code == 200


class TestDebug:
    async def test_an_operator_may(self, site: Site) -> None:
        response = await site.client.get(PATH + "?debug=true", headers=bearer("of-olga"))

        assert response.status_code == 200
        assert response.json()["debug_mode"] is True

    async def test_others_may_not(self, site: Site) -> None:
        response = await site.client.get(PATH + "?debug=true", headers=bearer())

        assert response.status_code == 403
        assert response.headers["www-authenticate"] == 'Bearer error="insufficient_scope"'
        assert "'operator'" in response.json()["help"]
        assert site.waldur.reads == 0

    async def test_without_an_operator_role_nobody_may_and_the_key_is_named(
        self, known: FakeTokenVerifier
    ) -> None:
        async with site_of([resource()], settings=CHECKED, verifier=known) as site:
            response = await site.client.get(PATH + "?debug=true", headers=bearer("of-olga"))

        assert response.status_code == 403
        assert "auth.operator_role" in response.json()["help"]

    async def test_debug_false_is_for_everybody(self, site: Site) -> None:
        response = await site.client.get(PATH + "?debug=false", headers=bearer())

        assert response.status_code == 200


class TestAccessLine:
    async def test_it_names_the_caller_and_never_the_token(
        self, site: Site, lines: list[Line]
    ) -> None:
        await site.client.get(PATH, headers=bearer())

        assert only(lines)["username"] == "anna"
        assert SECRET not in str(lines)

    async def test_also_the_caller_who_may_not(self, site: Site, lines: list[Line]) -> None:
        await site.client.get(PATH, headers=bearer("of-ned"))

        assert (only(lines)["status"], only(lines)["username"]) == (403, "ned")
        assert only(lines)["error"] == "PermissionDenied"

    async def test_a_refusal_with_its_reason(self, site: Site, lines: list[Line]) -> None:
        await site.client.get(PATH, headers=bearer("wrong-token-5e1f"))

        assert only(lines)["status"] == 401
        assert only(lines)["error"] == "AuthenticationError"
        assert only(lines)["reason"]
        assert "username" not in only(lines)
        assert "wrong-token" not in str(lines)

    @pytest.mark.parametrize("name", ["a\nb", "a\x1b[2J", "x" * 250, "Zo\u202eë"])
    async def test_a_hostile_name_harms_no_log(
        self, site: Site, known: FakeTokenVerifier, lines: list[Line], name: str
    ) -> None:
        known.believe("hostile", attrs.evolve(ANNA, username=name))
        await site.client.get(PATH, headers=bearer("hostile"))
        logged = only(lines)["username"]

        assert logged.isascii()
        assert logged.isprintable()
        assert len(logged) < 100


def only(lines: list[Line]) -> Line:
    """The one access line."""
    (line,) = [line for line in lines if line["event"] == "request"]
    return line


async def test_a_websocket_without_a_token_is_refused_too(known: FakeTokenVerifier) -> None:
    sent: list[Message] = []
    scope: Scope = {
        "type": "websocket",
        "path": PATH,
        "headers": [],
        "query_string": b"",
        "client": ("127.0.0.1", 1),
        "extensions": {"websocket.http.response": {}},
    }

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    async with site_of([resource()]) as site:
        app = create_app(CHECKED, storage=site.service, verifier=known)
        await app(scope, receive, send)

    assert sent[0]["status"] == 401


async def test_the_verifier_is_closed_with_the_application(known: FakeTokenVerifier) -> None:
    async with site_of() as site:
        app = create_app(CHECKED, storage=site.service, verifier=known)
        async with app.router.lifespan_context(app):
            assert not known.closed

    assert known.closed


async def test_with_authentication_disabled_no_verifier_is_asked(known: FakeTokenVerifier) -> None:
    async with site_of([resource()], verifier=known) as site:
        assert (await site.client.get(PATH)).status_code == 200

    assert known.checked == 0


async def test_a_server_without_storage_asks_for_a_token_before_it_says_so(
    known: FakeTokenVerifier,
) -> None:
    app = create_app(Settings(auth=CHECKED.auth), verifier=known)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://localhost"
    ) as client:
        assert (await client.get(PATH)).status_code == 401
        assert (await client.get(PATH, headers=bearer())).status_code == 404


async def test_an_application_wires_its_verifier_out_of_settings() -> None:
    app = create_app(Settings(auth=CHECKED.auth))
    async with app.router.lifespan_context(app):
        pass


async def test_keys_are_read_at_the_start_and_if_they_cannot_be_it_is_told(
    known: FakeTokenVerifier, lines: list[Line]
) -> None:
    """A wrong realm must not wait for its first caller to be noticed."""
    known.fail_with(KEYS_GONE)
    app = create_app(Settings(auth=CHECKED.auth), verifier=known)
    async with app.router.lifespan_context(app):
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    assert [line["reason"] for line in lines if line["event"] == "token_keys_missing"] == [
        str(KEYS_GONE)
    ]
    assert known.closed
