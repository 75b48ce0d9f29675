"""The use case behind everything: read Waldur and the identity service, make the answer.

Short async functions that take ports as arguments. They yield to the event loop every hundred
rows, so that a server goes on answering while a large site is being read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from itertools import islice
from typing import Final, TypeAlias, TypeVar

import attrs

from cscs_domain.errors import UpstreamServiceError
from cscs_domain.identities import GidLookup, Identities, UserLookup
from cscs_domain.ports import Clock, HpcUsers, ResourceQuery, WaldurResources
from cscs_domain.problems import Problem, ProblemCode, Severity
from cscs_domain.progress import Progress, Stage, no_progress
from cscs_domain.storage.hierarchy import Hierarchy, in_order
from cscs_domain.storage.hierarchy_draft import HierarchyDraft
from cscs_domain.storage.identity_rules import wanted_identities
from cscs_domain.storage.intake import Intake
from cscs_domain.storage.policy import StoragePolicy
from cscs_domain.storage.resources import Resource
from cscs_domain.storage.rows import ListedRow, StorageRow
from cscs_domain.storage.snapshots import Snapshot, SnapshotDraft

RowEncoder: TypeAlias = Callable[[StorageRow], bytes]
"""Writes one row in its wire form; any JSON library will do."""

_STEP: Final = 100
"""Rows handled between two looks at the event loop: a few milliseconds."""

_T = TypeVar("_T")
_Lookup = TypeVar("_Lookup", GidLookup, UserLookup)


@attrs.frozen
class StorageSources:
    """Where the answer comes from."""

    waldur: WaldurResources
    hpc_users: HpcUsers


async def read_hierarchy(
    sources: StorageSources,
    policy: StoragePolicy,
    *,
    include_terminated: bool = False,
    progress: Progress = no_progress,
) -> Hierarchy:
    """Read everything once and return the whole tree as values.

    Raises `UpstreamServiceError` if Waldur did not answer, or if the identity service did not and
    identities must not be made up.
    """
    reading = _Reading(sources, policy, progress)
    draft = await reading.draft(include_terminated=include_terminated)
    listed: list[ListedRow] = []
    for chunk in _chunks(draft.settle()):
        listed += map(ListedRow._make, chunk)
        progress(Stage.BUILDING, len(listed), None)
        await asyncio.sleep(0)
    problems = in_order([*reading.problems, *draft.problems])
    return Hierarchy(tuple(listed), problems, draft.orders(listed))


async def take_snapshot(
    sources: StorageSources,
    policy: StoragePolicy,
    *,
    clock: Clock,
    encode: RowEncoder,
    include_terminated: bool = False,
    previous: Snapshot | None = None,
) -> Snapshot:
    """Read everything once and return it encoded. Errors as `read_hierarchy`."""
    result = SnapshotDraft(taken_at=clock.now(), taken=clock.monotonic(), previous=previous)
    reading = _Reading(sources, policy)
    draft = await reading.draft(include_terminated=include_terminated)
    for chunk in _chunks(draft.settle()):
        result.add([encode(row) for row, _ in chunk], [facts for _, facts in chunk])
        await asyncio.sleep(0)
    return result.finish(in_order([*reading.problems, *draft.problems]))


class _Reading:
    """The two upstream reads behind one hierarchy."""

    def __init__(
        self, sources: StorageSources, policy: StoragePolicy, progress: Progress = no_progress
    ) -> None:
        self._sources = sources
        self._policy = policy
        self._progress = progress
        self.problems: list[Problem] = []

    async def draft(self, *, include_terminated: bool) -> HierarchyDraft:
        intake = Intake(self._policy, include_terminated)
        query = ResourceQuery(
            offering_slugs=self._policy.offering_slugs, include_terminated=include_terminated
        )
        read = 0
        async for page in self._sources.waldur.pages(query):
            intake.take(page.rows)
            intake.report(page.problems)
            read += len(page.rows) + len(page.problems)
            self._progress(Stage.READING, read, page.total)
        self.problems += [*intake.problems, *intake.empty_systems]
        resources = intake.resources
        identities = await self._identities(resources)
        draft = HierarchyDraft(self._policy, identities)
        for chunk in _chunks(resources):
            draft.place(chunk)
            await asyncio.sleep(0)
        return draft

    async def _identities(self, resources: Iterable[Resource]) -> Identities:
        wanted = wanted_identities(resources)
        names = len(wanted.projects) + len(wanted.users)
        self._progress(Stage.LOOKING_UP, 0, names)
        gids = await self._unless_mocked(self._sources.hpc_users.gids(wanted.projects))
        users = await self._unless_mocked(self._sources.hpc_users.users(wanted.users))
        self._progress(Stage.LOOKING_UP, names, names)
        return Identities(gids.resolved if gids else {}, users.resolved if users else {})

    async def _unless_mocked(self, look_up: Awaitable[_Lookup]) -> _Lookup | None:
        """What was found out; nothing if nobody could be asked and ids may be made up."""
        try:
            found = await look_up
        except UpstreamServiceError as error:
            if not self._policy.mock_identities:
                raise
            self.problems.append(_mocked_for(error))
            return None
        self.problems += found.problems
        return found


def _mocked_for(error: UpstreamServiceError) -> Problem:
    return Problem(
        ProblemCode.MOCK_IDENTITY,
        Severity.WARNING,
        f"missing Unix ids are made up: {error}",
        "Development mode does this; in production the answer would be an upstream error.",
    )


def _chunks(items: Iterable[_T]) -> Iterator[list[_T]]:
    remaining = iter(items)
    while chunk := list(islice(remaining, _STEP)):
        yield chunk
