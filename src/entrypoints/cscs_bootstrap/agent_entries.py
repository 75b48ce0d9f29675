"""Which entries of `offerings` in the site agent's file are ours to export.

Offerings of other backends are not looked into: whatever their plugins need may stand there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import attrs

from cscs_bootstrap.settings_findings import Findings, closest, printable
from cscs_bootstrap.settings_values import Items, Origin, Reason, Scalar, Table, kind_of

BACKEND_TYPE: Final = "cscs-hpc-storage"
"""The type of the offerings that the first generation exported."""

OFFERINGS: Final = "offerings"
_NAME: Final = "name"
_TYPE: Final = "backend_type"
_WHOSE_FILE: Final = (
    "This is to be the site agent's file; `cscs storage export` takes a file of our own form."
)


@attrs.frozen
class Entry:
    """One entry of `offerings` as it was written. `key` is its place, e.g. `offerings[0]`."""

    key: str
    table: Table

    @property
    def origin(self) -> Origin:
        """Where it begins."""
        return self.table.origin

    @property
    def backend_type(self) -> str:
        """Its type in lower case, as the agent reads it; empty if none is given."""
        return self._scalar(_TYPE).lower()

    @property
    def label(self) -> str:
        """Its name, or else its place."""
        return printable(self._scalar(_NAME)) or self.key

    def has(self, name: str) -> bool:
        """Whether something is written under a name."""
        value = self.table.entries.get(name)
        return value is not None and not (isinstance(value, Scalar) and value.is_blank)

    def place_of(self, name: str) -> Origin:
        """Where something is written, or would have to be."""
        value = self.table.entries.get(name)
        return self.origin if value is None else value.origin

    def _scalar(self, name: str) -> str:
        value = self.table.entries.get(name)
        return value.text.strip() if isinstance(value, Scalar) else ""


@attrs.frozen(kw_only=True)
class Entries:
    """The entries that are ours, and the names of the others."""

    storage: tuple[Entry, ...]
    passed_over: tuple[str, ...]


def read_entries(file: Table, findings: Findings) -> Entries:
    """Sort the entries; note what is wrong with the list itself."""
    before = len(findings.mistakes)
    entries = tuple(_entries(file, findings))
    storage = tuple(entry for entry in entries if entry.backend_type == BACKEND_TYPE)
    others = tuple(entry for entry in entries if entry.backend_type != BACKEND_TYPE)
    slips = tuple(map(_slip, filter(_is_slip, others)))
    if storage:
        findings.notices += slips
    elif len(findings.mistakes) == before:
        reason = Reason(f"has no entry whose {_TYPE} is {BACKEND_TYPE}.", " ".join(slips))
        findings.note(OFFERINGS, reason, file.entries[OFFERINGS].origin)
    return Entries(storage=storage, passed_over=tuple(entry.label for entry in others))


def _entries(file: Table, findings: Findings) -> Iterator[Entry]:
    listed = file.entries.get(OFFERINGS)
    if listed is None or (isinstance(listed, Scalar) and listed.is_blank):
        place = file.origin if listed is None else listed.origin
        findings.note(OFFERINGS, Reason("is missing.", _WHOSE_FILE), place)
    elif not isinstance(listed, Items):
        reason = Reason(f"must be a list, not {kind_of(listed)}.", _WHOSE_FILE)
        findings.note(OFFERINGS, reason, listed.origin)
    elif not listed.items:
        findings.note(OFFERINGS, Reason("is an empty list."), listed.origin)
    else:
        for number, item in enumerate(listed.items):
            key = f"{OFFERINGS}[{number}]"
            if isinstance(item, Table):
                yield Entry(key, item)
            else:
                reason = Reason(f"must be a mapping, not {kind_of(item)}.")
                findings.note(key, reason, item.origin)


def _is_slip(entry: Entry) -> bool:
    """A slip of the pen would leave a whole storage system out without a word."""
    return closest(entry.backend_type, {BACKEND_TYPE: None}, 0.85) is not None


def _slip(entry: Entry) -> str:
    place = f"{entry.key}.{_TYPE} ({entry.place_of(_TYPE)})"
    return f"{place} makes this offering be passed over; did you mean {BACKEND_TYPE}?"
