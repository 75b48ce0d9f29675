"""The two versions of Waldur that are emulated, and the keys that only the later one has.

Source: Waldur contract, sections 3 and 4, tags [5.8] and [8.1].
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Mode(StrEnum):
    """Which Mastermind is emulated."""

    V5_8 = "5.8"
    V8_1 = "8.1"


NEW_RESOURCE_KEYS: Final = frozenset(
    {
        "offering_slug",
        "offering_backend_id",
        "provider_slug",
        "customer_slug",
        "project_slug",
        "last_sync",
    }
)
"""Of a resource, absent before 8.1."""

NEW_ORDER_KEYS: Final = frozenset(
    {"url", "order_subtype", "offering_slug", "provider_slug", "provider_rejection_comment"}
)
"""Of an order, absent before 8.1. The slugs of customer and project are in both."""

ORDER_STATES: Final = (
    "pending-consumer",
    "pending-provider",
    "pending-project",
    "pending-start-date",
    "executing",
    "done",
    "erred",
    "canceled",
    "rejected",
)
FINAL_ORDER_STATES: Final = frozenset({"done", "erred", "canceled", "rejected"})
ORDER_TYPES: Final = ("Create", "Update", "Terminate", "Restore")
RESOURCE_STATES: Final = ("Creating", "OK", "Erred", "Updating", "Terminating", "Terminated")

_NEW_CHOICES: Final = frozenset({"pending-start-date", "Restore"})


def choices(all_of_them: tuple[str, ...], mode: Mode) -> frozenset[str]:
    """Those that a filter of this version knows."""
    known = frozenset(all_of_them)
    return known if mode is Mode.V8_1 else known - _NEW_CHOICES
