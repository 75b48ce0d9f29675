"""How far a long piece of work has come, for whoever shows it."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol


class Stage(StrEnum):
    """What is being done, in words for people."""

    READING = "reading resources"
    LOOKING_UP = "looking up Unix ids"
    BUILDING = "building rows"
    COMPARING = "comparing"
    WRITING = "writing rows"
    FETCHING = "fetching usage"
    SUBMITTING = "submitting usage"
    MONTHS = "reporting months"
    LINKING = "linking events"
    ERASING = "erasing events"
    SUMMING = "summing up days"
    BACKING_UP = "writing the backup"
    RESTORING = "reading the backup"
    EXPORTING = "exporting events"


class Progress(Protocol):
    """Is told every now and then; must return at once."""

    def __call__(self, stage: Stage, done: int, total: int | None) -> None:
        """So many of so many are done. A `total` may change, may be off, and None is unknown."""


def no_progress(stage: Stage, done: int, total: int | None) -> None:
    """Tell nobody."""
