"""Services of tests: impatient ones, with waits that take no time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import attrs

from cscs_http.connection import Connection, TimeLimits
from cscs_http.credentials import Credentials
from cscs_http.retries import Retries
from cscs_http.service import Call, Service

QUICK = Retries(attempts=3, first_wait=0, longest_wait=0, jitter=0)
IMPATIENT = TimeLimits(connect=5, answer=0.1, total=5)


@attrs.define
class Watched:
    """A service and every call that it has made."""

    service: Service
    calls: list[Call] = attrs.Factory(list)


@asynccontextmanager
async def service_at(
    url: str,
    *,
    credentials: Credentials | None = None,
    retries: Retries = QUICK,
    **changes: Any,
) -> AsyncIterator[Watched]:
    """A service at this URL; `changes` are fields of its `Connection`."""
    connection = attrs.evolve(Connection(service="Waldur", url=url), **changes)
    calls: list[Call] = []
    service = Service(connection, credentials=credentials, retries=retries, observe=calls.append)
    try:
        yield Watched(service, calls)
    finally:
        await service.close()
