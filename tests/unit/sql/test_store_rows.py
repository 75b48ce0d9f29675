"""Events and links in rows: what comes back is what was given."""

from __future__ import annotations

from itertools import count
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cscs_domain.events.bounds import LARGEST_COUNT
from cscs_domain.events.event import EventIdentity, ResourceUsageEvent
from cscs_domain.events.links import (
    AllocationMatch,
    Correction,
    Link,
    LinkGap,
    ProjectMatch,
    UserMatch,
)
from cscs_domain.events.metrics import METRIC_NAMES, ResourceUsageMetrics
from cscs_domain.events.stored import LinkedEvent, StoredEvent
from tests.events_site import NOW, an_event, at, linked, only_one
from tests.unit.sql.store_site import opened_store

pytestmark = pytest.mark.anyio

text = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(-(2**53), 2**53)
    | st.sampled_from([1e300, -1e300, 1e22, 5e-324])
    | text
)
objects = st.dictionaries(
    text, st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(text, inner))
)
NUMBERS = count(1)
FULL = ResourceUsageEvent(
    source="pbsAcct",
    time_window_start=at("2025-11-19T10:00:00.000001Z"),
    time_window_end=at("2025-11-19T11:59:59.999999+01:00"),
    collected_at=at("2025-11-20T00:00:00.123456Z"),
    metrics=ResourceUsageMetrics(
        **{name: LARGEST_COUNT - number for number, name in enumerate(METRIC_NAMES)}
    ),
    context={"jobname": "wärme", "n": [1, {"deep": None}]},
    identities=(EventIdentity("perun_username", "jose", "pbs"), EventIdentity("x", "y")),
    project_slug="climate",
    is_personal=True,
    extra={"measure": "total", "granularity": "instance"},
    schema_version="1.1",
)
FULL_LINK = Link(
    user="u1",
    project="p1",
    allocation="a1",
    user_match=UserMatch.PERUN_USERNAME,
    project_match=ProjectMatch.OPENSTACK_REQUEST,
    allocation_match=AllocationMatch.PROJECT_LATEST,
    gaps=(LinkGap.UNKNOWN_SCHEME, LinkGap.NO_ALLOCATION),
    sought_project="climate",
    sought_identity=EventIdentity("perun_username", "jose", "pbs"),
    resolver_version=7,
    correction=Correction(by="ada", at=NOW, reason="wrong"),
)


@pytest.mark.parametrize("given_event", [FULL, an_event()], ids=["full", "bare"])
@pytest.mark.parametrize("link", [FULL_LINK, Link()], ids=["full", "bare"])
async def test_an_event_and_its_link_come_back_as_they_were(
    database: str, given_event: ResourceUsageEvent, link: Link
) -> None:
    batch = [LinkedEvent(event_id=UUID(int=1), event=given_event, link=link)]
    async with opened_store(database) as store:
        await store.store(batch, at=NOW)

        assert await only_one(store) == StoredEvent(
            event_id=UUID(int=1), event=given_event, link=link
        )


@given(objects, st.none() | objects)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_object_comes_back(
    database: str, context: dict[str, object], extra: dict[str, object] | None
) -> None:
    number = next(NUMBERS)
    event = an_event(context=context, extra=extra)

    async with opened_store(database) as store:
        await store.store([linked(event, number)], at=NOW)

        assert (await only_one(store, number)).event == event
