"""Which entries of `offerings` in the site agent's file a command is about.

Offerings of other backends are not looked into: whatever their plugins need may stand there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import attrs

from cscs_bootstrap.settings_findings import Findings, closest, printable
from cscs_bootstrap.settings_values import Items, Origin, Reason, Scalar, Table, kind_of

OFFERINGS: Final = "offerings"
_NAME: Final = "name"
_TYPE: Final = "backend_type"
_REPORTING: Final = "reporting_backend"


@attrs.frozen
class Entry:
    """One entry of `offerings` as it was written. `key` is its place, e.g. `offerings[0]`."""

    key: str
    table: Table

    @property
    def origin(self) -> Origin:
        """Where it begins."""
        return self.table.origin

    def backend(self, keys: tuple[str, ...]) -> tuple[str, str]:
        """The first of these keys that it has, and what is there in lower case, as the agent reads
        it; the last key and nothing if it has none.
        """
        key = next(filter(self.has, keys), keys[-1])
        return key, self._scalar(key).lower()

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
class Backends:
    """Which entries are ours: those with one of these `names` under the first of `keys` there is.

    `whose_file` is a hint for people who name another file.
    """

    names: tuple[str, ...]
    keys: tuple[str, ...]
    whose_file: str

    def are_those_of(self, entry: Entry) -> bool:
        """Whether an entry is ours."""
        return entry.backend(self.keys)[1] in self.names

    @property
    def description(self) -> str:
        """What an entry of ours would have."""
        keys = " (or, without it, ".join(self.keys) + ")" * (len(self.keys) - 1)
        names = " or ".join(filter(None, (", ".join(self.names[:-1]), self.names[-1])))
        return f"{keys} is {names}"


STORAGE_BACKENDS: Final = Backends(
    names=("cscs-hpc-storage",),
    keys=(_TYPE,),
    whose_file=(
        "This is to be the site agent's file; `cscs storage export` takes a file of our own form."
    ),
)
"""The offerings that the first generation exported."""

USAGE_BACKENDS: Final = Backends(
    names=("cscs-dwdi", "cscs-dwdi-compute", "cscs-dwdi-storage", "cscs-dwdi-inference"),
    keys=(_REPORTING, _TYPE),
    whose_file=f"A file with {OFFERINGS} is taken for the site agent's.",
)
"""The offerings whose usage the first generation reported out of DWDI."""


@attrs.frozen(kw_only=True)
class Entries:
    """The entries that are ours, and the names of the others."""

    ours: tuple[Entry, ...]
    passed_over: tuple[str, ...]


def read_entries(file: Table, backends: Backends, findings: Findings) -> Entries:
    """Sort the entries; note what is wrong with the list itself."""
    before = len(findings.mistakes)
    entries = tuple(_entries(file, backends.whose_file, findings))
    ours = tuple(entry for entry in entries if backends.are_those_of(entry))
    others = tuple(entry for entry in entries if not backends.are_those_of(entry))
    slips = tuple(slip for entry in others if (slip := _slip(entry, backends)))
    if ours:
        findings.notices += slips
    elif len(findings.mistakes) == before:
        reason = Reason(f"has no entry whose {backends.description}.", " ".join(slips))
        findings.note(OFFERINGS, reason, file.entries[OFFERINGS].origin)
    return Entries(ours=ours, passed_over=tuple(entry.label for entry in others))


def _entries(file: Table, whose_file: str, findings: Findings) -> Iterator[Entry]:
    listed = file.entries.get(OFFERINGS)
    if listed is None or (isinstance(listed, Scalar) and listed.is_blank):
        place = file.origin if listed is None else listed.origin
        findings.note(OFFERINGS, Reason("is missing.", whose_file), place)
    elif not isinstance(listed, Items):
        reason = Reason(f"must be a list, not {kind_of(listed)}.", whose_file)
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


def _slip(entry: Entry, backends: Backends) -> str:
    """A slip of the pen would leave a whole offering out without a word."""
    key, written = entry.backend(backends.keys)
    meant = closest(written, dict.fromkeys(backends.names), 0.85)
    place = f"{entry.key}.{key} ({entry.place_of(key)})"
    return f"{place} makes this offering be passed over; did you mean {meant}?" if meant else ""
