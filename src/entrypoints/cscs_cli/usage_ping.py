"""`cscs usage ping`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from cscs_bootstrap.settings import Part
from cscs_bootstrap.usage_configuration import UsageOffering
from cscs_bootstrap.usage_service import UsageService, usage_service
from cscs_cli.exit_codes import ExitCode
from cscs_cli.interrupting import sigterm_like_ctrl_c
from cscs_cli.terminal import console, say_bytes
from cscs_cli.usage_options import DEFAULTS, SourceOptions, load_offerings
from cscs_cli.usage_ping_output import Checked, OfferingChecks, PingOutput, Place, State
from cscs_domain.errors import CscsError, UpstreamServiceError


def usage_ping(*, options: SourceOptions = DEFAULTS) -> int:
    """Try everything that reports need, print what works, and return the exit code."""
    offerings = load_offerings(options, Part.USAGE)
    with sigterm_like_ctrl_c():
        output = PingOutput(tuple(asyncio.run(check_every(offerings))))
    if options.json:
        say_bytes(output.document())
    else:
        output.show(console())
    return ExitCode.DONE if output.is_well else ExitCode.UPSTREAM_FAILED


async def check_every(offerings: Sequence[UsageOffering]) -> list[OfferingChecks]:
    """What works for each offering; nothing is raised for what does not."""
    checked: list[OfferingChecks] = []
    for offering in offerings:
        async with usage_service(offering) as service:
            checked.append(OfferingChecks(offering.job.name, tuple(await check(service))))
    return checked


async def check(service: UsageService) -> list[Checked]:
    """Token, warehouse and Waldur, each tried whatever came of the others, as far as it can be."""
    token = await _checked(Place.TOKEN, service.tokens)
    if token.state is State.FAILED:
        warehouse = Checked(Place.WAREHOUSE, State.NOT_TRIED, "there is no token")
    else:
        warehouse = await _checked(
            Place.WAREHOUSE, service.warehouse.ping, is_remote=service.tokens is not None
        )
    waldur = await _checked(Place.WALDUR, service.waldur.ping if service.waldur else None)
    return [token, warehouse, waldur]


async def _checked(
    place: Place, ping: Callable[[], Awaitable[None]] | None, *, is_remote: bool = True
) -> Checked:
    if ping is None:
        return Checked(place, State.NOT_NEEDED)
    try:
        await ping()
    except CscsError as error:
        may_pass = isinstance(error, UpstreamServiceError) and error.retryable
        reason = str(error).removeprefix(f"{place.value}: ")  # which the line begins with anyway
        return Checked.failed(place, reason, may_pass=may_pass, is_remote=is_remote)
    return Checked(place, State.OK)
