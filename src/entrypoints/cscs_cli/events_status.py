"""`cscs events status`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import attrs
from rich.text import Text

from cscs_bootstrap.events_adapters import check_store
from cscs_bootstrap.events_administration import EventDatabase, SchemaState, event_database
from cscs_bootstrap.events_retention import refused_retention
from cscs_bootstrap.json_text import encode
from cscs_bootstrap.settings import Settings
from cscs_bootstrap.settings_events_rules import events_notices
from cscs_cli.events_options import DEFAULTS, EventsOptions, load_for_events
from cscs_cli.events_texts import moment_text, name_text
from cscs_cli.exit_codes import ExitCode
from cscs_cli.plurals import counted
from cscs_cli.terminal import complain, console, say_bytes, visible
from cscs_domain.errors import OutdatedStoreError

_EVENTS = "resource_usage_events"
_MIB = 1 << 20


def events_status(*, options: EventsOptions = DEFAULTS) -> int:
    """Print what is in the store, and return whether a server would work with it."""
    settings = load_for_events(options)
    database, notices = event_database(settings), events_notices(settings)
    state = database.state()
    fault = _fault(settings, state)
    if options.json:
        say_bytes(encode({**_wire(database, state, fault), "notices": notices}))
    else:
        for name, text in _described(database, state):
            console().print(Text(f"{name:<20}{text}"), soft_wrap=True)
    for notice in notices:
        complain(f"Notice: {visible(notice)}")
    if fault is None:
        return ExitCode.DONE
    complain(fault.text)
    return ExitCode.USAGE_OR_CONFIGURATION


@attrs.frozen(kw_only=True)
class _Fault:
    """Why no server starts with this store, and what would mend it."""

    text: str
    reason: str
    remedy: str


def _fault(settings: Settings, state: SchemaState) -> _Fault | None:
    try:
        check_store(settings)
    except OutdatedStoreError as error:
        return _Fault(text=f"{error}.", reason=error.reason, remedy=error.remedy)
    for mistake in refused_retention(settings, state.layout):
        reason = f"{mistake.key} {mistake.reason}"
        return _Fault(text=str(mistake), reason=reason, remedy=mistake.hint)
    return None


def _described(database: EventDatabase, state: SchemaState) -> Iterator[tuple[str, str]]:
    yield "store", visible(database.place)
    yield "database", state.layout or "not known"
    yield "tables", f"{state.kind} ({state.revision or 'none'}; this version has {state.head})"
    for step in state.pending:
        yield "  step to take", str(step)
    if not state.rows:
        return
    yield "zone of the days", name_text(state.zone)
    yield "events", str(state.rows.get(_EVENTS, 0))
    yield "  first and last", f"{_moment(state.first_event)} to {_moment(state.last_event)}"
    yield "days to sum up", str(state.touched_days)
    if state.partitions:
        yield "partitions", f"{len(state.partitions)}, {state.partitions[0]} to {_last(state)}"
    yield "on disk", f"{-(-state.size_bytes // _MIB)} MiB in {counted(len(state.rows), 'table')}"


def _last(state: SchemaState) -> str:
    return state.partitions[-1]


def _moment(moment: datetime | None) -> str:
    return "-" if moment is None else moment_text(moment)


def _wire(database: EventDatabase, state: SchemaState, fault: _Fault | None) -> dict[str, object]:
    return {
        "store": database.place,
        "dialect": state.layout and state.layout.value,
        "state": state.kind.value,
        "revision": state.revision,
        "head": state.head,
        "pending": list(map(str, state.pending)),
        "has_timescale": state.has_timescale,
        "zone": state.zone,
        "rows": dict(state.rows),
        "partitions": list(state.partitions),
        "size_bytes": state.size_bytes,
        "first_event": state.first_event and moment_text(state.first_event),
        "last_event": state.last_event and moment_text(state.last_event),
        "touched_days": state.touched_days,
        "fault": fault and {"reason": fault.reason, "remedy": fault.remedy},
    }
