"""What changes about a row, in the words of people: 10 TB becomes 20 TB, a directory moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from cscs_cli.amounts import quotas_text
from cscs_cli.row_lines import callbacks_text, whose
from cscs_cli.terminal import visible
from cscs_domain.storage.callbacks import NO_CALLBACKS, Callbacks
from cscs_domain.storage.changes import FieldChange, RowChange
from cscs_domain.storage.handovers import Handover
from cscs_domain.storage.row_fields import READERS, FieldValue, RowField
from cscs_domain.storage.rows import StorageRow
from cscs_domain.storage.wire import CALLBACK_MEMBERS

_QUOTA: Final = frozenset(
    {
        RowField.SPACE_SOFT_TB,
        RowField.SPACE_HARD_TB,
        RowField.INODES_SOFT,
        RowField.INODES_HARD,
    }
)
_ORDER: Final = frozenset(
    RowField(f"{side}_{quota.value}") for side in ("old", "new") for quota in _QUOTA
)
_CALLBACKS: Final = frozenset(map(RowField, CALLBACK_MEMBERS))
_WORDS: Final = {RowField.PERMISSION: "mode"}
_IDS: Final = (RowField.UID, RowField.GID)
_MOST_NAMED: Final = 4
"""Of the rows that share a path."""


def change_texts(change: RowChange) -> Iterator[str]:
    """One short text for each thing that changes, the most telling first.

    Fields that people take for one thing, such as the four numbers of a quota, are one text.
    """
    told: set[object] = set()
    found = {one.field: one for one in change.fields}
    for one in found.values():
        group = _group(one.field)
        if group in told or _repeats_the_status(one, found.get(RowField.STATUS)):
            continue
        told.add(group)
        yield _text(one, change)


def handover_text(handover: Handover) -> str:
    """Whose a path was and whose it is to be."""
    old, new = (_joined(rows, _owner) for rows in (handover.leaving, handover.coming))
    return f"passes to another row: {old} -> {new}"


def owners_before(handover: Handover) -> str:
    """Whose a path was, in short."""
    return _joined(handover.leaving, lambda row: whose(row.target))


def _joined(rows: Sequence[StorageRow], text: Callable[[StorageRow], str]) -> str:
    texts = [text(row) for row in rows[:_MOST_NAMED]]
    if more := len(rows) - len(texts):
        texts.append(f"{more} more")
    return " and ".join(texts)


def _owner(row: StorageRow) -> str:
    ids = [f"{one.value} {value}" for one in _IDS if (value := READERS[one](row)) is not None]
    return f"{whose(row.target)} ({', '.join(ids)})" if ids else whose(row.target)


def _group(field: RowField) -> object:
    return next((group for group in (_QUOTA, _ORDER, _CALLBACKS) if field in group), field)


def _repeats_the_status(one: FieldChange, status: FieldChange | None) -> bool:
    if one.field is not RowField.TARGET_STATUS or status is None:
        return False
    return (one.old, one.new) == (status.old, status.new)


def _text(one: FieldChange, change: RowChange) -> str:
    before, after = change.before, change.after
    field = one.field
    if field is RowField.PATH:
        return f"moves to {_shown(one.new)}"
    if field in _QUOTA:
        return f"quota {quotas_text(before.quotas)} -> {quotas_text(after.quotas)}"
    if field in _ORDER:
        return f"waiting order: {_order(after)}"
    if field in _CALLBACKS:
        return f"callbacks {_callbacks(before.callbacks, after.callbacks)}"
    words = _WORDS.get(field, field.value.replace("_", " "))
    return f"{words} {_shown(one.old)} -> {_shown(one.new)}"


def _order(row: StorageRow) -> str:
    if row.old_quotas is None and row.new_quotas is None:
        return "none any more"
    return f"{quotas_text(row.old_quotas)} -> {quotas_text(row.new_quotas)}"


def _callbacks(before: Callbacks, after: Callbacks) -> str:
    old, new = _names(before), _names(after)
    return f"{old} -> {new}" if old != new else f"{new} (other URLs)"


def _names(callbacks: Callbacks) -> str:
    return "none" if callbacks == NO_CALLBACKS else callbacks_text(callbacks)


def _shown(value: FieldValue) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case _:
            return visible(str(value))
