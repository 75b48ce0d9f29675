"""Waldur's bytes to all answer rows as bytes, in one process: DESIGN section 8, row 1."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable
from typing import Final

import attrs

from bench import floor
from bench.site import POLICY, KnownIdentities, PagesInMemory, Site, WallClock, make_site
from cscs_domain import Snapshot, StorageSources, take_snapshot
from cscs_json import encode_row

BAR: Final = 4.0
AIM: Final = 3.0
_ROUNDS: Final = 5


@attrs.frozen
class Result:
    """One size, in microseconds a resource."""

    resources: int
    rows: int
    megabytes: float
    floor_us: float
    ours_us: float

    @property
    def ratio(self) -> float:
        """How many times the floor."""
        return self.ours_us / self.floor_us


def measure(resources: int) -> Result:
    """Ours and the floor by turns, the collector paused for both; the best round of each counts."""
    site = make_site(resources)
    snapshot = _refresh(site)
    answer = floor.typed_answer(snapshot.rows)
    ours, bottom = [], []
    for _ in range(_ROUNDS):
        ours.append(_timed(lambda: _refresh(site)))
        bottom.append(_timed(lambda: floor.run(site.pages, answer)))
    per_resource = 1e6 / resources
    return Result(
        resources,
        len(snapshot.rows),
        site.size_mb,
        min(bottom) * per_resource,
        min(ours) * per_resource,
    )


def _refresh(site: Site) -> Snapshot:
    sources = StorageSources(PagesInMemory(site.pages), KnownIdentities(site))
    return asyncio.run(take_snapshot(sources, POLICY, clock=WallClock(), encode=encode_row))


def _timed(work: Callable[[], object]) -> float:
    gc.collect()
    gc.disable()
    began = time.perf_counter()
    work()
    took = time.perf_counter() - began
    gc.enable()
    return took


def report(sizes: tuple[int, ...]) -> None:
    """Measure and print a table."""
    print("Waldur bytes -> all answer rows as bytes, in process (bar 4 x, aim 3 x the floor)")
    print(f"{'resources':>10} {'rows':>8} {'MB in':>7} {'floor us':>9} {'ours us':>8} {'ratio':>6}")
    for size in sizes:
        r = measure(size)
        verdict = "ok" if r.ratio <= BAR else "MISSED"
        print(
            f"{r.resources:>10} {r.rows:>8} {r.megabytes:>7.1f} {r.floor_us:>9.2f}"
            f" {r.ours_us:>8.2f} {r.ratio:>6.2f}  {verdict}",
            flush=True,
        )
