"""The parser of components whose usage is reported. Source: spec 000; DWDI contract, 1, 5, 6."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from cscs_bootstrap.settings_findings import closest, printable
from cscs_bootstrap.settings_scalars import boolean, choice, positive, text
from cscs_bootstrap.settings_tables import repeats, table_of
from cscs_bootstrap.settings_values import (
    Reason,
    Refused,
    Scalar,
    Table,
    Value,
    kind_of,
)
from cscs_domain.errors import InvalidValueError
from cscs_domain.usage.components import (
    AccountingType,
    Component,
    Factoring,
    check_component_name,
)

NO_COMPONENTS: Final[Mapping[str, Component]] = MappingProxyType({})

COMPONENT_KEYS: Final[Mapping[str, Callable[[Value], object]]] = MappingProxyType(
    {
        "measured_unit": text,
        "unit_factor": positive,
        "unit_factor_reporting": positive,
        "accounting_type": choice(AccountingType),
        "label": text,
        "factor_semantics": choice(Factoring),
        "allow_decrease": boolean,
    }
)
"""What can be said of a component."""

_MAKE: Final[Callable[..., Component]] = Component
"""With arguments of which only the parsers above know that they fit."""
_HINT: Final = "Write a mapping of component types to their keys; in a variable as JSON."


def components(value: Value) -> Mapping[str, Component]:
    """Components by name, each `{}` or some of `COMPONENT_KEYS`; refused with every mistake."""
    table = table_of(value, _HINT)
    reasons = list(repeats(table))
    found: dict[str, Component] = {}
    for name, item in table.entries.items():
        mistakes: list[Reason] = [*_about_name(name, item)]
        values = dict(_values(name, item, mistakes))
        reasons += mistakes
        if not mistakes:
            found[name] = _MAKE(name=name, **values)
    if reasons:
        raise Refused(*reasons)
    return MappingProxyType(found)


def _about_name(name: str, item: Value) -> Iterator[Reason]:
    try:
        check_component_name(name)
    except InvalidValueError as error:
        hint = "Rename the component in Waldur's offering and here."
        yield Reason(f"{error.reason}.", hint, name or "''", item.origin)


def _values(name: str, item: Value, mistakes: list[Reason]) -> Iterator[tuple[str, object]]:
    if isinstance(item, Scalar) and item.is_blank:
        return
    if not isinstance(item, Table):
        reason = f"must be a mapping, not {kind_of(item)}."
        mistakes.append(Reason(reason, "Write {} for the defaults.", name, item.origin))
        return
    mistakes += (
        Reason(repeat.text, repeat.hint, f"{name}.{repeat.subkey}", repeat.origin)
        for repeat in repeats(item)
    )
    for key, value in item.entries.items():
        if key not in COMPONENT_KEYS:
            subkey = f"{name}.{printable(key)}"
            mistakes.append(Reason("is not a setting.", _meant(key), subkey, value.origin))
        elif not (isinstance(value, Scalar) and value.is_blank):  # `null` is as good as absent
            try:
                yield key, COMPONENT_KEYS[key](value)
            except Refused as refused:
                mistakes += (
                    Reason(reason.text, reason.hint, f"{name}.{key}", value.origin)
                    for reason in refused.reasons
                )


def _meant(key: str) -> str:
    near = closest(key.lower(), COMPONENT_KEYS)
    return f"Did you mean {near}?" if near else ""
