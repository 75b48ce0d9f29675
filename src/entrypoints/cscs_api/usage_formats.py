"""Events as JSON, as lines of JSON and as CSV: what was asked for in `Accept`, row by row."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Final

from cscs_bootstrap.json_text import encode
from cscs_domain.events.metrics import METRIC_NAMES
from cscs_domain.events.stored import StoredEvent
from cscs_domain.events.stored_wire import link_to_wire, stored_event_to_wire


class Form(StrEnum):
    """A media type in which events are listed; the first is what who says nothing gets."""

    JSON = "application/json"
    NDJSON = "application/x-ndjson"
    CSV = "text/csv"


_EVENT_COLUMNS: Final = (
    *("event_id", "source", "time_window_start", "time_window_end", "collected_at"),
    *("project_slug", "is_personal"),
)
_LINK_COLUMNS: Final = ("user", "project", "allocation", "state", "gaps", "is_manual")
_JSON_COLUMNS: Final = ("identities", "context", "extra")
_LAST_COLUMNS: Final = ("schema_version", "revision", "is_erased")
COLUMNS: Final = (
    *_EVENT_COLUMNS,
    *METRIC_NAMES,
    *(f"link_{name}" for name in _LINK_COLUMNS),
    *_JSON_COLUMNS,
    *_LAST_COLUMNS,
)
"""Of the CSV form."""

_FORMULA: Final = re.compile(r"[\t\r\n]|[\s\x00-\x1f\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20]")
"""What some spreadsheet takes for the beginning of a formula, or drops before one.

Full-width signs count as the plain ones in some languages.
"""


def accepted_form(accept: str | None) -> Form | None:
    """The form that the caller prefers; None if none of ours will do (RFC 9110, 12.5.1)."""
    if accept is None or not accept.strip():
        return Form.JSON
    wishes = [_wish(text) for text in accept.split(",") if text.strip()]
    weights = {form: _weight(form, wishes) for form in Form}
    best = max(Form, key=lambda form: weights[form])  # of equal ones the first
    return best if weights[best] > 0 else None


_Wish = tuple[str, int]


def _wish(text: str) -> _Wish:
    """A media range with its weight in thousandths; a weight that makes no sense counts in full."""
    name, *parameters = (part.strip().lower() for part in text.split(";"))
    given = next((part[2:] for part in parameters if part.startswith("q=")), "1")
    whole, _, fraction = given.partition(".")
    digits = fraction[:3].ljust(3, "0")
    makes_sense = whole in {"0", "1"} and digits.isascii() and digits.isdecimal()
    return name, min(1000, int(whole) * 1000 + int(digits)) if makes_sense else 1000


def _weight(form: Form, wishes: Sequence[_Wish]) -> int:
    """That of the most specific range that covers the form."""
    family = f"{form.value.partition('/')[0]}/*"
    for name in (form.value, family, "*/*"):
        weights = [weight for given, weight in wishes if given == name]
        if weights:
            return max(weights)
    return 0


def as_lines(events: Iterable[StoredEvent]) -> bytes:
    """An object a line."""
    return b"".join(encode(stored_event_to_wire(event)) + b"\n" for event in events)


def as_csv(events: Iterable[StoredEvent]) -> bytes:
    """A record an event, without the line of titles."""
    return _records(map(_cells, events))


def csv_titles() -> bytes:
    """The first line."""
    return _records([COLUMNS])


def _records(records: Iterable[Sequence[object]]) -> bytes:
    text = io.StringIO()
    # Quoted, text does not fall apart where a semicolon is taken for the end of a cell.
    csv.writer(text, lineterminator="\r\n", quoting=csv.QUOTE_NONNUMERIC).writerows(records)
    return text.getvalue().encode()


def _cells(stored: StoredEvent) -> list[object]:
    wire, link = stored_event_to_wire(stored), link_to_wire(stored.link)
    link["gaps"] = " ".join(gap.value for gap in stored.link.gaps)
    metrics = stored.event.metrics
    values = [
        *_picked(wire, _EVENT_COLUMNS),
        *(getattr(metrics, name) for name in METRIC_NAMES),
        *_picked(link, _LINK_COLUMNS),
        *(encode(wire[name]).decode() for name in _JSON_COLUMNS),
        *_picked(wire, _LAST_COLUMNS),
    ]
    return list(map(_cell, values))


def _picked(values: Mapping[str, object], names: Iterable[str]) -> list[object]:
    return [values[name] for name in names]


def _cell(value: object) -> object:
    """Foreign text must not become a formula in somebody's spreadsheet."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str() if _FORMULA.match(value):
            return f"'{value}"
        case _:
            return value
