"""Callback URLs are believed only if they lead to the configured Waldur, in the agreed form."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cscs_client.callback_urls import ACTION_OF, offered_actions
from cscs_client.errors import ForeignCallbackError
from cscs_domain import (
    ApiUrl,
    Callbacks,
    InvalidValueError,
    OrderAction,
    OrderState,
    ResourceAction,
    ResourceState,
    StorageRow,
    callbacks_for,
)
from tests.unit.client.directories import ORDER, WALDUR, directory

API = ApiUrl.parse(WALDUR)
GOOD = f"{WALDUR}marketplace-orders/{ORDER}/approve_by_provider/"
PATH = GOOD.removeprefix(WALDUR)

FOREIGN = [
    f"http://waldur.example.com/api/{PATH}",
    f"https://waldur.example.org/api/{PATH}",
    f"https://waldur.example.com:8443/api/{PATH}",
    f"https://waldur.example.com.evil.example/api/{PATH}",
    f"https://waldur.example.com@evil.example/api/{PATH}",
    f"https://evil@waldur.example.com/api/{PATH}",
    f"https://evil.example/?https://waldur.example.com/api/{PATH}",
    f"https://evil.example#{GOOD}",
    f"//waldur.example.com/api/{PATH}",
    f"https:/waldur.example.com/api/{PATH}",
    f"https://waldur.example.com\\@evil.example/api/{PATH}",
    f"https://waldur.example.com/other/{PATH}",
    f"https://waldur.example.com/api/../{PATH}",
    f"https://waldur.example.com/apis/{PATH}",
    f"https://waldur.example.com/api/v2/{PATH}",
    f"https://waldur.example.com/api//{PATH}",
    f"https://waldur.example.com/api/%2e%2e/{PATH}",
    f"https://waldur.example.com:99999/api/{PATH}",
    f"https://[waldur.example.com/api/{PATH}",
    f"{GOOD}?next=1",
    f"{GOOD}#x",
    GOOD.rstrip("/"),
    f"{GOOD}more/",
    f" {GOOD}",
    f"{GOOD}\n",
    GOOD.replace("/api", "/a\tpi"),
    GOOD.replace("/api", "/а\u0440i"),  # noqa: RUF001  # letters that only look the same
    GOOD.replace("approve", "reject"),
    GOOD.replace("approve_by_provider", "set_state_done"),
    GOOD.replace("marketplace-orders", "marketplace-provider-resources"),
    GOOD.replace("marketplace-orders", "users"),
    GOOD.replace(str(ORDER), ""),
    GOOD.replace(str(ORDER), "1"),
    GOOD.replace(str(ORDER), f"{ORDER}/{ORDER}"),
    GOOD.replace(str(ORDER), f"{{{ORDER}}}"),
    "",
    "/",
    WALDUR,
    "javascript:alert(1)",
    "file:///etc/passwd",
    "x" * 100_000,
]


def with_url(url: str) -> StorageRow:
    return attrs.evolve(
        directory(order_state=None), callbacks=Callbacks(approve_by_provider_url=url)
    )


@pytest.mark.parametrize("url", FOREIGN, ids=range(len(FOREIGN)))
def test_a_url_that_leads_elsewhere_or_is_none_is_refused(url: str) -> None:
    with pytest.raises(ForeignCallbackError) as caught:
        offered_actions(with_url(url), API)

    assert isinstance(caught.value, InvalidValueError)
    assert len(str(caught.value)) < 400
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "url",
    [
        GOOD,
        GOOD.replace("https", "HTTPS"),
        GOOD.replace("waldur.example", "Waldur.Example"),
        GOOD.replace(".com/", ".com:443/"),
        GOOD.replace(str(ORDER), ORDER.hex),
        GOOD.replace(str(ORDER), str(ORDER).upper()),
    ],
)
def test_a_url_may_be_spelled_in_several_ways(url: str) -> None:
    assert offered_actions(with_url(url), API).order == ORDER


@pytest.mark.parametrize("host", ["https://api", "https://my-api:444/waldur/api", "http://[::1]:8"])
def test_hosts_and_paths_of_every_kind_are_known_again(host: str) -> None:
    row = directory(waldur=host)

    assert offered_actions(row, ApiUrl.parse(host)).order == ORDER


def test_the_url_of_another_resource_is_refused() -> None:
    """Else a row could make a provisioner report about a resource that it knows nothing of."""
    row = attrs.evolve(directory(), item_id=UUID(int=9))

    with pytest.raises(ForeignCallbackError, match="several"):
        offered_actions(row, API)


def test_urls_of_two_orders_are_refused() -> None:
    row = directory()
    assert row.callbacks.set_state_done_url is not None
    other = row.callbacks.set_state_done_url.replace(str(ORDER), str(UUID(int=9)))
    mixed = attrs.evolve(row.callbacks, set_state_done_url=other)

    with pytest.raises(ForeignCallbackError, match="several"):
        offered_actions(attrs.evolve(row, callbacks=mixed), API)


def test_a_row_without_urls_offers_nothing() -> None:
    offered = offered_actions(directory(order_state=None), API)

    assert (offered.order, offered.resource, offered.actions) == (None, None, frozenset())


def test_every_member_of_a_row_has_its_action() -> None:
    assert list(ACTION_OF) == [field.name for field in attrs.fields(Callbacks)]
    assert set(ACTION_OF.values()) == {*OrderAction, *ResourceAction}


@given(
    st.sampled_from(OrderState), st.sampled_from(ResourceState), st.uuids(), st.uuids(), st.data()
)
def test_what_our_server_writes_is_understood(
    order_state: OrderState,
    state: ResourceState,
    order: UUID,
    resource: UUID,
    data: st.DataObject,
) -> None:
    base = data.draw(st.sampled_from([WALDUR, "http://localhost:8080/api/", "https://a/b/api/"]))
    row = directory(state, order_state, order=order, resource=resource, waldur=base)
    offered = offered_actions(row, ApiUrl.parse(base))

    assert offered.actions == {ACTION_OF[member] for member in given_members(row.callbacks)}
    assert offered.order in {order, None}
    assert offered.resource in {resource, None}
    assert (
        callbacks_for(
            ApiUrl.parse(base),
            order=str(order),
            order_state=order_state,
            resource=str(resource),
            resource_state=state,
        )
        == row.callbacks
    )


def given_members(callbacks: Callbacks) -> Iterator[str]:
    for member, url in attrs.asdict(callbacks).items():
        if url is not None:
            yield member
