"""Rows in documents that the program of spec 002 wrote."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from cscs_domain.quantities import EXACT

_ITEMS: Final = ("storageSystem", "storageFileSystem", "storageDataType")
_MOST_DIGITS: Final = 40


def first_generation_row(wire: object) -> object:
    """A row as the first generation wrote it, spelled as ours are; anything else as it is.

    A site that comes from there wants to see, before it switches, what the first export would
    change, so its last document has to be readable. Those programs left out the path of an item
    and the key or name of a target where ours have an empty one or null, called every project
    `open`, and wrote inodes with a decimal point. To be tried on rows that are refused as they
    stand, so that no row of ours passes through here.
    """
    if not isinstance(wire, Mapping):
        return wire
    row = dict(wire)
    for member in _ITEMS:
        if isinstance(item := row.get(member), Mapping):
            row[member] = {"path": "", **item}
    target = row.get("target")
    if isinstance(target, Mapping) and isinstance(item := target.get("targetItem"), Mapping):
        row["target"] = {**target, "targetItem": _target_item(item, row.get("status"))}
    if isinstance(quotas := row.get("quotas"), list):
        row["quotas"] = [_quota(entry) for entry in quotas]
    return row


def _target_item(item: Mapping[str, object], status: object) -> dict[str, object]:
    named = {"key": None, "name": None, **item}
    return named | {"status": status} if item.get("status") == "open" else named


def _quota(entry: object) -> object:
    if not isinstance(entry, Mapping):
        return entry
    amount = entry.get("quota")
    if not isinstance(amount, Decimal) or not amount.is_finite():
        return entry
    # An exponent may ask for more digits than there is memory.
    if amount.adjusted() > _MOST_DIGITS or amount != amount.to_integral_value(context=EXACT):
        return entry
    return {**entry, "quota": int(amount)}
