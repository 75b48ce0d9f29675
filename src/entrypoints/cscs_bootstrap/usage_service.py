"""Usage of some offerings as a running service: the warehouse and Waldur behind their ports."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import attrs

from cscs_bootstrap.closing import ClosedAtTheEnd
from cscs_bootstrap.settings import AdapterKind, Settings
from cscs_bootstrap.system_clock import SystemClock
from cscs_bootstrap.upstreams import Close
from cscs_bootstrap.usage_adapters import WaldurUsageAdapter, WarehouseAdapter
from cscs_bootstrap.usage_configuration import UsageOffering
from cscs_bootstrap.usage_invented import InventedUsage
from cscs_bootstrap.usage_upstreams import http_waldur_usage, http_warehouse
from cscs_domain.ports import Clock, UsageWarehouse, WaldurUsage
from cscs_domain.usage.usage_reporting import UsageJob
from cscs_files import FileUsageWarehouse


@attrs.define(eq=False, kw_only=True)
class UsageService(ClosedAtTheEnd):
    """What reporting a job takes. Use it in a context, which closes it at the end.

    `waldur` is None if only the warehouse was wanted. `tokens` gets a token for the warehouse and
    raises `UpstreamServiceError`; it is None for a warehouse that takes none.
    """

    job: UsageJob
    warehouse: UsageWarehouse
    clock: Clock
    waldur: WaldurUsage | None = None
    tokens: Callable[[], Awaitable[None]] | None = None
    closers: tuple[Close, ...] = ()

    @property
    def reported_to(self) -> WaldurUsage:
        """Waldur, for those who have asked for it. Raises `LookupError` for others."""
        if self.waldur is None:
            raise LookupError("this service was made without a Waldur")
        return self.waldur

    async def close(self) -> None:
        """Let go of connections."""
        for close in self.closers:
            await close()


def usage_service(
    offering: UsageOffering, clock: Clock | None = None, *, with_waldur: bool = True
) -> UsageService:
    """Wire what `load_usage` has found fit for it. Connections are made when they are needed."""
    clock = clock or SystemClock()
    invented = InventedUsage(offering.job, clock.now(), offering.settings.zone)
    read = _warehouse(offering.settings, invented, clock)
    written = _waldur(offering.settings, invented, clock) if with_waldur else None
    return UsageService(
        job=offering.job,
        warehouse=read.warehouse,
        waldur=None if written is None else written.waldur,
        clock=clock,
        tokens=read.tokens,
        closers=(read.close,) if written is None else (written.close, read.close),
    )


def _warehouse(settings: Settings, invented: InventedUsage, clock: Clock) -> WarehouseAdapter:
    choice = settings.adapters.dwdi
    match choice.kind:
        case AdapterKind.FAKE:
            return WarehouseAdapter(invented.warehouse())
        case AdapterKind.FILE:
            return WarehouseAdapter(FileUsageWarehouse(choice.path[0]))
        case _:
            return http_warehouse(settings, clock)


def _waldur(settings: Settings, invented: InventedUsage, clock: Clock) -> WaldurUsageAdapter:
    if settings.adapters.waldur.kind is AdapterKind.HTTP:
        return http_waldur_usage(settings)
    # A dump is only let through beside invented usage, and cannot be written to.
    return WaldurUsageAdapter(invented.waldur(clock))
