"""How log lines look and where they go: structlog on standard error, JSON or for a terminal.

Everything the libraries underneath log through `logging` takes the same way out.
"""

from __future__ import annotations

import logging
import sys
from contextlib import suppress
from typing import Final, TextIO, cast

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from cscs_bootstrap.json_text import encode
from cscs_bootstrap.settings import LoadedSettings, LogFormat, Settings

_QUIET: Final = ("uvicorn.access",)  # we write a better line ourselves
_RETICENT: Final = ("aiosqlite", "alembic", "httpcore", "httpx", "psycopg", "stamina")
"""They write whole URLs, headers and rows at lower levels; our own lines say what may be said."""


def configure_logs(
    settings: Settings, stream: TextIO | None = None, *, without: frozenset[str] = frozenset()
) -> None:
    """Set logging up for the whole process; DEBUG level if `debug` is set.

    Events of ours named in `without` are left out.
    """
    out = stream or cast("TextIO", _StandardError())
    level = logging.DEBUG if settings.debug else logging.INFO
    shared: list[Processor] = [
        _printable,
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer = _renderer(settings.log_format, is_terminal=out.isatty())
    structlog.configure(
        processors=[*_dropping(without), *shared, *renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(out),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).disabled = True
    for name in _RETICENT:
        logging.getLogger(name).setLevel(logging.WARNING)


def log_notices(loaded: LoadedSettings) -> None:
    """Log what is allowed in the settings but worth a second look."""
    log = structlog.get_logger("cscs.configuration")
    for notice in loaded.notices:
        log.warning("configuration_notice", notice=notice)


class _StandardError:
    """This process's standard error, whichever stream that is when a line is written.

    A line that it does not take, such as on a disk that is full, is lost: what is told of goes on.
    """

    def write(self, text: str) -> int:
        with suppress(OSError):
            return sys.stderr.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            sys.stderr.flush()

    def isatty(self) -> bool:
        return sys.stderr.isatty()


def _dropping(events: frozenset[str]) -> list[Processor]:
    def drop(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        if event["event"] in events:
            raise structlog.DropEvent
        return event

    return [drop] if events else []


def _renderer(chosen: LogFormat, *, is_terminal: bool) -> list[Processor]:
    if chosen is LogFormat.CONSOLE or (chosen is LogFormat.AUTO and is_terminal):
        # Not the default, which shows the variables of every frame, whatever they hold.
        plain = structlog.dev.plain_traceback
        return [structlog.dev.ConsoleRenderer(colors=is_terminal, exception_formatter=plain)]
    return [structlog.processors.format_exc_info, _as_json]


def _printable(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Escape what could steer a terminal, in values that may hold somebody's text."""
    for name, value in event.items():
        if isinstance(value, str) and not value.isprintable():
            event[name] = "".join(
                char if char.isprintable() else char.encode("unicode_escape").decode()
                for char in value
            )
    return event


def _as_json(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    try:
        return encode({name: _writable(value) for name, value in event.items()}).decode()
    except (TypeError, ValueError):  # no line of log is worth failing the caller for
        return encode({name: ascii(value) for name, value in event.items()}).decode()


def _writable(value: object) -> object:
    return (
        value if isinstance(value, (str, int, float, bool, type(None), list, dict)) else str(value)
    )
