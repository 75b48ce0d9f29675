"""What was added up of one account, path or resource."""

from __future__ import annotations

from decimal import Decimal

import attrs


@attrs.define
class SubjectSums:
    """Amounts by the place of their component, in the warehouse's units.

    `told` are the components of which some row has a total.
    """

    totals: list[Decimal]
    users: dict[str, list[Decimal]] = attrs.field(factory=dict)
    told: set[str] = attrs.field(factory=set)
