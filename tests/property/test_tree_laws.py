"""Laws of the tree: who hangs on whom, under which ids, and when a parent is active."""

from __future__ import annotations

from uuid import NAMESPACE_OID, UUID, uuid5

import attrs
from hypothesis import given
from hypothesis import strategies as st

from cscs_domain.problems import ProblemCode, Severity
from cscs_domain.storage.data_types import TargetType
from cscs_domain.storage.hierarchy import Hierarchy, build_hierarchy
from cscs_domain.storage.intake import Intake
from cscs_domain.storage.mappings import MAPPINGS, PROVIDER
from cscs_domain.storage.rows import StorageRow
from cscs_domain.storage.states import Status
from cscs_domain.storage.target_ids import IdScope, ItemIds, scoped_id
from cscs_fakes.strategies import Site, path_segments, policies, sites, untidy_sites

LEAVES = {TargetType.PROJECT, TargetType.USER}
LEVEL_ABOVE = {
    TargetType.CUSTOMER: {TargetType.TENANT},
    TargetType.PROJECT: {TargetType.CUSTOMER},
    TargetType.USER: {TargetType.CUSTOMER},
}
DOCUMENTED = policies(mapping=PROVIDER, item_ids=ItemIds.DOCUMENTED)
UNIQUE = policies(mapping=PROVIDER, item_ids=ItemIds.UNIQUE)


def built(site: Site) -> Hierarchy:
    return build_hierarchy(site.waldur_rows, site.identities, site.policy)


def children_of(parent: StorageRow, rows: tuple[StorageRow, ...]) -> list[StorageRow]:
    """The rows that hang on a row: documented ids alone may repeat, so system and type count."""
    return [
        row
        for row in rows
        if row.parent_item_id == parent.item_id
        and (row.system, row.data_type) == (parent.system, parent.data_type)
        and parent.target_type in LEVEL_ABOVE.get(row.target_type, set())
    ]


@given(sites())
def test_every_valid_resource_is_served(site: Site) -> None:
    hierarchy = built(site)

    leaves = {row.item_id for row in hierarchy.rows if row.target_type in LEAVES}
    assert leaves == {UUID(str(row["uuid"])) for row in site.rows}
    assert all(problem.severity is not Severity.ERROR for problem in hierarchy.problems)


@given(untidy_sites())
def test_every_parent_id_is_an_item_id_of_the_level_above(site: Site) -> None:
    rows = built(site).rows
    if not site.policy.mapping.with_parents:
        assert all(row.parent_item_id is None for row in rows)
        return
    known = {(row.item_id, row.target_type, row.system, row.data_type) for row in rows}
    for row in rows:
        if row.target_type is TargetType.TENANT:
            assert row.parent_item_id is None
        else:
            (above,) = LEVEL_ABOVE[row.target_type]
            assert (row.parent_item_id, above, row.system, row.data_type) in known


@given(untidy_sites())
def test_every_parent_has_a_child(site: Site) -> None:
    rows = built(site).rows
    for row in rows:
        assert row.target_type in LEAVES or children_of(row, rows)


@given(sites(of_policies=UNIQUE))
def test_unique_item_ids_are_unique(site: Site) -> None:
    ids = [row.item_id for row in built(site).rows]

    assert len(set(ids)) == len(ids)


@given(untidy_sites())
def test_row_keys_are_unique(site: Site) -> None:
    keys = [row.key for row in built(site).rows]

    assert len(set(keys)) == len(keys)


@given(sites(of_policies=DOCUMENTED))
def test_documented_ids_are_those_of_offering_customer_and_resource(site: Site) -> None:
    offerings = {UUID(str(row["offering_uuid"])) for row in site.rows}
    customers = {UUID(str(row["customer_uuid"])) for row in site.rows}
    for row in built(site).rows:
        if row.target_type is TargetType.TENANT:
            assert row.item_id in offerings
        if row.target_type is TargetType.CUSTOMER:
            assert row.item_id in customers
        if row.target_type not in LEAVES:
            assert row.target.item_id == row.item_id


@given(st.sampled_from(IdScope), st.lists(path_segments(), min_size=1, max_size=4))
def test_an_id_is_the_uuid5_of_scope_and_parts(scope: IdScope, parts: list[str]) -> None:
    assert scoped_id(scope, *parts) == uuid5(NAMESPACE_OID, f"{scope.value}:{'/'.join(parts)}")


