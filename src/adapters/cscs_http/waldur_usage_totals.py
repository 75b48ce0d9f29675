"""Setting the totals of a resource, and seeing where they went. Source: Waldur contract, section 7.

Old servers do not know dates: they book everything into their current month and say that all is
well. So the month is read back every time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from cscs_domain._text import label
from cscs_domain.errors import (
    UpstreamServiceError,
    UsageRefusedError,
    WrongMonthError,
)
from cscs_domain.usage.submissions import TotalsEntry
from cscs_http.errors import UnexpectedStatusError
from cscs_http.service import Service
from cscs_http.waldur_usage_lists import USAGES
from cscs_http.waldur_usage_records import UsageRecord, total_of
from cscs_http.waldur_usage_refusals import refusal

ACCEPTED: Final = frozenset({200, 201})


async def set_totals(service: Service, entry: TotalsEntry) -> None:
    """Send all totals at once. Raises `UsageRefusedError` and `UpstreamServiceError`."""
    usages = [
        {"type": component, "amount": amount_text(amount)}
        for component, amount in sorted(entry.amounts.items())
    ]
    body = {"resource": entry.resource.hex, "date": _time_text(entry.moment), "usages": usages}
    try:
        answer = await service.post(f"{USAGES}set_usage/", body, accept=ACCEPTED)
    except UnexpectedStatusError as error:
        raise refusal(entry.resource, error) from None
    if answer.body:
        answer.json_bytes()  # a log-in page is no yes


def differences(
    service: str, entry: TotalsEntry, after: Sequence[UsageRecord]
) -> dict[str, Decimal]:
    """What Waldur has now of the components of which it has something else than was sent.

    Raises `WrongMonthError` if it has nothing, and `UsageRefusedError` if earlier plans hold more.
    """
    sums = _sums(after)
    for component in sorted(entry.amounts):
        if component not in sums:
            raise _booked_elsewhere(service, entry, component)
    found = {
        name: sums[name] for name in sorted(entry.amounts) if sums[name] != entry.amounts[name]
    }
    for component, amount in found.items():
        records = [record for record in after if record.component == component]
        if _hold_too_much(records, entry.amounts[component]):
            raise UsageRefusedError(
                entry.resource,
                f"{amount_text(amount)} of {label(component)} in {entry.month} belong to earlier"
                f" plans, more than the {amount_text(entry.amounts[component])} that it is to have",
            )
    return found


def why_different(
    service: str,
    entry: TotalsEntry,
    found: Mapping[str, Decimal],
    everywhere: Sequence[UsageRecord],
) -> UpstreamServiceError:
    """What to make of the differences; `everywhere` are the resource's records of all months.

    It is a `WrongMonthError` if another month has the figure that was sent.
    """
    for month in sorted({record.month for record in everywhere} - {entry.month}):
        theirs = _sums(record for record in everywhere if record.month == month)
        for component in found:
            if theirs.get(component) == entry.amounts[component]:
                return _booked_elsewhere(service, entry, component)
    component, amount = next(iter(found.items()))
    return UpstreamServiceError(
        service,
        f"{_place(entry, component)}: Waldur has {amount_text(amount)} where"
        f" {amount_text(entry.amounts[component])} was sent; does somebody else report as well?",
    )


def amount_text(amount: Decimal) -> str:
    """As Waldur wants it: two places, counted as they are written."""
    return f"{amount:.2f}"


def _hold_too_much(records: Sequence[UsageRecord], wanted: Decimal) -> bool:
    """Waldur takes what earlier plans hold off the total, and never goes below zero."""
    total = total_of(record.amount for record in records)
    return len(records) > 1 and not records[-1].amount and total > wanted


def _booked_elsewhere(service: str, entry: TotalsEntry, component: str) -> WrongMonthError:
    return WrongMonthError(
        service,
        f"{_place(entry, component)} was submitted and is not there: this Waldur books usage into"
        " its current month. Its current month may hold this figure now; report that month again"
        " for this account and let it fall (--allow-decrease).",
        retryable=False,
    )


def _place(entry: TotalsEntry, component: str) -> str:
    return f"{label(component)} of resource {entry.resource} in {entry.month}"


def _sums(records: Iterable[UsageRecord]) -> dict[str, Decimal]:
    """By component."""
    amounts: dict[str, list[Decimal]] = {}
    for record in records:
        amounts.setdefault(record.component, []).append(record.amount)
    return {component: total_of(each) for component, each in amounts.items()}


def _time_text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
