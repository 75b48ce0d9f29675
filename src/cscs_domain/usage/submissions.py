"""What Waldur has of a month, and what it is told. Source: Waldur contract, sections 7 and 8."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Final, TypeAlias
from uuid import UUID

import attrs

from cscs_domain._text import shown
from cscs_domain.errors import InvalidValueError
from cscs_domain.usage.amounts import is_reportable, to_cents
from cscs_domain.usage.months import Month

_NO_TOTALS: Final[Mapping[str, Decimal]] = MappingProxyType({})
_NO_USERS: Final[Mapping[str, Mapping[str, Decimal]]] = MappingProxyType({})
_NO_REFUSALS: Final[Mapping[str, str]] = MappingProxyType({})


@attrs.frozen(kw_only=True)
class RecordedUsage:
    """What Waldur has for one resource and month: totals by component, users by component.

    Several records of one component, as plan changes make them, are added up. `doubt` says why
    the figures cannot be compared with any others.
    """

    totals: Mapping[str, Decimal] = _NO_TOTALS
    users: Mapping[str, Mapping[str, Decimal]] = _NO_USERS
    doubt: str = ""

    def is_like(self, other: RecordedUsage) -> bool:
        """Whether both have the same figures; users of nothing make no difference."""
        return self.totals == other.totals and self._parts == other._parts

    @property
    def _parts(self) -> dict[str, Mapping[str, Decimal]]:
        return {component: parts for component, parts in self.users.items() if parts}


RecordedMonth: TypeAlias = Mapping[UUID, RecordedUsage]
"""By resource; resources without any record may be absent."""


def _are_cents(_instance: object, attribute: attrs.Attribute[object], value: object) -> None:
    """Only what Waldur stores as it is sent: from zero on, with two decimal places."""
    assert isinstance(value, Mapping)  # noqa: S101 - annotated so
    for name, amount in value.items():
        if not is_reportable(amount) or amount != to_cents(amount):
            what = f"{attribute.name} of {shown(name)}"
            raise InvalidValueError(what, shown(amount), "is no amount in hundredths from zero on")


@attrs.frozen(kw_only=True)
class TotalsEntry:
    """The totals of one resource and month, all components that are to be there at once.

    `moment` is a time that counts to this month, as `safe_moment` gives it.
    """

    resource: UUID
    month: Month
    moment: datetime
    amounts: Mapping[str, Decimal] = attrs.field(validator=_are_cents)


@attrs.frozen(kw_only=True)
class UsersEntry:
    """What users have of one component. Its total has been submitted before."""

    resource: UUID
    month: Month
    component: str
    amounts: Mapping[str, Decimal] = attrs.field(validator=_are_cents)


@attrs.frozen(kw_only=True)
class UsersResult:
    """`refused` says by user why Waldur did not take a figure; `unlinked` are users that Waldur
    has no usable account of, so that their figures stand under the bare name.
    """

    refused: Mapping[str, str] = _NO_REFUSALS
    unlinked: frozenset[str] = frozenset()
