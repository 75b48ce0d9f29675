"""Reading the resources that usage is reported for. Source: Waldur contract, sections 2, 3, 11."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeAlias
from uuid import UUID

import attrs

from cscs_domain._text import label
from cscs_domain.errors import UpstreamServiceError
from cscs_domain.problems import Problem, Severity
from cscs_domain.storage.field_parsers import (
    Faults,
    optional_text,
    required_text,
    required_uuid,
)
from cscs_domain.storage.states import ResourceState
from cscs_domain.usage.metered_resources import MeteredResource, MeteredResources, OfferingChoice
from cscs_http.params import Params
from cscs_http.service import Service
from cscs_http.waldur_lists import Deadline, Decoded, WaldurList
from cscs_http.waldur_query import RESOURCES, UUIDS_ONLY
from cscs_http.waldur_reading import read_consistently
from cscs_http.waldur_usage_lists import readable_uuid, selection
from cscs_http.waldur_usage_offerings import read_offering, slugs_of_provider
from cscs_http.waldur_usage_terminated import count_terminated
from cscs_json import decode_raw_rows

_Objects: TypeAlias = Sequence[object]

_SLUG: Final = "offering_slug"
_MEMBERS: Final = selection(
    *("uuid", "name", "backend_id", "state", "offering_uuid", _SLUG, "offering_backend_id"),
)
_GONE: Final = frozenset({ResourceState.TERMINATED, ResourceState.UNKNOWN})
_LIVE: Final = tuple(("state", each.value) for each in ResourceState if each not in _GONE)


async def read_metered(
    service: Service, choice: OfferingChoice, deadline: Deadline
) -> MeteredResources:
    """The live resources of these offerings, and how many others are terminated.

    Raises `UpstreamServiceError`.
    """
    rows = [row for scope in _scopes(choice) for row in await _read(service, scope, deadline)]
    objects = [row for row in rows if isinstance(row, Mapping)]
    keeps_dates = _has_slugs(objects) if objects else await _probe(service)
    if choice.slugs and not keeps_dates:
        reason = "this Waldur is too old to know offerings by slug: choose them by their uuids"
        raise _wrong(service, reason)
    found = _Found(choice)
    for position, row in enumerate(rows):
        found.take(row, position)
    resources = await _with_components(service, found, deadline)
    offerings = found.offerings | choice.uuids
    gone = await count_terminated(service, offerings, choice.slugs - found.slugs, deadline)
    return MeteredResources(
        resources=resources, keeps_dates=keeps_dates, problems=(*found.problems.values(), *gone)
    )


def _scopes(choice: OfferingChoice) -> Iterator[Params]:
    # The oldest come first, so that new resources only appear at the end of the list.
    rest = (("o", "created"), *_LIVE)
    if choice.slugs:
        yield ((_SLUG, ",".join(sorted(choice.slugs))), *rest)
    for uuid in sorted(choice.uuids):
        yield (("offering_uuid", uuid.hex), *rest)


async def _read(service: Service, scope: Params, deadline: Deadline) -> list[object]:
    whole = WaldurList(service, RESOURCES, (*scope, *_MEMBERS), _rows, deadline)
    uuids = WaldurList(service, RESOURCES, (*scope, *UUIDS_ONLY), _uuids, deadline)
    return [row async for page in read_consistently(whole, uuids) for row in page]


async def _probe(service: Service) -> bool:
    """Whether any resource at all has a slug of its offering; if there is none, it matters not."""
    params = (("page_size", "1"), *selection("uuid", _SLUG))
    answer = await service.get(RESOURCES, params)
    rows = answer.json()
    if not isinstance(rows, list):
        raise answer.unusable("answered with something that is no list")
    return _has_slugs(rows) or not rows


def _has_slugs(rows: Iterable[object]) -> bool:
    return any(isinstance(row, Mapping) and _SLUG in row for row in rows)


@attrs.define
class _Found:
    """Resources and problems by uuid: rows may come twice, and then the later one counts."""

    choice: OfferingChoice
    resources: dict[UUID, MeteredResource] = attrs.Factory(dict)
    problems: dict[str, Problem] = attrs.Factory(dict)
    slugs: set[str] = attrs.Factory(set)
    offerings: set[UUID] = attrs.Factory(set)

    def take(self, row: object, position: int) -> None:
        """A row as Waldur sent it, which may be of any offering and in any state."""
        members: Mapping[str, object] = row if isinstance(row, Mapping) else {}
        faults: Faults = []
        offering = readable_uuid(members.get("offering_uuid"))
        slug = members.get(_SLUG)
        is_ours = offering in self.choice.uuids or self._has_chosen(slug)
        if not is_ours and self.choice.slugs:
            optional_text(slug, _SLUG, faults)  # else it may be ours
        is_other = offering is not None and not is_ours and not faults
        if is_other or members.get("state") == "Terminated":
            return
        resource = _resource(members, faults)
        self.slugs |= {slug} if is_ours and isinstance(slug, str) else set()
        self.offerings |= {offering} if is_ours and offering else set()
        if not faults:
            self.resources[resource.uuid] = resource
            return
        name = str(resource.uuid) if resource.uuid.int else f"row {position}"
        fault = faults[0]
        self.problems[name] = Problem(
            fault.code, Severity.ERROR, fault.message, fault.hint, resource=name
        )

    def _has_chosen(self, slug: object) -> bool:
        return isinstance(slug, str) and slug in self.choice.slugs


def _resource(members: Mapping[str, object], faults: Faults) -> MeteredResource:
    text = required_text(members.get("state"), "state", faults)
    return MeteredResource(
        uuid=required_uuid(members.get("uuid"), "uuid", faults),
        backend_id=optional_text(members.get("backend_id"), "backend_id", faults),
        offering=required_uuid(members.get("offering_uuid"), "offering_uuid", faults),
        state=_state(text),
        state_text=text,
        name=optional_text(members.get("name"), "name", faults),
        cluster=optional_text(members.get("offering_backend_id"), "offering_backend_id", faults),
    )


def _state(text: str) -> ResourceState:
    try:
        return ResourceState(text)
    except ValueError:
        return ResourceState.UNKNOWN


async def _with_components(
    service: Service, found: _Found, deadline: Deadline
) -> tuple[MeteredResource, ...]:
    """The resources with what their offerings have. Raises for offerings that there are not."""
    unseen = found.choice.slugs - found.slugs
    if unseen:
        unseen -= await slugs_of_provider(service, unseen, deadline)
    unknown = [label(slug) for slug in unseen]
    components: dict[UUID, frozenset[str] | None] = {}
    for uuid in sorted(found.choice.uuids | found.offerings):
        shown = await read_offering(service, uuid)
        components[uuid] = shown.components if shown else None
        if shown is None and uuid not in found.offerings:
            unknown.append(str(uuid))
    if unknown:
        names = ", ".join(sorted(unknown))
        reason = (
            f"shows no offering {names} to this token: check usage.offerings (in the site agent's"
            " file waldur_offering_uuid) and the token"
        )
        raise _wrong(service, reason)
    return tuple(
        attrs.evolve(resource, components=components[resource.offering])
        for resource in found.resources.values()
    )


def _wrong(service: Service, reason: str) -> UpstreamServiceError:
    return UpstreamServiceError(service.connection.service, reason, retryable=False)


def _rows(body: bytes, _name: str, _total: int) -> Decoded[_Objects]:
    rows = decode_raw_rows(body)
    return Decoded(rows, len(rows), _uuids_of(rows))


def _uuids(body: bytes, _name: str, _total: int) -> Decoded[None]:
    rows = decode_raw_rows(body)
    return Decoded(None, len(rows), _uuids_of(rows))


def _uuids_of(rows: Iterable[object]) -> list[object]:
    return [row.get("uuid") for row in rows if isinstance(row, Mapping)]
