"""What a walk over the sources finds: values by key, and what is wrong with how they are written.

Nothing is parsed here. A key is unknown, doubled or in the wrong place whatever its value is.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Final

import attrs

from cscs_bootstrap.settings_fields import Branch, Leaf
from cscs_bootstrap.settings_tables import repeats
from cscs_bootstrap.settings_values import (
    DEFAULT_ORIGIN,
    Origin,
    Reason,
    Scalar,
    Source,
    Table,
    Value,
    kind_of,
)
from cscs_domain._text import shown
from cscs_domain.errors import Mistake

IGNORED_KEYS: Final[Mapping[str, str]] = {
    "auth.keycloak_client_secret": "CSCS_KEYCLOAK_CLIENT_SECRET",
}
"""Keys that files of earlier programs carry and their variables. Nothing here needs them."""


@attrs.define
class Findings:
    """Collected while walking: values by the key of their leaf, mistakes, notices."""

    values: dict[str, Value] = attrs.field(factory=dict)
    mistakes: list[Mistake] = attrs.field(factory=list)
    notices: list[str] = attrs.field(factory=list)
    refused: set[str] = attrs.field(factory=set)
    """Keys that a mistake was already told about, so that nobody calls them missing as well."""

    def refuse(self, leaf: Leaf, reason: Reason, origin: Origin) -> None:
        """Note a mistake about a setting, with the place it was made at."""
        self.refused.add(leaf.key)
        self.mistakes.append(mistake_of(leaf, reason, origin))


def mistake_of(leaf: Leaf, reason: Reason, origin: Origin = DEFAULT_ORIGIN) -> Mistake:
    """Say what is wrong with a setting: its key, the variable that set it or could, the place."""
    key = f"{leaf.key}.{_name(reason.subkey)}" if reason.subkey else leaf.key
    return mistake_at(key, reason, reason.origin or origin, leaf.variable)


def mistake_at(key: str, reason: Reason, place: Origin, variable: str | None = None) -> Mistake:
    """Say what is wrong at a place. `variable` is named if the place is not a variable itself."""
    where = f" (in {place})" if place.source is Source.FILE else ""
    sentence = f"{reason.text.removesuffix('.')}{where}."
    named = place.name if place.source is Source.ENVIRONMENT else variable
    return Mistake(key, named, sentence, reason.hint)


def collect(branch: Branch, table: Table, findings: Findings) -> None:
    """Sort the entries of a table under the keys of a group; report what does not belong."""
    for reason in repeats(table):
        place = reason.origin or table.origin
        findings.mistakes.append(mistake_at(_key(branch, reason.subkey), reason, place))
    for name, value in table.entries.items():
        _sort_in(branch, name, value, findings)


def _sort_in(branch: Branch, name: str, value: Value, findings: Findings) -> None:
    match branch.children.get(name):
        case Leaf() as leaf:
            findings.values[leaf.key] = value
        case Branch() as inner:
            collect_branch(inner, value, findings)
        case None if _key(branch, name) in IGNORED_KEYS:
            findings.notices.append(ignored(_key(branch, name), value.origin))
        case None:
            findings.mistakes.append(_unknown(branch, name, value))


def collect_branch(branch: Branch, value: Value, findings: Findings) -> None:
    """Sort in what stands where a group belongs: a table, nothing, or a word for its shorthand."""
    if isinstance(value, Table):
        collect(branch, value, findings)
    elif isinstance(value, Scalar) and value.is_blank:
        return
    elif isinstance(value, Scalar) and branch.shorthand is not None:
        findings.values[branch.shorthand.key] = value
    else:
        reason = Reason(f"must be a mapping, not {kind_of(value)}.")
        findings.refused.update(leaf.key for leaf in branch.leaves())
        findings.mistakes.append(mistake_at(branch.key, reason, value.origin))


def ignored(key: str, origin: Origin) -> str:
    """The notice about a key that earlier programs needed."""
    return f"{key} ({origin}) is not needed any more and is ignored; it can be removed."


def _unknown(branch: Branch, name: str, value: Value) -> Mistake:
    reason = Reason("is not a setting.", _meant(branch, name))
    return mistake_at(_key(branch, name), reason, value.origin)


def _meant(branch: Branch, name: str) -> str:
    near = closest(name.lower(), branch.children)
    return f"Did you mean {_key(branch, near)}?" if near else ""


def closest(name: str, names: Mapping[str, object], cutoff: float = 0.7) -> str | None:
    """The one of the names that somebody probably meant."""
    return next(iter(get_close_matches(name, list(names), 1, cutoff)), None)


def _key(branch: Branch, name: str) -> str:
    return f"{branch.key}.{_name(name)}" if branch.key else _name(name)


def _name(name: str) -> str:
    return name if name.isprintable() and len(name) < 80 else shown(name)
