"""Which paths there are, by which methods, and since which version."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

import attrs

from cscs_fakes.emulators.waldur import (
    consumer_actions,
    offering_views,
    order_actions,
    order_views,
    periods,
    resource_actions,
    resource_views,
    usage_actions,
    usage_views,
    user_usage_actions,
    user_views,
)
from cscs_fakes.emulators.waldur.answers import Answer
from cscs_fakes.emulators.waldur.calls import Call
from cscs_fakes.emulators.waldur.mode import Mode
from cscs_fakes.emulators.waldur.state import Portal

Handler: TypeAlias = Callable[[Portal, Call], Answer]
Path: TypeAlias = tuple[str, ...]
"""The segments of a path under `/api/`."""

ONE: Final = "{uuid}"

LIST: Final = "GET, POST, HEAD, OPTIONS"
DETAIL: Final = "GET, PUT, PATCH, DELETE, HEAD, OPTIONS"
READ: Final = "GET, HEAD, OPTIONS"
ACTION: Final = "POST, OPTIONS"
VERSION: Final = "OPTIONS, GET"


@attrs.frozen
class Endpoint:
    """A path that exists; `allow` is what it says about itself, true or not."""

    path: Path
    allow: str
    handlers: Mapping[str, Handler]

    @property
    def template(self) -> str:
        """The path with a placeholder."""
        return f"/api/{'/'.join(self.path)}/"

    def handler(self, method: str) -> Handler | None:
        """What answers this method; None if nothing does."""
        return self.handlers.get("GET" if method == "HEAD" else method)


def endpoint_of(mode: Mode, path: str) -> tuple[Endpoint, str] | None:
    """The endpoint of a path that ends in a slash, and the uuid in it; None if there is none."""
    if not path.startswith("/api/") or not path.endswith("/"):
        return None
    segments = tuple(path[5:-1].split("/"))
    found = _ENDPOINTS[mode].get(segments)
    if found is not None:
        return found, ""
    if len(segments) < 2:
        return None
    found = _ENDPOINTS[mode].get((segments[0], ONE, *segments[2:]))
    return (found, segments[1]) if found and segments[1] else None


def _reading(name: str, listed: Handler, shown: Handler | None = None) -> list[Endpoint]:
    endpoints = [Endpoint((name,), LIST, {"GET": listed})]
    return [*endpoints, Endpoint((name, ONE), DETAIL, {"GET": shown})] if shown else endpoints


def _acting(name: str, actions: Mapping[str, Handler]) -> list[Endpoint]:
    return [
        Endpoint((name, ONE, action), ACTION, {"POST": handler})
        for action, handler in actions.items()
    ]


_PROVIDED: Final = "marketplace-provider-resources"
_CONSUMED: Final = "marketplace-resources"
_ORDERS: Final = "marketplace-orders"
_OFFERINGS: Final = "marketplace-provider-offerings"
_PROVIDERS: Final = "marketplace-service-providers"
_USAGES: Final = "marketplace-component-usages"

_COMMON: Final = [
    *_reading(_PROVIDED, resource_views.list_provided, resource_views.show_provided),
    *_reading(_CONSUMED, resource_views.list_consumed, resource_views.show_consumed),
    *_reading(_ORDERS, order_views.list_orders, order_views.show_order),
    *_reading(_OFFERINGS, offering_views.list_offerings, offering_views.show_offering),
    *_reading(_PROVIDERS, offering_views.list_providers),
    *_reading("customers", offering_views.list_customers),
    *_reading(_USAGES, usage_views.list_usages, usage_views.show_usage),
    *_reading("marketplace-component-user-usages", usage_views.list_user_usages),
    *_reading("marketplace-offering-users", usage_views.list_accounts, usage_views.show_account),
    *_acting(_PROVIDED, resource_actions.ACTIONS),
    *_acting(_CONSUMED, consumer_actions.ACTIONS),
    *_acting(_ORDERS, order_actions.ACTIONS),
    *_acting(_USAGES, {"set_user_usage": user_usage_actions.set_user_usage}),
    Endpoint(
        (_ORDERS,),
        LIST,
        {"GET": order_views.list_orders, "POST": consumer_actions.create_order},
    ),
    Endpoint((_PROVIDED, ONE, "plan_periods"), READ, {"GET": periods.list_plan_periods}),
    Endpoint(
        (_OFFERINGS, ONE, "customers"), READ, {"GET": offering_views.list_customers_of_offering}
    ),
    Endpoint(
        (_OFFERINGS, ONE, "list_customer_projects"),
        READ,
        {"GET": offering_views.list_customer_projects},
    ),
    Endpoint(
        (_PROVIDERS, ONE, "customers"), READ, {"GET": offering_views.list_customers_of_provider}
    ),
    Endpoint((_USAGES, "set_usage"), ACTION, {"POST": usage_actions.set_usage}),
    Endpoint(("users", "me"), READ, {"GET": user_views.show_me}),
    Endpoint(("version",), VERSION, {"GET": user_views.show_version}),
]
_NEW: Final = [
    *_acting(_PROVIDED, resource_actions.NEW_ACTIONS),
    *_acting(_ORDERS, order_actions.NEW_ACTIONS),
    *_acting(_USAGES, {"set_user_usages": user_usage_actions.set_user_usages}),
]

_ENDPOINTS: Final[Mapping[Mode, Mapping[Path, Endpoint]]] = {
    Mode.V5_8: {each.path: each for each in _COMMON},
    Mode.V8_1: {each.path: each for each in (*_COMMON, *_NEW)},
}
