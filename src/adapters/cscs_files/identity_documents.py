"""YAML and JSON files of Unix ids as plain trees in which nothing was guessed or lost.

YAML is composed, never constructed: every scalar is the text that was typed (a project may be
called `no`, and 030207 is not octal), null is None. A mapping keeps all its pairs, so that a key
written twice can be seen instead of the last one silently winning.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Final

import yaml

from cscs_files.file_reading import SourceFile

_NULL: Final = "tag:yaml.org,2002:null"
_LOADER: Final[type[yaml.SafeLoader]] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Pairs(tuple[tuple[str, object], ...]):
    """The (key, value) pairs of a mapping, in the order of the file, repeated keys included."""

    __slots__ = ()

    def member(self, key: str) -> object:
        """The value of a key, None if absent; several different values come as a tuple.

        Nothing that expects a number, a text or a mapping takes a tuple, so a key that
        contradicts itself is refused where it is used.
        """
        values = [value for name, value in self if name == key]
        if all(value == values[0] for value in values):
            return values[0] if values else None
        return tuple(values)


def read_tree(file: SourceFile, content: bytes) -> object:
    """Parse a file: `.json` as JSON, everything else as YAML.

    Mappings become `Pairs`, lists lists, and leaves text (in JSON also numbers and bool) or None.
    Raises `UpstreamServiceError` with line and column.
    """
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise file.error(f"not UTF-8 at line {line}", retryable=False) from None
    try:
        return _json(text, file) if file.path.suffix == ".json" else _yaml(text, file)
    except RecursionError:
        raise file.error("nested too deeply", retryable=False) from None


def _json(text: str, file: SourceFile) -> object:
    try:
        tree: object = json.loads(text, object_pairs_hook=Pairs, parse_float=Decimal)
    except json.JSONDecodeError as error:
        at = f"line {error.lineno}, column {error.colno}"
        raise file.error(f"not JSON: {error.msg} at {at}", retryable=True) from None
    except ArithmeticError:
        reason = "not usable JSON: a number's exponent is too long"
        raise file.error(reason, retryable=False) from None
    except ValueError as error:  # a number of thousands of digits
        raise file.error(f"not usable JSON: {error}", retryable=False) from None
    return tree


def _yaml(text: str, file: SourceFile) -> object:
    # The rest of "30501" may not have been written yet when the file says "305".
    if not text.rstrip(" ").endswith(("\n", "}", "]")):
        line = text.count("\n") + 1
        reason = f"line {line} does not end with a line break: half-written? Finish it with one"
        raise file.error(reason, retryable=True)
    try:
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        raise file.error(f"not YAML: {error.problem}{_at(error)}", retryable=True) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise file.error(f"control character at line {line}", retryable=False) from None
    return None if node is None else _tree(node, file, set())


def _at(error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    return f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""


def _tree(node: yaml.Node, file: SourceFile, seen: set[int]) -> object:
    # An alias is the same node again: a few of them can stand for billions of values, or for
    # themselves.
    if id(node) in seen:
        raise _refusal(node, file, "an alias is not supported, write the value out")
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        return Pairs((_key(key, file), _tree(value, file, seen)) for key, value in node.value)
    if isinstance(node, yaml.SequenceNode):
        return [_tree(item, file, seen) for item in node.value]
    return None if node.tag == _NULL else str(node.value)


def _key(node: yaml.Node, file: SourceFile) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise _refusal(node, file, "a key must be a name")
    return str(node.value)


def _refusal(node: yaml.Node, file: SourceFile, reason: str) -> Exception:
    mark = node.start_mark
    at = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
    return file.error(reason + at, retryable=False)
