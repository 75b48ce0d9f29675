"""What is believed of a row, and what a malformed one is told: Waldur contract, section 10."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import pytest

from cscs_domain.errors import InvalidValueError
from cscs_domain.problems import ProblemCode, Severity
from cscs_domain.storage.resource_parser import parse_resource
from cscs_domain.storage.states import OrderState, OrderType, ResourceState
from cscs_domain.storage.waldur_rows import WaldurRow
from tests.unit.storage.samples import order, sample, uuid_of

NEEDED = (
    *("uuid", "slug", "state", "offering_uuid", "offering_slug"),
    *("provider_slug", "customer_slug", "customer_uuid", "project_slug"),
)


def told(row: WaldurRow) -> list[tuple[ProblemCode, str]]:
    parsed = parse_resource(row)
    assert parsed.resource is None
    assert {problem.severity for problem in parsed.problems} == {Severity.ERROR}
    return [(problem.code, problem.message) for problem in parsed.problems]


def test_a_valid_row_becomes_a_resource_without_problems() -> None:
    parsed = parse_resource(sample(limits={"storage": "8.20"}, backend_id="fs-1"))

    resource = parsed.resource
    assert resource is not None
    assert parsed.problems == ()
    assert resource.uuid == UUID(uuid_of("res-1"))
    assert resource.state is ResourceState.OK
    assert resource.limit == Decimal("8.2")
    assert resource.backend_id == "fs-1"
    assert (resource.customer.slug, resource.customer.name) == (
        "university-physics",
        "University Physics",
    )


@pytest.mark.parametrize("member", NEEDED)
@pytest.mark.parametrize("value", [None, ""])
def test_a_needed_member_that_is_absent_null_or_empty_is_named(member: str, value: object) -> None:
    assert told(sample("res-1", **{member: value})) == [
        (ProblemCode.MISSING_FIELD, f"{member} is missing")
    ]


@pytest.mark.parametrize("member", NEEDED)
@pytest.mark.parametrize("value", [5, True, [], {}, "\ud800"])
def test_a_needed_member_of_the_wrong_kind_is_named(member: str, value: object) -> None:
    ((code, message),) = told(sample("res-1", **{member: value}))

    assert code is ProblemCode.MALFORMED_RECORD
    assert message.startswith(f"{member} is ")


def test_every_fault_of_a_row_is_told_not_just_the_first() -> None:
    faults = told(sample("", uuid="x", project_slug=None, limits=[], options={"permissions": 1}))

    assert len(faults) == 5


def test_a_missing_slug_hints_at_an_old_server() -> None:
    (problem,) = parse_resource(sample(project_slug=None)).problems

    assert "before version 8" in problem.hint


@pytest.mark.parametrize("form", ["dashed", "bare", "upper"])
def test_a_uuid_may_come_with_or_without_dashes(form: str) -> None:
    dashed = uuid_of("res-1")
    bare = dashed.replace("-", "")
    text = {"dashed": dashed, "bare": bare, "upper": bare.upper()}[form]

    resource = parse_resource(sample(uuid=text)).resource

    assert resource is not None
    assert str(resource.uuid) == dashed


@pytest.mark.parametrize("text", ["{%s}", "urn:uuid:%s", " %s", "%s\n", "%s0", "-%s"], ids=repr)
def test_other_spellings_of_a_uuid_are_refused(text: str) -> None:
    ((code, _),) = told(sample(uuid=text % uuid_of("res-1").replace("-", "")))

    assert code is ProblemCode.MALFORMED_RECORD


def test_a_problem_names_the_row_by_its_uuid_in_canonical_form() -> None:
    row = sample(uuid=uuid_of("res-1").replace("-", "").upper(), slug=None)

    assert {problem.resource for problem in parse_resource(row).problems} == {uuid_of("res-1")}


def test_a_row_without_uuid_is_named_by_its_slug_escaped() -> None:
    (problem,) = parse_resource(sample("a\nb", uuid=None)).problems

    assert problem.resource == "'a\\nb'"


def test_names_that_are_missing_are_replaced_by_slugs() -> None:
    resource = parse_resource(sample(customer_name=None, project_name="")).resource

    assert resource is not None
    assert resource.customer.name == "university-physics"
    assert resource.project.name == "climate-sim"


@pytest.mark.parametrize(
    "value", [-1, "-1", "ten", True, [], "NaN", "Infinity", Decimal("NaN"), Decimal(10) ** 13]
)
@pytest.mark.parametrize("member", ["limits", "options"])
def test_an_amount_that_is_none_leaves_the_resource_out(member: str, value: object) -> None:
    key = "storage" if member == "limits" else "hard_quota_space"

    ((code, _),) = told(sample("res-1", **{member: {key: value}}))

    assert code is ProblemCode.MALFORMED_RECORD


@pytest.mark.parametrize("member", ["limits", "attributes", "options"])
def test_what_should_be_an_object_and_is_not_is_named(member: str) -> None:
    wrong: tuple[object, ...] = ([], "x", 5)
    for value in wrong:
        faults = told(sample("res-1", **{member: value}))

        assert {code for code, _ in faults} == {ProblemCode.MALFORMED_RECORD}
        assert all(message.startswith(f"{member} is ") for _, message in faults)


def test_an_order_is_read_with_its_limits_and_options() -> None:
    nested = order(
        "executing",
        limits={"storage": "20"},
        attributes={"old_limits": {"storage": 10}, "new_options": {"soft_quota_inodes": "5.0"}},
    )

    resource = parse_resource(sample(order_in_progress=nested)).resource

    assert resource is not None
    assert resource.order is not None
    assert (resource.order.type, resource.order.state) == (OrderType.UPDATE, OrderState.EXECUTING)
    assert (resource.order.limit, resource.order.old_limit) == (Decimal(20), Decimal(10))
    assert resource.order.old_overrides is None
    assert resource.order.overrides is not None
    assert resource.order.overrides.inodes_soft == 5


@pytest.mark.parametrize(
    "change",
    [
        {"uuid": None},
        {"uuid": "x"},
        {"state": None},
        {"state": 5},
        {"type": 5},
        {"limits": []},
        {"limits": {"storage": -1}},
        {"attributes": "x"},
        {"attributes": {"old_limits": []}},
        {"attributes": {"new_options": 5}},
        {"attributes": {"old_options": {"hard_quota_inodes": "many"}}},
    ],
)
def test_a_malformed_order_leaves_the_resource_out(change: dict[str, object]) -> None:
    assert told(sample(order_in_progress=order("executing") | change))


@pytest.mark.parametrize("value", [None, 5, "x", []])
def test_what_is_no_object_is_no_row(value: object) -> None:
    with pytest.raises(InvalidValueError, match="not a JSON object"):
        WaldurRow.from_mapping(value)


@pytest.mark.parametrize("value", [5, "x", []])
def test_an_order_that_is_no_object_makes_it_no_row(value: object) -> None:
    with pytest.raises(InvalidValueError, match="order_in_progress"):
        WaldurRow.from_mapping({"order_in_progress": value})
