"""Where the microseconds go: the steps of a refresh and of a page, each timed by itself."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable
from typing import Final

from bench.site import POLICY, KnownIdentities, PagesInMemory, Site, WallClock, make_site
from cscs_domain import Identities, RowFacts, Snapshot, StorageSources, take_snapshot
from cscs_domain.storage.hierarchy_draft import HierarchyDraft
from cscs_domain.storage.identity_rules import wanted_identities
from cscs_domain.storage.intake import Intake
from cscs_domain.storage.resource_parser import parse_resource
from cscs_domain.storage.resources import Resource
from cscs_domain.storage.snapshots import SnapshotDraft
from cscs_json import decode_rows, encode_row

_ROUNDS: Final = 7
_RESOURCES: Final = 10_000


def report(_sizes: tuple[int, ...]) -> None:
    """Measure and print a table, in microseconds a resource."""
    site = make_site(_RESOURCES)
    rows = [row for page in site.pages for row in decode_rows(page).rows]
    resources = [found for row in rows if (found := parse_resource(row).resource)]
    identities = Identities(site.gids, site.users)
    listed = list(_placed(resources, identities).settle())
    encoded = [encode_row(row) for row, _ in listed]
    facts = [fact for _, fact in listed]
    steps: dict[str, Callable[[], object]] = {
        "decode": lambda: [decode_rows(page) for page in site.pages],
        "parse and check": lambda: [parse_resource(row) for row in rows],
        "... and take in": lambda: Intake(POLICY, include_terminated=False).take(rows),
        "whom to look up": lambda: wanted_identities(resources),
        "place": lambda: _placed(resources, identities),
        "... and make rows": lambda: list(_placed(resources, identities).settle()),
        "encode": lambda: [encode_row(row) for row, _ in listed],
        "digest": lambda: _digested(encoded, facts),
        "all together": lambda: asyncio.run(_snapshot(site)),
    }
    print(f"Steps of a refresh at {_RESOURCES} resources, microseconds a resource")
    for name, step in steps.items():
        print(f"{name:<20} {_best(step) * 1e6 / _RESOURCES:>6.2f}", flush=True)


def _placed(resources: list[Resource], identities: Identities) -> HierarchyDraft:
    draft = HierarchyDraft(POLICY, identities)
    draft.place(resources)
    return draft


def _digested(rows: list[bytes], facts: list[RowFacts]) -> Snapshot:
    clock = WallClock()
    draft = SnapshotDraft(taken_at=clock.now(), taken=clock.monotonic(), previous=None)
    for first in range(0, len(rows), 100):
        draft.add(rows[first : first + 100], facts[first : first + 100])
    return draft.finish(())


async def _snapshot(site: Site) -> Snapshot:
    sources = StorageSources(PagesInMemory(site.pages), KnownIdentities(site))
    return await take_snapshot(sources, POLICY, clock=WallClock(), encode=encode_row)


def _best(step: Callable[[], object]) -> float:
    times = []
    for _ in range(_ROUNDS):
        gc.collect()
        gc.disable()
        began = time.perf_counter()
        step()
        times.append(time.perf_counter() - began)
        gc.enable()
    return min(times)
