"""`cscs usage ping`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from cscs_bootstrap.settings import Part
from cscs_bootstrap.upstream_failures import failure_kind
from cscs_bootstrap.usage_configuration import UsageOffering
from cscs_bootstrap.usage_describing import NO_GAPS, Gaps, gaps_of
from cscs_bootstrap.usage_service import UsageService, usage_service
from cscs_cli.interrupting import sigterm_like_ctrl_c
from cscs_cli.terminal import console, say_bytes
from cscs_cli.usage_options import DEFAULTS, SourceOptions, load_offerings
from cscs_cli.usage_ping_output import Checked, OfferingChecks, PingOutput, Place, State
from cscs_domain.errors import CscsError
from cscs_domain.ports import WaldurUsage
from cscs_domain.usage.metered_resources import OfferingChoice


def usage_ping(*, options: SourceOptions = DEFAULTS) -> int:
    """Try everything that reports need, print what works, and return the exit code."""
    # What only reports need is told beside what works, so that each is tried by itself.
    offerings = load_offerings(options, Part.WAREHOUSE, Part.USAGE).chosen
    with sigterm_like_ctrl_c():
        output = PingOutput(tuple(asyncio.run(check_every(offerings))))
    if options.json:
        say_bytes(output.document())
    else:
        output.show(console())
    return output.exit_code


async def check_every(offerings: Sequence[UsageOffering]) -> list[OfferingChecks]:
    """What works for each offering; nothing is raised for what does not."""
    checked: list[OfferingChecks] = []
    for offering in offerings:
        gaps = gaps_of(offering)
        async with usage_service(offering, with_waldur=gaps.is_waldur_known) as service:
            checks = await check(service, gaps)
            checked.append(OfferingChecks(offering.job.name, tuple(checks)))
    return checked


async def check(service: UsageService, gaps: Gaps = NO_GAPS) -> list[Checked]:
    """Token, warehouse and Waldur, each tried whatever came of the others, as far as it can be."""
    token = await _checked(Place.TOKEN, service.tokens)
    if token.state is State.FAILED:
        warehouse = Checked(Place.WAREHOUSE, State.NOT_TRIED, "there is no token")
    else:
        warehouse = await _checked(
            Place.WAREHOUSE, service.warehouse.ping, is_remote=service.tokens is not None
        )
    return [token, warehouse, await _waldur(service, gaps)]


async def _waldur(service: UsageService, gaps: Gaps) -> Checked:
    if service.waldur is None:
        return Checked.lacking(Place.WALDUR, gaps, answers=False)
    checked = await _checked(Place.WALDUR, service.waldur.ping)
    if checked.state is not State.OK:
        return checked
    if gaps:
        return Checked.lacking(Place.WALDUR, gaps, answers=True)
    # It lets us in; whether it shows the offerings is another matter.
    return await _checked(
        Place.WALDUR, partial(_read_resources, service.waldur, service.job.offerings)
    )


async def _read_resources(waldur: WaldurUsage, offerings: OfferingChoice) -> None:
    await waldur.resources(offerings)


async def _checked(
    place: Place, ping: Callable[[], Awaitable[None]] | None, *, is_remote: bool = True
) -> Checked:
    if ping is None:
        return Checked(place, State.NOT_NEEDED)
    try:
        await ping()
    except CscsError as error:
        reason = str(error).removeprefix(f"{place.value}: ")  # which the line begins with anyway
        return Checked.failed(place, reason, failure_kind(error), is_remote=is_remote)
    return Checked(place, State.OK)
