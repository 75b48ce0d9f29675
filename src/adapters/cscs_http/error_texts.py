"""What an error body tells, whatever its form. Source: Waldur contract, section 1.

Bodies may be `{"detail": …}`, `{"field": ["…"]}` with any nesting, a bare list, text or a page of
HTML. The result is short, printable and on one line: it goes into logs and other people's answers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html import unescape
from itertools import islice
from typing import Final

from cscs_json.waldur_decoding import MalformedPageError, decode_json

_LONGEST: Final = 300
_MOST_PARTS: Final = 8
_DEEPEST: Final = 6
_MOST_READ: Final = 64 * 1024
_HEAD_OF_PAGE: Final = 2048
_TITLE: Final = re.compile(r"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)
_TALKATIVE: Final = ("detail", "error_description", "message", "error", "non_field_errors")
"""Members whose name adds nothing to what they say, the best first."""


def said_in(body: bytes, content_type: str) -> str:
    """The gist of an error body, or nothing if it tells nothing."""
    if len(body) > _MOST_READ:
        return "a long text"
    text = body.decode("utf-8", "replace").strip()
    if "html" in content_type or text[:15].lower().startswith(("<!doctype", "<html")):
        title = _TITLE.search(text[:_HEAD_OF_PAGE])  # a page may try to keep the search busy
        return readable(f"a page titled {unescape(title[1]).strip()!r}" if title else "a page")
    try:
        value = decode_json(body)
    except MalformedPageError:
        return readable(text)
    return readable("; ".join(islice(_parts(value, "", 0), _MOST_PARTS)))


def readable(text: str) -> str:
    """Text on one line: blanks joined, what cannot be printed escaped, the rest cut off."""
    line = " ".join(text[: 4 * _LONGEST].split())
    plain = line.encode("ascii", "backslashreplace").decode()
    plain = "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in plain)
    return plain if len(plain) <= _LONGEST else plain[:_LONGEST] + "..."


def _parts(value: object, name: str, depth: int) -> Iterator[str]:
    match value:
        case str():
            yield f"{name}: {value}" if name else value
        case Mapping() if depth < _DEEPEST:
            for key in sorted(value, key=_talk):
                yield from _parts(value[key], _joined(name, str(key)), depth + 1)
        case list() if depth < _DEEPEST:
            for item in value:
                yield from _parts(item, name, depth + 1)
        case bool() | int():
            yield f"{name}: {value}" if name else str(value)
        case _:
            return


def _talk(key: str) -> int:
    return _TALKATIVE.index(key) if key in _TALKATIVE else len(_TALKATIVE)


def _joined(name: str, key: str) -> str:
    if key in _TALKATIVE:
        return name
    return f"{name}.{key}" if name else key
