"""Users, projects and allocations, as far as links need them. Usage events contract, section 4.

Ids are text of the directory's own (a number, a uuid) and opaque to us.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import attrs

from cscs_domain.errors import InvalidValueError
from cscs_domain.events.utc_times import in_utc


class AllocationStatus(StrEnum):
    """Whether an allocation is in force. Its dates say when."""

    ACTIVE = "active"
    PENDING = "pending"
    EXPIRED = "expired"
    REVOKED = "revoked"


class GrantedUnit(StrEnum):
    """What can be granted, with its unit."""

    CPU_HOURS = "cpu_hours"
    GPU_HOURS = "gpu_hours"


_NO_GRANT: Final[Mapping[GrantedUnit, int]] = MappingProxyType({})


def _in_utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else in_utc(moment)


@attrs.frozen(kw_only=True)
class DirectoryUser:
    """Somebody with an account. `external_id` is the `sub` of the OIDC provider."""

    id: str
    external_id: str | None = None
    email: str | None = None
    username: str | None = None
    default_project: str | None = None
    """Id of a project."""


@attrs.frozen(kw_only=True)
class DirectoryProject:
    """A project; without a `slug` of its own the one of its title counts."""

    id: str
    title: str
    slug: str | None = None


@attrs.frozen(kw_only=True)
class DirectoryAllocation:
    """What a project was granted from `start` to before `end`; None is open.

    Times have a zone and are kept in UTC. Raises `InvalidValueError`.
    """

    id: str
    project: str
    start: datetime | None = attrs.field(default=None, converter=_in_utc)
    end: datetime | None = attrs.field(default=None, converter=_in_utc)
    status: AllocationStatus = AllocationStatus.ACTIVE
    granted: Mapping[GrantedUnit, int] = _NO_GRANT
    """Whole hours."""

    def __attrs_post_init__(self) -> None:
        if self.start is not None and self.end is not None and not self.start < self.end:
            reason = f"is not after its start, {self.start.isoformat()}"
            raise InvalidValueError("end", self.end.isoformat(), reason)

    def overlaps(self, start: datetime, end: datetime) -> bool:
        """Whether it is in force at any moment of the half-open window `[start, end)`."""
        begins_before = self.start is None or self.start < end
        return begins_before and (self.end is None or start < self.end)


@attrs.frozen(kw_only=True)
class OpenstackRequest:
    """A request for OpenStack, of which projects there are named `<customer>-<project>`.

    `project_title` is the title in the request, where it differs from the project's.
    """

    customer_key: str
    project: str
    allocation: str | None = None
    project_title: str | None = None
