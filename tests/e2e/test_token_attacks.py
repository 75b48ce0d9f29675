"""Tokens over real sockets: the server as operators run it, the realm as a service of its own."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import attrs
import httpx
import pytest

from cscs_bootstrap.wiring import DEMO_CONFIG
from cscs_fakes.emulators.oidc import CLIENT_ID, KeyName, OidcEmulator, PathStyle
from cscs_fakes.emulators.oidc_keys import RsaKey, SharedSecret, base64url, rsa_key
from cscs_fakes.emulators.oidc_tokens import OPERATOR_ROLE, READER_ROLE
from tests.e2e.conftest import Server, launch, until
from tests.emulated import running_site

PATH: Final = "/api/storage-resources/"
_ATTACKER: Final = rsa_key(-1)


@attrs.frozen
class Guarded:
    """A server that checks the tokens of a realm."""

    server: Server
    oidc: OidcEmulator
    client: httpx.Client

    def get(self, token: str, path: str = PATH) -> httpx.Response:
        """Ask with a token."""
        return self.client.get(path, headers={"authorization": f"Bearer {token}"})

    @property
    def published(self) -> RsaKey:
        """The realm's first RSA key."""
        key = self.oidc.keys[0]
        assert isinstance(key, RsaKey)
        return key


@contextmanager
def guarded(
    folder: Path, *styles: PathStyle, is_down: bool = False, **variables: str
) -> Iterator[Guarded]:
    """Run a server over the demonstration's files, with tokens on. A realm that is down has no
    paths at all.
    """
    with running_site(rows=()) as site:
        site.oidc.styles = frozenset() if is_down else frozenset(styles or {PathStyle.NEW})
        environment = {
            "DISABLE_AUTH": "false",
            "CSCS_KEYCLOAK_URL": site.url,
            "CSCS_KEYCLOAK_CLIENT_ID": CLIENT_ID,
            **variables,
        }
        server = launch(DEMO_CONFIG, folder / "log", environment)
        try:
            until(lambda: _is_ready(server), server)
            with server.client() as client:
                yield Guarded(server, site.oidc, client)
        finally:
            server.process.kill()
            server.process.wait()


def _is_ready(server: Server) -> bool:
    try:
        return server.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """One server for all attacks."""
    with guarded(
        tmp_path_factory.mktemp("guarded"),
        CSCS_AUTH__REQUIRED_ROLE=READER_ROLE,
        CSCS_AUTH__OPERATOR_ROLE=OPERATOR_ROLE,
    ) as made:
        yield made


def refuse(response: httpx.Response, status: int = 401) -> None:
    """Hold that nothing was given away."""
    assert response.status_code == status, response.text
    assert response.headers["www-authenticate"].startswith("Bearer")
    assert set(response.json()) == {"detail", "error", "help", "request_id"}
    assert "etag" not in response.headers


def test_a_good_token_is_answered(here: Guarded) -> None:
    for key in (KeyName.RS256, KeyName.ES256):
        response = here.get(here.oidc.mint(key=key))

        assert response.status_code == 200
        assert response.json()["pagination"]["total"] > 48


def test_an_operator_may_debug(here: Guarded) -> None:
    assert here.get(here.oidc.mint(), PATH + "?debug=true").status_code == 200


def _part(here: Guarded, place: int, change: Callable[[dict[str, object]], object]) -> str:
    """A good token with one part decoded, changed and encoded again, its signature kept."""
    parts = here.oidc.mint().split(".")
    content = json.loads(urlsafe_b64decode(parts[place] + "=="))
    parts[place] = base64url(json.dumps(change(content)).encode())
    return ".".join(parts)


def _as_root(claims: dict[str, object]) -> object:
    return claims | {"preferred_username": "root"}


def _now(here: Guarded) -> int:
    return int(here.oidc.now.timestamp())


