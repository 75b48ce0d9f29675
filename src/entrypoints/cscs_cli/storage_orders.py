"""`cscs storage orders` and `cscs storage order`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, TypeAlias
from uuid import UUID

from cyclopts import Parameter

from cscs_bootstrap.settings import Settings
from cscs_bootstrap.storage_service import StorageService
from cscs_bootstrap.wiring import storage_service
from cscs_cli.document_options import (
    DEFAULTS,
    DocumentOptions,
    destination_for,
    load_for_documents,
)
from cscs_cli.exit_codes import ExitCode
from cscs_cli.interrupting import sigterm_like_ctrl_c
from cscs_cli.orders_report import OrdersOutput
from cscs_cli.progress_display import progress_display
from cscs_cli.terminal import console, say_bytes
from cscs_domain import __version__
from cscs_domain.ports import DocumentStore
from cscs_domain.progress import Progress
from cscs_domain.storage.export_orders import (
    OrdersReport,
    OrdersRequest,
    export_order,
    export_orders,
)

_Work: TypeAlias = Callable[
    [StorageService, DocumentStore, OrdersRequest, Progress], Awaitable[OrdersReport]
]


def storage_orders(*, options: DocumentOptions = DEFAULTS) -> int:
    """Write the documents of all orders that have none yet."""
    return _run(_all_orders, options)


def storage_order(
    order_uuid: Annotated[
        UUID, Parameter(metavar="ORDER_UUID", help="The order, with or without dashes.")
    ],
    /,
    *,
    options: DocumentOptions = DEFAULTS,
) -> int:
    """Write the document of one order, once more if it has one."""
    return _run(partial(_one_order, order_uuid), options)


async def _all_orders(
    service: StorageService, store: DocumentStore, request: OrdersRequest, tell: Progress
) -> OrdersReport:
    read = partial(service.read, progress=tell)
    return await export_orders(read, store, request, clock=service.clock)


async def _one_order(
    order: UUID,
    service: StorageService,
    store: DocumentStore,
    request: OrdersRequest,
    tell: Progress,
) -> OrdersReport:
    read = partial(service.read, progress=tell)
    return await export_order(
        order, read, store, request, clock=service.clock, orders=service.orders
    )


def _run(work: _Work, options: DocumentOptions) -> int:
    """Do it, print what came of it, and return the exit code."""
    settings = load_for_documents(options)
    request = OrdersRequest(
        zone=settings.zone,
        version=__version__,
        rehearse=options.dry_run,
        patience=options.patience,
    )
    goal = destination_for(settings, options)
    with sigterm_like_ctrl_c():
        report = asyncio.run(_worked(work, settings, options, goal.store, request))
    output = OrdersOutput(
        report=report, goal=goal, rehearsed=options.dry_run, verbose=options.verbose
    )
    if options.json:
        say_bytes(output.document())
    else:
        output.show(console())
    return ExitCode.DONE_WITH_PROBLEMS if report.is_doubtful else ExitCode.DONE


async def _worked(
    work: _Work,
    settings: Settings,
    options: DocumentOptions,
    store: DocumentStore,
    request: OrdersRequest,
) -> OrdersReport:
    async with storage_service(settings, mapping=options.hierarchy_mapping) as service:
        with progress_display(service.clock) as tell:
            return await work(service, store, request, tell)
