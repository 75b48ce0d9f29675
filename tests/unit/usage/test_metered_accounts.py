"""Which resources are reported."""

from __future__ import annotations

import pytest

from cscs_domain.problems import Problem, ProblemCode, Severity
from cscs_domain.storage.states import ResourceState
from cscs_domain.usage.metered_accounts import MeteredAccounts, metered_accounts
from cscs_domain.usage.metered_resources import REPORTABLE, MeteredResource, MeteredResources
from tests.unit.usage.plan_samples import resource


def chosen(*resources: MeteredResource, only: frozenset[str] = frozenset()) -> MeteredAccounts:
    return metered_accounts(MeteredResources(resources=resources), only)


def accounts(found: MeteredAccounts) -> list[str]:
    return [each.backend_id for each in found.resources]


def codes(found: MeteredAccounts) -> list[ProblemCode]:
    return [problem.code for problem in found.problems]


def test_each_resource_with_a_backend_id_is_an_account_in_the_order_of_names() -> None:
    found = chosen(resource("lp05"), resource("g118"), resource("g207"))
    assert accounts(found) == ["g118", "g207", "lp05"]
    assert not found.problems


def test_a_resource_without_a_backend_id_is_told_and_left_out() -> None:
    found = chosen(resource(""), resource("g207"))
    assert accounts(found) == ["g207"]
    (problem,) = found.problems
    assert (problem.code, problem.severity) == (ProblemCode.NO_ACCOUNT, Severity.INFO)


def test_two_resources_of_one_account_are_both_left_out() -> None:
    found = chosen(resource("g207"), resource("g207", key="again"), resource("lp05"))
    assert accounts(found) == ["lp05"]
    (problem,) = found.problems
    assert (problem.code, problem.severity) == (ProblemCode.SHARED_ACCOUNT, Severity.ERROR)
    assert problem.resource == "g207"


@pytest.mark.parametrize("state", list(ResourceState))
def test_only_states_in_which_waldur_takes_usage_are_reported(state: ResourceState) -> None:
    found = chosen(resource("g207", state=state))
    assert accounts(found) == (["g207"] if state in REPORTABLE else [])
    expected = [] if state in REPORTABLE else [ProblemCode.UNREPORTABLE_STATE]
    assert codes(found) == expected


def test_a_choice_of_accounts_leaves_the_others_alone() -> None:
    found = chosen(
        resource("g207"),
        resource("lp05"),
        resource("lp05", key="again"),
        resource(""),
        only=frozenset({"g207"}),
    )
    assert accounts(found) == ["g207"]
    assert not found.problems


def test_a_chosen_account_that_no_resource_has_is_an_error() -> None:
    found = chosen(resource("g207"), only=frozenset({"G207"}))
    assert not found.resources
    (problem,) = found.problems
    assert (problem.code, problem.severity) == (ProblemCode.UNKNOWN_ACCOUNT, Severity.ERROR)


def test_problems_of_reading_are_handed_on() -> None:
    bad = Problem(ProblemCode.MALFORMED_RECORD, Severity.ERROR, "row 3 is no resource")
    found = metered_accounts(MeteredResources(resources=(), problems=(bad,)), frozenset())
    assert found.problems == (bad,)
