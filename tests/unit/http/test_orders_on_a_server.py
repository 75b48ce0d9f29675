"""Orders on an emulated Waldur: what only a server with rights, tokens and dates can say."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from uuid import UUID

import pytest

from cscs_domain.errors import OrderConflictError, UpstreamServiceError
from cscs_domain.orders import Outcome
from cscs_domain.storage.states import OrderState
from cscs_fakes.emulators.faults_text import parse_fault
from cscs_fakes.emulators.site import EmulatedSite
from tests.contract.waldur_orders_adapters import http_orders
from tests.emulated import running_site

pytestmark = pytest.mark.anyio

FAR = "2099-01-01"


@pytest.fixture(scope="module")
def running() -> Iterator[EmulatedSite]:
    with running_site(resources=60) as made:
        yield made


@pytest.fixture
def site(running: EmulatedSite) -> EmulatedSite:
    running.reset()
    return running


def ordered(site: EmulatedSite, **changes: str) -> UUID:
    made = site.waldur.order_create(
        offering_slug="capstor",
        customer_slug="uni",
        project_slug="g207",
        limits={"storage": 2},
        **changes,  # type: ignore[arg-type]  # those of type text
    )
    return UUID(made)


async def test_an_order_for_later_is_approved_once(site: EmulatedSite) -> None:
    order = ordered(site, starts=FAR)
    async with http_orders(f"{site.url}/api/") as orders:
        said = [await orders.approve(order) for _ in range(2)]
        facts = await orders.order(order)
        with pytest.raises(OrderConflictError, match="wait until its start date"):
            await orders.done(order)

    assert said == [Outcome.DONE, Outcome.ALREADY]
    assert facts.state is OrderState.PENDING_START_DATE


async def test_an_order_whose_project_has_not_begun_cannot_be_approved(site: EmulatedSite) -> None:
    order = ordered(site, project_starts=FAR)
    async with http_orders(f"{site.url}/api/") as orders:
        with pytest.raises(OrderConflictError, match="wait until its project has begun"):
            await orders.approve(order)


async def test_a_missing_permission_is_told_and_changes_nothing(site: EmulatedSite) -> None:
    order = ordered(site)
    site.waldur.deny("ORDER.APPROVE")
    async with http_orders(f"{site.url}/api/") as orders:
        with pytest.raises(UpstreamServiceError, match="do not have permission") as caught:
            await orders.approve(order)
        site.waldur.grant("ORDER.APPROVE")

        assert not caught.value.retryable
        assert await orders.approve(order) is Outcome.DONE


async def test_an_expired_token_is_told_from_an_unknown_one(site: EmulatedSite) -> None:
    order = ordered(site)
    token = site.waldur.issue()
    site.waldur.expire(token)
    said = []
    for each in (token, "0" * 40):
        async with http_orders(f"{site.url}/api/", each) as orders:
            with pytest.raises(UpstreamServiceError) as caught:
                await orders.approve(order)
        said.append(str(caught.value))

    assert "has expired" in said[0]
    assert "does not know it" in said[1]
    assert not any(each in text for each in (token, "0" * 40) for text in said)


async def test_an_offering_out_of_service_is_told(site: EmulatedSite) -> None:
    order = ordered(site)
    site.waldur.set_offering_state("capstor", "Unavailable")
    async with http_orders(f"{site.url}/api/") as orders:
        with pytest.raises(UpstreamServiceError, match="Offering is unavailable") as caught:
            await orders.approve(order)

    assert not caught.value.retryable


async def test_an_option_that_the_offering_lacks_is_told(site: EmulatedSite) -> None:
    order = ordered(site)
    async with http_orders(f"{site.url}/api/") as orders:
        resource = (await orders.order(order)).resource
        assert resource is not None
        with pytest.raises(UpstreamServiceError, match="color"):
            await orders.update_options(resource, {"color": "red"})


async def test_many_callers_of_one_action_share_one_change(site: EmulatedSite) -> None:
    order = ordered(site)
    async with http_orders(f"{site.url}/api/") as orders:
        said = await asyncio.gather(*(orders.approve(order) for _ in range(20)))

    assert sorted(outcome.value for outcome in said) == ["already"] * 19 + ["done"]


@pytest.mark.parametrize("fault", ["503:times=1", "reset:times=1", "truncate:times=1"])
async def test_a_fault_in_the_middle_is_overcome(site: EmulatedSite, fault: str) -> None:
    """Some faults hit before the order has changed and some after it; both end well."""
    order = ordered(site)
    site.faults.add("waldur", parse_fault(fault))
    async with http_orders(f"{site.url}/api/") as orders:
        assert await orders.approve(order) in {Outcome.DONE, Outcome.ALREADY}
        assert await orders.done(order) is Outcome.DONE

    assert site.waldur.order(order.hex)["state"] == "done"
