"""What was added up of one account, path or resource."""

from __future__ import annotations

from decimal import Decimal

import attrs


@attrs.define
class SubjectSums:
    """Amounts by the place of their component, in the warehouse's units.

    `lacking` are the components of which some row has no total.
    """

    totals: list[Decimal]
    users: dict[str, list[Decimal]] = attrs.field(factory=dict)
    lacking: set[str] = attrs.field(factory=set)
