"""`cscs serve`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from cscs_bootstrap.events_service import events_for_server
from cscs_bootstrap.logs import configure_logs, log_notices
from cscs_bootstrap.settings import LoadedSettings
from cscs_cli.exit_codes import ExitCode
from cscs_cli.failures import UsageError
from cscs_cli.http_server import make_server, run_server, sigterm_as_interrupt
from cscs_cli.listening import listen, refuse_exposure, resolve
from cscs_cli.loading import settings_for_server
from cscs_cli.terminal import say
from cscs_cli.welcome import welcome


def serve(
    *,
    config: Annotated[
        Path | None, Parameter(metavar="FILE", help="The YAML file to load settings from.")
    ] = None,
    demo: Annotated[bool, Parameter(help="Serve invented data; no Waldur, no settings.")] = False,
    host: Annotated[
        str, Parameter(metavar="HOST", show_default=True, help="The address to listen on.")
    ] = "127.0.0.1",
    port: Annotated[
        int, Parameter(metavar="PORT", show_default=True, help="The port; 0 takes a free one.")
    ] = 8080,
    workers: Annotated[
        int, Parameter(metavar="N", show_default=True, help="Processes; this version runs one.")
    ] = 1,
) -> int:
    """Serve the HTTP API until Ctrl-C or SIGTERM."""
    with sigterm_as_interrupt():
        _refuse_workers(workers)
        loaded = settings_for_server(config, demo=demo)
        address = resolve(host, port)
        refuse_exposure(address, loaded.settings.auth)
        _configure_logs(loaded, demo=demo)
        server = make_server(loaded.settings, events_for_server(loaded))
        listener, address = listen(address)
        with listener:
            say(f"Listening on {address.url} (Ctrl-C ends it).")
            if demo:
                say(welcome(address.url, next(iter(loaded.settings.storage_systems), "")))
            return run_server(server, listener)
    return ExitCode.DONE


def _refuse_workers(workers: int) -> None:
    if workers == 1:
        return
    raise UsageError(
        f"--workers {workers} is refused: snapshots live in the process, so several workers would "
        "each read the upstreams, and a walk over pages would meet workers that do not have its "
        "snapshot. Use --workers 1 until a shared store can be configured."
    )


def _configure_logs(loaded: LoadedSettings, *, demo: bool) -> None:
    # The demo's two dozen problems are made up, and would scroll the welcome away.
    configure_logs(loaded.settings, without=frozenset({"problem"}) if demo else frozenset())
    log_notices(loaded)
