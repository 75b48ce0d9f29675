"""Laws of robustness: whatever Waldur sends, nothing raises and everything can be encoded."""

from __future__ import annotations

import contextlib
from itertools import product

import pytest
from hypothesis import example, given

from cscs_domain.errors import InvalidValueError
from cscs_domain.problems import Severity
from cscs_domain.storage.callbacks import ApiUrl, callbacks_for
from cscs_domain.storage.hierarchy import build_hierarchy
from cscs_domain.storage.resource_parser import name_of, parse_resource
from cscs_domain.storage.states import OrderState, ResourceState, Status, status_of
from cscs_domain.storage.waldur_rows import ROW_MEMBERS, WaldurRow
from cscs_domain.storage.wire import problem_to_wire
from cscs_fakes.strategies import (
    Site,
    any_text,
    hostile_rows,
    json_values,
    unsafe_slugs,
    untidy_sites,
    valid_rows,
)
from cscs_json import encode, encode_row

ENORMOUS = 10**5000
"""Python refuses to write integers this long as text, so every message has to mind."""


@given(hostile_rows())
def test_a_row_gives_a_resource_or_at_least_one_error(row: dict[str, object]) -> None:
    parsed = parse_resource(WaldurRow.from_mapping(row))

    errors = [p for p in parsed.problems if p.severity is Severity.ERROR]
    assert (parsed.resource is None) == bool(errors)


@given(hostile_rows())
def test_every_problem_of_a_row_can_be_encoded(row: dict[str, object]) -> None:
    for problem in parse_resource(WaldurRow.from_mapping(row)).problems:
        assert encode(problem_to_wire(problem))
        assert str(problem).isprintable()


@given(valid_rows())
def test_a_valid_row_is_believed(row: dict[str, object]) -> None:
    assert parse_resource(WaldurRow.from_mapping(row)).resource is not None


@given(json_values())
def test_anything_is_a_row_or_refused_as_one(value: object) -> None:
    with contextlib.suppress(InvalidValueError):
        WaldurRow.from_mapping(value)


@pytest.mark.parametrize("member", [m for m in ROW_MEMBERS if m != "order_in_progress"])
@pytest.mark.parametrize(
    "value",
    [ENORMOUS, -ENORMOUS, "\ud800", [ENORMOUS]],
    ids=["huge", "very negative", "surrogate", "huge in a list"],
)
def test_no_member_can_carry_what_breaks_a_message(member: str, value: object) -> None:
    row = WaldurRow.from_mapping({member: value})

    assert all(encode(problem_to_wire(p)) for p in parse_resource(row).problems)
    assert name_of(row) is None or str(name_of(row)).isascii()


@given(untidy_sites())
def test_a_whole_hierarchy_never_raises_and_can_be_encoded(site: Site) -> None:
    hierarchy = build_hierarchy(site.waldur_rows, site.identities, site.policy)

    for listed in hierarchy.listed:
        assert encode_row(listed.row)
    for problem in hierarchy.problems:
        assert encode(problem_to_wire(problem))


@given(untidy_sites())
def test_a_resource_with_an_error_is_not_in_the_rows_unless_another_copy_is(site: Site) -> None:
    hierarchy = build_hierarchy(site.waldur_rows, site.identities, site.policy)

    refused = {p.resource for p in hierarchy.problems if p.severity is Severity.ERROR}
    believed = [parse_resource(row).resource for row in site.waldur_rows]
    copies = {str(resource.uuid) for resource in believed if resource is not None}
    served = {str(row.item_id) for row in hierarchy.rows if row.parent_item_id is not None}
    assert served & refused <= copies


@given(any_text())
@example("http://[::1")
@example("http://host:port/")
@example("https://host:99999/api/")
@example("http://\ud800/")
def test_any_text_is_an_api_url_or_refused(text: str) -> None:
    try:
        url = ApiUrl.parse(text)
    except InvalidValueError:
        return

    assert url.text.endswith("/api/")


@given(any_text() | unsafe_slugs())
def test_an_api_url_of_a_hostile_host_can_be_encoded(text: str) -> None:
    for url in (f"https://{text}", f"https://waldur.example/{text}"):
        with contextlib.suppress(InvalidValueError):
            assert ApiUrl.parse(url).text.encode()


def test_statuses_are_total_over_all_pairs_of_states() -> None:
    found = {
        status_of(state, order) for state, order in product(ResourceState, [None, *OrderState])
    }

    assert found == set(Status)


def test_callbacks_are_total_over_all_pairs_of_states() -> None:
    for state, order in product(ResourceState, OrderState):
        callbacks_for(
            ApiUrl.parse("https://w"),
            order="o",
            order_state=order,
            resource="r",
            resource_state=state,
        )
