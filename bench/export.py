"""What it costs to write the rows as a document, and to compare two: DESIGN section 8."""

from __future__ import annotations

import asyncio
import filecmp
import gc
import math
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final

import attrs
import msgspec

from bench.export_memory import peak_mb
from bench.site import POLICY, KnownIdentities, Site, make_site
from cscs_bootstrap.quiet_gc import paused_gc
from cscs_domain import Identities, StorageRow, StorageSources, build_hierarchy, read_hierarchy
from cscs_domain.storage.changes import changes
from cscs_domain.storage.document_names import DocumentName, Series
from cscs_domain.storage.document_wire import document_to_wire
from cscs_domain.storage.documents import DocumentFormat, DocumentHead, DocumentMeta
from cscs_domain.storage.states import Status
from cscs_files import FileDocumentStore, FileWaldurResources
from cscs_json import decode_document, decode_rows, document_chunks

BAR: Final = 3.0
BAR_ROWS: Final = 100_000
_ROUNDS: Final = 5
_FEW_ROUNDS: Final = 2
"""As many at the size of the bar and above, where one takes seconds."""
_FORMATS: Final = (DocumentFormat.ENVELOPE, DocumentFormat.NDJSON)
_MOMENT: Final = datetime(2026, 11, 21, 14, 5, tzinfo=UTC)
_META: Final = DocumentMeta(_MOMENT, "1.0.0")
_DIFFERENCES: Final = 1000
_OTHER: Final = {Status.ERROR: Status.ACTIVE}
_STREAMED: Final = (10_000, 100_000)
_MOST_GROWTH_MB: Final = 5.0

_ENCODE: Final = msgspec.json.Encoder(decimal_format="number")
_DECODE: Final = msgspec.json.Decoder(float_hook=Decimal)


@attrs.frozen
class Result:
    """One format and size, in microseconds a row."""

    format: DocumentFormat
    rows: int
    megabytes: float
    floor_us: float
    ours_us: float

    @property
    def ratio(self) -> float:
        """How many times the floor."""
        return self.ours_us / self.floor_us

    @property
    def verdict(self) -> str:
        """Whether the bar is reached, where there is one."""
        if self.rows != BAR_ROWS:
            return ""
        return "ok" if self.ratio <= BAR else "MISSED"


def _measure(rows: Sequence[StorageRow], form: DocumentFormat, folder: Path) -> Result:
    """Ours and the floor by turns, the collector on for both; the best round of each counts."""
    head = DocumentHead.of(form, _META)
    encode = _floor(head, rows)
    floor, ours = folder / "floor", folder / DocumentName.of_all(_MOMENT, form).text
    best = {"floor": math.inf, "ours": math.inf}
    for _ in range(_ROUNDS if len(rows) < BAR_ROWS else _FEW_ROUNDS):
        for name, work in (
            ("floor", lambda: _write(floor, [encode()])),
            ("ours", lambda: asyncio.run(_export(folder, head, rows))),
        ):
            best[name] = min(best[name], _timed(work))
        if not filecmp.cmp(floor, ours, shallow=False):
            raise RuntimeError("the floor writes something else")
        megabytes = ours.stat().st_size / 1e6
        ours.unlink()  # or the next one would be called otherwise
        floor.unlink()
    per_row = 1e6 / len(rows)
    return Result(form, len(rows), megabytes, best["floor"] * per_row, best["ours"] * per_row)


async def _export(folder: Path, head: DocumentHead, rows: Iterable[StorageRow]) -> None:
    """What an export does with rows: lock, document, link."""
    store = FileDocumentStore(folder)
    async with store.exclusive(timedelta(0)):
        name = await store.write(DocumentName.of_all(_MOMENT, head.format), head, rows)
        await store.switch_latest(Series(suffix=head.format.suffix), name)


