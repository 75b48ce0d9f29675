"""Adapters of usage reporting with what has to be known to use them up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import attrs

from cscs_bootstrap.upstreams import Close, nothing_to_close
from cscs_domain.ports import UsageWarehouse, WaldurUsage


@attrs.frozen
class WarehouseAdapter:
    """A warehouse, how to get a token for it where it takes one, and how to let go of it."""

    warehouse: UsageWarehouse
    tokens: Callable[[], Awaitable[None]] | None = None
    close: Close = nothing_to_close


@attrs.frozen
class WaldurUsageAdapter:
    """Waldur's usage, and how to let go of it."""

    waldur: WaldurUsage
    close: Close = nothing_to_close
