"""What is ordered: sizes, attributes, administrative options, and the situation of a resource."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Final

_SIZE_TEXTS: Final = (
    *("0.5", "1", "1.5", "2", "2.75", "4", "5", "5", "8", "8.2", "10", "10", "10", "12.6", "15"),
    *("20", "20", "25", "30", "40", "50", "50", "64", "75", "80", "100", "100", "120.5"),
    *("150", "200", "250", "300", "400", "500"),
)
_SIZES: Final = tuple(Decimal(text) for text in _SIZE_TEXTS)
_PERMISSIONS: Final = ("2770", "2770", "2770", "775", "770", "2775", "750")


@dataclass(frozen=True, slots=True)
class Situation:
    """A state of a resource and the order that waits on it, if any; `share` is per thousand."""

    share: int
    state: str
    order_type: str | None = None
    order_state: str = ""
    subtype: str | None = None


SITUATIONS: Final = (
    Situation(905, "OK"),
    Situation(15, "Erred"),
    Situation(12, "Creating", "Create", "executing"),
    Situation(9, "Creating", "Create", "pending-provider"),
    Situation(4, "Creating", "Create", "pending-start-date"),
    Situation(12, "OK", "Update", "pending-provider", "update_limits"),
    Situation(14, "Updating", "Update", "executing", "update_limits"),
    Situation(3, "Updating", "Update", "pending-consumer", "update_limits"),
    Situation(8, "Updating", "Update", "executing", "update_options"),
    Situation(6, "OK", "Terminate", "pending-provider"),
    Situation(10, "Terminating", "Terminate", "executing"),
    Situation(2, "Terminating", "Terminate", "pending-consumer"),
)
"""No `Terminated` ones: those are asked for separately, and then there are far more of them."""

_SHARES: Final = tuple(situation.share for situation in SITUATIONS)


def json_number(value: Decimal) -> int | float:
    """The number as a JSON document holds it: 10, not 10.0, but 8.2.

    A float has the shortest text that reads back as itself, so nothing is lost up to 15 digits.
    """
    return int(value) if value == value.to_integral_value() else float(value)


def any_situation(rng: Random) -> Situation:
    """A situation by its share."""
    return rng.choices(SITUATIONS, _SHARES)[0]


def any_size(rng: Random) -> Decimal:
    """Ordered space in terabytes, 0.5 to 500, now and then with a fraction."""
    return rng.choice(_SIZES)


def any_attributes(data_type: str, rng: Random) -> dict[str, object]:
    """What the consumer filled in. A project's store is sometimes left to the default."""
    attributes: dict[str, object] = {"permissions": rng.choice(_PERMISSIONS)}
    if data_type != "store" or rng.random() > 0.03:
        attributes["storage_data_type"] = data_type
    if rng.random() < 0.2:
        attributes["comment"] = "Données brutes + Auswertung, voir le plan de gestion"
    return attributes


def any_options(size: Decimal, rng: Random) -> dict[str, object] | None:
    """Administrative values: mostly none, sometimes null, in one of twelve an override."""
    luck = rng.random()
    if luck < 0.08:
        return None
    if luck < 0.92:
        return {}
    return rng.choice(_OVERRIDES)(size)


def other_options(size: Decimal) -> dict[str, object]:
    """What an order that changes options asks for."""
    return {"permissions": "2775"} | _more_space(size)


def _other_permissions(_size: Decimal) -> dict[str, object]:
    return {"permissions": "2750"}


def _more_space(size: Decimal) -> dict[str, object]:
    return {"soft_quota_space": json_number(size), "hard_quota_space": json_number(size * 2)}


def _space_as_text(size: Decimal) -> dict[str, object]:
    return {"soft_quota_space": str(size), "hard_quota_space": f"{size + 1:.1f}"}


def _more_inodes(size: Decimal) -> dict[str, object]:
    inodes = int(size * 3_000_000)
    return {"soft_quota_inodes": inodes, "hard_quota_inodes": inodes * 2}


_OVERRIDES: Final[tuple[Callable[[Decimal], dict[str, object]], ...]] = (
    _other_permissions,
    _more_space,
    _space_as_text,
    _more_inodes,
)
