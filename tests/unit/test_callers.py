"""Who may what."""

from __future__ import annotations

import pytest

from cscs_domain.callers import AccessPolicy, Caller
from cscs_domain.errors import PermissionDeniedError

ANNA = Caller(subject="7f1c", username="anna", roles=frozenset({"reader"}))
OLGA = Caller(subject="9b2d", username="olga", roles=frozenset({"reader", "operator"}))
BOTH = AccessPolicy(required_role="reader", operator_role="operator")


def test_without_a_required_role_everybody_is_admitted() -> None:
    AccessPolicy().admit(Caller(subject="s", username="u"))


def test_with_one_only_who_has_it() -> None:
    BOTH.admit(ANNA)

    with pytest.raises(PermissionDeniedError) as caught:
        AccessPolicy(required_role="writer").admit(ANNA)

    assert "'writer'" in caught.value.help


@pytest.mark.parametrize("role", ["READER", "reader ", "read", "", "reader\x00"])
def test_a_role_is_compared_letter_by_letter(role: str) -> None:
    with pytest.raises(PermissionDeniedError):
        AccessPolicy(required_role=role).admit(ANNA)


def test_an_operator_is_who_has_the_operator_role() -> None:
    BOTH.demand_operator(OLGA)

    assert (BOTH.is_operator(OLGA), BOTH.is_operator(ANNA)) == (True, False)
    with pytest.raises(PermissionDeniedError) as caught:
        BOTH.demand_operator(ANNA)
    assert "'operator'" in caught.value.help


def test_without_an_operator_role_nobody_is_one_and_the_key_to_set_is_named() -> None:
    with pytest.raises(PermissionDeniedError) as caught:
        AccessPolicy().demand_operator(OLGA)

    assert "auth.operator_role" in caught.value.help


@pytest.mark.parametrize("name", ["a\nb", "a\x1b[2J", "x" * 250, "Zo\u202eë"])
def test_a_caller_is_shown_so_that_no_log_suffers(name: str) -> None:
    shown = str(Caller(subject="s", username=name))

    assert shown.isascii()
    assert shown.isprintable()
    assert len(shown) < 100
