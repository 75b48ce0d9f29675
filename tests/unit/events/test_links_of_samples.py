"""The links of the sample batch, all of them: EXPECTED, "Links"."""

from __future__ import annotations

import json
from typing import Final

import pytest

from cscs_domain.events.directory import KnownDirectory
from cscs_domain.events.event import DEFAULT_SOURCES, ResourceUsageEvent
from cscs_domain.events.event_wire import event_from_wire
from cscs_domain.events.linking import link, wanted_by
from cscs_domain.events.links import Link, LinkState
from cscs_fakes.directory import FakeDirectory
from cscs_files import FileDirectory
from tests.unit.events.link_data import SAMPLES

pytestmark = pytest.mark.anyio

# source, job or server, user, by, project, by, allocation, by, gaps
BY_NAME: Final = "perun_username"
LATEST: Final = "project_allocation_latest"
REQUEST: Final = "openstack_allocation_request"
G207: Final = ("207", "slug_match", "a207-2025", LATEST)
G118: Final = ("118", "slug_match", "a118-open", LATEST)
LP05: Final = ("905", "slug_match", "a905", LATEST)
BKELLERS: Final = ("p2", "default_project", None, None)
ALL: Final[list[tuple[object, ...]]] = [
    ("pbs", "4001", "u1", BY_NAME, *G207, ""),
    ("pbs", "4002", "u2", BY_NAME, *BKELLERS, "no_allocation"),
    ("pbs", "4003", "u3", BY_NAME, *LP05, ""),
    ("pbs", "4004[3]", "u1", BY_NAME, *G207, ""),
    ("pbs", "4005", "u2", BY_NAME, *G118, ""),
    ("pbs", "4006", "u2", BY_NAME, *G118, ""),
    ("pbs", "4007", None, None, None, None, None, None, "unknown_user no_default_project"),
    ("pbs", "4008", "u5", BY_NAME, *LP05, ""),
    ("pbs", "4010", "u3", BY_NAME, *LP05, ""),
    ("pbsAcct", "4009", "u1", BY_NAME, *G207, ""),
    ("pbsAcct", "4011", "u2", BY_NAME, *G118, ""),
    ("pbsAcct", "4011", "u2", BY_NAME, *G118, ""),
    ("pbsAcct", "4012", "u3", BY_NAME, *LP05, ""),
    ("pbsAcct", "4014", "u1", BY_NAME, *G207, ""),
    ("pbsAcct", "4004[1]", "u1", BY_NAME, *G207, ""),
    ("pbsAcct", "4015", "u5", BY_NAME, "p5", "default_project", None, None, "no_allocation"),
    ("pbsAcct", "4016", "u2", BY_NAME, *BKELLERS, "no_allocation"),
    ("pbsAcct", "4018", None, None, *G207, "unknown_user"),
    ("openstack", "web-1", "u1", "user_email", "207", REQUEST, "a207-cloud", REQUEST, ""),
    ("openstack", "db-übung", "u1", "user_email", "207", REQUEST, "a207-cloud", REQUEST, ""),
    ("openstack", "sandbox", "u1", "oidc_sub", "p1", "default_project", "a1", LATEST, ""),
    ("openstack", "node-ß", "u3", "user_email", "905", REQUEST, "a905", LATEST, ""),
]


def sample_events() -> list[ResourceUsageEvent]:
    batch = json.loads((SAMPLES / "usage_events_batch.json").read_bytes())
    return [event_from_wire(wire, sources=DEFAULT_SOURCES) for wire in batch["events"]]


async def sample_directory() -> KnownDirectory:
    known, problems = await FileDirectory(SAMPLES / "directory.yaml").read()

    assert problems == ()
    return known


def row(event: ResourceUsageEvent, made: Link) -> tuple[object, ...]:
    server = event.context.get("server")
    job = str((event.extra or {})["job_id"]).partition(".")[0]
    return (
        event.source,
        server["name"] if isinstance(server, dict) else job,
        made.user,
        made.user_match,
        made.project,
        made.project_match,
        made.allocation,
        made.allocation_match,
        " ".join(made.gaps),
    )


async def test_every_event_of_the_sample_is_linked_as_expected() -> None:
    known = await sample_directory()

    assert [row(event, link(event, known)) for event in sample_events()] == ALL


async def test_what_the_batch_wants_is_enough_of_the_directory() -> None:
    events = sample_events()

    found = await FakeDirectory(await sample_directory()).find(wanted_by(events))

    assert [row(event, link(event, found)) for event in events] == ALL


async def test_the_unknown_user_of_a_personal_job_is_the_only_one_without_any_link() -> None:
    known = await sample_directory()
    states = [link(event, known).state for event in sample_events()]

    assert states.count(LinkState.UNRESOLVED) == 1
    assert states.count(LinkState.PARTIAL) == 1
    assert states[6] is LinkState.UNRESOLVED


async def test_a_gap_says_what_was_sought() -> None:
    made = link(sample_events()[6], await sample_directory())

    assert made.sought_project == "_pbs_project_default"
    assert made.sought_identity is not None
    assert (made.sought_identity.value, made.sought_identity.authority) == (
        "ghost01",
        "node7.cluster.example.org",
    )
