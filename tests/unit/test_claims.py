"""Which claims are believed, and what they make of a caller."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cscs_domain.callers import Caller
from cscs_domain.claims import ClaimRules
from cscs_domain.errors import AuthenticationError

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
ISSUER = "https://auth.example.com/realms/cscs"
RULES = ClaimRules(issuer=ISSUER, client_id="storage-proxy")
GOOD: dict[str, object] = {
    "iss": ISSUER,
    "aud": ["storage-proxy", "account"],
    "azp": "storage-proxy",
    "sub": "7f1c2a90",
    "preferred_username": "anna",
    "exp": SECONDS + 300,
    "nbf": SECONDS,
    "iat": SECONDS,
    "realm_access": {"roles": ["reader"]},
    "resource_access": {"storage-proxy": {"roles": ["operator"]}, "account": {"roles": ["view"]}},
}


def believe(rules: ClaimRules = RULES, /, **changes: object) -> Caller:
    """The caller of the good claims with changes."""
    return rules.believe(GOOD | changes, NOW).caller


def refuse(rules: ClaimRules = RULES, /, **changes: object) -> str:
    """Why the good claims with changes are not believed; `...` leaves a claim out."""
    claims = {name: value for name, value in (GOOD | changes).items() if value is not ...}
    with pytest.raises(AuthenticationError) as caught:
        rules.believe(claims, NOW)
    return caught.value.reason


def test_good_claims_make_a_caller_with_roles_of_the_realm_and_of_this_client() -> None:
    """Whoever administers another client must not be able to make operators here."""
    assert believe() == Caller(
        subject="7f1c2a90", username="anna", roles=frozenset({"reader", "operator"})
    )


def test_without_a_client_roles_of_every_client_count() -> None:
    assert believe(ClaimRules(issuer=ISSUER)).roles == {"reader", "operator", "view"}


@pytest.mark.parametrize("kind", ["ID", "Refresh", "Offline", "", None, 7])
def test_another_kind_of_token_is_refused(kind: object) -> None:
    """In Keycloak an ID token names the client in its audience, as an access token need not."""
    assert "kind" in refuse(typ=kind)


def test_an_access_token_may_say_that_it_is_one() -> None:
    assert believe(typ="Bearer").username == "anna"


def test_a_token_that_is_bound_to_a_key_is_refused() -> None:
    """A thief has the token without the key, and nobody here would ask for the key."""
    assert "bound" in refuse(cnf={"jkt": "x"})


def test_they_hold_until_they_expire_and_for_the_leeway() -> None:
    assert RULES.believe(GOOD, NOW).until == NOW + timedelta(seconds=330)


class TestTime:
    @pytest.mark.parametrize("ago", [0, 1, 29])
    def test_a_token_that_has_just_expired_is_believed(self, ago: int) -> None:
        believe(exp=SECONDS - ago)

    @pytest.mark.parametrize("ago", [30, 31, 10**6, SECONDS])
    def test_one_that_has_expired_is_not(self, ago: int) -> None:
        assert "expired" in refuse(exp=SECONDS - ago)

    @pytest.mark.parametrize("claim", ["nbf", "iat"])
    def test_one_of_the_near_future_is_believed_and_of_the_far_not(self, claim: str) -> None:
        believe(**{claim: SECONDS + 30})

        assert claim in refuse(**{claim: SECONDS + 31})

    @pytest.mark.parametrize("claim", ["nbf", "iat"])
    def test_only_the_end_is_needed(self, claim: str) -> None:
        claims = {name: value for name, value in GOOD.items() if name != claim}

        assert RULES.believe(claims, NOW).caller.username == "anna"
        assert "expires" in refuse(exp=...)

    @pytest.mark.parametrize("claim", ["exp", "nbf", "iat"])
    @pytest.mark.parametrize(
        "value",
        [
            *(None, True, False, "", str(SECONDS + 300), [SECONDS], {}, -1, 10**12, 10**400),
            *(Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity"), Decimal("1e999999999")),
            *(float("nan"), float("inf"), -(10**400), Decimal("-1e999999999")),
        ],
        ids=lambda value: repr(value)[:20],
    )
    def test_what_is_no_time_is_refused(self, claim: str, value: object) -> None:
        assert "not a time" in refuse(**{claim: value})

    @pytest.mark.parametrize("value", [Decimal(SECONDS) + Decimal("0.5"), SECONDS + 0.5])
    def test_a_time_may_have_a_fraction(self, value: object) -> None:
        believe(exp=value, nbf=value)


class TestIssuer:
    @pytest.mark.parametrize(
        "issuer",
        [
            *(..., None, "", "https://evil.example/realms/cscs", ISSUER + "/", ISSUER + "2"),
            *(ISSUER.upper(), ISSUER.replace("https", "http"), [ISSUER], {"a": ISSUER}),
        ],
        ids=repr,
    )
    def test_any_other_is_refused(self, issuer: object) -> None:
        assert "issued by somebody else" in refuse(iss=issuer)


class TestAudience:
    @pytest.mark.parametrize(
        "audience", ["storage-proxy", ["storage-proxy"], ["x", "storage-proxy"]]
    )
    def test_text_or_a_list_may_name_us(self, audience: object) -> None:
        believe(aud=audience)

    @pytest.mark.parametrize(
        "audience",
        [
            *(..., None, "", [], "account", ["account"], "storage-proxy2", "storage", True),
            *({"storage-proxy": 1}, [["storage-proxy"]], "account storage-proxy", [None]),
        ],
        ids=repr,
    )
    def test_anything_else_is_refused_whoever_is_the_authorised_party(
        self, audience: object
    ) -> None:
        assert "audience" in refuse(aud=audience, azp="storage-proxy")

    @pytest.mark.parametrize("audience", [None, "account", 7])
    def test_without_a_client_id_it_is_not_looked_at(self, audience: object) -> None:
        believe(ClaimRules(issuer=ISSUER), aud=audience)


class TestNames:
    @pytest.mark.parametrize("claim", ["sub", "preferred_username"])
    @pytest.mark.parametrize(
        "value", [..., None, "", "  ", 7, ["anna"], {"name": "anna"}], ids=repr
    )
    def test_nobody_is_refused(self, claim: str, value: object) -> None:
        assert claim in refuse(**{claim: value})

    @pytest.mark.parametrize("claim", ["sub", "preferred_username"])
    @pytest.mark.parametrize("value", ["x" * 256, "half \ud800"])
    def test_what_is_too_long_or_no_text_is_refused(self, claim: str, value: str) -> None:
        assert claim in refuse(**{claim: value})


class TestRoles:
    @pytest.mark.parametrize(
        "access",
        [
            *(None, [], "reader", 7, {}, {"roles": None}, {"roles": "reader"}, {"roles": {}}),
            *({"roles": [None, 7, ["reader"], {"reader": 1}, "", "x" * 256]}, {"role": ["reader"]}),
        ],
        ids=repr,
    )
    def test_an_odd_shape_gives_none(self, access: object) -> None:
        assert believe(realm_access=access, resource_access=access).roles == frozenset()
        assert (
            believe(realm_access=access, resource_access={RULES.client_id: access}).roles == set()
        )

    def test_an_odd_client_hides_no_other(self) -> None:
        clients = {"a": None, "storage-proxy": {"roles": ["operator", 7]}}

        assert believe(realm_access={}, resource_access=clients).roles == {"operator"}

    def test_scopes_and_groups_are_no_roles(self) -> None:
        caller = believe(
            realm_access={},
            resource_access={},
            scope="operator",
            groups=["operator"],
            roles=["operator"],
        )

        assert caller.roles == frozenset()


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(sorted(GOOD)), json_values))
def test_any_claims_are_either_believed_or_refused(changes: dict[str, object]) -> None:
    try:
        caller = RULES.believe(GOOD | changes, NOW).caller
    except AuthenticationError:
        return
    assert caller.username
    assert caller.subject


@given(st.integers(0, 10**10), st.integers(0, 10**9))
def test_a_token_is_believed_at_no_moment_after_its_end(end: int, later: int) -> None:
    moment = datetime.fromtimestamp(end + later, UTC) + timedelta(seconds=30)

    with pytest.raises(AuthenticationError):
        RULES.believe(GOOD | {"exp": end, "nbf": 0, "iat": 0}, moment)
