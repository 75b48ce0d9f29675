"""Which tokens of a realm are believed: everything that an attacker can do to one."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from collections.abc import Iterator

import attrs
import pytest

from cscs_domain.callers import Caller
from cscs_fakes.emulators.oidc import CLIENT_ID, KeyName
from cscs_fakes.emulators.oidc_keys import (
    NoKey,
    RsaKey,
    SharedSecret,
    TokenKey,
    base64url,
    ec_key,
    rsa_key,
)
from tests.unit.http.realms import ANNA, Realm, realm

pytestmark = pytest.mark.anyio

ATTACKER = rsa_key(-1)


@attrs.frozen
class Unnamed:
    """A key that is left nameless in headers."""

    key: TokenKey
    kid: str = ""

    @property
    def algorithm(self) -> str:
        return self.key.algorithm

    def sign(self, data: bytes) -> bytes:
        return self.key.sign(data)


@pytest.fixture
def here() -> Iterator[Realm]:
    with realm() as made:
        yield made


def published_rsa(here: Realm) -> RsaKey:
    (key,) = [key for key in here.oidc.keys if isinstance(key, RsaKey)]
    return key


@pytest.mark.parametrize("key", [KeyName.RS256, KeyName.ES256])
async def test_a_good_token_tells_who_calls_and_with_which_roles(here: Realm, key: KeyName) -> None:
    assert await here.verifier.verify(here.oidc.mint(key=key)) == Caller(
        subject="7f1c2a90-e4b5-4d0c-8a11-3a5f5b0c9d21",
        username=ANNA,
        roles=frozenset({"offline_access", "storage-reader", "storage-operator"}),
    )


@pytest.mark.parametrize("kind", ["JWT", "at+jwt", "Bearer", "anything"])
async def test_the_declared_type_does_not_matter(here: Realm, kind: str) -> None:
    assert await here.name(here.oidc.mint(header={"typ": kind})) == ANNA


async def test_a_long_header_is_no_reason_to_refuse_a_token(here: Realm) -> None:
    assert await here.name(here.oidc.mint(header={"x5t": "a" * 2000})) == ANNA


@pytest.mark.parametrize(
    "token",
    [
        *("", " ", ".", "..", "...", "a", "a.b", "a.b.c", "a.b.c.d", "a.b.c.d.e", "null", "{}"),
        *("eyJhbGciOiJSUzI1NiJ9", "W10.W10.W10", "ImFsZyI.e30.", "é.é.é"),
        *("WyJhbGciLCJiNjQiXQ.e30.e30", "ImFsZ2I2NCI.e30.e30", "a" * 16_384, "a" * 10**6),
        *("\x00.\x00.\x00", "eyJhbGciOiJSUzI1NiJ9\n.e30.e30", "💥" * 3, "\ud800.a.b"),
    ],
    ids=lambda token: repr(token)[:24],
)
async def test_what_is_no_token_is_refused_without_asking_anybody(here: Realm, token: str) -> None:
    await here.refusal(token)

    assert here.wire.paths == []


@pytest.mark.parametrize("name", ["none", "None", "NONE", "nOnE", ""])
async def test_a_token_that_nobody_signed_is_refused(here: Realm, name: str) -> None:
    token = here.oidc.mint(key=NoKey(algorithm=name))
    kid = published_rsa(here).kid

    assert "algorithm" in await here.refusal(token)
    assert "algorithm" in await here.refusal(here.oidc.mint(key=NoKey(kid, name)))


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
async def test_the_public_key_is_no_shared_secret(here: Realm, algorithm: str) -> None:
    key = published_rsa(here)
    for secret in (key.public_pem(), key.public_der(), key.public_pem().strip(), b""):
        token = here.oidc.mint(key=SharedSecret(secret, key.kid, algorithm))

        assert "algorithm" in await here.refusal(token)
    assert here.wire.paths == [], "refused before any key was looked for"


@pytest.mark.parametrize(
    "algorithm", ["RS384", "RS512", "PS256", "ES384", "EdDSA", "rs256", "RS256 "]
)
async def test_no_other_algorithm_is_accepted(here: Realm, algorithm: str) -> None:
    assert "algorithm" in await here.refusal(here.oidc.mint(header={"alg": algorithm}))


@pytest.mark.parametrize("algorithm", [None, 256, ["RS256"], {"RS256": 1}, True])
async def test_an_algorithm_that_is_no_text_is_refused(here: Realm, algorithm: object) -> None:
    await here.refusal(here.oidc.mint(header={"alg": algorithm}))


async def test_a_key_is_not_used_for_the_other_algorithm(here: Realm) -> None:
    rsa, ec = published_rsa(here), here.oidc.key(KeyName.ES256)
    for token in (
        here.oidc.mint(key=ec, header={"kid": rsa.kid}),
        here.oidc.mint(key=rsa, header={"kid": ec.kid}),
        here.oidc.mint(key=rsa, header={"alg": "ES256"}),
        here.oidc.mint(key=ec, header={"alg": "RS256"}),
    ):
        assert "algorithm" in await here.refusal(token)


async def test_a_signature_by_another_key_under_our_keys_name_is_refused(here: Realm) -> None:
    for key, name in ((ATTACKER, KeyName.RS256), (ec_key(-1), KeyName.ES256)):
        token = here.oidc.mint(key=key, header={"kid": here.oidc.key(name).kid})

        assert "signature" in await here.refusal(token)


@pytest.mark.parametrize("key", [KeyName.RS256, KeyName.ES256])
async def test_a_changed_payload_is_refused(here: Realm, key: KeyName) -> None:
    head, payload, signature = here.oidc.mint(key=key).split(".")
    claims = json.loads(urlsafe_b64decode(payload + "=="))
    changed = base64url(json.dumps(claims | {"preferred_username": "root"}).encode())

    assert "signature" in await here.refusal(f"{head}.{changed}.{signature}")


@pytest.mark.parametrize("key", [KeyName.RS256, KeyName.ES256])
async def test_a_changed_header_is_refused(here: Realm, key: KeyName) -> None:
    _, payload, signature = here.oidc.mint(key=key).split(".")
    signing = here.oidc.key(key)
    header = base64url(json.dumps({"kid": signing.kid, "alg": signing.algorithm}).encode())

    assert "signature" in await here.refusal(f"{header}.{payload}.{signature}")


@pytest.mark.parametrize("key", [KeyName.RS256, KeyName.ES256])
async def test_every_changed_character_is_noticed(here: Realm, key: KeyName) -> None:
    """Also in the last one of a part, some of whose bits stand for nothing."""
    token = here.oidc.mint(key=key)
    assert await here.name(token) == ANNA
    for place in range(len(token)):
        other = "A" if token[place] != "A" else "B"
        for char in (other, "." if token[place] != "." else "A", "+"):
            await here.refusal(token[:place] + char + token[place + 1 :])


@pytest.mark.parametrize("key", [KeyName.RS256, KeyName.ES256])
@pytest.mark.parametrize("cut", [1, 2, 4, 20, None])
async def test_a_cut_signature_is_refused(here: Realm, key: KeyName, cut: int | None) -> None:
    head, payload, signature = here.oidc.mint(key=key).split(".")
    rest = "" if cut is None else signature[:-cut]

    await here.refusal(f"{head}.{payload}.{rest}")


@pytest.mark.parametrize("more", [".", ".e30", "..", "=", "A", "AAAA", "\n", " ", "\x00"])
async def test_nothing_may_be_appended(here: Realm, more: str) -> None:
    await here.refusal(here.oidc.mint() + more)
    await here.refusal(more + here.oidc.mint())


async def test_keys_that_a_token_brings_along_are_not_looked_at(here: Realm) -> None:
    headers: list[dict[str, object]] = [
        {"jwk": ATTACKER.jwk()},
        {"jwk": ATTACKER.jwk(), "kid": ATTACKER.kid},
        {"jku": "http://evil.example/jwks", "kid": published_rsa(here).kid},
        {"x5u": "http://evil.example/cert", "kid": published_rsa(here).kid},
        {"x5c": ["MIIB"], "kid": published_rsa(here).kid},
    ]
    for header in headers:
        await here.refusal(here.oidc.mint(key=ATTACKER, header=header))

    assert {path.partition("/protocol")[0] for path in here.wire.paths} <= {
        "/realms/cscs/.well-known/openid-configuration",
        "/realms/cscs",
    }


@pytest.mark.parametrize(
    "header", [{"crit": ["exp"]}, {"crit": []}, {"crit": ["b64"], "b64": False}, {"b64": False}]
)
async def test_an_extension_that_must_be_understood_is_refused(
    here: Realm, header: dict[str, object]
) -> None:
    await here.refusal(here.oidc.mint(header=header))


@pytest.mark.parametrize(
    "header", [{"jku": "no address"}, {"jwk": "no key"}, {"x5c": 7}, {"typ": 7}, {"cty": []}]
)
async def test_a_header_of_another_shape_is_refused_though_our_key_has_signed_it(
    here: Realm, header: dict[str, object]
) -> None:
    await here.refusal(here.oidc.mint(header=header))


@pytest.mark.parametrize("kid", [None, 7, ["a"], {"a": 1}, True])
async def test_a_key_name_that_is_no_text_is_refused(here: Realm, kid: object) -> None:
    await here.refusal(here.oidc.mint(header={"kid": kid}))


async def test_a_token_must_name_its_key_where_there_are_several(here: Realm) -> None:
    token = here.oidc.mint(key=Unnamed(published_rsa(here)))

    assert "which key" in await here.refusal(token)


async def test_it_need_not_where_there_is_one(here: Realm) -> None:
    here.oidc.keys = here.oidc.keys[:1]

    assert await here.name(here.oidc.mint(key=Unnamed(published_rsa(here)))) == ANNA
    assert "algorithm" in await here.refusal(here.oidc.mint(key=Unnamed(ec_key(0))))


async def test_an_expired_token_and_one_of_the_future_are_refused(here: Realm) -> None:
    now = int(here.clock.now().timestamp())

    assert "expired" in await here.refusal(here.oidc.mint({"exp": now - 30}))
    assert "not valid yet" in await here.refusal(here.oidc.mint({"nbf": now + 31}))
    assert await here.name(here.oidc.mint({"exp": now - 29, "nbf": now + 30})) == ANNA


async def test_another_issuer_is_refused_though_the_signature_is_right(here: Realm) -> None:
    for issuer in ("http://localhost/realms/other", "http://evil.example/realms/cscs", None):
        assert "somebody else" in await here.refusal(here.oidc.mint({"iss": issuer}))


async def test_another_audience_is_refused(here: Realm) -> None:
    for audience in ("account", None, [], ["account"]):
        assert "audience" in await here.refusal(here.oidc.mint({"aud": audience}))
    assert "audience" in await here.refusal(here.oidc.mint(leave_out=["aud"]))


async def test_without_a_client_id_any_audience_will_do() -> None:
    with realm(client_id=None) as here:
        assert await here.name(here.oidc.mint(leave_out=["aud"])) == ANNA


@pytest.mark.parametrize("claim", ["exp", "iss", "sub", "preferred_username"])
async def test_a_claim_that_is_needed_must_be_there(here: Realm, claim: str) -> None:
    await here.refusal(here.oidc.mint(leave_out=[claim]))


@pytest.mark.parametrize(
    "payload", [b"[]", b'"x"', b"7", b"null", b"{", b"", b"\xff", b'{"exp":NaN}']
)
async def test_a_signed_payload_that_is_no_object_is_refused(here: Realm, payload: bytes) -> None:
    key = published_rsa(here)
    header = base64url(json.dumps({"alg": "RS256", "kid": key.kid}).encode())
    signed = f"{header}.{base64url(payload)}"

    await here.refusal(f"{signed}.{base64url(key.sign(signed.encode()))}")


async def test_a_token_is_checked_once_and_then_known(here: Realm) -> None:
    token = here.oidc.mint()
    first = await here.verifier.verify(token)

    assert await here.verifier.verify(token) is first


async def test_a_known_token_expires_like_any_other(here: Realm) -> None:
    token = here.oidc.mint()
    await here.name(token)
    here.advance(minutes=60, seconds=29)
    assert await here.name(token) == ANNA
    here.advance(seconds=1)

    assert "expired" in await here.refusal(token)


async def test_a_service_account_is_a_caller_too() -> None:
    with realm(client_id=None) as here:
        token = here.oidc.issue(CLIENT_ID, here.oidc.issuer)

        assert await here.name(token) == f"service-account-{CLIENT_ID}"
