"""What the commands about usage have in common: where settings come from, and which offerings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated
from uuid import UUID

import attrs
from cyclopts import Parameter

from cscs_bootstrap.logs import configure_logs
from cscs_bootstrap.settings import Part
from cscs_bootstrap.usage_configuration import UsageConfig, UsageOffering
from cscs_cli.failures import RefusedConfigurationError, UsageError
from cscs_cli.loading import usage_settings
from cscs_cli.terminal import complain, visible
from cscs_domain._text import is_encodable, shown
from cscs_domain.usage.metered_resources import OfferingChoice


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class SourceOptions:
    """Where settings come from, which offerings of them, and how results look."""

    config: Annotated[
        Path | None,
        Parameter(metavar="FILE", help="The YAML file to load settings from, or a site agent's."),
    ] = None
    demo: Annotated[bool, Parameter(help="Use invented data; no services, no settings.")] = False
    offering: Annotated[
        tuple[str, ...],
        Parameter(metavar="NAME|UUID", help="Only this configured offering; may be repeated."),
    ] = ()
    json: Annotated[bool, Parameter(help="Print one JSON object instead of text.")] = False
    verbose: Annotated[bool, Parameter(help="Show everything, however long it is.")] = False


DEFAULTS = SourceOptions()


@attrs.frozen
class Offerings:
    """The chosen offerings, at least one, and the others of the same configuration."""

    chosen: tuple[UsageOffering, ...]
    others: tuple[UsageOffering, ...] = ()


def load_offerings(options: SourceOptions, *parts: Part) -> Offerings:
    """What is configured for the first of the parts that can work with it; logging is set up.

    Raises `UsageError`; for settings that do not hold, about the last part, which needs the most.
    """
    config = _load(options, parts)
    found = chosen_offerings(config.offerings, options.offering)
    configure_logs(found.chosen[0].settings)
    if not options.demo:
        for notice in config.notices:
            complain(f"Notice: {visible(notice)}")
    if options.verbose and config.passed_over:
        names = ", ".join(config.passed_over)
        complain(f"Passed over, being of other backend types: {visible(names)}.")
    return found


def _load(options: SourceOptions, parts: Sequence[Part]) -> UsageConfig:
    part, *more = parts
    try:
        return usage_settings(part, options.config, demo=options.demo)
    except RefusedConfigurationError:
        if not more:
            raise
        return _load(options, more)


def chosen_offerings(configured: Sequence[UsageOffering], names: Sequence[str]) -> Offerings:
    """Those that are called so, have this slug or this uuid; all if no name is given.

    Where several offerings are reported as one, a slug or uuid narrows it to that one.
    Raises `UsageError` for a name that fits none.
    """
    if not names:
        return Offerings(tuple(configured))
    chosen = [_narrowed(offering, names) for offering in configured]
    for name in names:
        if not any(_fits(offering, name) for offering in configured):
            known = ", ".join(dict.fromkeys(_known(configured)))
            raise UsageError(
                f"--offering {shown(name)} is not configured; there are: {visible(known)}."
            )
    others = map(_left, configured, chosen)
    return Offerings(tuple(filter(None, chosen)), tuple(filter(None, others)))


def _left(offering: UsageOffering, chosen: UsageOffering | None) -> UsageOffering | None:
    """What is not chosen of an offering."""
    if chosen is None:
        return offering
    every, taken = offering.job.offerings, chosen.job.offerings
    slugs, uuids = every.slugs - taken.slugs, every.uuids - taken.uuids
    if not slugs and not uuids:
        return None
    choice = OfferingChoice(slugs=slugs, uuids=uuids)
    return attrs.evolve(offering, job=attrs.evolve(offering.job, offerings=choice))


def _narrowed(offering: UsageOffering, names: Iterable[str]) -> UsageOffering | None:
    among = offering.job.offerings
    slugs, uuids = among.slugs.intersection(names), among.uuids.intersection(map(_uuid, names))
    if slugs or uuids:
        choice = OfferingChoice(slugs=slugs, uuids=uuids)
        return attrs.evolve(offering, job=attrs.evolve(offering.job, offerings=choice))
    return offering if offering.job.name in names else None


def _fits(offering: UsageOffering, name: str) -> bool:
    return _narrowed(offering, (name,)) is not None


def _known(offerings: Iterable[UsageOffering]) -> Iterable[str]:
    for offering in offerings:
        among = offering.job.offerings
        yield from (offering.job.name, *sorted(among.slugs), *sorted(map(str, among.uuids)))


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def checked_accounts(accounts: Iterable[str]) -> frozenset[str]:
    """Names of accounts as they were given. Raises `UsageError` for one that is none."""
    names = frozenset(accounts)
    for name in names:
        if not name.strip() or not is_encodable(name):
            raise UsageError(
                f"--account {shown(name)} is no name of an account; it is empty, as a variable "
                "that is not set leaves it, or no text."
            )
    return names
