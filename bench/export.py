"""What it costs to write the rows as a document, and to compare two: DESIGN section 8."""

from __future__ import annotations

import asyncio
import gc
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
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
from cscs_domain.storage.document_wire import document_to_wire
from cscs_domain.storage.documents import DocumentFormat, DocumentHead, DocumentMeta
from cscs_domain.storage.states import Status
from cscs_files import FileWaldurResources
from cscs_json import decode_document, decode_rows, document_chunks

BAR: Final = 3.0
BAR_ROWS: Final = 100_000
_ROUNDS: Final = 5
_FORMATS: Final = (DocumentFormat.ENVELOPE, DocumentFormat.NDJSON)
_META: Final = DocumentMeta(datetime(2026, 11, 21, 14, 5, tzinfo=UTC), "1.0.0")
_DIFFERENCES: Final = 1000
_OTHER: Final = {Status.ERROR: Status.ACTIVE}
_STREAMED: Final = (10_000, 200_000)
_MOST_GROWTH_MB: Final = 5.0

_ENCODE: Final = msgspec.json.Encoder(decimal_format="number")
_DECODE: Final = msgspec.json.Decoder(float_hook=Decimal)


@attrs.frozen
class Result:
    """One format and size, in microseconds a row, on disk and without the disk."""

    format: DocumentFormat
    rows: int
    megabytes: float
    floor_us: float
    ours_us: float
    bare_ratio: float

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


def _measure(rows: Sequence[StorageRow], form: DocumentFormat, file: Path) -> Result:
    """Ours and the floor by turns, the collector on for both; the best round of each counts."""
    head = DocumentHead.of(form, _META)
    ours = b"".join(document_chunks(head, rows))
    floor = _floor(head, rows)
    if floor() != ours:
        raise RuntimeError("the floor writes something else")
    works: dict[str, Callable[[], object]] = {
        "ours": lambda: _write(file, document_chunks(head, rows)),
        "floor": lambda: _write(file, [floor()]),
        "bare ours": lambda: sum(map(len, document_chunks(head, rows))),
        "bare floor": floor,
    }
    rounds = [{name: _timed(work) for name, work in works.items()} for _ in range(_ROUNDS)]
    times = {name: min(each[name] for each in rounds) for name in works}
    return Result(
        form,
        len(rows),
        len(ours) / 1e6,
        times["floor"] * 1e6 / len(rows),
        times["ours"] * 1e6 / len(rows),
        times["bare ours"] / times["bare floor"],
    )


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
    dump, target = folder / "waldur.json", folder / "document.json"
    dump.write_bytes(b"[" + b",".join(page[1:-1] for page in site.pages) + b"]")
    began = time.perf_counter()
    with paused_gc():
        sources = StorageSources(FileWaldurResources([dump]), KnownIdentities(site))
        rows = asyncio.run(read_hierarchy(sources, POLICY)).rows
        read = time.perf_counter()
        _write(target, document_chunks(DocumentHead(meta=_META), rows))
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
    print(f"Rows -> document on disk (bar {BAR:.0f} x encoding and writing, {BAR_ROWS} rows)")
    print(
        f"{'format':<10} {'rows':>8} {'MB':>6} {'floor us':>9} {'ours us':>8} {'ratio':>6} no disk"
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for size in sizes:
            site = make_site(size)
            rows = _rows_of(site, size)
            for form in _FORMATS:
                r = _measure(rows, form, folder / "measured")
                print(
                    f"{r.format:<10} {r.rows:>8} {r.megabytes:>6.1f} {r.floor_us:>9.2f}"
                    f" {r.ours_us:>8.2f} {r.ratio:>6.2f} {r.bare_ratio:>7.2f}  {r.verdict}",
                    flush=True,
                )
        print(_whole_way(site, folder), flush=True)
        print(_difference(rows, folder), flush=True)
    few, many = map(peak_mb, _STREAMED)
    verdict = "GROWS" if many - few > _MOST_GROWTH_MB else "ok"
    print(f"ndjson of {_STREAMED[0]} and {_STREAMED[1]} rows streamed: peak {few:.0f} and", end=" ")
    print(f"{many:.0f} MB  {verdict}")
