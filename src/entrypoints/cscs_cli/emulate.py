"""`cscs emulate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from cscs_cli.emulate_welcome import emulate_welcome
from cscs_cli.exit_codes import ExitCode
from cscs_cli.failures import UsageError
from cscs_cli.http_server import run_server, sigterm_as_interrupt
from cscs_cli.listening import Address, listen, resolve
from cscs_cli.terminal import complain, say

if TYPE_CHECKING:
    from cscs_bootstrap.emulation import Emulation


def emulate(  # noqa: PLR0913  # the options of a command
    *,
    mode: Annotated[
        Literal["8.1", "5.8"],
        Parameter(show_default=True, help="The version of Waldur that is emulated."),
    ] = "8.1",
    resources: Annotated[
        int, Parameter(metavar="N", show_default=True, help="How many resources there are.")
    ] = 300,
    accounts: Annotated[
        int,
        Parameter(metavar="N", show_default=True, help="How many compute accounts with usage."),
    ] = 0,
    seed: Annotated[
        int, Parameter(metavar="S", show_default=True, help="Another number, other resources.")
    ] = 0,
    latency: Annotated[
        int, Parameter(metavar="MS", show_default=True, help="Milliseconds before any answer.")
    ] = 0,
    fault: Annotated[
        tuple[str, ...],
        Parameter(metavar="SERVICE=KIND", help="Make a service fail; may be repeated."),
    ] = (),
    host: Annotated[
        str, Parameter(metavar="HOST", show_default=True, help="The address to listen on.")
    ] = "127.0.0.1",
    port: Annotated[
        int, Parameter(metavar="PORT", show_default=True, help="The port; 0 takes a free one.")
    ] = 8090,
    write_config: Annotated[
        Path | None,
        Parameter(metavar="FILE", help="Write the configuration there instead of showing it."),
    ] = None,
) -> int:
    """Emulate Waldur, the HPC User API, DWDI and an OIDC provider until Ctrl-C or SIGTERM."""
    with sigterm_as_interrupt():
        listener, address = listen(resolve(host, port))
        with listener:
            warn_of_strangers(address)
            emulation = _emulation(mode, (resources, accounts), seed, latency, fault)
            server = emulation.server_at(address.url)
            _write(emulation, write_config)
            # In one piece: whoever waits for the address may stop us right after the first line.
            welcome = emulate_welcome(emulation, mode, write_config)
            say(f"Emulating on {address.url} (Ctrl-C ends it).\n{welcome}")
            return run_server(server, listener)
    return ExitCode.DONE


def warn_of_strangers(address: Address) -> None:
    """Say who else can use an emulator at this address."""
    if not address.is_loopback:
        complain(
            f"--host {address.ip}: whoever can reach this machine can read everything here and "
            "make it fail; nothing asks for a password."
        )


def _emulation(
    mode: str, counts: tuple[int, int], seed: int, latency: int, faults: tuple[str, ...]
) -> Emulation:
    """`counts` are those of resources and of accounts."""
    try:
        from cscs_bootstrap.emulation import EmulationError, EmulationOptions, make_emulation
    except ModuleNotFoundError as missing:
        if missing.name is None or missing.name.startswith("cscs_"):
            raise
        raise UsageError(
            f"`cscs emulate` needs the extra 'emulator', of which {missing.name!r} is not "
            "installed; install it with: pip install 'cscs-domain[emulator,cli]'"
        ) from None
    resources, accounts = counts
    options = EmulationOptions(
        mode=mode,
        resources=resources,
        accounts=accounts,
        seed=seed,
        latency=latency,
        faults=faults,
    )
    try:
        return make_emulation(options, _tell)
    except EmulationError as error:
        raise UsageError(str(error)) from None


def _tell(made: int) -> None:
    complain(f"{made} resources are made ...")


def _write(emulation: Emulation, path: Path | None) -> None:
    from cscs_bootstrap.emulation import EmulationError

    if path is None:
        return
    try:
        emulation.write_configuration(path)
    except EmulationError as error:
        raise UsageError(str(error)) from None
