"""uvicorn as `cscs serve` runs it. Nothing of it is imported before it is needed."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from cscs_bootstrap.quiet_gc import spare_what_stays
from cscs_cli.exit_codes import ExitCode
from cscs_cli.failures import UsageError

if TYPE_CHECKING:
    from uvicorn import Server

    from cscs_bootstrap.events_service import EventsService
    from cscs_bootstrap.settings import Settings

_LAST_ANSWERS: Final = 10
"""Seconds that requests under way are given at the end."""


def make_server(settings: Settings, events: EventsService | None = None) -> Server:
    """The application in a server that does not listen yet. Raises `UsageError`."""
    try:
        from uvicorn import Config, Server

        from cscs_api.app import create_app
    except ModuleNotFoundError as missing:
        if missing.name is None or missing.name.startswith("cscs_"):
            raise
        raise UsageError(
            f"`cscs serve` needs the extra 'api', of which {missing.name!r} is not installed; "
            "install it with: pip install 'cscs-domain[api,cli]'"
        ) from None
    return Server(
        Config(
            create_app(settings, events=events),
            # uvloop and httptools where they are installed.
            loop="auto",
            http="auto",
            # Logging is set up already, and the application writes its own access line.
            log_config=None,
            access_log=False,
            server_header=False,
            # A forged origin must not become the address that is checked and logged.
            proxy_headers=False,
            workers=1,
            lifespan="on",
            timeout_graceful_shutdown=_LAST_ANSWERS,
        )
    )


def run_server(server: Server, listener: socket.socket) -> int:
    """Serve until SIGINT or SIGTERM, which is a good end."""
    spare_what_stays()
    try:
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        return ExitCode.DONE
    except SystemExit:
        # uvicorn's own code for a start that failed, which it has logged, means another thing here.
        return ExitCode.UPSTREAM_FAILED
    return ExitCode.DONE


@contextmanager
def sigterm_as_interrupt() -> Iterator[None]:
    """Let SIGTERM do what Ctrl-C does. uvicorn passes signals on after it has shut down."""
    previous = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        return
    finally:
        signal.signal(signal.SIGTERM, previous)
