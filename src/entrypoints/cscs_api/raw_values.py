"""Upstream's raw JSON made fit to be shown: without secrets, and such that it can be encoded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cscs_bootstrap.json_text import is_secret_name
from cscs_domain.ports import JsonObject

_DEEPEST: Final = 60


def without_secrets(value: JsonObject) -> dict[str, object]:
    """The object without any member, at any depth, whose name speaks of secrets.

    Half a surrogate pair, which JSON can carry and UTF-8 cannot, is written as `\\ud800`; what is
    nested deeper than 60 levels is left out.
    """
    return _shown_object(value, 0)


def _shown_object(value: JsonObject, depth: int) -> dict[str, object]:
    return {
        _text(name): _shown(inner, depth + 1)
        for name, inner in value.items()
        if not is_secret_name(name)
    }


def _shown(value: object, depth: int) -> object:
    if isinstance(value, str):
        return _text(value)
    if not isinstance(value, (Mapping, list)):
        return value
    if depth > _DEEPEST:
        return "(nested too deeply to be shown)"
    if isinstance(value, list):
        return [_shown(inner, depth + 1) for inner in value]
    return _shown_object(value, depth)


def _text(text: str) -> str:
    return text if text.isascii() else text.encode(errors="backslashreplace").decode()
