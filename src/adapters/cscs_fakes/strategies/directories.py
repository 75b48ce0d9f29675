"""Directories, and usage events that speak of what is in them, or nearly.

There are few names, so that many of them are ambiguous, and some hold what patterns are made of.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from cscs_domain.events.directory import (
    AllocationStatus,
    DirectoryAllocation,
    DirectoryProject,
    DirectoryUser,
    GrantedUnit,
    KnownDirectory,
    OpenstackRequest,
)
from cscs_domain.events.event import EventIdentity, ResourceUsageEvent
from cscs_domain.events.metrics import ResourceUsageMetrics

_NAMES: Final = (
    *("anna", "Anna", "an_a", "an%a", "ANN.", "anna-1", "Anna 1", "ann*", "b"),
    *("Ψ-Ω", "ψ-ω", "straße", "STRASSE", "İ", "project", "!", "\\", "'"),
)
_CUSTOMERS: Final = ("anna", "CERIT SC", "%")
_SCHEMES: Final = ("oidc_sub", "user_email", "perun_username", "perun_user", "badge")
_NAME_KEYS: Final = ("project", "project_name", "projectTitle", "jobname")
_NOON: Final = datetime(2025, 11, 19, 12, tzinfo=UTC)


@cache
def _names() -> SearchStrategy[str]:
    return st.sampled_from(_NAMES)


@cache
def _some_name() -> SearchStrategy[str | None]:
    return st.none() | _names()


@cache
def _moments() -> SearchStrategy[datetime]:
    return st.integers(-6, 6).map(lambda half: _NOON + half * timedelta(hours=12))


def _ids(letter: str) -> SearchStrategy[str]:
    return st.integers(0, 4).map(lambda number: f"{letter}{number}")


@cache
def _users() -> SearchStrategy[DirectoryUser]:
    return st.builds(
        DirectoryUser,
        id=_ids("u"),
        external_id=_some_name(),
        email=_some_name(),
        username=_some_name(),
        default_project=st.none() | _ids("p"),
    )


@cache
def _projects() -> SearchStrategy[DirectoryProject]:
    return st.builds(DirectoryProject, id=_ids("p"), title=_names(), slug=_some_name())


@st.composite
def _allocations(draw: DrawFn) -> DirectoryAllocation:
    moments = st.none() | _moments()
    start, end = draw(moments), draw(moments)
    if start is not None and end is not None and end <= start:
        end = start + timedelta(hours=1)
    return DirectoryAllocation(
        id=draw(_ids("a")),
        project=draw(_ids("p")),
        start=start,
        end=end,
        status=draw(st.sampled_from(AllocationStatus)),
        granted=draw(st.dictionaries(st.sampled_from(GrantedUnit), st.integers(0, 9), max_size=2)),
    )


@cache
def _requests() -> SearchStrategy[OpenstackRequest]:
    return st.builds(
        OpenstackRequest,
        customer_key=st.sampled_from(_CUSTOMERS),
        project=_ids("p"),
        allocation=st.none() | _ids("a"),
        project_title=_some_name(),
    )


@cache
def directories(*, fewest: int = 0) -> SearchStrategy[KnownDirectory]:
    """Directories of up to five records of a kind, each id once; references may lead nowhere.

    There are at least `fewest` users and projects.
    """
    return st.builds(
        KnownDirectory,
        users=st.lists(_users(), min_size=fewest, max_size=5, unique_by=lambda one: one.id).map(
            tuple
        ),
        projects=st.lists(
            _projects(), min_size=fewest, max_size=5, unique_by=lambda one: one.id
        ).map(tuple),
        allocations=st.lists(_allocations(), max_size=5, unique_by=lambda one: one.id).map(tuple),
        openstack_requests=st.lists(_requests(), max_size=4).map(tuple),
    )


@cache
def _project_names() -> SearchStrategy[str]:
    """As people, PBS and OpenStack call them."""
    customers = st.sampled_from(("anna", "cerit-sc", "project", "ANNA"))
    in_openstack = st.builds("{}-{}".format, customers, _names())
    return _names() | in_openstack | st.sampled_from((" anna ", " ", "_pbs_project_default"))


@st.composite
def directory_events(draw: DrawFn) -> ResourceUsageEvent:
    """Events whose names, identities and windows are those of `directories`."""
    start = draw(_moments())
    identities = st.builds(EventIdentity, st.sampled_from(_SCHEMES), _names())
    return ResourceUsageEvent(
        source=draw(st.sampled_from(("pbs", "openstack"))),
        time_window_start=start,
        time_window_end=start + draw(st.sampled_from((1, 24))) * timedelta(hours=1),
        collected_at=_NOON,
        metrics=ResourceUsageMetrics(cpu_time_seconds=draw(st.integers(0, 9))),
        context=draw(
            st.dictionaries(st.sampled_from(_NAME_KEYS), _project_names() | st.integers(0, 9))
        ),
        identities=draw(st.lists(identities, max_size=4)),
        project_slug=draw(st.none() | _project_names()),
        is_personal=draw(st.sampled_from((False, False, True))),
    )
