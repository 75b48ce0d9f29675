"""What is measured, and in which units Waldur is told. Source: spec 000; DWDI contract, 1, 5, 6."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Final

import attrs

from cscs_domain._text import shown
from cscs_domain.errors import InvalidValueError
from cscs_domain.quantities import parse_quantity

NOT_NUMBERS: Final = frozenset(
    {
        *("account", "users", "username", "cluster", "usageDate", "month"),
        *("path", "filesystem", "data_type", "waldurResourceUuid"),
    }
)
"""Fields of the warehouse's rows that hold no amount; in lower case and as they are written."""

_LONGEST_NAME: Final = 50
"""Characters of a component's type in Waldur."""
_TAKEN: Final = frozenset(name.lower() for name in NOT_NUMBERS)


class AccountingType(StrEnum):
    """How Waldur bills a component."""

    USAGE = "usage"
    LIMIT = "limit"


class Factoring(StrEnum):
    """What is done with a unit factor."""

    MULTIPLY = "multiply"
    DIVIDE = "divide"


@attrs.frozen(kw_only=True)
class Component:
    """A component of an offering: its type in Waldur, and how warehouse units become its own.

    `unit_factor_reporting` takes the place of `unit_factor` in the profile that knows it.
    `factor_semantics` is None for what the profile does. `allow_decrease` lets reports lower what
    Waldur has without being asked each time.
    """

    name: str = attrs.field()
    measured_unit: str = ""
    unit_factor: Decimal = attrs.field(default=Decimal(1))
    unit_factor_reporting: Decimal | None = attrs.field(default=None)
    accounting_type: AccountingType = AccountingType.USAGE
    label: str = ""
    factor_semantics: Factoring | None = None
    allow_decrease: bool = False

    @name.validator
    def _is_usable(self, _attribute: object, value: str) -> None:
        check_component_name(value)

    @unit_factor.validator
    @unit_factor_reporting.validator
    def _is_positive(self, attribute: attrs.Attribute[Decimal], value: Decimal | None) -> None:
        if value is not None and parse_quantity(value, attribute.name) == 0:
            raise InvalidValueError(attribute.name, shown(value), "is not above zero")


def check_component_name(name: str) -> str:
    """A name that can be a component's. Raises `InvalidValueError`.

    The warehouse is searched for fields of this name, so it must not be one of those that hold no
    amount; nor empty, of which no field name can be made.
    """
    if not name.strip() or name != name.strip() or not name.isprintable():
        raise InvalidValueError("component", shown(name), "is no name for a component")
    if len(name) > _LONGEST_NAME:
        reason = f"is longer than {_LONGEST_NAME} characters"
        raise InvalidValueError("component", shown(name), reason)
    if name.lower() in _TAKEN:
        reason = "is a field of the warehouse that holds no amount"
        raise InvalidValueError("component", shown(name), reason)
    return name