def _floor(head: DocumentHead, rows: Sequence[StorageRow]) -> Callable[[], bytes]:
    """The same rows as plain dicts, encoded in one go by the JSON library, in the same layout."""
    lines = b"".join(document_chunks(DocumentHead(format=DocumentFormat.NDJSON), rows))
    plain = [_DECODE.decode(line) for line in lines.splitlines()]
    if head.format is DocumentFormat.NDJSON:
        return lambda: _ENCODE.encode_lines(plain)
    document = document_to_wire(head, plain, len(plain))
    return lambda: msgspec.json.format(_ENCODE.encode(document), indent=2) + b"\n"


def _write(path: Path, chunks: Iterable[bytes]) -> None:
    with path.open("wb") as file:
        file.writelines(chunks)
        file.flush()
        os.fsync(file.fileno())


def _timed(work: Callable[[], object]) -> float:
    gc.collect()
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _rows_of(site: Site, count: int) -> tuple[StorageRow, ...]:
    found = [row for page in site.pages for row in decode_rows(page).rows]
    return build_hierarchy(found, Identities(site.gids, site.users), POLICY).rows[:count]


def _whole_way(site: Site, folder: Path) -> str:
    dump = folder / "waldur.json"
    dump.write_bytes(b"[" + b",".join(page[1:-1] for page in site.pages) + b"]")
    began = time.perf_counter()
    with paused_gc():
        sources = StorageSources(FileWaldurResources([dump]), KnownIdentities(site))
        rows = asyncio.run(read_hierarchy(sources, POLICY)).rows
        read = time.perf_counter()
        asyncio.run(_export(folder, DocumentHead(meta=_META), rows))
    ended = time.perf_counter()
    return (
        f"Waldur dump of {dump.stat().st_size / 1e6:.0f} MB -> {len(rows)} rows in"
        f" {read - began:.2f} s -> document in {ended - read:.2f} s"
    )


def _difference(rows: Sequence[StorageRow], folder: Path) -> str:
    old, new = folder / "old.json", folder / "new.json"
    head = DocumentHead(meta=_META)
    _write(old, document_chunks(head, rows))
    step = max(1, len(rows) // _DIFFERENCES)
    changed = [
        row if number % step else attrs.evolve(row, status=_OTHER.get(row.status, Status.ERROR))
        for number, row in enumerate(rows)
    ]
    _write(new, document_chunks(head, changed))
    began = time.perf_counter()
    with paused_gc():
        observed = decode_document(old.read_bytes()).rows
        desired = decode_document(new.read_bytes()).rows
        read = time.perf_counter()
        found = changes(observed, desired)
    ended = time.perf_counter()
    per_row = 1e6 / len(rows)
    return (
        f"two documents of {len(rows)} rows read in {(read - began) * per_row / 2:.1f} us a row,"
        f" {len(found.changed)} changes found in {(ended - read) * per_row:.1f} us a row"
    )


def report(sizes: tuple[int, ...]) -> None:
    """Measure and print a table and some lines."""
    print(
        f"Rows -> document, locked and linked (bar {BAR:.0f} x encoding and writing,"
        f" {BAR_ROWS} rows)"
    )
    print(f"{'format':<10} {'rows':>8} {'MB':>6} {'floor us':>9} {'ours us':>8} {'ratio':>6}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for size in sizes:
            with paused_gc():  # none of it goes before the end
                site = make_site(size)
                rows = _rows_of(site, size)
            for form in _FORMATS:
                r = _measure(rows, form, folder)
                print(
                    f"{r.format:<10} {r.rows:>8} {r.megabytes:>6.1f} {r.floor_us:>9.2f}"
                    f" {r.ours_us:>8.2f} {r.ratio:>6.2f}  {r.verdict}",
                    flush=True,
                )
        print(_whole_way(site, folder), flush=True)
        print(_difference(rows, folder), flush=True)
    few, many = map(peak_mb, _STREAMED)
    verdict = "GROWS" if many - few > _MOST_GROWTH_MB else "ok"
    print(f"ndjson of {_STREAMED[0]} and {_STREAMED[1]} rows streamed: peak {few:.0f} and", end=" ")
    print(f"{many:.0f} MB  {verdict}")