@given(*[st.tuples(st.sampled_from(IdScope), path_segments(), path_segments())] * 2)
def test_different_parts_never_share_an_id(
    one: tuple[IdScope, str, str], other: tuple[IdScope, str, str]
) -> None:
    assert (scoped_id(*one) == scoped_id(*other)) == (one == other)


@given(sites(of_policies=policies(mapping=PROVIDER)))
def test_a_parent_is_active_exactly_if_a_descendant_is(site: Site) -> None:
    rows = built(site).rows
    for row in rows:
        if row.target_type not in LEAVES:
            is_active = any(child.status is Status.ACTIVE for child in children_of(row, rows))
            assert row.status is (Status.ACTIVE if is_active else Status.PENDING)


@given(untidy_sites())
def test_tenants_come_first_then_customers_then_leaves_each_by_path(site: Site) -> None:
    rank = {TargetType.TENANT: 0, TargetType.CUSTOMER: 1, TargetType.PROJECT: 2, TargetType.USER: 2}
    order = [
        (rank[row.target_type], row.mount_point.text, row.item_id.int) for row in built(site).rows
    ]

    assert order == sorted(order)


@given(untidy_sites())
def test_parents_have_the_default_permission_and_no_quotas(site: Site) -> None:
    for row in built(site).rows:
        if row.target_type not in LEAVES:
            assert row.permission.value == "775"
            assert row.quotas is row.old_quotas is row.new_quotas is None


@given(untidy_sites())
def test_every_mapping_serves_the_same_resources_unless_it_cannot_make_a_path(site: Site) -> None:
    """Which levels there are changes where a directory lies, not whether it is somebody's."""
    served = {}
    for name, mapping in MAPPINGS.items():
        hierarchy = built(attrs.evolve(site, policy=attrs.evolve(site.policy, mapping=mapping)))
        unsafe = {
            str(problem.resource)
            for problem in hierarchy.problems
            if problem.code is ProblemCode.UNSAFE_PATH
        }
        leaves = {str(row.item_id) for row in hierarchy.rows if row.target_type in LEAVES}
        served[name] = leaves | unsafe

    assert len(set(map(frozenset, served.values()))) == 1


@given(untidy_sites())
def test_without_parents_nobody_is_told_about_them(site: Site) -> None:
    of_parents = {ProblemCode.AMBIGUOUS_PARENT, ProblemCode.PARENT_PATH_DISAGREEMENT}
    hierarchy = built(site)
    if not site.policy.mapping.with_parents:
        assert {row.target_type for row in hierarchy.rows} <= LEAVES
        assert of_parents.isdisjoint(problem.code for problem in hierarchy.problems)


@given(sites(), st.data())
def test_chosen_systems_have_the_rows_that_they_have_in_the_full_answer(
    site: Site, data: st.DataObject
) -> None:
    names = sorted(system.name for system in site.policy.systems)
    only = data.draw(st.frozensets(st.sampled_from(names), min_size=1))
    part = built(attrs.evolve(site, policy=attrs.evolve(site.policy, only=only)))
    full = built(site)

    assert part.listed == tuple(each for each in full.listed if each.facts.system in only)
    rows = part.rows
    assert part.orders == tuple(order for order in full.orders if order.row in rows)
    assert ProblemCode.UNKNOWN_OFFERING not in {problem.code for problem in part.problems}


@given(untidy_sites())
def test_every_order_in_progress_of_a_resource_comes_once_with_the_resources_row(
    site: Site,
) -> None:
    intake = Intake(site.policy)
    intake.take(site.waldur_rows)
    expected = {(r.uuid, r.order.uuid, r.order.state) for r in intake.resources if r.order}
    hierarchy = built(site)
    leaves = {row.item_id: row for row in hierarchy.rows if row.target_type in LEAVES}
    found = [(order.resource, order.order, order.state) for order in hierarchy.orders]

    assert set(found) == expected
    assert len(found) == len(expected)
    assert all(order.row == leaves.get(order.resource) for order in hierarchy.orders)
    assert not any(order.state.is_final for order in hierarchy.orders)


@given(untidy_sites())
def test_orders_come_as_their_rows_do_and_those_without_rows_last(site: Site) -> None:
    hierarchy = built(site)
    place = {row.item_id: number for number, row in enumerate(hierarchy.rows)}
    end = len(place)
    order = [place[o.row.item_id] if o.row else end for o in hierarchy.orders]

    assert order == sorted(order)
