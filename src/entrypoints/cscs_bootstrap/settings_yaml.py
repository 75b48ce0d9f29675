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

from cscs_bootstrap.settings_values import Items, Origin, Repeat, Scalar, Source, Table, Value

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


def read_yaml(path: Path) -> Table:
    """Return the file's mapping (an empty file is an empty one).

    Raises `UnreadableFileError` if the file cannot be read, is not UTF-8, is not YAML, or does not
    hold a mapping at its top.
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
    return _top(path, node)


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


def _top(path: Path, node: yaml.Node | None) -> Table:
    value = _value(str(path), node, 0) if node is not None else Table({}, _origin(str(path), 1))
    if isinstance(value, Scalar) and value.is_blank:
        return Table({}, value.origin)
    if not isinstance(value, Table):
        hint = "The file must consist of `key: value` lines."
        raise UnreadableFileError(str(value.origin), "does not hold a mapping at its top.", hint)
    return value


def _value(name: str, node: yaml.Node, level: int) -> Value:
    origin = _origin(name, node.start_mark.line + 1)
    if level > _MOST_LEVELS:
        raise UnreadableFileError(str(origin), "is nested too deeply.")
    match node:
        case yaml.ScalarNode(tag=tag, value=str(text)) if tag in _SCALAR_TAGS:
            return Scalar(text, origin)
        case yaml.ScalarNode(tag=tag) if tag == _NULL_TAG:
            return Scalar("", origin)
        case yaml.SequenceNode(tag=tag) if tag == _TAG + "seq":
            return Items(tuple(_value(name, item, level + 1) for item in node.value), origin)
        case yaml.MappingNode(tag=tag) if tag == _TAG + "map":
            return _table(name, node, level)
    raise UnreadableFileError(str(origin), "has a tag, which settings do not use.", _BREAKS_FLOW)


def _table(name: str, node: yaml.MappingNode, level: int) -> Table:
    entries: dict[str, Value] = {}
    merged: dict[str, Value] = {}
    repeats = []
    places: dict[str, Origin] = {}
    for key_node, value_node in node.value:
        place = _origin(name, key_node.start_mark.line + 1)
        value = _value(name, value_node, level + 1)
        if key_node.tag == _MERGE_TAG:
            merged |= _merged(value)
            continue
        key = _key(key_node, place)
        if key in entries:
            repeats.append(Repeat(key, places[key], place))
        # The line of its key helps more than the line a block (or an alias's anchor) starts at.
        entries[key], places[key] = attrs.evolve(value, origin=place), place
    origin = _origin(name, node.start_mark.line + 1)
    return Table({**merged, **entries}, origin, tuple(repeats))


def _key(node: yaml.Node, place: Origin) -> str:
    if isinstance(node, yaml.ScalarNode) and isinstance(node.value, str):
        return node.value
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
        case Scalar():
            reason = "has a `<<` that does not name a mapping."
            raise UnreadableFileError(str(value.origin), reason)


def _origin(name: str, line: int) -> Origin:
    return Origin(Source.FILE, name, line)
