"""Which Waldur actions a provisioner may call now, and under which URL. Source: DESIGN section 3.

URLs are built from a configured base and uuids, never by editing a URL that some server sent.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

import attrs

from cscs_domain._text import shown
from cscs_domain.errors import InvalidValueError
from cscs_domain.storage.states import OrderState, ResourceState

# No login, no blank, no control character and no lone surrogate, anywhere.
_PLAIN: Final = re.compile(r"[^@\s\x00-\x1f\x7f-\x9f\ud800-\udfff]*")


@attrs.frozen
class ApiUrl:
    """Where Waldur's API lives, ending in `/api/`, whichever way the operator wrote it."""

    text: str

    @classmethod
    def parse(cls, text: str) -> ApiUrl:
        """Accept a URL with or without `/api` and with or without the last slash.

        Raises `InvalidValueError` for everything that is no http(s) URL with a host and at most a
        port and a path. A login, which may be a secret, is not repeated in the message.
        """
        if not _PLAIN.fullmatch(text):
            raise InvalidValueError(
                "API URL", shown(text.rpartition("@")[2]), "has a login, blanks or controls"
            )
        try:
            parts = urlsplit(text)
            is_url = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
        except ValueError:  # brackets that do not match, a port that is none
            is_url = False
        if not is_url:
            raise InvalidValueError("API URL", shown(text), "is not an http(s) URL with a host")
        if parts.query or parts.fragment:
            raise InvalidValueError("API URL", shown(text), "has a query or fragment")
        path = parts.path.rstrip("/")
        if path.rpartition("/")[2] != "api":
            path += "/api"
        return cls(f"{parts.scheme}://{parts.netloc}{path}/")


@attrs.frozen(kw_only=True)
class Callbacks:
    """The URLs to POST to; None where the state does not allow the action."""

    approve_by_provider_url: str | None = None
    reject_by_provider_url: str | None = None
    set_state_done_url: str | None = None
    set_state_erred_url: str | None = None
    set_backend_id_url: str | None = None
    update_resource_options_url: str | None = None
    set_state_ok_url: str | None = None


NO_CALLBACKS: Final = Callbacks()


@attrs.frozen
class _Action:
    member: str
    of_order: bool
    name: str
    allowed: Callable[[OrderState, ResourceState], bool]


_PENDING = OrderState.PENDING_PROVIDER
_EXECUTING = OrderState.EXECUTING
_MAY_BECOME_OK = frozenset(
    {
        ResourceState.CREATING,
        ResourceState.UPDATING,
        ResourceState.TERMINATING,
        ResourceState.ERRED,
    }
)

_ACTIONS: Final = (
    _Action("approve_by_provider_url", True, "approve_by_provider", lambda o, _: o is _PENDING),
    _Action("reject_by_provider_url", True, "reject_by_provider", lambda o, _: o is _PENDING),
    _Action("set_state_done_url", True, "set_state_done", lambda o, _: o in {_PENDING, _EXECUTING}),
    _Action("set_state_erred_url", True, "set_state_erred", lambda o, _: o is _EXECUTING),
    _Action("set_backend_id_url", False, "set_backend_id", lambda o, _: not o.is_final),
    _Action(
        "update_resource_options_url", False, "update_options_direct", lambda o, _: o is _PENDING
    ),
    _Action(
        "set_state_ok_url",
        False,
        "set_state_ok",
        lambda o, r: not o.is_final and r in _MAY_BECOME_OK,
    ),
)


@lru_cache
def _allowed(order: OrderState, resource: ResourceState) -> tuple[_Action, ...]:
    return tuple(action for action in _ACTIONS if action.allowed(order, resource))


def callbacks_for(
    base: ApiUrl,
    *,
    order: str,
    order_state: OrderState,
    resource: str,
    resource_state: ResourceState,
) -> Callbacks:
    """The actions that DESIGN's table allows for an order and resource, given by their uuids.

    `resource_state` is the state as shown (see `states.shown_state`).
    """
    of_order = f"{base.text}marketplace-orders/{order}/"
    of_resource = f"{base.text}marketplace-provider-resources/{resource}/"
    urls = {
        action.member: f"{of_order if action.of_order else of_resource}{action.name}/"
        for action in _allowed(order_state, resource_state)
    }
    return Callbacks(**urls) if urls else NO_CALLBACKS
