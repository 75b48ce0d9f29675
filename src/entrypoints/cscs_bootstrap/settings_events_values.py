"""Parsers of the section `events`: the database's URL, collectors' keys, sources, bounds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from cscs_bootstrap.secrets import DatabaseUrl, Secret
from cscs_bootstrap.settings_scalars import number, scalar, secret, text
from cscs_bootstrap.settings_tables import each, structured, table_of
from cscs_bootstrap.settings_usage_values import text_key
from cscs_bootstrap.settings_values import Items, Scalar, Source, Value, refuse
from cscs_domain._text import shown
from cscs_domain.events.bounds import LONGEST_NAME

SHORTEST_KEY: Final = 16
SHORTEST_RETENTION: Final = 180
"""Days; below the longest tier of the reference's summaries nothing is thrown away."""

_LONGEST_RETENTION: Final = 36_500
_SQLITE: Final = "sqlite:///"
_MEMORY: Final = ":memory:"
_KEY_HINT: Final = "Make one of at least 16 characters, for instance with: openssl rand -hex 32"
_KEYS_HINT: Final = "Write a mapping of names to keys; in a variable as JSON."
_SOURCES_HINT: Final = "Write a list; in a variable pbs,slurm or a JSON list."


def database_url(value: Value) -> DatabaseUrl:
    """The URL of a database; a SQLite file in it is found from where the URL was written.

    Which URLs are possible is known to the adapter, which is asked when the settings are used.
    """
    found = secret(value).reveal().strip()
    path = found.removeprefix(_SQLITE)
    is_relative = path not in (found, "") and not path.startswith(("/", _MEMORY))
    if is_relative and value.origin.source is Source.FILE:
        return DatabaseUrl(f"{_SQLITE}{value.origin.folder / path}")
    return DatabaseUrl(found)


def collector_key(value: Value) -> Secret:
    """A key that a header can carry and that nobody guesses."""
    found = secret(value)
    if reason := unfit_key(found.reveal()):
        raise refuse(reason, _KEY_HINT)
    return found


def unfit_key(text: str) -> str | None:
    """Say why a text cannot be a collector's key, or None. Blanks around it do not count."""
    key = text.strip()
    if not key.isascii() or " " in key:
        return "holds a blank, or a character that no header can carry."
    if len(key) < SHORTEST_KEY:
        return f"is short enough to be guessed: it needs {SHORTEST_KEY} characters."
    return None


def collector_keys(value: Value) -> Mapping[str, Secret]:
    """Names of collectors to their keys."""
    return MappingProxyType(each(table_of(value, _KEYS_HINT), collector_key, _key_name))


def _key_name(name: str) -> str:
    found = text_key(name)
    if len(found) > LONGEST_NAME:
        raise refuse(f"has a name of more than {LONGEST_NAME} characters.")
    return found


def sources(value: Value) -> tuple[str, ...]:
    """Names of sources as they were written; each once, at least one."""
    found = structured(value)
    if isinstance(found, Scalar):
        items: tuple[Value, ...] = tuple(
            Scalar(part, found.origin) for part in scalar(found).text.split(",")
        )
    elif isinstance(found, Items) and found.items:
        items = found.items
    else:
        raise refuse("must be a list of at least one name.", _SOURCES_HINT)
    return tuple(dict.fromkeys(map(_source, items)))


def _source(item: Value) -> str:
    found = text(item)
    if not found:
        raise refuse("holds an empty entry.", _SOURCES_HINT)
    if len(found) > LONGEST_NAME:
        raise refuse(f"holds {shown(found)}, which has more than {LONGEST_NAME} characters.")
    return found


def whole(least: int, most: int) -> Callable[[Value], int]:
    """Make a parser of whole numbers in these bounds, which are part of them."""

    def parse(value: Value) -> int:
        found = number(value)
        if found != found.to_integral_value() or not least <= found <= most:
            raise refuse(f"must be a whole number from {least} to {most}, not {found}.")
        return int(found)

    return parse


_days_kept: Final = whole(SHORTEST_RETENTION, _LONGEST_RETENTION)


def days_or_never(value: Value) -> int | None:
    """After how many days events are deleted, or None for the word `never`."""
    return None if text(value).lower() == "never" else _days_kept(value)
