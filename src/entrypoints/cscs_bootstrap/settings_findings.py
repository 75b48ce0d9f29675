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


@attrs.frozen
class Elsewhere:
    """Where a file of another program has some of our keys, and what it calls them.

    `names` maps a key of ours, or of a group of ours, to theirs; `origin` is where one of them
    would have to be written.
    """

    names: Mapping[str, str]
    origin: Origin

    def name_of(self, key: str) -> str | None:
        """Their name of a key of ours, or None if they do not have it."""
        known, rest = key, ""
        while known and known not in self.names:
            known, _, last = known.rpartition(".")
            rest = f".{last}{rest}"
        return f"{self.names[known]}{rest}" if known else None


@attrs.define
class Findings:
    """Collected while walking: values by the key of their leaf, mistakes, notices."""

    values: dict[str, Value] = attrs.field(factory=dict)
    mistakes: list[Mistake] = attrs.field(factory=list)
    notices: list[str] = attrs.field(factory=list)
    refused: set[str] = attrs.field(factory=set)
    """Keys that a mistake was already told about, so that nobody calls them missing as well."""
    elsewhere: Elsewhere | None = None
    """Set for a file of another program: people are told the names that they wrote."""

    def refuse(self, leaf: Leaf, reason: Reason, origin: Origin) -> None:
        """Note a mistake about a setting, and that it was told."""
        self.refused.add(leaf.key)
        self.object_to(leaf, reason, origin)

    def object_to(self, leaf: Leaf, reason: Reason, origin: Origin) -> None:
        """Note what is wrong with a setting: its key, the variable that set it or could."""
        key = f"{leaf.key}.{printable(reason.subkey)}" if reason.subkey else leaf.key
        self.note(key, reason, reason.origin or origin, leaf.variable)

    def note(self, key: str, reason: Reason, place: Origin, variable: str | None = None) -> None:
        """Note what is wrong at a place; a variable is named that is the place or could be.

        In a file of another program, a variable is offered for what is missing only: what stands
        there is best mended there.
        """
        if place.source is Source.ENVIRONMENT:
            variable = place.name
        elif self.elsewhere and (name := self.elsewhere.name_of(key)):
            key = name
            if place == DEFAULT_ORIGIN:
                place = self.elsewhere.origin
            else:
                variable = None
        where = f" (in {place})" if place.source is Source.FILE else ""
        sentence = f"{reason.text.removesuffix('.')}{where}."
        self.mistakes.append(Mistake(key, variable, sentence, reason.hint))

    def written(self, key: str) -> str:
        """The name under which people wrote a key that was found, or would write it."""
        value = self.values.get(key)
        if self.elsewhere is None or (value and value.origin.source is Source.ENVIRONMENT):
            return key
        return self.elsewhere.name_of(key) or key


def collect(branch: Branch, table: Table, findings: Findings) -> None:
    """Sort the entries of a table under the keys of a group; report what does not belong."""
    for reason in repeats(table):
        findings.note(_key(branch, reason.subkey), reason, reason.origin or table.origin)
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
            reason = Reason("is not a setting.", _meant(branch, name))
            findings.note(_key(branch, name), reason, value.origin)


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
        findings.note(branch.key, reason, value.origin)


def ignored(key: str, origin: Origin) -> str:
    """The notice about a key that earlier programs needed."""
    return f"{key} ({origin}) is not needed any more and is ignored; it can be removed."


def _meant(branch: Branch, name: str) -> str:
    near = closest(name.lower(), branch.children)
    return f"Did you mean {_key(branch, near)}?" if near else ""


def closest(name: str, names: Mapping[str, object], cutoff: float = 0.7) -> str | None:
    """The one of the names that somebody probably meant."""
    return next(iter(get_close_matches(name, list(names), 1, cutoff)), None)


def _key(branch: Branch, name: str) -> str:
    return f"{branch.key}.{printable(name)}" if branch.key else printable(name)


def printable(name: str) -> str:
    """A key as it was written, unless it is long or would not look like one in a message."""
    return name if name.isprintable() and len(name) < 80 else shown(name)
