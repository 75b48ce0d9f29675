"""Where a realm is found, and which of its keys are usable."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote

import httpx
import pytest

from cscs_domain.callers import Caller
from cscs_domain.claims import BelievedClaims
from cscs_fakes.emulators.oidc import PathStyle
from cscs_fakes.emulators.oidc_keys import base64url, ec_key, rsa_key
from cscs_http.signing_keys import parse_signing_keys
from cscs_http.verified_tokens import VerifiedTokens
from tests.unit.http.realms import ANNA, Realm, realm

pytestmark = pytest.mark.anyio

NEW, OLD = frozenset({PathStyle.NEW}), frozenset({PathStyle.OLD})
OLD_ISSUER = {"iss": "http://localhost/auth/realms/cscs"}


class TestPathStyles:
    @pytest.mark.parametrize("url", ["http://localhost", "http://localhost/", "http://localhost//"])
    async def test_a_server_of_today(self, url: str) -> None:
        with realm(url) as here:
            here.oidc.styles = NEW

            assert await here.name(here.oidc.mint()) == ANNA

    @pytest.mark.parametrize("url", ["http://localhost/auth", "http://localhost/auth/"])
    async def test_an_old_server_by_its_whole_url(self, url: str) -> None:
        with realm(url) as here:
            here.oidc.styles = OLD

            assert await here.name(here.oidc.mint(OLD_ISSUER)) == ANNA

    async def test_an_old_server_without_the_prefix_is_found(self) -> None:
        with realm() as here:
            here.oidc.styles = OLD

            assert await here.name(here.oidc.mint(OLD_ISSUER)) == ANNA
            assert "somebody else" in await here.refusal(here.oidc.mint())

    async def test_the_prefix_is_tried_once_and_only_where_it_is_missing(self) -> None:
        for url, most in (("http://localhost", 2), ("http://localhost/auth", 1)):
            with realm(url) as here:
                here.oidc.styles = frozenset()

                assert "no realm" in await here.failure(here.oidc.mint())
                assert len(here.wire.paths) == most

    async def test_a_new_servers_realm_that_does_not_exist_is_said(self) -> None:
        with realm() as here:
            here.oidc.realm = "other"

            assert "no realm 'cscs'" in await here.failure(here.oidc.mint())

    @pytest.mark.parametrize("name", ["my realm", "a+b", "größe", "a.b~c"])
    async def test_a_realm_may_be_called_anything(self, name: str) -> None:
        with realm(name=name) as here:
            assert await here.name(here.oidc.mint()) == ANNA
            here.oidc.announced_issuer = f"http://localhost/realms/{quote(name, safe='')}"
            here.advance(hours=24)
            assert await here.name(here.oidc.mint({"iss": here.oidc.announced_issuer})) == ANNA


class TestDiscovery:
    @pytest.mark.parametrize(
        "issuer",
        [
            *("http://evil.example/realms/cscs", "http://localhost/realms/other", "", None, 7),
            *("http://localhost/realms/cscs2", "https://localhost/realms/cscs", "a\nb"),
        ],
    )
    async def test_another_issuer_than_was_asked_is_refused(self, issuer: object) -> None:
        metadata = {"issuer": issuer, "jwks_uri": "http://localhost/keys"}
        with realm() as here:
            failure = await _after(here, metadata)

        assert "issuer" in failure
        assert failure.isprintable()

    @pytest.mark.parametrize(
        "keys_url", [None, "", 7, "keys", "http://evil.example/keys", "http://localhost.evil/keys"]
    )
    async def test_keys_elsewhere_are_not_fetched(self, keys_url: object) -> None:
        metadata = {"issuer": "http://localhost/realms/cscs", "jwks_uri": keys_url}
        with realm() as here:
            assert "keys" in await _after(here, metadata)
            assert len(here.wire.paths) == 1

    async def test_a_slash_at_the_end_of_the_issuer_belongs_to_it(self) -> None:
        with realm() as here:
            here.oidc.announced_issuer = here.oidc.issuer + "/"

            assert await here.name(here.oidc.mint({"iss": here.oidc.issuer + "/"})) == ANNA
            assert "somebody else" in await here.refusal(here.oidc.mint())

    async def test_tokens_of_an_issuer_that_changed_its_name_are_believed_no_more(self) -> None:
        with realm() as here:
            token = here.oidc.mint()
            await here.name(token)
            here.oidc.announced_issuer = here.oidc.issuer + "/"
            here.advance(hours=6)
            await here.outcome(token)
            await here.background()

            assert await _is_refused(here, token)


async def _after(here: Realm, metadata: Mapping[str, object]) -> str:
    here.wire.answer = httpx.Response(200, json=dict(metadata))
    return await here.failure(here.oidc.mint())


async def _is_refused(here: Realm, token: str) -> bool:
    return bool(await here.refusal(token))


RSA, EC = rsa_key(0).jwk(), ec_key(0).jwk()
UNUSABLE: dict[str, object] = {
    "no object": "key",
    "for encryption": RSA | {"use": "enc"},
    "for another algorithm": RSA | {"alg": "RS512"},
    "for the other kind's algorithm": EC | {"alg": "RS256"},
    "for signing only": RSA | {"key_ops": ["sign"]},
    "operations of another shape": RSA | {"key_ops": "verify"},
    "too short": rsa_key(0, bits=1024).jwk(),
    "too long": RSA | {"n": base64url(b"\xff" * 2000)},
    "a shared secret": {"kty": "oct", "k": "AAAA", "alg": "HS256"},
    "another curve": EC | {"crv": "P-384"},
    "a curve nobody knows": EC | {"crv": "P-1"},
    "not on the curve": EC | {"y": EC["x"]},
    "an even exponent": RSA | {"e": "Ag"},
    "exponent one": RSA | {"e": "AQ"},
    "no modulus": {name: value for name, value in RSA.items() if name != "n"},
    "a modulus that is no text": RSA | {"n": 7},
    "a modulus that is no base64": RSA | {"n": "§" * 400},
    "a name that is no text": RSA | {"kid": 7},
    "a kind nobody knows": RSA | {"kty": "ABC"},
    "a kind that is no text": RSA | {"kty": ["RSA"]},
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_an_unusable_key_is_passed_over_and_hides_no_other(name: str) -> None:
    keys = parse_signing_keys({"keys": [UNUSABLE[name], EC]})

    assert [key.algorithm for key in keys.keys] == ["ES256"]


@pytest.mark.parametrize("name", UNUSABLE)
async def test_a_realm_with_no_other_key_believes_nobody(name: str) -> None:
    with realm() as here:
        token = here.oidc.mint()
        here.oidc.keys, here.oidc.extra_jwks = (), [{"keys": UNUSABLE[name]}]

        assert "no key" in await here.failure(token)


@pytest.mark.parametrize("document", [None, [], {}, {"keys": None}, {"keys": {}}, {"keys": []}, 7])
def test_what_is_no_set_of_keys_is_refused(document: object) -> None:
    with pytest.raises(ValueError, match="key"):
        parse_signing_keys(document)


def test_a_key_may_leave_out_what_it_is_for() -> None:
    bare = {name: value for name, value in RSA.items() if name not in {"use", "alg", "kid"}}

    (key,) = parse_signing_keys({"keys": [bare]}).keys
    assert (key.key_id, key.algorithm) == (None, "RS256")


def test_private_members_that_somebody_published_are_not_read() -> None:
    (key,) = parse_signing_keys({"keys": [RSA | {"d": "AQAB", "p": "x"}]}).keys

    assert not key.public.is_private


def test_only_so_many_keys_are_looked_at() -> None:
    many = [EC | {"kid": str(number)} for number in range(1000)]

    assert len(parse_signing_keys({"keys": many}).keys) == 100


def test_of_verified_tokens_those_used_last_are_kept() -> None:
    until, now = datetime(2027, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
    believed = BelievedClaims(caller=Caller(subject="s", username="u"), until=until)
    tokens = VerifiedTokens(most=3)
    for name in ("a", "b", "c"):
        tokens.keep(name, believed, ("issuer", "key"))
    tokens.caller("a", now)
    tokens.keep("d", believed, ("issuer", "key"))

    assert [name for name in "abcd" if tokens.caller(name, now)] == ["a", "c", "d"]
    assert len(tokens) == 3
