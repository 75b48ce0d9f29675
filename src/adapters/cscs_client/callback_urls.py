"""What a row's callback URLs stand for: an order, a resource, and what may be done with them.

The URLs come out of an answer and the Waldur token goes with every call, so nothing is ever sent
to one of them: they are taken apart, held against the configured Waldur, and built anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final
from urllib.parse import SplitResult, urlsplit
from uuid import UUID

import attrs

from cscs_client.errors import ForeignCallbackError
from cscs_domain._text import shown
from cscs_domain.order_calls import WaldurCall
from cscs_domain.orders import OrderAction, ResourceAction
from cscs_domain.storage.callbacks import ApiUrl, Callbacks
from cscs_domain.storage.rows import StorageRow

ACTION_OF: Final[Mapping[str, OrderAction | ResourceAction]] = MappingProxyType(
    {
        "approve_by_provider_url": OrderAction.APPROVE,
        "reject_by_provider_url": OrderAction.REJECT,
        "set_state_done_url": OrderAction.DONE,
        "set_state_erred_url": OrderAction.ERRED,
        "set_backend_id_url": ResourceAction.SET_BACKEND_ID,
        "update_resource_options_url": ResourceAction.UPDATE_OPTIONS,
        "set_state_ok_url": ResourceAction.SET_OK,
    }
)
"""For each member of a row."""

_PLAIN: Final = re.compile(r"[\x21-\x7e]{1,2048}")
_UUID: Final = re.compile(
    r"/([0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/", re.IGNORECASE
)
_PORTS: Final = {"http": 80, "https": 443}


@attrs.frozen
class OfferedActions:
    """What a row allows. `order` is None if its order cannot be acted upon, or it has none."""

    order: UUID | None
    resource: UUID | None
    actions: frozenset[OrderAction | ResourceAction]


def offered_actions(row: StorageRow, waldur: ApiUrl) -> OfferedActions:
    """What the row's callback URLs stand for.

    Raises `ForeignCallbackError` for a URL that is not below this API (scheme, host, port, path),
    is not the agreed one for its member, or concerns another order or resource than the rest.
    """
    calls = dict(_calls(row.callbacks, waldur))
    orders = {call.subject for call in calls.values() if isinstance(call.action, OrderAction)}
    resources = {call.subject for call in calls.values() if isinstance(call.action, ResourceAction)}
    if len(orders) > 1 or resources - {row.item_id}:
        raise ForeignCallbackError(
            "callback URLs", f"of row {row.item_id}", "concern several orders or resources"
        )
    return OfferedActions(
        order=next(iter(orders), None),
        resource=next(iter(resources), None),
        actions=frozenset(call.action for call in calls.values()),
    )


def _calls(callbacks: Callbacks, waldur: ApiUrl) -> Iterator[tuple[str, WaldurCall]]:
    for member, action in ACTION_OF.items():
        url: str | None = getattr(callbacks, member)
        if url is not None:
            yield member, _call(member, url, action, waldur)


def _call(
    member: str, url: str, action: OrderAction | ResourceAction, waldur: ApiUrl
) -> WaldurCall:
    path = _path_below(url, waldur)
    found = None if path is None else _UUID.search(path)
    if path is None or found is None:
        raise ForeignCallbackError(member, shown(url), f"is not below {waldur.text}")
    call = WaldurCall(action, UUID(found[1]))
    if path.replace(found[1], call.subject.hex) != call.path:
        raise ForeignCallbackError(member, shown(url), f"is not of the form {call.path}")
    return call


def _path_below(url: str, waldur: ApiUrl) -> str | None:
    """What follows the API's URL, or None if another place is meant."""
    # Before anything else: taking a URL apart drops line ends and tabs without a word.
    if not _PLAIN.fullmatch(url):
        return None
    try:
        parts, base = urlsplit(url), urlsplit(waldur.text)
        if _place(parts) != _place(base) or "@" in parts.netloc or "?" in url or "#" in url:
            return None
    except ValueError:
        return None
    if not parts.path.startswith(base.path):
        return None
    return parts.path.removeprefix(base.path)


def _place(parts: SplitResult) -> tuple[str, str | None, int | None]:
    return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)
