"""Callbacks: DESIGN's table written out by hand, and the base that URLs are built from."""

from __future__ import annotations

from itertools import product

import attrs
import pytest

from cscs_domain.errors import InvalidValueError
from cscs_domain.problems import ProblemCode
from cscs_domain.storage.callbacks import NO_CALLBACKS, ApiUrl, Callbacks, callbacks_for
from cscs_domain.storage.states import OrderState, ResourceState
from tests.unit.storage.samples import POLICY, answer, codes, leaf, order, problem, sample, uuid_of

BASE = ApiUrl.parse("https://waldur.example.com/api/")
WITH_BASE = attrs.evolve(POLICY, callback_base=BASE)

PROVIDER_DECIDES = {
    "approve_by_provider_url",
    "reject_by_provider_url",
    "set_state_done_url",
    "set_backend_id_url",
    "update_resource_options_url",
}
UNDER_WAY = {"set_state_done_url", "set_state_erred_url", "set_backend_id_url"}
WAITING = {"set_backend_id_url"}
OF_ORDER_STATE: dict[str, set[str]] = {
    "pending-consumer": WAITING,
    "pending-provider": PROVIDER_DECIDES,
    "pending-project": WAITING,
    "pending-start-date": WAITING,
    "executing": UNDER_WAY,
    "done": set(),
    "erred": set(),
    "canceled": set(),
    "rejected": set(),
    "unknown": WAITING,
}
MAY_BECOME_OK = {"Creating", "Updating", "Terminating", "Erred"}


def names(callbacks: Callbacks) -> set[str]:
    return {name for name, url in attrs.asdict(callbacks).items() if url is not None}


def test_the_table_above_names_every_order_state() -> None:
    assert set(OF_ORDER_STATE) == set(OrderState)


@pytest.mark.parametrize(("order_state", "state"), list(product(OrderState, ResourceState)))
def test_the_callbacks_are_those_of_the_table(
    order_state: OrderState, state: ResourceState
) -> None:
    expected = set(OF_ORDER_STATE[order_state])
    if expected and state.value in MAY_BECOME_OK:
        expected.add("set_state_ok_url")

    actual = callbacks_for(
        BASE, order="o", order_state=order_state, resource="r", resource_state=state
    )

    assert names(actual) == expected


def test_the_urls_are_those_of_the_documents() -> None:
    """Spec 004, section 8.3; the backend id is the resource's, as deployed provisioners get it."""
    row = leaf(
        sample(state="Creating", order_in_progress=order("pending-provider", "Create")),
        policy=WITH_BASE,
    )
    api = "https://waldur.example.com/api"
    of_order = f"{api}/marketplace-orders/{uuid_of('order')}"
    of_resource = f"{api}/marketplace-provider-resources/{uuid_of('res-1')}"

    assert row.callbacks == Callbacks(
        approve_by_provider_url=f"{of_order}/approve_by_provider/",
        reject_by_provider_url=f"{of_order}/reject_by_provider/",
        set_state_done_url=f"{of_order}/set_state_done/",
        set_backend_id_url=f"{of_resource}/set_backend_id/",
        update_resource_options_url=f"{of_resource}/update_options_direct/",
        set_state_ok_url=f"{of_resource}/set_state_ok/",
    )


def test_an_executing_order_can_be_erred() -> None:
    row = leaf(sample(state="Updating", order_in_progress=order("executing")), policy=WITH_BASE)

    assert names(row.callbacks) == {*UNDER_WAY, "set_state_ok_url"}


def test_a_change_that_waits_for_its_consumer_cannot_be_set_ok() -> None:
    row = leaf(
        sample(state="Updating", order_in_progress=order("pending-consumer")), policy=WITH_BASE
    )

    assert names(row.callbacks) == {"set_backend_id_url"}


def test_without_an_order_there_is_nobody_to_call() -> None:
    assert leaf(sample(), policy=WITH_BASE).callbacks == NO_CALLBACKS


def test_uuids_in_urls_are_canonical() -> None:
    bare = order("executing", uuid=uuid_of("order").replace("-", "").upper())
    row = leaf(sample(order_in_progress=bare), policy=WITH_BASE)

    assert uuid_of("order") in str(row.callbacks.set_state_done_url)


def test_a_url_that_waldur_sent_is_never_used() -> None:
    evil = order("executing", url="https://evil.example/api/marketplace-orders/1/")
    row = leaf(sample(order_in_progress=evil, url="https://evil.example/"), policy=WITH_BASE)

    assert "evil" not in str(row.callbacks)


def test_without_a_base_orders_are_counted_in_one_warning() -> None:
    hierarchy = answer(
        sample("a", order_in_progress=order("executing")),
        sample("b", order_in_progress=order("executing")),
    )

    assert problem(hierarchy, ProblemCode.CALLBACKS_UNAVAILABLE).message.startswith("2 order(s)")
    assert all(row.callbacks == NO_CALLBACKS for row in hierarchy.rows)


def test_with_a_base_nothing_is_unavailable() -> None:
    hierarchy = answer(sample(order_in_progress=order("executing")), policy=WITH_BASE)

    assert ProblemCode.CALLBACKS_UNAVAILABLE not in codes(hierarchy)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("https://waldur.example.com", "https://waldur.example.com/api/"),
        ("https://waldur.example.com/", "https://waldur.example.com/api/"),
        ("https://waldur.example.com/api", "https://waldur.example.com/api/"),
        ("https://waldur.example.com/api/", "https://waldur.example.com/api/"),
        ("https://waldur.example.com/api//", "https://waldur.example.com/api/"),
        ("HTTPS://waldur.example.com/api", "https://waldur.example.com/api/"),
        ("http://localhost:8000", "http://localhost:8000/api/"),
        ("http://[::1]:8000/api", "http://[::1]:8000/api/"),
        ("https://waldur-api", "https://waldur-api/api/"),
        ("https://my-api/", "https://my-api/api/"),
        ("https://api", "https://api/api/"),
        ("https://example.com/myapi", "https://example.com/myapi/api/"),
        ("https://example.com/waldur/api/", "https://example.com/waldur/api/"),
        ("https://example.com/api/v1", "https://example.com/api/v1/api/"),
    ],
)
def test_an_api_url_ends_in_api_however_it_was_written(written: str, expected: str) -> None:
    assert ApiUrl.parse(written).text == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "waldur.example.com",
        "//waldur.example.com/api",
        "ftp://waldur.example.com",
        "file:///etc/passwd",
        "https://",
        "https:///api",
        "https://:8000/",
        "http://[::1",
        "http://host:port/",
        "http://host:99999/",
        "http://host:0/",
        "https://waldur.example.com/api/?x=1",
        "https://waldur.example.com/#api",
        "https://waldur .example.com/",
        "https://waldur.example.com/\n",
        "https://waldur.example.com/\x00",
        "https://waldur.example.com/\ud800",
    ],
)
def test_what_is_no_plain_http_url_is_refused(text: str) -> None:
    with pytest.raises(InvalidValueError, match="API URL"):
        ApiUrl.parse(text)


@pytest.mark.parametrize("scheme", ["https", "ftp"])
def test_a_login_is_refused_and_not_repeated(scheme: str) -> None:
    with pytest.raises(InvalidValueError, match="API URL") as refused:
        ApiUrl.parse(f"{scheme}://user:hunter2@waldur.example.com/api/")

    assert "hunter2" not in str(refused.value)
