"""Asking Waldur which slug an offering has. Source: Waldur contract, section 6."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from cscs_domain.storage.field_parsers import Faults, required_text, required_uuid
from cscs_http.answer import Answer
from cscs_http.errors import UnexpectedStatusError, UnusableAnswerError
from cscs_http.params import Params
from cscs_http.service import Service
from cscs_http.waldur_query import OFFERINGS

_UUID_AND_SLUG: Final[Params] = (("field", "uuid"), ("field", "slug"))
_FOUND_OR_NOT: Final = frozenset({200, 404})


async def read_offering_slug(service: Service, offering: UUID) -> str | None:
    """The offering's slug, None if Waldur shows no such offering. `UpstreamServiceError`."""
    path = f"{OFFERINGS}{offering.hex}/"
    answer = await service.get(path, _UUID_AND_SLUG, accept=_FOUND_OR_NOT)
    if answer.status == 404:
        _refuse_a_page(answer)
        return None
    return _slug(offering, answer)


def _refuse_a_page(answer: Answer) -> None:
    """In JSON a 404 means that Waldur looked and found nothing; else, that nobody looked."""
    try:
        answer.json_bytes()
    except UnusableAnswerError:
        reason = f"{answer.place} answered 404 without JSON: is this the API of Waldur?"
        raise UnexpectedStatusError(answer.service, reason, retryable=False, status=404) from None


def _slug(offering: UUID, answer: Answer) -> str:
    found = answer.json()
    if not isinstance(found, Mapping):
        raise answer.unusable("answered with something that is no offering")
    faults: Faults = []
    uuid = required_uuid(found.get("uuid"), "uuid", faults)
    if uuid != offering and not faults:
        raise answer.unusable("answered with another offering than was asked for")
    if found.get("slug") in (None, ""):
        raise answer.unusable("answered with an offering without a slug: this Waldur is too old")
    slug = required_text(found["slug"], "slug", faults)
    if faults:
        raise answer.unusable(f"answered with an offering whose {faults[0].message}")
    return slug
