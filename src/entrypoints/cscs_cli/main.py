"""The command `cscs`: its subcommands, and how failures of all commands look from outside.

Subcommands are imported when they are called, so that `cscs --version` need not wait for a server.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Final

from cyclopts import App, CycloptsError, Parameter

from cscs_cli import events_help, help_texts
from cscs_cli.events_commands import COMMANDS, DIRECTORY_COMMANDS
from cscs_cli.exit_codes import INTERRUPTED, READER_LEFT, ExitCode
from cscs_cli.failures import UsageError
from cscs_cli.help_texts import HelpText
from cscs_cli.terminal import (
    OutputLostError,
    accept_any_text,
    complain,
    finish_output,
    forget_output,
    open_closed_streams,
    settled_errors,
)
from cscs_domain import __version__
from cscs_domain.errors import CscsError, DocumentsBusyError, UpstreamServiceError

_PLAIN: Final = Parameter(negative="", show_default=False)
"""For options of all commands: no `--no-json`, and no `[default: False]` in the help."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command with these arguments (by default the process's); return the exit code."""
    return run_app("cscs", make_app, arguments)


@settled_errors()
def run_app(name: str, make: Callable[[], App], arguments: Sequence[str] | None) -> int:
    """Run a command of this name; tell failures in sentences, and return the exit code."""
    open_closed_streams()
    accept_any_text()
    tokens = sys.argv[1:] if arguments is None else list(arguments)
    try:
        return _run(make(), tokens)
    except CycloptsError as error:
        chain = " ".join((name, *(error.command_chain or ())))
        complain(f"{error} Try: {chain} --help")
    except DocumentsBusyError as error:
        complain(f"{error}; try again later, or let --wait SECONDS wait for them.")
        return ExitCode.UPSTREAM_FAILED
    except (UsageError, CscsError, OutputLostError) as error:
        complain(str(error))
        if isinstance(error, (UpstreamServiceError, OutputLostError)):
            return ExitCode.UPSTREAM_FAILED
    except BrokenPipeError:
        forget_output()
        return READER_LEFT
    except KeyboardInterrupt:
        return INTERRUPTED
    return ExitCode.USAGE_OR_CONFIGURATION


def _run(app: App, tokens: list[str]) -> int:
    result: object = app(tokens)
    finish_output()
    return result if isinstance(result, int) else ExitCode.DONE


def make_app() -> App:
    """The tree of subcommands."""
    app = new_app("cscs", help_texts.CSCS)
    config = _group("config", help_texts.CONFIG)
    storage = _group("storage", help_texts.STORAGE)
    usage = _group("usage", help_texts.USAGE)
    for group in (config, storage, usage):
        app.command(group)
    _add(app, "serve", "cscs_cli.serve:serve", help_texts.SERVE)
    _add(app, "emulate", "cscs_cli.emulate:emulate", help_texts.EMULATE)
    _add(config, "check", "cscs_cli.config_check:config_check", help_texts.CONFIG_CHECK)
    _add(config, "example", "cscs_cli.config_example:config_example", help_texts.CONFIG_EXAMPLE)
    _add(storage, "show", "cscs_cli.storage_show:storage_show", help_texts.STORAGE_SHOW)
    _add(storage, "export", "cscs_cli.storage_export:storage_export", help_texts.STORAGE_EXPORT)
    _add(storage, "orders", "cscs_cli.storage_orders:storage_orders", help_texts.STORAGE_ORDERS)
    _add(storage, "order", "cscs_cli.storage_orders:storage_order", help_texts.STORAGE_ORDER)
    _add(usage, "report", "cscs_cli.usage_report:usage_report", help_texts.USAGE_REPORT)
    _add(usage, "show", "cscs_cli.usage_show:usage_show", help_texts.USAGE_SHOW)
    _add(usage, "ping", "cscs_cli.usage_ping:usage_ping", help_texts.USAGE_PING)
    app.command(_events())
    return app


def _events() -> App:
    events = _group("events", events_help.EVENTS)
    directory = _group("directory", events_help.DIRECTORY)
    for name, place, text in COMMANDS:
        _add(events, name, place, text)
    for name, place, text in DIRECTORY_COMMANDS:
        _add(directory, name, place, text)
    events.command(directory)
    return events


def new_app(name: str, text: HelpText) -> App:
    """A command without subcommands yet, whose failures are left to `run_app`."""
    return App(
        name=name,
        help=text.brief,
        help_epilogue=text.more,
        help_format="plaintext",
        version=f"{name} {__version__}",
        default_parameter=_PLAIN,
        exit_on_error=False,
        print_error=False,
        suppress_keyboard_interrupt=False,
        result_action="return_value",
    )


def _group(name: str, text: HelpText) -> App:
    return App(name=name, help=text.brief, help_epilogue=text.more)


def _add(group: App, name: str, place: str, text: HelpText) -> None:
    """Add a command by the place of its function, which is imported when it is called."""
    group.command(place, name=name, help=text.brief, help_epilogue=text.more)
