"""How many resources of an offering are terminated. Source: Waldur contract, sections 2 and 3."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final
from uuid import UUID

import attrs

from cscs_domain.problems import Problem
from cscs_domain.storage.states import ResourceState
from cscs_domain.usage.metered_resources import terminated
from cscs_http.service import Service
from cscs_http.waldur_lists import Deadline, Decoded, WaldurList
from cscs_http.waldur_query import RESOURCES
from cscs_http.waldur_usage_lists import readable_uuid, selection
from cscs_json import decode_raw_rows

_STATE: Final = ResourceState.TERMINATED.value
_OFFERING: Final = "offering_uuid"
_SLUG: Final = "offering_slug"
_MEMBERS: Final = selection("uuid", "state", _OFFERING, _SLUG)


@attrs.define
class _Seen:
    """Rows that came with a count."""

    rows: list[object] = attrs.Factory(list)

    def decode(self, body: bytes, _name: str, _total: int) -> Decoded[None]:
        """Keep them."""
        self.rows = list(decode_raw_rows(body))
        return Decoded(None, len(self.rows), ())


async def count_terminated(
    service: Service, offerings: Iterable[UUID], slugs: Iterable[str], deadline: Deadline
) -> tuple[Problem, ...]:
    """One problem an offering that has any; of each only one row is read, none for nothing.

    `slugs` are those of offerings whose uuids are not known. Raises `UpstreamServiceError`.
    """
    found: dict[UUID, tuple[Problem, ...]] = {}
    scopes = [
        *((_OFFERING, uuid.hex) for uuid in sorted(offerings)),
        *((_SLUG, slug) for slug in sorted(slugs)),
    ]
    for name, value in scopes:
        seen = _Seen()
        params = ((name, value), ("state", _STATE), *_MEMBERS)
        count = await WaldurList(service, RESOURCES, params, seen.decode, deadline).count()
        offering = _offering_of(seen.rows, name, value)
        if offering is not None:
            found[offering] = terminated(offering, count)
    return tuple(problem for problems in found.values() for problem in problems)


def _offering_of(rows: Iterable[object], name: str, value: str) -> UUID | None:
    """Whose rows they are; None if a row is none of those, since then the count is not theirs."""
    offerings: set[UUID | None] = set()
    for row in rows:
        members: Mapping[str, object] = row if isinstance(row, Mapping) else {}
        offering = readable_uuid(members.get(_OFFERING))
        theirs = offering.hex if name == _OFFERING and offering else members.get(name)
        is_theirs = theirs == value and members.get("state") == _STATE
        offerings.add(offering if is_theirs else None)
    return offerings.pop() if len(offerings) == 1 else None
