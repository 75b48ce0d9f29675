"""How users are found: contract, section 4.1, step 2."""

from __future__ import annotations

import pytest

from cscs_domain.events.directory import DirectoryUser
from cscs_domain.events.event import EventIdentity
from cscs_domain.events.linking import link
from cscs_domain.events.links import LinkGap
from tests.unit.events.link_data import directory, event

ANNA = DirectoryUser(id="u1", external_id="Sub-1", email="Anna@x.example.org", username="anna")
BERT = DirectoryUser(id="u2", external_id="Sub-2", email="bert@x.example.org", username="b_rt")
KNOWN = directory(ANNA, BERT, DirectoryUser(id="u3", username="bxrt"))


@pytest.mark.parametrize(
    ("scheme", "value", "user"),
    [
        ("oidc_sub", "Sub-1", "u1"),
        ("oidc_sub", "sub-1", None),
        ("user_email", "ANNA@X.EXAMPLE.ORG", "u1"),
        ("user_email", "anna", None),
        ("perun_username", "ANNA", "u1"),
        ("perun_username", "Anna@x.example.org", None),
        ("perun_user", "Anna", "u1"),
        ("perun_username", "b_rt", "u2"),
        ("perun_username", "b%", None),
        ("perun_username", " anna\t", "u1"),
        ("oidc_sub", " Sub-1 ", "u1"),
        ("user_email", "\u3000ANNA@x.example.org", "u1"),
        ("perun_username", "an na", None),
        ("perun_username", "  ", None),
        ("PERUN_USERNAME", "anna", None),
    ],
)
def test_a_user_is_found_by_the_whole_identity(scheme: str, value: str, user: str | None) -> None:
    made = link(event((scheme, value)), KNOWN)

    assert made.user == user
    assert made.user_match == (scheme if user else None)


def test_the_schemes_have_an_order_whatever_the_order_of_identities() -> None:
    identities = [
        ("perun_user", "anna"),
        ("perun_username", "anna"),
        ("user_email", "anna@x.example.org"),
        ("oidc_sub", "Sub-2"),
    ]

    assert link(event(*identities), KNOWN).user == "u2"
    assert link(event(*identities[:3]), KNOWN).user_match == "user_email"
    assert link(event(*identities[:2]), KNOWN).user_match == "perun_username"


def test_only_the_first_identity_of_a_scheme_counts() -> None:
    made = link(event(("user_email", "who@x.example.org"), ("user_email", ANNA.email or "")), KNOWN)

    assert (made.user, made.gaps[0]) == (None, LinkGap.UNKNOWN_USER)


def test_the_next_scheme_is_tried_where_nobody_was_found() -> None:
    made = link(event(("oidc_sub", "nobody"), ("perun_username", "anna")), KNOWN)

    assert (made.user, made.user_match) == ("u1", "perun_username")
    assert made.sought_identity == EventIdentity("perun_username", "anna")


def test_two_users_of_one_identity_are_nobody_and_no_other_scheme_decides() -> None:
    known = directory(ANNA, DirectoryUser(id="u9", email="anna@X.example.org"))

    made = link(event(("user_email", "anna@x.example.org"), ("perun_username", "anna")), known)

    assert made.user is None
    assert made.gaps[0] is LinkGap.AMBIGUOUS_USER
    assert made.sought_identity == EventIdentity("user_email", "anna@x.example.org")


def test_a_user_who_is_there_twice_alike_is_one() -> None:
    assert link(event(("perun_username", "anna")), directory(ANNA, ANNA)).user == "u1"


def test_who_is_missing_was_sought_by_the_best_identity() -> None:
    made = link(event(("perun_username", "x"), ("user_email", "y")), KNOWN)

    assert made.gaps[0] is LinkGap.UNKNOWN_USER
    assert made.sought_identity == EventIdentity("user_email", "y")


def test_schemes_that_cannot_be_looked_up_are_told() -> None:
    made = link(event(("badge", "17"), ("perun", "anna")), KNOWN)

    assert made.gaps[0] is LinkGap.UNKNOWN_SCHEME
    assert made.sought_identity == EventIdentity("badge", "17")


def test_an_event_of_nobody_misses_no_user() -> None:
    assert not any(gap.is_of_user for gap in link(event(), KNOWN).gaps)
