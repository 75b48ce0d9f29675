"""The tree as a whole: levels, ids, parents that disagree, and which rows take part."""

from __future__ import annotations

from uuid import NAMESPACE_OID, UUID, uuid5

import attrs
import pytest

from cscs_domain.identities import Identities
from cscs_domain.problems import ProblemCode, Severity
from cscs_domain.storage.data_types import TargetType
from cscs_domain.storage.hierarchy import build_hierarchy
from cscs_domain.storage.intake import Intake
from cscs_domain.storage.states import OrderState, OrderType, Status
from cscs_domain.storage.target_ids import ItemIds
from cscs_domain.storage.targets import CustomerTarget
from tests.unit.storage.samples import (
    GIDS,
    POLICY,
    answer,
    codes,
    leaves,
    of_type,
    order,
    problem,
    sample,
    uuid_of,
)

NEWER = "2026-11-21T10:00:00.000000Z"


def test_no_resources_are_an_empty_tree() -> None:
    hierarchy = answer()

    assert hierarchy.rows == ()
    assert hierarchy.problems == ()


def test_projects_hang_on_customers_and_those_on_tenants() -> None:
    tenant, customer, project = answer(sample()).rows

    assert tenant.parent_item_id is None
    assert customer.parent_item_id == tenant.item_id
    assert project.parent_item_id == customer.item_id


def test_resources_of_one_customer_share_their_parents() -> None:
    hierarchy = answer(sample("a"), sample("b", project_slug="ocean"))

    types = [row.target_type.value for row in hierarchy.rows]
    assert types == ["tenant", "customer", "project", "project"]


def test_each_system_and_data_type_has_parents_of_its_own() -> None:
    hierarchy = answer(
        sample("a"),
        sample("b", offering_slug="vast-offering"),
        sample("c", attributes={"storage_data_type": "archive"}),
    )

    assert len(of_type(hierarchy, TargetType.TENANT)) == 3
    assert len(of_type(hierarchy, TargetType.CUSTOMER)) == 3


def test_documented_ids_repeat_where_a_customer_has_two_systems_and_unique_ones_do_not() -> None:
    rows = (sample("a"), sample("b", attributes={"storage_data_type": "archive"}))
    unique = attrs.evolve(POLICY, item_ids=ItemIds.UNIQUE)

    documented = [row.item_id for row in answer(*rows).rows]
    distinct = [row.item_id for row in answer(*rows, policy=unique).rows]

    assert len(set(documented)) == len(documented) - 2
    assert len(set(distinct)) == len(distinct)


def test_unique_ids_are_made_of_names_joined_by_slashes() -> None:
    tenant, customer, _ = answer(
        sample(), policy=attrs.evolve(POLICY, item_ids=ItemIds.UNIQUE)
    ).rows

    assert tenant.item_id == uuid5(NAMESPACE_OID, "tenant:cscs/capstor/store")
    assert customer.item_id == uuid5(
        NAMESPACE_OID, "customer:cscs/university-physics/capstor/store"
    )
    assert customer.target.item_id == customer.item_id


def test_names_that_only_join_alike_get_different_ids() -> None:
    unique = attrs.evolve(POLICY, item_ids=ItemIds.UNIQUE)
    hierarchy = answer(
        sample("a", provider_slug="a-b", customer_slug="c"),
        sample("b", provider_slug="a", customer_slug="b-c"),
        policy=unique,
    )

    assert len({row.item_id for row in of_type(hierarchy, TargetType.CUSTOMER)}) == 2


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        (["OK"], "active"),
        (["Erred", "OK"], "active"),
        (["Creating"], "pending"),
        (["Erred", "Updating", "Terminating"], "pending"),
        (["Terminated"], "pending"),
    ],
)
def test_a_parent_is_active_if_any_descendant_is(states: list[str], expected: str) -> None:
    hierarchy = answer(*[sample(f"r-{n}", state=state) for n, state in enumerate(states)])

    assert {row.status.value for row in hierarchy.rows[:2]} == {expected}


