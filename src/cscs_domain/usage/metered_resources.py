"""The resources that usage is reported for, as Waldur has them. Source: Waldur contract, 3, 7."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from uuid import UUID

import attrs

from cscs_domain.errors import InvalidValueError
from cscs_domain.problems import Problem, ProblemCode, Severity
from cscs_domain.storage.states import ResourceState

REPORTABLE: Final = frozenset({ResourceState.OK, ResourceState.UPDATING, ResourceState.TERMINATING})
"""States in which Waldur takes usage; any other is a 400."""


def _slugs(values: Iterable[str]) -> frozenset[str]:
    return frozenset(values)


def _uuids(values: Iterable[UUID]) -> frozenset[UUID]:
    return frozenset(values)


@attrs.frozen(kw_only=True)
class OfferingChoice:
    """Which offerings: by slug, by uuid, or both. Old servers know no slugs."""

    slugs: frozenset[str] = attrs.field(default=(), converter=_slugs)
    uuids: frozenset[UUID] = attrs.field(default=(), converter=_uuids)

    def __attrs_post_init__(self) -> None:
        """Refuse to choose nothing, which would read as everything."""
        if not self.slugs and not self.uuids:
            raise InvalidValueError("offerings", "()", "are none")


@attrs.frozen(kw_only=True)
class MeteredResource:
    """One resource. `backend_id` is its account in the warehouse, and may be empty.

    `cluster` is the backend id of its offering. `components` are the types that the offering has,
    None if that could not be told. `state_text` is Waldur's own word.
    """

    uuid: UUID
    backend_id: str
    offering: UUID
    state: ResourceState = ResourceState.OK
    state_text: str = "OK"
    name: str = ""
    cluster: str = ""
    components: frozenset[str] | None = None

    @property
    def is_reportable(self) -> bool:
        """Whether Waldur takes its usage in this state."""
        return self.state in REPORTABLE


def terminated(offering: UUID, count: int) -> tuple[Problem, ...]:
    """That so many resources of an offering are not reported since they are terminated."""
    if not count:
        return ()
    many = f"{count} terminated resources are" if count > 1 else "a terminated resource is"
    return (
        Problem(
            ProblemCode.UNREPORTABLE_STATE,
            Severity.INFO,
            f"{many} not reported: Waldur takes no usage of what is terminated",
            "What was used since the last report cannot be submitted any more.",
            str(offering),
        ),
    )


@attrs.frozen(kw_only=True)
class MeteredResources:
    """Every live resource of some offerings, what could not be taken as one, and how many more are
    `terminated`.

    `keeps_dates` is False for a server that books everything into its current month, whatever
    date it is told.
    """

    resources: tuple[MeteredResource, ...]
    keeps_dates: bool = True
    problems: tuple[Problem, ...] = ()
