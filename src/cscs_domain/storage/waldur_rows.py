"""Waldur's rows as they really are: the input model, before anything is believed.

Source: Waldur contract, sections 3, 4 and 10. Keys may be absent or null (treated alike), numbers
may come as text, uuids without dashes. So every member is an `object` here; `resource_parser` says
what is believed. The members are spelled as Waldur spells them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import attrs

from cscs_domain.errors import InvalidValueError


@attrs.frozen(kw_only=True)
class WaldurOrder:
    """The members of a nested order that we use."""

    uuid: object = None
    type: object = None
    state: object = None
    limits: object = None
    attributes: object = None


@attrs.frozen(kw_only=True)
class WaldurRow:
    """The members of a provider resource that we use."""

    uuid: object = None
    slug: object = None
    name: object = None
    state: object = None
    offering_uuid: object = None
    offering_slug: object = None
    provider_slug: object = None
    provider_name: object = None
    customer_uuid: object = None
    customer_slug: object = None
    customer_name: object = None
    project_uuid: object = None
    project_slug: object = None
    project_name: object = None
    limits: object = None
    attributes: object = None
    options: object = None
    backend_id: object = None
    backend_metadata: object = None
    modified: object = None
    order_in_progress: WaldurOrder | None = None

    @classmethod
    def from_mapping(cls, row: object) -> WaldurRow:
        """Take our members out of a decoded JSON object; `InvalidValueError` if it is none."""
        if not isinstance(row, Mapping):
            raise InvalidValueError("resource", type(row).__name__, "is not a JSON object")
        order = row.get("order_in_progress")
        if order is not None and not isinstance(order, Mapping):
            raise InvalidValueError(
                "order_in_progress", type(order).__name__, "is not a JSON object"
            )
        nested = None if order is None else WaldurOrder(**{k: order.get(k) for k in ORDER_MEMBERS})
        plain = {name: row.get(name) for name in ROW_MEMBERS if name != "order_in_progress"}
        return cls(order_in_progress=nested, **plain)


ROW_MEMBERS: Final = tuple(field.name for field in attrs.fields(WaldurRow))
ORDER_MEMBERS: Final = tuple(field.name for field in attrs.fields(WaldurOrder))