ATTACKS: Final[dict[str, Callable[[Guarded], str]]] = {
    "garbage": lambda here: "garbage",
    "three dots": lambda here: "...",
    "not signed": lambda here: here.oidc.mint(key=KeyName.NONE),
    "not signed, with our key's name": lambda here: here.oidc.mint(
        key=KeyName.NONE, header={"kid": here.published.kid}
    ),
    "a good token with its algorithm set to none": lambda here: (
        _part(here, 0, lambda header: header | {"alg": "none"}).rpartition(".")[0] + "."
    ),
    "the public key as a secret": lambda here: here.oidc.mint(key=KeyName.PUBLIC_AS_SECRET),
    "the same in binary": lambda here: here.oidc.mint(
        key=SharedSecret(here.published.public_der(), here.published.kid)
    ),
    "another key under our key's name": lambda here: here.oidc.mint(
        key=_ATTACKER, header={"kid": here.published.kid}
    ),
    "expired": lambda here: here.oidc.mint({"exp": _now(here) - 31}),
    "no end": lambda here: here.oidc.mint(leave_out=["exp"]),
    "not yet valid": lambda here: here.oidc.mint({"nbf": _now(here) + 90}),
    "issued in the future": lambda here: here.oidc.mint({"iat": _now(here) + 90}),
    "another issuer": lambda here: here.oidc.mint({"iss": "https://evil.example/realms/cscs"}),
    "another realm": lambda here: here.oidc.mint({"iss": here.oidc.issuer + "2"}),
    "another audience": lambda here: here.oidc.mint({"aud": ["account"]}),
    "no audience": lambda here: here.oidc.mint(leave_out=["aud"]),
    "nobody": lambda here: here.oidc.mint(leave_out=["preferred_username"]),
    "a changed payload": lambda here: _part(here, 1, _as_root),
    "a changed header": lambda here: _part(here, 0, lambda header: header | {"typ": "at+jwt"}),
    "a cut signature": lambda here: here.oidc.mint()[:-2],
    "no signature": lambda here: here.oidc.mint().rpartition(".")[0] + ".",
    "a part too few": lambda here: here.oidc.mint().rpartition(".")[0],
    "a part too many": lambda here: here.oidc.mint() + ".e30",
    "a key brought along": lambda here: here.oidc.mint(
        key=_ATTACKER, header={"jwk": _ATTACKER.jwk(), "kid": here.published.kid}
    ),
    "keys elsewhere": lambda here: here.oidc.mint(
        key=_ATTACKER, header={"jku": f"{here.oidc.public_url}/evil", "kid": here.published.kid}
    ),
    "a certificate elsewhere": lambda here: here.oidc.mint(
        key=_ATTACKER, header={"x5u": f"{here.oidc.public_url}/evil", "kid": here.published.kid}
    ),
    "a critical extension": lambda here: here.oidc.mint(header={"crit": ["exp"]}),
    "huge": lambda here: here.oidc.mint({"padding": "x" * 16_000}),
}


@pytest.mark.parametrize("name", ATTACKS)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_an_attack_is_refused_and_its_token_is_not_logged(
    here: Guarded, name: str, method: str
) -> None:
    token = ATTACKS[name](here)
    response = here.client.request(method, PATH, headers={"authorization": f"Bearer {token}"})

    assert response.status_code == 401
    if method == "GET":
        refuse(response)
    for part in [part for part in token.split(".") if len(part) > 10]:
        assert part not in response.text
        assert part not in here.server.log


def test_a_missing_or_empty_header_is_refused(here: Guarded) -> None:
    refuse(here.client.get(PATH))
    for value in ("", "Bearer", "bearer"):
        refuse(here.client.get(PATH, headers={"authorization": value}))


@pytest.mark.parametrize("scheme", ["Basic", "Token", "JWT", "Digest", "Bearer:"])
def test_another_scheme_is_refused(here: Guarded, scheme: str) -> None:
    refuse(here.client.get(PATH, headers={"authorization": f"{scheme} {here.oidc.mint()}"}))


