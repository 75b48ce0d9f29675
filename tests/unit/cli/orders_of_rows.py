"""Rows of a dump with orders in progress."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from tests.unit.cli.dump_site import ROWS, Row, changed

ORDER: Final = UUID("5dbb3c0e-6b41-4a6e-a6b6-7a6ee2a4bd5c")
"""The one that most tests are about."""

_RESOURCE_STATE: Final = {"Create": "Creating", "Update": "Updating", "Terminate": "Terminating"}
_PROJECTS: Final = [
    row
    for row in ROWS
    if isinstance(attributes := row["attributes"], Mapping)
    and attributes.get("storage_data_type") == "store"
]


def quiet(row: Row) -> dict[str, object]:
    """A project's directory that nobody has ordered anything for."""
    return changed(row, state="OK", order_in_progress=None)


QUIET: Final = [quiet(row) for row in _PROJECTS]


def ordered(
    kind: str = "Create", state: str = "pending-provider", *, order: UUID = ORDER, place: int = 0
) -> dict[str, object]:
    """The row at this place, with an order of this type in this state."""
    row = QUIET[place]
    creation = row["creation_order"]
    assert isinstance(creation, Mapping)
    progress = {**creation, "uuid": order.hex, "type": kind, "state": state}
    return changed(row, state=_RESOURCE_STATE.get(kind, "OK"), order_in_progress=progress)
