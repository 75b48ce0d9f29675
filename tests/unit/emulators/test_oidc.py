"""The emulated OIDC provider, held against a token library of other people's making."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.errors import BadSignatureError
from joserfc.jwk import KeySet

from cscs_fakes.clock import FixedClock
from cscs_fakes.emulators.oidc import (
    ABSENT,
    CLIENT_ID,
    CLIENT_SECRET,
    KeyName,
    OidcEmulator,
    PathStyle,
)
from cscs_fakes.emulators.oidc_keys import RsaKey, SharedSecret, ec_key, rsa_key

NOW: Final = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
DISCOVERY: Final = "/realms/cscs/.well-known/openid-configuration"
TOKEN: Final = "/realms/cscs/protocol/openid-connect/token"
CERTS: Final = "/realms/cscs/protocol/openid-connect/certs"
FORM: Final = {
    "grant_type": "client_credentials",
    "client_id": CLIENT_ID,
    "client_secret": CLIENT_SECRET,
    "scope": "openid",
}


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
def provider(clock: FixedClock) -> OidcEmulator:
    return OidcEmulator(clock=clock.now, public_url="https://auth.example.com")


@asynccontextmanager
async def reaching(provider: OidcEmulator) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(provider.app)
    async with httpx.AsyncClient(transport=transport, base_url="https://auth.example.com") as it:
        yield it


async def get(provider: OidcEmulator, path: str) -> httpx.Response:
    async with reaching(provider) as client:
        return await client.get(path)


async def ask_token(provider: OidcEmulator, **changes: str) -> httpx.Response:
    async with reaching(provider) as client:
        return await client.post(TOKEN, data=FORM | changes)


def claims_of(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return claims


def verified(token: str, jwks: dict[str, Any]) -> dict[str, Any]:
    """The claims, if a key of the set has signed them."""
    decoded = jwt.decode(token, KeySet.import_key_set(jwks), algorithms=["RS256", "ES256"])  # type: ignore[arg-type]
    return dict(decoded.claims)


# --- discovery


@pytest.mark.parametrize("style", PathStyle)
async def test_discovery_names_everything_by_the_url_it_was_asked_at(
    provider: OidcEmulator, style: PathStyle
) -> None:
    realm = f"https://auth.example.com{style}/realms/cscs"
    found = (await get(provider, f"{style}{DISCOVERY}")).json()

    assert found["issuer"] == realm
    assert found["jwks_uri"] == f"{realm}/protocol/openid-connect/certs"
    assert found["token_endpoint"] == f"{realm}/protocol/openid-connect/token"


async def test_another_realm_does_not_exist(provider: OidcEmulator) -> None:
    answer = await get(provider, DISCOVERY.replace("cscs", "other"))

    assert (answer.status_code, answer.json()) == (404, {"error": "Realm does not exist"})


async def test_an_old_server_knows_only_the_old_paths(provider: OidcEmulator) -> None:
    provider.styles = frozenset({PathStyle.OLD})

    assert (await get(provider, DISCOVERY)).status_code == 404
    assert (await get(provider, f"/auth{DISCOVERY}")).status_code == 200


async def test_discovery_can_be_made_to_lie_about_the_issuer(provider: OidcEmulator) -> None:
    provider.announced_issuer = "https://elsewhere.example.com/realms/cscs"

    found = (await get(provider, DISCOVERY)).json()

    assert found["issuer"] == "https://elsewhere.example.com/realms/cscs"


# --- client credentials


async def test_a_client_gets_a_token_that_the_published_keys_have_signed(
    provider: OidcEmulator,
) -> None:
    answer = (await ask_token(provider)).json()
    claims = verified(answer["access_token"], (await get(provider, CERTS)).json())

    assert answer["token_type"] == "Bearer"
    assert (answer["expires_in"], answer["scope"]) == (3600, "openid")
    assert (claims["azp"], claims["iss"]) == (CLIENT_ID, provider.issuer)
    assert claims["exp"] == NOW.timestamp() + 3600


async def test_a_client_may_also_say_who_it_is_by_http_basic(provider: OidcEmulator) -> None:
    async with reaching(provider) as client:
        form = {"grant_type": "client_credentials"}
        good = await client.post(TOKEN, data=form, auth=(CLIENT_ID, CLIENT_SECRET))
        bad = await client.post(TOKEN, data=form, headers={"authorization": "Basic ***"})

    assert (good.status_code, bad.status_code) == (200, 401)


@pytest.mark.parametrize("wrong", [{"client_secret": "x"}, {"client_id": "x"}])
async def test_a_client_nobody_knows_gets_401(
    provider: OidcEmulator, wrong: dict[str, str]
) -> None:
    answer = await ask_token(provider, **wrong)

    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


async def test_other_grants_get_400(provider: OidcEmulator) -> None:
    answer = await ask_token(provider, grant_type="password")

    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")


async def test_a_form_without_a_grant_gets_400_and_what_is_no_form_415(
    provider: OidcEmulator,
) -> None:
    async with reaching(provider) as client:
        without = await client.post(TOKEN, data={"client_id": CLIENT_ID})
        as_json = await client.post(TOKEN, json=FORM)

    assert (without.status_code, without.json()["error"]) == (400, "invalid_request")
    assert as_json.status_code == 415


async def test_the_token_endpoint_wants_a_post(provider: OidcEmulator) -> None:
    assert (await get(provider, TOKEN)).status_code == 405


@pytest.mark.parametrize("odd", [-1, 0, "300", None, 1e30, [60]])
async def test_the_announced_life_may_be_anything(provider: OidcEmulator, odd: object) -> None:
    provider.token_answer = {"expires_in": odd}

    assert (await ask_token(provider)).json()["expires_in"] == odd


async def test_members_of_the_answer_may_be_absent(provider: OidcEmulator) -> None:
    provider.token_answer = {"expires_in": ABSENT, "access_token": ABSENT}

    assert {"expires_in", "access_token"}.isdisjoint((await ask_token(provider)).json())


async def test_an_issued_token_is_accepted_until_it_expires(
    provider: OidcEmulator, clock: FixedClock
) -> None:
    provider.token_life = timedelta(seconds=60)
    token = (await ask_token(provider)).json()["access_token"]

    clock.advance(timedelta(seconds=59))
    assert provider.accepts(token)
    clock.advance(timedelta(seconds=1))
    assert not provider.accepts(token)


async def test_revoked_tokens_are_not_accepted_and_later_ones_are(provider: OidcEmulator) -> None:
    old = (await ask_token(provider)).json()["access_token"]
    provider.revoke_all()
    new = (await ask_token(provider)).json()["access_token"]

    assert (provider.accepts(old), provider.accepts(new)) == (False, True)


def test_a_minted_token_is_no_issued_one(provider: OidcEmulator) -> None:
    assert not provider.accepts(provider.mint())


# --- keys


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
@pytest.mark.parametrize("keep_old", [True, False])
async def test_after_a_rotation_another_key_signs_and_the_old_one_stays_or_goes(
    provider: OidcEmulator, algorithm: str, keep_old: bool
) -> None:
    before = provider.mint()
    kid = provider.rotate(algorithm=algorithm, keep_old=keep_old)
    jwks = (await get(provider, CERTS)).json()

    assert jwks["keys"][0]["kid"] == kid
    assert verified(provider.mint(), jwks)["sub"]
    assert (claims_of(before)["sub"] == claims_of(provider.mint())["sub"]) is True
    kids = {key["kid"] for key in jwks["keys"]}
    assert (provider.key(KeyName.PREVIOUS).kid in kids) is keep_old


def test_keys_that_differ_have_names_that_differ() -> None:
    keys = (rsa_key(0), rsa_key(1), ec_key(0), ec_key(1))

    assert len({key.kid for key in keys}) == 4


def test_a_key_is_made_once_in_a_process() -> None:
    assert rsa_key(0).kid == rsa_key(0).kid


async def test_the_jwks_may_hold_more_than_the_provider_uses(provider: OidcEmulator) -> None:
    provider.extra_jwks = [{"kty": "oct", "k": "c2VjcmV0"}]

    assert (await get(provider, CERTS)).json()["keys"][-1] == {"kty": "oct", "k": "c2VjcmV0"}


# --- minting


_PLAIN = st.dictionaries(
    st.text(min_size=1, max_size=8).filter(lambda name: name not in {"exp", "iat", "nbf"}),
    st.text(max_size=20) | st.integers(-(2**53), 2**53) | st.booleans() | st.none(),
    max_size=4,
)


@given(claims=_PLAIN, key=st.sampled_from([KeyName.RS256, KeyName.ES256]))
def test_any_claims_come_out_as_they_went_in(claims: dict[str, object], key: KeyName) -> None:
    provider = OidcEmulator(clock=lambda: NOW)
    jwks = {"keys": [published.jwk() for published in provider.keys]}

    assert verified(provider.mint(claims, key=key), jwks).items() >= claims.items()


def test_claims_can_be_left_out_and_the_header_can_say_anything(provider: OidcEmulator) -> None:
    token = provider.mint(leave_out=["exp", "aud"], header={"alg": "PS512", "crit": ["b64"]})
    header = json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))

    assert {"exp", "aud"}.isdisjoint(claims_of(token))
    assert (header["alg"], header["crit"]) == ("PS512", ["b64"])


@pytest.mark.parametrize("life", [60, -60])
def test_a_token_may_live_shorter_or_be_dead_at_birth(provider: OidcEmulator, life: int) -> None:
    assert claims_of(provider.mint(life=life))["exp"] == NOW.timestamp() + life


def test_a_token_without_signature_ends_in_a_dot(provider: OidcEmulator) -> None:
    token = provider.mint(key=KeyName.NONE)

    assert token.endswith(".")
    assert token.count(".") == 2


def test_the_public_key_can_be_misused_as_a_secret(provider: OidcEmulator) -> None:
    signed, _, signature = provider.mint(key=KeyName.PUBLIC_AS_SECRET).rpartition(".")
    public = provider.key(KeyName.RS256)
    assert isinstance(public, RsaKey)

    expected = hmac.digest(public.public_pem(), signed.encode(), "sha256")

    assert base64.urlsafe_b64decode(signature + "=") == expected


def test_any_bytes_can_be_the_secret(provider: OidcEmulator) -> None:
    public = rsa_key(0)
    tokens = {
        provider.mint(key=SharedSecret(b)) for b in (public.public_pem(), public.public_der())
    }

    assert len({token.rpartition(".")[2] for token in tokens}) == 2


async def test_a_foreign_key_is_not_among_the_published_ones(provider: OidcEmulator) -> None:
    jwks = (await get(provider, CERTS)).json()
    foreign = provider.mint(key=KeyName.FOREIGN, header={"kid": provider.keys[0].kid})

    with pytest.raises(BadSignatureError):
        verified(foreign, jwks)


def test_a_key_of_an_unknown_name_is_refused(provider: OidcEmulator) -> None:
    with pytest.raises(ValueError, match="strange"):
        provider.mint(key="strange")


@pytest.mark.parametrize("name", [KeyName.RS256, KeyName.PUBLIC_AS_SECRET])
def test_a_key_that_is_not_published_any_more_is_refused(
    provider: OidcEmulator, name: KeyName
) -> None:
    provider.rotate(algorithm="ES256", keep_old=False)

    with pytest.raises(ValueError, match="is published"):
        provider.mint(key=name)


# --- counting, starting again


async def test_requests_are_counted_by_what_they_are_for(provider: OidcEmulator) -> None:
    for path in (DISCOVERY, CERTS, CERTS):
        await get(provider, path)
    await ask_token(provider)

    assert provider.counts == {"discovery": 1, "jwks": 2, "token": 1}


async def test_a_reset_undoes_everything(provider: OidcEmulator) -> None:
    first = [key.kid for key in provider.keys]
    token = (await ask_token(provider)).json()["access_token"]
    provider.rotate(keep_old=False)
    provider.token_answer = {"access_token": ABSENT}
    provider.clients.clear()

    provider.reset()

    assert [key.kid for key in provider.keys] == first
    assert not provider.accepts(token)
    assert (await ask_token(provider)).json()["access_token"] not in {"", token}
    assert not provider.accepts(token)
    assert provider.counts == {"token": 1}


def test_without_a_clock_it_shows_the_time() -> None:
    before = datetime.now(UTC)

    assert before <= OidcEmulator().now <= datetime.now(UTC)
