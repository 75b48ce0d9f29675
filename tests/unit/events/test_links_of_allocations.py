"""Which allocation usage belongs to: contract, section 4.1, step 4."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import attrs
import pytest

from cscs_domain.errors import InvalidValueError
from cscs_domain.events.directory import (
    AllocationStatus,
    DirectoryAllocation,
    DirectoryProject,
    OpenstackRequest,
)
from cscs_domain.events.linking import link
from cscs_domain.events.links import LinkGap, LinkState
from tests.unit.events.link_data import END, START, directory, named

A_DAY = timedelta(days=1)
PROJECT = DirectoryProject(id="1", title="x")


def allocation(
    id_: str,
    start: datetime | None = None,
    end: datetime | None = None,
    status: AllocationStatus = AllocationStatus.ACTIVE,
) -> DirectoryAllocation:
    return DirectoryAllocation(id=id_, project="1", start=start, end=end, status=status)


@pytest.mark.parametrize(
    ("allocations", "chosen"),
    [
        ([allocation("a", START - 9 * A_DAY), allocation("b", START - A_DAY)], "b"),
        ([allocation("a"), allocation("b", START - 9 * A_DAY)], "b"),
        ([allocation("a"), allocation("b", status=AllocationStatus.EXPIRED)], "a"),
        (
            [
                allocation("a", START, status=AllocationStatus.PENDING),
                allocation("b", status=AllocationStatus.ACTIVE),
            ],
            "b",
        ),
        ([allocation("a", END - A_DAY / 24, END), allocation("b", END)], "a"),
        ([allocation("a", None, START), allocation("b", None, START + A_DAY / 24)], "b"),
        ([allocation("b", START), allocation("c", START), allocation("a", START)], "a"),
        ([allocation("r", status=AllocationStatus.REVOKED)], "r"),
        ([allocation("a", END), allocation("b", None, START)], None),
        ([], None),
    ],
    ids=[
        "the latest start",
        "an open start comes last",
        "active before others",
        "active before a later start",
        "one that begins as the window ends is out",
        "one that ends as the window begins is out",
        "then the id",
        "any status if there is no other",
        "none that overlaps",
        "none at all",
    ],
)
def test_of_the_allocations_that_overlap_the_window(
    allocations: Sequence[DirectoryAllocation], chosen: str | None
) -> None:
    for order in (allocations, allocations[::-1]):
        made = link(named("x"), directory(PROJECT, *order))

        assert made.allocation == chosen
        assert made.allocation_match == ("project_allocation_latest" if chosen else None)
        assert made.gaps == (() if chosen else (LinkGap.NO_ALLOCATION,))


def test_a_link_without_an_allocation_is_resolved() -> None:
    assert link(named("x"), directory(PROJECT)).state is LinkState.RESOLVED


@pytest.mark.parametrize(
    ("requested", "chosen"),
    [(["old"], "old"), (["old", "now"], "now"), (["next", "old"], "next")],
    ids=["one counts whenever it is", "one that overlaps", "else the best of them"],
)
def test_of_several_requests_the_same_rule_chooses(requested: list[str], chosen: str) -> None:
    known = directory(
        PROJECT,
        allocation("old", START - 9 * A_DAY, START - A_DAY),
        allocation("now", START - 8 * A_DAY),
        allocation("next", END),
        allocation("best", START),
    )
    requests = tuple(
        OpenstackRequest(customer_key="c", project="1", allocation=id_) for id_ in requested
    )

    made = link(named("c-x", source="openstack"), attrs.evolve(known, openstack_requests=requests))

    assert (made.allocation, made.allocation_match) == (chosen, "openstack_allocation_request")


def test_an_allocation_ends_after_it_begins() -> None:
    with pytest.raises(InvalidValueError, match="is not after its start"):
        allocation("a", START, START)


def test_an_allocation_knows_its_offset_from_utc() -> None:
    with pytest.raises(InvalidValueError, match="offset"):
        allocation("a", START.replace(tzinfo=None))
