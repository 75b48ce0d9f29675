"""What is in effect for an offering whose usage is reported, and what reports still lack."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import attrs

from cscs_bootstrap.settings import LoadedSettings, Part, Row, Settings, describe
from cscs_bootstrap.settings_fields import outline
from cscs_bootstrap.settings_objections import Objection
from cscs_bootstrap.settings_rules import objections
from cscs_bootstrap.usage_jobs import UsageOffering

_KEYS: Final = ("usage.", "waldur_api.", "adapters.waldur", "adapters.dwdi")
_SHARED: Final = frozenset({"debug", "log_format", "site_timezone"})
_OFFERINGS: Final = "usage.offerings"
_REPORTS: Final = ("waldur_api.", "adapters.")
"""What only reports need, besides the offerings."""


def describe_offering(offering: UsageOffering) -> list[Row]:
    """A row for every setting that counts, under the name that the file has for it."""
    loaded = LoadedSettings(settings=offering.settings, origins=offering.origins)
    return [
        attrs.evolve(row, key=offering.names.get(row.key, row.key))
        for row in describe(loaded)
        if row.key.startswith(_KEYS) or row.key in _SHARED
    ]


@attrs.frozen
class Gaps:
    """Why an offering cannot be reported, if its usage can be read.

    `missing` are keys with their variables, `reasons` sentences about others.
    `is_waldur_known` says whether Waldur can be asked all the same.
    """

    missing: tuple[str, ...]
    reasons: tuple[str, ...]
    is_waldur_known: bool

    def __bool__(self) -> bool:
        return bool(self.missing or self.reasons)


NO_GAPS: Final = Gaps((), (), is_waldur_known=True)


def gaps_of(offering: UsageOffering) -> Gaps:
    """What settings that hold for `Part.WAREHOUSE` lack for `Part.USAGE`."""
    found = [
        each
        for each in objections(offering.settings, frozenset({Part.USAGE}))
        if each.key == _OFFERINGS or each.key.startswith(_REPORTS)
    ]
    return Gaps(
        missing=tuple(_missing(offering, found)),
        reasons=tuple(
            f"{_name(offering, each.key)} {each.reason.text}"
            for each in found
            if not each.is_absence
        ),
        is_waldur_known=not any(each.key.startswith("waldur_api.") for each in found),
    )


def _missing(offering: UsageOffering, found: list[Objection]) -> Iterator[str]:
    variables = {leaf.key: leaf.variable for leaf in outline(Settings).leaves()}
    for each in found:
        if each.is_absence:
            yield f"{_name(offering, each.key)} (variable {variables[each.key]})"


def _name(offering: UsageOffering, key: str) -> str:
    return offering.names.get(key, key)