def test_parents_have_permission_775_and_no_quotas() -> None:
    tenant, customer, _ = answer(sample(options={"permissions": "2770"})).rows

    assert tenant.permission.value == customer.permission.value == "775"
    assert tenant.quotas is customer.quotas is None


def test_a_parent_under_two_names_takes_the_first_and_warns() -> None:
    hierarchy = answer(sample("a", customer_name="Zoology"), sample("b", customer_name="Botany"))

    (customer,) = of_type(hierarchy, TargetType.CUSTOMER)
    assert isinstance(customer.target, CustomerTarget)
    assert customer.target.name == "Botany"
    assert problem(hierarchy, ProblemCode.AMBIGUOUS_PARENT).severity is Severity.WARNING


def test_a_parent_under_two_uuids_takes_the_smallest_and_warns() -> None:
    one, other = sorted([uuid_of("one"), uuid_of("other")])
    hierarchy = answer(sample("a", customer_uuid=other), sample("b", customer_uuid=one))

    assert of_type(hierarchy, TargetType.CUSTOMER)[0].item_id == UUID(one)
    assert ProblemCode.AMBIGUOUS_PARENT in codes(hierarchy)


def test_with_unique_ids_two_uuids_are_no_ambiguity() -> None:
    unique = attrs.evolve(POLICY, item_ids=ItemIds.UNIQUE)
    rows = (sample("a", customer_uuid=uuid_of("one")), sample("b", customer_uuid=uuid_of("other")))

    assert ProblemCode.AMBIGUOUS_PARENT not in codes(answer(*rows, policy=unique))


def test_a_branch_whose_resources_were_all_left_out_is_not_shown() -> None:
    lost = sample("lost", customer_slug="elsewhere", project_slug="..")
    hierarchy = answer(sample(), lost, gids={**GIDS, "..": 1000})

    assert len(of_type(hierarchy, TargetType.CUSTOMER)) == 1


def test_resources_of_other_offerings_are_counted_and_told_once_per_offering() -> None:
    foreign = [sample(f"f-{n}", offering_slug="compute") for n in range(5)]
    hierarchy = answer(sample(), *foreign, sample("f-0", offering_slug="compute"))

    told = problem(hierarchy, ProblemCode.UNKNOWN_OFFERING)
    assert told.message.startswith("5 resource(s) of offering 'compute'")
    assert told.severity is Severity.ERROR
    assert len(leaves(hierarchy)) == 1


def test_identical_copies_are_one_resource_without_a_word() -> None:
    assert answer(sample(), sample()) == answer(sample())


def test_of_differing_copies_the_newest_is_taken_with_a_warning() -> None:
    newer = sample(modified=NEWER, state="Erred")
    for rows in ([sample(), newer], [newer, sample()]):
        hierarchy = answer(*rows)

        assert [row.status for row in leaves(hierarchy)] == [Status.ERROR]
        assert codes(hierarchy) == {ProblemCode.DUPLICATE_RESOURCE}


def test_a_server_too_old_to_send_slugs_is_named_once() -> None:
    rows = [sample(f"r-{n}", offering_slug=None, provider_slug=None) for n in range(3)]

    assert ProblemCode.UPSTREAM_TOO_OLD in codes(answer(*rows))
    assert ProblemCode.UPSTREAM_TOO_OLD not in codes(answer(sample(), *rows))
    assert ProblemCode.UPSTREAM_TOO_OLD not in codes(answer())


def test_terminated_resources_take_part_only_when_asked_for() -> None:
    row = sample(state="Terminated")
    identities = Identities(GIDS)

    shown = build_hierarchy([row], identities, POLICY, include_terminated=True)
    hidden = build_hierarchy([row], identities, POLICY, include_terminated=False)

    assert [row.status for row in leaves(shown)] == [Status.REMOVED]
    assert hidden.rows == ()
    assert hidden.problems == ()


def test_a_resource_terminated_while_being_read_does_not_come_back_to_life() -> None:
    gone = sample(state="Terminated", modified=NEWER)
    for rows in ([sample(), gone], [gone, sample()]):
        hidden = build_hierarchy(rows, Identities(GIDS), POLICY, include_terminated=False)

        assert hidden.rows == ()


