"""The short way to add up users' rows: all of an account at once, if none of them is odd.

Nearly all rows are as they should be, and days make thirty of each user in a month. What is taken
for granted here must agree with the long way of `ComputeRows`, which says what is odd.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal, localcontext
from typing import Final, cast

import attrs

from cscs_domain.quantities import LARGEST
from cscs_domain.usage.amount_reading import PLAIN_SUMS, ZERO

_NUMBERS: Final = frozenset({Decimal, int})


@attrs.frozen
class PlainRows:
    """What rows have: names and days as they are, and exact sums by field and name.

    A field that no row has is not among the sums.
    """

    names: frozenset[object]
    days: frozenset[object]
    sums: Mapping[str, Mapping[str, Decimal]]


def plain_rows(rows: Sequence[object], fields: Sequence[str] | None) -> PlainRows | None:
    """The rows added up; None if one of them is no object or has an amount that is not plain, or
    if more than one field has to be looked at.

    Plain are numbers from zero on with as many digits as usual, and their sums.
    """
    if fields is None:
        return None
    try:
        return _added_up(cast("Sequence[dict[str, object]]", rows), fields)
    except (AttributeError, KeyError, TypeError, ArithmeticError):
        return None


def _added_up(rows: Sequence[dict[str, object]], fields: Sequence[str]) -> PlainRows:
    names = [row["username"] for row in rows]
    days = frozenset([row.get("usageDate") for row in rows])
    present = [field for field in fields if any(field in row for row in rows)]
    sums = {field: _sums(names, [row[field] for row in rows]) for field in present}
    return PlainRows(frozenset(names), days, cast("Mapping[str, Mapping[str, Decimal]]", sums))


def _sums(names: Sequence[object], values: Sequence[object]) -> Mapping[object, Decimal]:
    if not _NUMBERS.issuperset(map(type, values)):
        raise TypeError("there is something else than numbers")
    amounts = cast("Sequence[Decimal]", values)
    by_name: defaultdict[object, list[Decimal]] = defaultdict(list)
    for name, amount in zip(names, amounts, strict=True):
        by_name[name].append(amount)
    with localcontext(PLAIN_SUMS):
        sums = {name: sum(found, ZERO) for name, found in by_name.items()}
        # Where no amount is below zero, none is above its sum.
        if not (min(amounts) >= ZERO and max(sums.values()) < LARGEST):
            raise ArithmeticError("an amount or a sum is out of bounds")
    return sums
