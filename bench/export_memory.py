"""How much memory it takes to write rows that come one by one."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from multiprocessing import get_context
from pathlib import Path
from uuid import NAMESPACE_OID, uuid5

import attrs

from bench.site import POLICY, make_site
from cscs_domain import Identities, Quotas, StorageRow, build_hierarchy
from cscs_domain.storage.document_names import DocumentName
from cscs_domain.storage.documents import DocumentFormat, DocumentHead
from cscs_files import FileDocumentStore
from cscs_json import decode_rows

_NAME = DocumentName.of_all(datetime(2026, 11, 21, 14, 5, tzinfo=UTC), DocumentFormat.NDJSON)


def peak_mb(rows: int) -> float:
    """The largest resident memory of a process of its own that writes so many rows as ndjson."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as processes:
        return processes.submit(_write, rows).result()


def _write(rows: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        head = DocumentHead(format=DocumentFormat.NDJSON)
        asyncio.run(FileDocumentStore(Path(folder)).write(_NAME, head, _generated(rows)))
    # Not getrusage, whose peak is also that of the process before it became Python.
    status = Path("/proc/self/status")
    if not status.exists():
        return float("nan")
    peak = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(peak.split()[1]) / 1024


def _generated(count: int) -> Iterator[StorageRow]:
    """Rows that nobody keeps, each with a size, a path and an id of its own."""
    site = make_site(50)
    found = [row for page in site.pages for row in decode_rows(page).rows]
    *_, last = build_hierarchy(found, Identities(site.gids, site.users), POLICY).rows
    for number in range(count):
        space = Decimal(1 + number)
        quotas = Quotas(
            space_soft_tb=space, space_hard_tb=space, inodes_soft=number, inodes_hard=2 * number
        )
        yield attrs.evolve(
            last,
            item_id=uuid5(NAMESPACE_OID, str(number)),
            mount_point=last.mount_point.child(str(number)),
            quotas=quotas,
        )
