"""Reading an order or a resource back, to see what an action has come to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeVar
from uuid import UUID

from cscs_domain.errors import (
    CscsError,
    InputError,
    UnknownOrderError,
    UnknownResourceError,
)
from cscs_domain.free_text import bounded_text
from cscs_domain.orders import OrderFacts
from cscs_domain.storage.field_parsers import (
    Faults,
    optional_uuid,
    required_text,
    required_uuid,
)
from cscs_domain.storage.states import OrderState, OrderType, ResourceState, Word
from cscs_http.answer import Answer
from cscs_http.errors import UnexpectedStatusError, UnusableAnswerError
from cscs_http.service import Params, Service

_Word = TypeVar("_Word", bound=Word)

# `resource_uuid` is the object of a plugin, and usually null: not what we call a resource.
_ORDER_MEMBERS: Final = (
    *("uuid", "marketplace_resource_uuid", "type", "state", "error_message", "offering_type"),
)
_RESOURCE_MEMBERS: Final = ("uuid", "state")
_FOUND_OR_NOT: Final = frozenset({200, 404})


async def read_order(service: Service, order: UUID) -> OrderFacts:
    """The order now. Raises `UnknownOrderError` and `UpstreamServiceError`."""
    path = f"marketplace-orders/{order.hex}/"
    answer = await _read(service, path, _ORDER_MEMBERS, UnknownOrderError(order))
    return _order_facts(order, answer)


async def read_resource_state(service: Service, resource: UUID) -> tuple[ResourceState, str]:
    """The resource's state now and its text. Raises `UnknownResourceError` likewise."""
    path = f"marketplace-provider-resources/{resource.hex}/"
    answer = await _read(service, path, _RESOURCE_MEMBERS, UnknownResourceError(resource))
    faults: Faults = []
    members = _members_of(resource, answer, faults)
    text = required_text(members.get("state"), "state", faults)
    _believe(answer, faults)
    return _known(text, ResourceState, ResourceState.UNKNOWN), bounded_text(text)


def absent_as(unknown: InputError, answer: Answer) -> CscsError:
    """What a 404 means: in JSON, that Waldur looked and found nothing; else, that nobody looked."""
    try:
        answer.json_bytes()
    except UnusableAnswerError:
        reason = (
            f"{answer.place} answered 404 without JSON: this Waldur version has no such action,"
            " or waldur_api.api_url is not its API"
        )
        return UnexpectedStatusError(answer.service, reason, retryable=False, status=404)
    return unknown


async def _read(
    service: Service, path: str, members: tuple[str, ...], unknown: InputError
) -> Answer:
    selection: Params = [("field", name) for name in members]
    answer = await service.get(path, selection, accept=_FOUND_OR_NOT)
    if answer.status == 404:
        raise absent_as(unknown, answer)
    return answer


def _order_facts(order: UUID, answer: Answer) -> OrderFacts:
    faults: Faults = []
    members = _members_of(order, answer, faults)
    state = required_text(members.get("state"), "state", faults)
    kind = _text(members.get("type"))
    resource = members.get("marketplace_resource_uuid")
    facts = OrderFacts(
        uuid=order,
        resource=optional_uuid(resource, "marketplace_resource_uuid", faults),
        type=_known(kind, OrderType, OrderType.UNKNOWN),
        state=_known(state, OrderState, OrderState.UNKNOWN),
        state_text=state,
        error_message=_text(members.get("error_message")),
        offering_type=_text(members.get("offering_type")),
    )
    _believe(answer, faults)
    return facts


def _members_of(uuid: UUID, answer: Answer, faults: Faults) -> Mapping[str, object]:
    found = answer.json()
    if not isinstance(found, Mapping):
        raise answer.unusable("answered with something that is no object")
    if required_uuid(found.get("uuid"), "uuid", faults) != uuid and not faults:
        raise answer.unusable("answered with another object than was asked for")
    return found


def _believe(answer: Answer, faults: Faults) -> None:
    if faults:
        raise answer.unusable(f"answered with an object whose {faults[0].message}")


def _text(value: object) -> str:
    """Of members that decide nothing: whatever else they are must not hide the state."""
    return value if isinstance(value, str) else ""


def _known(text: str, words: type[_Word], otherwise: _Word) -> _Word:
    try:
        return words(text)
    except ValueError:
        return otherwise
