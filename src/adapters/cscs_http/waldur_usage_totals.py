"""Setting the totals of a resource, and seeing where they went. Source: Waldur contract, section 7.

Old servers do not know dates: they book everything into their current month and say that all is
well. So the month is read back every time.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from cscs_domain._text import label
from cscs_domain.errors import (
    CscsError,
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


def check_totals(
    service: str,
    entry: TotalsEntry,
    before: Sequence[UsageRecord] | None,
    after: Sequence[UsageRecord],
) -> None:
    """Compare the records of the month with what was sent; `before` is what they were, if known.

    Raises `WrongMonthError` if nothing of it is there.
    """
    for component, wanted in sorted(entry.amounts.items()):
        found = [record for record in after if record.component == component]
        if found and _sum(found) == wanted:
            continue
        if found and _hold_too_much(found, wanted):
            raise UsageRefusedError(
                entry.resource,
                f"{_sum(found)} of {label(component)} in {entry.month} belong to earlier plans,"
                f" more than the {wanted} that it is to have",
            )
        was = None if before is None else [each for each in before if each.component == component]
        has_changed = was is not None and (not was or _sum(was) != _sum(found))
        raise _not_there(service, entry, component, found if has_changed else [])


def amount_text(amount: Decimal) -> str:
    """As Waldur wants it: two places, counted as they are written."""
    return f"{amount:.2f}"


def _hold_too_much(records: Sequence[UsageRecord], wanted: Decimal) -> bool:
    """Waldur takes what earlier plans hold off the total, and never goes below zero."""
    return len(records) > 1 and not records[-1].amount and _sum(records) > wanted


def _not_there(
    service: str, entry: TotalsEntry, component: str, found: Sequence[UsageRecord]
) -> CscsError:
    place = f"{label(component)} of resource {entry.resource} in {entry.month}"
    if found:
        return UpstreamServiceError(
            service,
            f"{place} is {_sum(found)} right after {entry.amounts[component]} was submitted:"
            " does somebody else report as well?",
        )
    return WrongMonthError(
        service,
        f"{place} was submitted and is not there: this Waldur books usage into its current month,"
        " which may hold a wrong figure for this resource now; reporting the current month again"
        " mends it",
        retryable=False,
    )


def _sum(records: Sequence[UsageRecord]) -> Decimal:
    return total_of(record.amount for record in records)


def _time_text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
