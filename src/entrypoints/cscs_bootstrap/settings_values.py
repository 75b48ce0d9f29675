"""Settings as they were written, before anybody knows what they mean.

A YAML file and a variable both become `Value`s: texts, lists and tables that remember where they
stood. Numbers stay text here, so 1.33 can become an exact `Decimal` and never a binary float.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TypeAlias

import attrs


class Source(StrEnum):
    """The three places a setting can come from, strongest first."""

    ENVIRONMENT = "environment"
    FILE = "file"
    DEFAULT = "default"


@attrs.frozen
class Origin:
    """Where a value was written: a variable, a line of a file, or nowhere (the default)."""

    source: Source
    name: str = ""
    line: int | None = None

    @property
    def folder(self) -> Path:
        """The folder that relative paths written here are relative to, as an absolute path."""
        is_file = self.source is Source.FILE
        return Path(self.name).absolute().parent if is_file else Path.cwd()

    def __str__(self) -> str:
        match self.source:
            case Source.ENVIRONMENT:
                return f"variable {self.name}"
            case Source.FILE:
                return self.name if self.line is None else f"{self.name}:{self.line}"
            case _:
                return "default"


DEFAULT_ORIGIN = Origin(Source.DEFAULT)


@attrs.frozen
class Scalar:
    """One text. `file` is set if the text was read from a file that a `..._FILE` variable names."""

    text: str = attrs.field(repr=False)
    origin: Origin
    file: Path | None = None

    @property
    def is_blank(self) -> bool:
        """Whether nothing was written (an empty variable, `key:`, `~`): the same as not set."""
        return not self.text.strip()


@attrs.frozen
class Items:
    """A list."""

    items: tuple[Value, ...] = attrs.field(repr=False)
    origin: Origin


@attrs.frozen
class Repeat:
    """A key that stands twice in one table, with both places (the last one was kept)."""

    key: str
    first: Origin
    again: Origin


@attrs.frozen
class Table:
    """A mapping of names to values, and the names that were written more than once."""

    entries: Mapping[str, Value] = attrs.field(repr=False)
    origin: Origin
    repeats: tuple[Repeat, ...] = attrs.field(default=(), repr=False)


@attrs.frozen
class Unread:
    """What no setting can be: something with a tag, or nested without end. `reason` says which.

    Only files of other programs may hold such things, in places that nobody here looks at.
    """

    reason: str
    origin: Origin


Value: TypeAlias = Scalar | Items | Table | Unread


@attrs.frozen
class Reason:
    """Why a value is refused. `subkey` and `origin` point inside a table, if known."""

    text: str
    hint: str = ""
    subkey: str = ""
    origin: Origin | None = None


class Refused(Exception):  # noqa: N818 - never leaves this package, and is no error of a program
    """A value does not hold; carries every reason at once."""

    def __init__(self, *reasons: Reason) -> None:
        self.reasons = reasons
        super().__init__(*reasons)


def refuse(text: str, hint: str = "") -> Refused:
    """The common case: one reason about the whole value."""
    return Refused(Reason(text, hint))


def kind_of(value: Value) -> str:
    """What a value is, for a sentence: never what it holds."""
    match value:
        case Scalar():
            return "a single value"
        case Items():
            return "a list"
        case Table():
            return "a mapping"
        case Unread(reason=reason):
            return f"something that {reason.removesuffix('.')}"
