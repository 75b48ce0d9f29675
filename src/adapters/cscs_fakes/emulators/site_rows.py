"""The resources of an emulated site, and the Unix ids of everybody in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final
from uuid import NAMESPACE_URL, uuid5

import attrs

from cscs_fakes.waldur_row_catalogue import CSCS, OFFERINGS, Offering, shared_fields
from cscs_fakes.waldur_rows import iter_rows, make_gids, make_users

Row = Mapping[str, object]

BASIC: Final = Offering("manual-share", "Manual share", "manual-share", CSCS, share=0)
"""Sold by people instead of an agent: its orders are done as soon as they are approved."""
OFFERING_SLUGS: Final = tuple(offering.slug for offering in (*OFFERINGS, BASIC))

_BASIC_TYPE: Final = "Marketplace.Basic"
_EVERY: Final = 20
"""One resource in so many is of the basic offering."""
_STEP: Final = 10_000


def site_rows(count: int, seed: int) -> Iterator[dict[str, object]]:
    """The rows of a site: the same for the same arguments, oldest first."""
    for number, row in enumerate(iter_rows(count, seed=seed)):
        yield _as_basic(row) if number % _EVERY == _EVERY // 2 else row


def _as_basic(row: dict[str, object]) -> dict[str, object]:
    """The row with everything about its offering, in its orders as well, replaced."""
    fields = shared_fields(BASIC) | {"offering_type": _BASIC_TYPE}
    changed = row | fields | {"offering_backend_id": BASIC.backend_id, "backend_id": ""}
    changed["offering_customer_uuid"] = BASIC.provider.uuid
    for name in ("order_in_progress", "creation_order"):
        order = row[name]
        changed[name] = order | fields if isinstance(order, dict) else order
    return changed


def clone_of(row: Row, number: int, created: str) -> dict[str, object]:
    """A new resource like another one: what comes when a row vanishes. It has no orders."""
    uuid = uuid5(NAMESPACE_URL, f"{row['uuid']} again {number}").hex
    again = {"uuid": uuid, "slug": f"{row.get('slug')}-{number}", "created": created}
    return {**row, **again, "order_in_progress": None, "creation_order": None}


def with_progress(rows: Iterable[Row], tell: Callable[[int], None]) -> Iterator[Row]:
    """The same rows; `tell` is told their number at every ten thousandth."""
    for number, row in enumerate(rows, start=1):
        if number % _STEP == 0:
            tell(number)
        yield row


@attrs.define
class Passed:
    """What is remembered of rows that pass by, so that rows need not be made or kept twice."""

    _slim: list[dict[str, object]] = attrs.field(factory=list)

    def watch(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The same rows."""
        for row in rows:
            self._slim.append({name: row.get(name) for name in _KEPT})
            yield row

    def uuids(self) -> list[str]:
        """Of all rows, oldest first: the order in which Waldur lists them."""
        by_age = sorted(self._slim, key=lambda row: str(row["created"]))
        return [str(row["uuid"]) for row in by_age]

    def projects(self) -> list[dict[str, object]]:
        """A record for every project."""
        gids = make_gids(row for row in self._slim if row["project_slug"])
        return [{"posixName": p, "unixGid": g, "displayName": p.title()} for p, g in gids.items()]

    def users(self) -> list[dict[str, object]]:
        """A record for everybody who has a directory of their own."""
        rows = [row for row in self._slim if row["project_slug"]]
        return list(make_users(rows).values())


_KEPT: Final = ("slug", "project_slug", "customer_slug", "attributes", "uuid", "created")
