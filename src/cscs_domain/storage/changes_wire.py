"""The wire form of changes, for programs that act on a difference or show it.

As in `wire`, leaves are text, int, bool, None, `UUID` and `Decimal`.
"""

from __future__ import annotations

from decimal import Decimal

from cscs_domain.storage.changes import Changes, FieldChange, RowChange
from cscs_domain.storage.handovers import Handover
from cscs_domain.storage.row_fields import READERS, FieldValue, RowField
from cscs_domain.storage.rows import StorageRow
from cscs_domain.storage.wire import Wire, row_to_wire, whole_or_decimal


def changes_to_wire(made: Changes) -> Wire:
    """Counts first, then whole rows for what is created and removed, and fields for the rest.

    A changed row is named by its key as it was before, under which whoever follows the changes
    knows it. The rows of a path that is handed over are listed a second time, under that path;
    `dangerous` counts changed rows and such paths.
    """
    handed_over = made.handed_over
    return {
        "summary": {
            "created": len(made.created),
            "removed": len(made.removed),
            "changed": len(made.changed),
            "dangerous": len(made.dangerous) + len(handed_over),
        },
        "created": list(map(row_to_wire, made.created)),
        "removed": list(map(row_to_wire, made.removed)),
        "changed": list(map(_change_to_wire, made.changed)),
        "handed_over": list(map(_handover_to_wire, handed_over)),
    }


def _change_to_wire(change: RowChange) -> Wire:
    return {
        "key": _key_to_wire(change.before),
        "dangerous": change.is_dangerous,
        "fields": list(map(_field_to_wire, change.fields)),
    }


def _key_to_wire(row: StorageRow) -> Wire:
    return {
        "itemId": row.item_id,
        "targetType": row.target_type,
        "storageSystem": row.system.key,
        "storageDataType": row.data_type.key,
        "mountPoint": row.mount_point.text,
    }


def _handover_to_wire(handover: Handover) -> Wire:
    return {
        "mountPoint": handover.path.text,
        "leaving": list(map(_owner_to_wire, handover.leaving)),
        "coming": list(map(_owner_to_wire, handover.coming)),
    }


def _owner_to_wire(row: StorageRow) -> Wire:
    """The row by its key at that path, and whom the directory belongs to."""
    return {
        "key": _key_to_wire(row),
        "gid": READERS[RowField.GID](row),
        "uid": READERS[RowField.UID](row),
    }


def _field_to_wire(change: FieldChange) -> Wire:
    return {
        "field": change.field,
        "old": _plain(change.old),
        "new": _plain(change.new),
        "dangerous": change.is_dangerous,
    }


def _plain(value: FieldValue) -> FieldValue:
    return whole_or_decimal(value) if isinstance(value, Decimal) else value
