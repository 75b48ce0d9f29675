"""Which of the rows that were read take part at all: ours, believable, once each."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

import attrs

from cscs_domain._text import label, shown
from cscs_domain.problems import Problem, ProblemCode, Severity
from cscs_domain.storage.policy import StoragePolicy, StorageSystem
from cscs_domain.storage.resource_parser import parse_resource
from cscs_domain.storage.resources import Resource
from cscs_domain.storage.states import ResourceState
from cscs_domain.storage.waldur_rows import WaldurRow

_MOST_NAMED: Final = 3
_TERMINATED: Final = ResourceState.TERMINATED
_LONG_AGO: Final = datetime(1, 1, 2, tzinfo=UTC)


@attrs.define(eq=False)
class Intake:
    """Collects the rows of one read, page by page and in any order.

    Rows of offerings that no storage system names are counted per offering and told in one
    problem each; they are neither guessed to be ours nor dropped in silence.
    """

    policy: StoragePolicy
    include_terminated: bool = True
    _resources: dict[int, Resource] = attrs.field(factory=dict, init=False)
    _problems: dict[Problem, None] = attrs.field(factory=dict, init=False)
    _changed: dict[int, Problem] = attrs.field(factory=dict, init=False)
    _foreign: dict[str, set[str]] = attrs.field(factory=dict, init=False)
    _seen: set[str] = attrs.field(factory=set, init=False)
    _rows: int = attrs.field(default=0, init=False)
    _without_slug: int = attrs.field(default=0, init=False)

    def take(self, rows: Iterable[WaldurRow]) -> None:
        """Take in one page."""
        ours, ready_items = self.policy.offering_slugs, self.policy.ready_items
        passed_over = self.policy.offerings_passed_over
        for row in rows:
            self._rows += 1
            slug = row.offering_slug
            if slug is None:
                self._without_slug += 1
            elif isinstance(slug, str) and slug and slug not in ours:
                if slug not in passed_over and (
                    self.include_terminated or row.state != _TERMINATED
                ):
                    self._foreign.setdefault(slug, set()).add(_text_of(row.uuid))
                continue
            elif isinstance(slug, str) and (self.include_terminated or row.state != _TERMINATED):
                self._seen.add(slug)
            resource, problems = parse_resource(row, ready_items=ready_items)
            if resource is not None:
                self._keep(resource)
            if problems and (self.include_terminated or row.state != _TERMINATED):
                self.report(problems)

    def _keep(self, resource: Resource) -> None:
        key = resource.uuid.int
        known = self._resources.setdefault(key, resource)
        if known is not resource and known != resource:
            self._resources[key] = newest = max(known, resource, key=_age)
            self._changed[key] = _duplicate(newest)

    def report(self, problems: Iterable[Problem]) -> None:
        """Add problems found elsewhere in the same read; the same one twice is one."""
        self._problems.update(dict.fromkeys(problems))

    @property
    def resources(self) -> list[Resource]:
        """The resources that take part, each once.

        Terminated ones go only now: of a resource that was terminated while it was being read,
        the older copy must not come back to life.
        """
        if self.include_terminated:
            return list(self._resources.values())
        return [known for known in self._resources.values() if known.state is not _TERMINATED]

    @property
    def empty_systems(self) -> list[Problem]:
        """The systems of which no resource came, once all pages were taken in.

        Not among `problems`, since rows that somebody picked need not be of all systems.
        """
        if self._rows and self._without_slug == self._rows:
            return []  # nobody can tell
        systems = self.policy.systems
        return [
            _empty(system)
            for system in systems
            if self.policy.reads(system) and system.offering_slug not in self._seen
        ]

    @property
    def problems(self) -> list[Problem]:
        """All that was wrong with rows so far."""
        found = [*self._problems, *self._changed.values()]
        found += [_foreign(slug, uuids) for slug, uuids in self._foreign.items()]
        if self._rows and self._without_slug == self._rows:
            # One sentence instead of four missing slugs for every resource of the site.
            found = [p for p in found if p.code is not ProblemCode.MISSING_FIELD]
            found.append(_TOO_OLD)
        return found


def _text_of(uuid: object) -> str:
    return uuid if isinstance(uuid, str) else shown(uuid)


def _age(resource: Resource) -> tuple[datetime, str]:
    """When it was modified; the text of all of it makes the choice reproducible."""
    try:
        modified = datetime.fromisoformat(resource.modified)
    except ValueError:
        modified = _LONG_AGO
    if modified.tzinfo is None:  # Waldur's own zone; its servers keep UTC
        modified = modified.replace(tzinfo=UTC)
    return modified, repr(resource)


def _duplicate(resource: Resource) -> Problem:
    return Problem(
        ProblemCode.DUPLICATE_RESOURCE,
        Severity.WARNING,
        f"resource {shown(resource.slug)} came several times with different content;"
        " the one modified last is shown",
        "Harmless if it changed while it was being read; otherwise look for overlapping dumps.",
        resource=str(resource.uuid),
    )


def _foreign(slug: str, uuids: set[str]) -> Problem:
    named = ", ".join(shown(uuid) for uuid in sorted(uuids)[:_MOST_NAMED])
    return Problem(
        ProblemCode.UNKNOWN_OFFERING,
        Severity.ERROR,
        f"{len(uuids)} resource(s) of offering {shown(slug)} left out ({named}"
        + (", ...)" if len(uuids) > _MOST_NAMED else ")"),
        "Name the offering in storage_systems if they are storage.",
        resource=label(slug),
    )


def _empty(system: StorageSystem) -> Problem:
    return Problem(
        ProblemCode.EMPTY_SYSTEM,
        Severity.INFO,
        f"no resource of storage system {system.name} came",
        f"Harmless if nothing of offering {shown(system.offering_slug)} was ordered yet; otherwise"
        " check its slug in storage_systems, and that the token may see its resources.",
        resource=label(system.offering_slug),
    )


_TOO_OLD = Problem(
    ProblemCode.UPSTREAM_TOO_OLD,
    Severity.ERROR,
    "no resource carries offering_slug: this Mastermind is older than version 8",
    "Upgrade Waldur Mastermind; older servers do not send what paths are made of.",
)
