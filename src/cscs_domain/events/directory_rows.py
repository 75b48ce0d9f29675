"""One record of a directory as somebody wrote it down: its members read, its faults collected.

Leaves are text, as out of YAML and CSV, or what JSON has. Text is trimmed; blank text and null are
nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import StrEnum
from typing import Final

import attrs

from cscs_domain._text import label, shown
from cscs_domain.errors import InvalidValueError
from cscs_domain.events.bounds import (
    LARGEST_COUNT,
    LONGEST_ENTRY,
    LONGEST_ID,
    LONGEST_VALUE,
)
from cscs_domain.events.directory_records import AllocationStatus, GrantedUnit
from cscs_domain.events.event import check_text
from cscs_domain.events.utc_times import in_utc
from cscs_domain.problems import Problem, ProblemCode, Severity
from cscs_domain.quantities import parse_quantity

_LARGEST: Final = Decimal(10) ** len(str(LARGEST_COUNT))
_IDS: Final = frozenset({"id", "project", "allocation", "default_project"})
_LEFT_OUT: Final = "The record is left out until that is mended."


class Section(StrEnum):
    """The kinds of records, as they are called in files."""

    USERS = "users"
    PROJECTS = "projects"
    ALLOCATIONS = "allocations"
    OPENSTACK_REQUESTS = "openstack_requests"


@attrs.frozen
class Row:
    """The members of a record, the `number`-th of its section, counted from 1.

    A member that cannot be what is asked for is a problem of severity error in `problems`, which
    means that no record must be made of the row; the value returned then means nothing.
    """

    section: Section
    number: int
    members: Mapping[str, object]
    problems: list[Problem] = attrs.field(factory=list)

    @property
    def place(self) -> str:
        """Where it stands, such as `users 3 (u17)`."""
        id_ = self.members.get("id")
        known = f" ({label(id_)})" if isinstance(id_, str | int) else ""
        return f"{self.section} {self.number}{known}"

    def text(self, key: str) -> str | None:
        """Text, or a whole number as text."""
        value = self.members.get(key)
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST_COUNT:
            value = str(value)
        if value is None or (isinstance(value, str) and not value.strip()):
            return None
        text = value.strip() if isinstance(value, str) else value
        try:
            check_text(key, text, LONGEST_VALUE)
        except InvalidValueError as error:
            self.refuse(str(error))
            return ""
        most = LONGEST_ID if key in _IDS else LONGEST_ENTRY
        if len(str(text).encode()) > most:
            self.refuse(f"{key} {shown(text)} is longer than {most} bytes in UTF-8")
        return str(text)

    def needed(self, key: str) -> str:
        """Text that must be there."""
        text = self.text(key)
        if text is None:
            self.refuse(f"{key} is missing", ProblemCode.MISSING_FIELD)
        return text or ""

    def moment(self, key: str) -> datetime | None:
        """A time with an offset from UTC; a date alone is its midnight in UTC."""
        text = self.text(key)
        if not text:
            return None
        try:
            return in_utc(_moment(text))
        except InvalidValueError as error:
            self.refuse(f"{key}: {error}")
        except ValueError:
            self.refuse(f"{key} {shown(text)} is no time; write 2025-11-19T00:00:00+01:00")
        return None

    def status(self) -> AllocationStatus:
        """Active unless it says otherwise."""
        word = self.text("status")
        if not word:
            return AllocationStatus.ACTIVE
        try:
            return AllocationStatus(word.lower())
        except ValueError:
            known = ", ".join(AllocationStatus)
            self.refuse(f"status {shown(word)} is none of {known}")
        return AllocationStatus.ACTIVE

    def granted(self) -> Mapping[GrantedUnit, int]:
        """Whole hours by unit: members of `granted`, or `granted_<unit>` as columns have them."""
        given = self.members.get("granted")
        if given is not None and not isinstance(given, Mapping):
            self.refuse(f"granted: {shown(given)} is not a mapping of units to hours")
            given = None
        found = dict(given or {})
        for unit in GrantedUnit:
            found.setdefault(unit.value, self.members.get(f"granted_{unit}"))
        return {
            GrantedUnit(unit): hours
            for unit, value in sorted(found.items(), key=str)
            if self._is_unit(unit) and (hours := self._hours(unit, value)) is not None
        }

    def _is_unit(self, unit: object) -> bool:
        if unit in list(GrantedUnit):
            return True
        self.refuse(f"granted: {shown(unit)} is none of {', '.join(GrantedUnit)}")
        return False

    def _hours(self, unit: str, value: object) -> int | None:
        if value is None or (isinstance(value, str) and not value.strip()):
            return None
        try:
            text = value.strip() if isinstance(value, str) else value
            hours = parse_quantity(text, unit, largest=_LARGEST)
        except InvalidValueError as error:
            self.refuse(f"granted: {error}")
            return None
        if hours != int(hours) or hours > LARGEST_COUNT:
            self.refuse(f"granted: {unit} {shown(value)} is no whole number of hours")
        return int(hours)

    def refuse(self, message: str, code: ProblemCode = ProblemCode.MALFORMED_RECORD) -> None:
        """Say why no record can be made of the row."""
        found = Problem(code, Severity.ERROR, message, _LEFT_OUT, resource=self.place)
        self.problems.append(found)


def _moment(text: str) -> datetime:
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC)
    except ValueError:
        return datetime.fromisoformat(text)