def test_problems_found_while_reading_are_kept_once() -> None:
    intake = Intake(POLICY)
    found = answer(sample(slug=None)).problems
    intake.report(found)
    intake.report(found)

    assert intake.problems == list(found)


class TestChosenSystems:
    """Whoever reads one of two systems must not be told that the other is unknown."""

    VAST_ONLY = attrs.evolve(POLICY, only=frozenset({"vast"}))

    def test_resources_of_the_other_systems_are_passed_over_in_silence(self) -> None:
        rows = (sample("a"), sample("b", offering_slug="vast-offering"), sample("c", slug=None))
        hierarchy = answer(*rows, policy=self.VAST_ONLY)

        assert [str(row.item_id) for row in leaves(hierarchy)] == [uuid_of("b")]
        assert hierarchy.problems == ()

    def test_an_offering_that_no_system_names_is_still_told(self) -> None:
        rows = (sample("a"), sample("b", offering_slug="compute"))
        hierarchy = answer(*rows, policy=self.VAST_ONLY)

        assert problem(hierarchy, ProblemCode.UNKNOWN_OFFERING).resource == "compute"

    def test_their_orders_are_passed_over_as_well(self) -> None:
        row = sample(order_in_progress=order("executing"))

        assert answer(row, policy=self.VAST_ONLY).orders == ()


class TestOrders:
    def test_an_order_in_progress_comes_with_the_row_of_its_resource(self) -> None:
        hierarchy = answer(sample("a"), sample("b", order_in_progress=order("executing")))
        (found,) = hierarchy.orders

        assert found.row in leaves(hierarchy)
        assert str(found.order) == uuid_of("order")
        assert str(found.resource) == uuid_of("b")
        assert (found.type, found.state) == (OrderType.UPDATE, OrderState.EXECUTING)
        assert found.row is not None
        assert found.row.item_id == found.resource

    @pytest.mark.parametrize("state", ["done", "erred", "canceled", "rejected"])
    def test_an_order_that_has_ended_is_none(self, state: str) -> None:
        assert answer(sample(order_in_progress=order(state))).orders == ()

    @pytest.mark.parametrize(
        "why",
        [{"project_slug": "nobody-knows"}, {"customer_slug": ".."}, {"provider_slug": "a/b"}],
        ids=["no identity", "unsafe customer", "unsafe provider"],
    )
    def test_an_order_of_a_resource_that_was_left_out_is_kept_without_a_row(
        self, why: dict[str, str]
    ) -> None:
        hierarchy = answer(sample(**why, order_in_progress=order("executing")))

        assert hierarchy.rows == ()
        assert [(str(o.resource), o.row) for o in hierarchy.orders] == [(uuid_of("res-1"), None)]

    def test_orders_come_by_the_paths_of_their_rows_and_those_without_rows_last(self) -> None:
        names = {"z": "climate-sim", "y": "nobody", "x": "ocean", "w": "nobody-else"}
        rows = [
            sample(name, project_slug=project, order_in_progress=order("executing", uuid=uuid))
            for (name, project), uuid in zip(
                names.items(), ("4" * 32, "3" * 32, "2" * 32, "1" * 32), strict=True
            )
        ]
        hierarchy = answer(*rows)

        assert [str(o.resource) for o in hierarchy.orders] == [uuid_of(name) for name in "zxwy"]

    def test_a_read_without_terminated_resources_has_no_orders_of_theirs(self) -> None:
        row = sample(state="Terminated", order_in_progress=order("executing"))

        assert answer(row, include_terminated=False).orders == ()
        assert len(answer(row, include_terminated=True).orders) == 1

    def test_the_order_of_the_copy_that_counts_is_taken(self) -> None:
        older = sample(order_in_progress=order("pending-provider"))
        newer = sample(order_in_progress=order("executing"), modified=NEWER)
        for rows in ((older, newer), (newer, older)):
            (found,) = answer(*rows).orders

            assert found.state is OrderState.EXECUTING
