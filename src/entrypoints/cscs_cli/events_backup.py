"""`cscs events backup` and `cscs events restore`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import attrs
from cyclopts import Parameter

from cscs_bootstrap.events_administration import Backup, event_database
from cscs_bootstrap.json_text import encode
from cscs_bootstrap.system_clock import SystemClock
from cscs_cli.events_options import DEFAULTS, EventsOptions, load_for_events
from cscs_cli.exit_codes import ExitCode
from cscs_cli.failures import UsageError
from cscs_cli.interrupting import sigterm_like_ctrl_c
from cscs_cli.option_values import NAMED_PATH
from cscs_cli.plurals import counted
from cscs_cli.progress_display import progress_display
from cscs_cli.terminal import say, say_bytes, visible
from cscs_cli.unwritten_files import unwritten
from cscs_domain.progress import Progress, Stage

_EVENTS = "resource_usage_events"
_File = Annotated[Path, NAMED_PATH, Parameter(metavar="FILE", help="The file of the backup.")]


def events_backup(file: _File, /, *, options: EventsOptions = DEFAULTS) -> int:
    """Write everything that the store has to one file."""
    if file.exists() or file.is_symlink():
        raise UsageError(
            f"{visible(str(file))} is there already, and stays as it is; name another."
        )
    database = event_database(load_for_events(options))
    with sigterm_like_ctrl_c(), progress_display(SystemClock()) as progress:
        try:
            made = database.backup(file, _Rows(Stage.BACKING_UP, progress).tell)
        except OSError as error:
            raise unwritten("", file, error) from None
    _show(file, made, "written from", database.place, json=options.json)
    return ExitCode.DONE


def events_restore(file: _File, /, *, options: EventsOptions = DEFAULTS) -> int:
    """Read a backup into a store that is empty."""
    database = event_database(load_for_events(options))
    with sigterm_like_ctrl_c(), progress_display(SystemClock()) as progress:
        try:
            made = database.restore(file, _Rows(Stage.RESTORING, progress).tell)
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise UsageError(f"{visible(str(file))} cannot be read: {why}.") from None
    _show(file, made, "restored into", database.place, json=options.json)
    return ExitCode.DONE


@attrs.frozen
class _Rows:
    """Adds the rows of all tables up, for one bar."""

    _stage: Stage
    _progress: Progress
    _done: Counter[str] = attrs.field(factory=Counter)

    def tell(self, table: str, rows: int) -> None:
        self._done[table] = rows
        self._progress(self._stage, self._done.total(), None)


def _show(file: Path, made: Backup, what: str, place: str, *, json: bool) -> None:
    if json:
        wire = {"file": str(file), "store": place, "rows": made.rows, "sha256": made.sha256}
        say_bytes(encode(wire))
        return
    events = counted(made.rows.get(_EVENTS, 0), "event")
    say(f"{visible(str(file))}: {events} and all that belongs to them, {what} {visible(place)}.")
