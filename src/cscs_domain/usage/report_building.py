"""Sums in the warehouse's units to a report in Waldur's. Source: DWDI contract, sections 6 to 8."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TypeAlias

from cscs_domain.quantities import EXACT
from cscs_domain.usage.amount_reading import ZERO
from cscs_domain.usage.amounts import to_cents
from cscs_domain.usage.components import Component, Factoring
from cscs_domain.usage.doubts import Doubts
from cscs_domain.usage.findings import About, Findings, Oddity
from cscs_domain.usage.metering import Metering, WarehouseProfile
from cscs_domain.usage.reports import AccountUsage
from cscs_domain.usage.subject_sums import SubjectSums
from cscs_domain.usage.untold import Untold

Scale: TypeAlias = Callable[[Decimal], Decimal]


def accounts_of(
    sums: Mapping[str, SubjectSums],
    metering: Metering,
    findings: Findings,
    untold: Untold,
) -> Iterator[tuple[str, AccountUsage]]:
    """The usage of every subject; adds what is odd about whole accounts to the findings."""
    names = [component.name for component in metering.components]
    scales = [_scale(component, metering) for component in metering.components]
    doubts, nameless = Doubts(findings), _with_nameless_users(findings)
    for subject, found in sums.items():
        totals = _scaled(names, scales, found.totals)
        users = {name: _scaled(names, scales, found.users[name]) for name in sorted(found.users)}
        usage = AccountUsage(
            totals=totals,
            users=users,
            doubts=doubts.about(subject, totals, users),
            untold=untold.totals(subject, found),
            untold_users=untold.of_users(subject, found),
            is_nameless=subject in nameless,
        )
        for name in names if users else ():
            left = to_cents(usage.unattributed(name))
            if left < ZERO:  # and not only because users were rounded one by one
                findings.add(Oddity.TOO_MUCH, About(subject, name), left.copy_negate())
        yield subject, usage


def _with_nameless_users(findings: Findings) -> set[str | None]:
    """Accounts with rows of which nobody knows whose they are."""
    kinds = (Oddity.NO_USER, Oddity.BAD_USER, Oddity.RESERVED_USER)
    return {about.subject for kind in kinds for about, _ in findings.of(kind)}


def nothing_used(metering: Metering) -> AccountUsage:
    """The usage of an account that the warehouse does not know."""
    return AccountUsage(totals={component.name: ZERO for component in metering.components})


def _scale(component: Component, metering: Metering) -> Scale:
    factor = component.unit_factor
    if metering.profile is WarehouseProfile.V2 and component.unit_factor_reporting is not None:
        factor = component.unit_factor_reporting
    if factor == 1:
        return _as_it_is
    if metering.factoring(component) is Factoring.MULTIPLY:
        return lambda amount: EXACT.multiply(amount, factor)
    return lambda amount: EXACT.divide(amount, factor)


def _as_it_is(amount: Decimal) -> Decimal:
    return amount


def _scaled(
    names: Sequence[str], scales: Sequence[Scale], amounts: Sequence[Decimal]
) -> dict[str, Decimal]:
    return {name: scale(amount) for name, scale, amount in zip(names, scales, amounts, strict=True)}