def test_a_token_in_the_query_is_refused_and_not_logged(here: Guarded) -> None:
    token = here.oidc.mint({"jti": "in the query"})
    for name in ("access_token", "token", "authorization"):
        refuse(here.client.get(f"{PATH}?{name}={token}"))

    assert token not in here.server.log


def test_two_headers_are_refused(here: Guarded) -> None:
    good = ("authorization", f"Bearer {here.oidc.mint()}")
    refuse(here.client.get(PATH, headers=[good, ("authorization", "Bearer x")]))
    refuse(here.client.get(PATH, headers=[good, good]))


def test_an_enormous_header_is_refused_by_whoever_sees_it_first(here: Guarded) -> None:
    response = here.client.get(PATH, headers={"authorization": "Bearer " + "a" * 60_000})

    assert response.status_code in {400, 401, 431}


def test_a_known_tag_opens_nothing(here: Guarded) -> None:
    etag = here.get(here.oidc.mint()).headers["etag"]

    refuse(here.client.get(PATH, headers={"if-none-match": etag}))


def test_without_the_role_it_is_403(here: Guarded) -> None:
    token = here.oidc.mint({"realm_access": {"roles": ["storage-readers"]}})

    refuse(here.get(token), 403)
    refuse(here.get(token, PATH + "?debug=true"), 403)


def test_without_the_operators_role_debug_is_403(here: Guarded) -> None:
    token = here.oidc.mint({"resource_access": {}})

    assert here.get(token).status_code == 200
    refuse(here.get(token, PATH + "?debug=true"), 403)


def test_a_storm_of_unknown_keys_costs_the_realm_one_request(here: Guarded) -> None:
    good = here.oidc.mint()
    assert here.get(good).status_code == 200
    storm = [
        here.oidc.mint({"jti": str(n)}, key=_ATTACKER, header={"kid": f"unknown-{n}"})
        for n in range(200)
    ]
    before = here.oidc.counts["jwks"]
    with ThreadPoolExecutor(8) as threads:
        responses = list(threads.map(here.get, storm))

    assert {response.status_code for response in responses} == {401}
    assert here.oidc.counts["jwks"] - before <= 1
    assert here.get(good).status_code == 200


def test_the_access_line_names_the_caller(here: Guarded) -> None:
    token = here.oidc.mint({"preferred_username": "line\nforged"})
    request = {"authorization": f"Bearer {token}", "x-request-id": "named"}
    assert here.client.get(PATH, headers=request).status_code == 200
    until(lambda: '"named"' in here.server.log, here.server)
    (line,) = [json.loads(line) for line in here.server.log.splitlines() if '"named"' in line]

    assert line["username"] == "'line\\nforged'"


def test_keys_rotate_without_a_restart(tmp_path: Path) -> None:
    with guarded(tmp_path) as here:
        old = here.oidc.mint()
        assert here.get(old).status_code == 200
        here.oidc.rotate(keep_old=False)

        assert here.get(here.oidc.mint()).status_code == 200
        assert here.get(old).status_code == 401, "its key is gone"


def test_a_realm_that_is_down_is_502_for_tokens_and_nothing_else(tmp_path: Path) -> None:
    with guarded(tmp_path, is_down=True) as here:
        token = here.oidc.mint()

        response = here.get(token)
        assert response.status_code == 502
        assert response.json()["error"] == "UpstreamServiceError"
        refuse(here.client.get(PATH))
        assert here.client.get("/healthz").status_code == 200


def test_an_old_servers_realm_is_found(tmp_path: Path) -> None:
    with guarded(tmp_path, PathStyle.OLD) as here:
        issuer = here.oidc.issuer.replace("/realms/", "/auth/realms/")

        assert here.get(here.oidc.mint({"iss": issuer})).status_code == 200
        refuse(here.get(here.oidc.mint()))
