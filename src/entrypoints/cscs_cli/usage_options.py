"""What the commands about usage have in common: where settings come from, and which offerings."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated
from uuid import UUID

import attrs
from cyclopts import Parameter

from cscs_bootstrap.logs import configure_logs
from cscs_bootstrap.settings import Part
from cscs_bootstrap.usage_configuration import UsageConfig, UsageOffering, load_usage
from cscs_cli.failures import RefusedConfigurationError, UsageError
from cscs_cli.loading import config_file, hint_to_begin
from cscs_cli.terminal import complain, visible
from cscs_domain._text import is_encodable, shown
from cscs_domain.errors import ConfigurationError
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


def load_offerings(options: SourceOptions, part: Part) -> tuple[UsageOffering, ...]:
    """The chosen offerings, at least one; logging is set up. Raises `UsageError`."""
    config = _load(options, part)
    chosen = chosen_offerings(config.offerings, options.offering)
    configure_logs(chosen[0].settings)
    if not options.demo:
        for notice in config.notices:
            complain(f"Notice: {visible(notice)}")
    if options.verbose and config.passed_over:
        names = ", ".join(config.passed_over)
        complain(f"Passed over, being of other backend types: {visible(names)}.")
    return chosen


def _load(options: SourceOptions, part: Part) -> UsageConfig:
    path = config_file(options.config, demo=options.demo)
    try:
        return load_usage(os.environ, path, part=part)
    except ConfigurationError as error:
        hint = hint_to_begin(os.environ, options.config)
        raise RefusedConfigurationError(error, hint) from None


def chosen_offerings(
    configured: Sequence[UsageOffering], names: Sequence[str]
) -> tuple[UsageOffering, ...]:
    """Those that are called so, have this slug or this uuid; all if no name is given.

    Where several offerings are reported as one, a slug or uuid narrows it to that one.
    Raises `UsageError` for a name that fits none.
    """
    if not names:
        return tuple(configured)
    chosen = [_narrowed(offering, names) for offering in configured]
    for name in names:
        if not any(_fits(offering, name) for offering in configured):
            known = ", ".join(dict.fromkeys(_known(configured)))
            raise UsageError(
                f"--offering {shown(name)} is not configured; there are: {visible(known)}."
            )
    return tuple(offering for offering in chosen if offering is not None)


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
