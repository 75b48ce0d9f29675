"""What people and Waldur call the offerings in the site agent's file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeVar
from uuid import UUID

import attrs

from cscs_bootstrap.agent_entries import Entry
from cscs_bootstrap.settings_findings import Findings
from cscs_bootstrap.settings_scalars import text
from cscs_bootstrap.settings_values import Reason, Refused, Value, refuse
from cscs_domain.storage.field_parsers import Fault, required_uuid

_NAME: Final = "name"
OFFERING_UUID: Final = "waldur_offering_uuid"
_UUID_FORM: Final = "Write its 32 hexadecimal digits, with or without dashes."

T = TypeVar("T")


@attrs.frozen(kw_only=True)
class OfferingName:
    """What people call an offering, or what stands for it, and its uuid."""

    text: str
    uuid: UUID


def offering_names(
    entries: Iterable[Entry], findings: Findings, *, may_lack_uuid: bool = False
) -> Iterator[OfferingName | None]:
    """Yield the name of each entry, None where there is no uuid to go by.

    Notes uuids that are none or are those of another entry, and unless they `may_lack_uuid` those
    that are missing.
    """
    holders: dict[UUID, Entry] = {}
    for entry in entries:
        name = _parsed(entry, _NAME, text, findings)
        uuid = _parsed(entry, OFFERING_UUID, _uuid, findings)
        if not entry.has(OFFERING_UUID) and not may_lack_uuid:
            _note(entry, OFFERING_UUID, Reason("is missing.", _UUID_FORM), findings)
        if uuid is None:
            yield None
            continue
        if (first := holders.setdefault(uuid, entry)) is not entry:
            reason = Reason(f"is that of {first.key} as well.", "Keep one of the two.")
            _note(entry, OFFERING_UUID, reason, findings)
        yield OfferingName(text=name or str(uuid), uuid=uuid)


def _parsed(entry: Entry, name: str, parse: Callable[[Value], T], findings: Findings) -> T | None:
    if not entry.has(name):
        return None
    try:
        return parse(entry.table.entries[name])
    except Refused as refused:
        for reason in refused.reasons:
            _note(entry, name, reason, findings)
        return None


def _uuid(value: Value) -> UUID:
    faults: list[Fault] = []
    found = required_uuid(text(value), OFFERING_UUID, faults)
    if faults:
        # Not quoted: it may be the token of the line above.
        raise refuse("is not a uuid.", _UUID_FORM)
    return found


def _note(entry: Entry, name: str, reason: Reason, findings: Findings) -> None:
    findings.note(f"{entry.key}.{name}", reason, entry.place_of(name))
