"""What rules between keys yield: objections to settings, and cautions about them."""

from __future__ import annotations

from typing import Final

import attrs

from cscs_bootstrap.settings_values import Reason

_HOW_TO_SET: Final = "Set the key in the file, or the variable."


@attrs.frozen
class Objection:
    """What is wrong with a key in the light of others (`beside` lists those)."""

    key: str
    reason: Reason
    beside: tuple[str, ...] = ()
    is_absence: bool = False
    """Whether nothing is wrong but that the key is not there."""


@attrs.frozen
class Caution:
    """What an operator should know about a key. `text` reads on from it."""

    key: str
    text: str


def missing(key: str, why: str, *beside: str, hint: str = _HOW_TO_SET) -> Objection:
    """A key that a part of the program cannot do without."""
    return Objection(key, Reason(f"is missing: {why}.", hint), beside, is_absence=True)
