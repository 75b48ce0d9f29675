"""Reading the YAML file: every scalar as it was typed, every value with its line.

The file is only composed, never constructed: no tag can make an object, `010` is not octal, `no`
is not yet false, and 1.33 keeps its digits. Parser messages are not repeated as they stand, since
some quote a piece of the file that may be a secret.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import attrs
import yaml

from cscs_bootstrap.settings_values import (
    Items,
    Origin,
    Repeat,
    Scalar,
    Source,
    Table,
    Unread,
    Value,
)

_MOST_BYTES: Final = 1024 * 1024
_MOST_LEVELS: Final = 6  # a recursive alias ends here as well
_TAG: Final = "tag:yaml.org,2002:"
_SCALAR_TAGS: Final = {_TAG + name for name in ("str", "int", "float", "bool", "timestamp")}
_NULL_TAG: Final = _TAG + "null"
_MERGE_TAG: Final = _TAG + "merge"
_QUOTED: Final = re.compile(r"""'(?!<[a-z ]+>')[^']*'|"[^"]*"|(?:'|").*""", re.DOTALL)
_BREAKS_FLOW: Final = (
    "Text that holds any of @ ` % & * ! | > { } [ ] # or a colon belongs between quotes."
)


@attrs.frozen
class UnreadableFileError(Exception):
    """The file gives no settings at all. `place` is `file`, `file:line` or `file:line:column`."""

    place: str
    reason: str
    hint: str = ""


def read_yaml(path: Path, *, most_levels: int = _MOST_LEVELS, is_ours: bool = True) -> Table:
    """Return the file's mapping (an empty file is an empty one).

    In a file of another program (`is_ours=False`), what no setting can be is `Unread` in its place
    and nobody's mistake until somebody asks for it. Raises `UnreadableFileError` if the file cannot
    be read, is not UTF-8, is not YAML, or does not hold a mapping at its top; in a file of ours
    also for a tag, a key that is no plain name, and more than so many levels.
    """
    text = _text(path)
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(path, error) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        reason = "holds a control character that YAML does not allow."
        raise UnreadableFileError(f"{path}:{line}", reason) from None
    except RecursionError:
        raise UnreadableFileError(str(path), "is nested too deeply.") from None
    reader = _Reader(str(path), most_levels, keeps_unread=not is_ours)
    return _top(reader, node)


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
        if len(data) > _MOST_BYTES:
            raise UnreadableFileError(str(path), f"is larger than {_MOST_BYTES} bytes.")
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise UnreadableFileError(f"{path}:{line}", "is not UTF-8 text.") from None
    except OSError as error:
        hint = "Check the path and that this user may read it."
        raise UnreadableFileError(str(path), f"cannot be read ({error.strerror}).", hint) from None
    except ValueError:
        raise UnreadableFileError(ascii(str(path)), "is not a possible file name.") from None


def _syntax_error(path: Path, error: yaml.MarkedYAMLError) -> UnreadableFileError:
    mark = error.problem_mark or error.context_mark
    place = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
    what = " ".join(part for part in (error.context, error.problem) if part)
    reason = f"is not YAML: {_QUOTED.sub('(...)', what)}."
    return UnreadableFileError(place, reason, _BREAKS_FLOW)


def _top(reader: _Reader, node: yaml.Node | None) -> Table:
    value = reader.value(node) if node is not None else Table({}, _origin(reader.name, 1))
    if isinstance(value, Scalar) and value.is_blank:
        return Table({}, value.origin)
    if isinstance(value, Unread):
        raise UnreadableFileError(str(value.origin), value.reason, _BREAKS_FLOW)
    if not isinstance(value, Table):
        hint = "The file must consist of `key: value` lines."
        raise UnreadableFileError(str(value.origin), "does not hold a mapping at its top.", hint)
    return value


@attrs.define
class _Reader:
    """Turns nodes into values, each node once, however many aliases name it."""

    name: str
    most_levels: int
    keeps_unread: bool
    _known: dict[int, Value] = attrs.field(factory=dict, init=False)

    def value(self, node: yaml.Node, level: int = 0) -> Value:
        """Read a node and everything below it."""
        if (known := self._known.get(id(node))) is not None:
            return known
        origin = _origin(self.name, node.start_mark.line + 1)
        try:
            if level > self.most_levels:
                raise UnreadableFileError(str(origin), "is nested too deeply.")
            if self.keeps_unread:
                # For a node that holds itself; in a file of ours the level stops that one.
                self._known[id(node)] = Unread("is nested without end.", origin)
            value = self._read(node, origin, level)
        except UnreadableFileError as error:
            if not self.keeps_unread:
                raise
            value = Unread(error.reason, origin)
        self._known[id(node)] = value
        return value

    def _read(self, node: yaml.Node, origin: Origin, level: int) -> Value:
        match node:
            case yaml.ScalarNode(tag=tag, value=str(text)) if tag in _SCALAR_TAGS:
                return Scalar(text, origin)
            case yaml.ScalarNode(tag=tag) if tag == _NULL_TAG:
                return Scalar("", origin)
            case yaml.SequenceNode(tag=tag) if tag == _TAG + "seq":
                return Items(tuple(self.value(item, level + 1) for item in node.value), origin)
            case yaml.MappingNode(tag=tag) if tag == _TAG + "map":
                return self._table(node, origin, level)
        raise UnreadableFileError(
            str(origin), "has a tag, which settings do not use.", _BREAKS_FLOW
        )

    def _table(self, node: yaml.MappingNode, origin: Origin, level: int) -> Table:
        entries: dict[str, Value] = {}
        merged: dict[str, Value] = {}
        repeats = []
        places: dict[str, Origin] = {}
        for key_node, value_node in node.value:
            place = _origin(self.name, key_node.start_mark.line + 1)
            value = self.value(value_node, level + 1)
            if key_node.tag == _MERGE_TAG:
                merged |= _merged(value)
                continue
            key = self._key(key_node, place)
            if key in entries:
                repeats.append(Repeat(key, places[key], place))
            # The line of its key helps more than the line a block (or an alias's anchor) starts at.
            entries[key], places[key] = attrs.evolve(value, origin=place), place
        return Table({**merged, **entries}, origin, tuple(repeats))

    def _key(self, node: yaml.Node, place: Origin) -> str:
        if isinstance(node, yaml.ScalarNode) and isinstance(node.value, str):
            return node.value
        if self.keeps_unread:
            return "?"  # as YAML marks it; no setting is called so
        raise UnreadableFileError(str(place), "has a key that is not a plain name.", _BREAKS_FLOW)


def _merged(value: Value) -> dict[str, Value]:
    """What `<<:` brings in; of a list of tables, the first that has a key wins."""
    match value:
        case Table(entries=entries):
            return dict(entries)
        case Items(items=items):
            found: dict[str, Value] = {}
            for item in items:
                found = {**_merged(item), **found}
            return found
        case Scalar() | Unread():
            reason = "has a `<<` that does not name a mapping."
            raise UnreadableFileError(str(value.origin), reason)


def _origin(name: str, line: int) -> Origin:
    return Origin(Source.FILE, name, line)
