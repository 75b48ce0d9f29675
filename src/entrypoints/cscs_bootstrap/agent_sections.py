"""An offering of the site agent's file, written as a file of our own would have it.

So the usual walk, parsers and rules apply, and people are told of mistakes under the names that
they wrote: `offerings[0].waldur_api_url` is `waldur_api.api_url`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Final

import attrs

from cscs_bootstrap.agent_entries import OFFERINGS, Entry
from cscs_bootstrap.settings_fields import Branch, Leaf, outline
from cscs_bootstrap.settings_findings import Elsewhere, Findings, closest, collect, printable
from cscs_bootstrap.settings_model import Settings
from cscs_bootstrap.settings_tables import repeats
from cscs_bootstrap.settings_values import Scalar, Table, Value

STORAGE_SHARED: Final = frozenset(
    {
        "adapters",
        "callback_base_url",
        "debug",
        "hpc_user_api",
        "include_terminated",
        "item_ids",
        "log_format",
        "site_timezone",
        "storage_roots",
        "strict",
    }
)
"""Sections of ours that may stand beside `offerings` of storage; they hold for all of these."""

USAGE_SHARED: Final = frozenset({"adapters", "debug", "log_format", "site_timezone", "usage"})
"""The same for offerings whose usage is reported. A file may serve both."""

API: Final[Mapping[str, str]] = {
    "api_url": "waldur_api_url",
    "access_token": "waldur_api_token",
    "verify_ssl": "verify_ssl",
}
"""Keys of `waldur_api` that every offering has for itself, and the agent's names of them."""

_GROUPS: Final = ("backend_settings", "backend_components")
"""Sections of ours that every offering has for itself, under the same name."""

_OUTPUT_DIRECTORY: Final = "backend_settings.output_directory"
_NEVER_OVERRIDDEN: Final = ("api_url", "access_token")
_READ_IN_ENTRIES: Final = frozenset(
    {"name", "backend_type", "waldur_offering_uuid", *API.values(), *_GROUPS}
)
_NEAR: Final = 0.88


def note_shared(file: Table, shared: frozenset[str], findings: Findings) -> None:
    """Note what is odd beside `offerings`: keys of ours that stand twice or are not read here."""
    for reason in repeats(file):
        if reason.subkey in {OFFERINGS, *shared}:
            findings.note(reason.subkey, reason, reason.origin or file.origin)
    findings.notices += _not_read(file, shared)


def _not_read(file: Table, shared: frozenset[str]) -> Iterator[str]:
    ours = outline(Settings).children
    for name, value in file.entries.items():
        if name in STORAGE_SHARED | USAGE_SHARED or name == OFFERINGS:
            continue
        if name in ours:
            yield f"{name} ({value.origin}) is not read from a file with {OFFERINGS}."
        elif near := closest(name, dict.fromkeys(shared), _NEAR):
            yield f"{printable(name)} ({value.origin}) is not read; did you mean {near}?"


def findings_of(file: Table, entry: Entry) -> Findings:
    """Collect what the file says about one offering: its own keys and the shared ones."""
    names = api_names(entry)
    names |= {group: f"{entry.key}.{group}" for group in _GROUPS}
    findings = Findings(elsewhere=Elsewhere(names, entry.origin))
    note_repeats(entry, _READ_IN_ENTRIES, findings)
    shared = {name: value for name, value in file.entries.items() if name in STORAGE_SHARED}
    table = Table({**shared, **_sections(entry, findings)}, entry.origin)
    collect(outline(Settings), table, findings)
    _from_working_directory(findings)
    return findings


def api_names(entry: Entry) -> dict[str, str]:
    """Keys of `waldur_api` and the names that an offering has for them."""
    return {f"waldur_api.{ours}": f"{entry.key}.{theirs}" for ours, theirs in API.items()}


def api_section(entry: Entry) -> Table:
    """What an offering says of its Waldur, as a section of ours."""
    written = entry.table.entries
    api = {ours: written[theirs] for ours, theirs in API.items() if theirs in written}
    return Table(api, entry.origin)


def note_repeats(entry: Entry, names: frozenset[str], findings: Findings) -> None:
    """Note which of these names stand twice in an entry."""
    for reason in repeats(entry.table):
        if reason.subkey in names:
            place = reason.origin or entry.origin
            findings.note(f"{entry.key}.{reason.subkey}", reason, place)


def _from_working_directory(findings: Findings) -> None:
    """Let a relative output folder begin where the command was started, as it did before.

    Paths in our own file begin at the file's folder; a file that is shared with the agent must go
    on meaning what it meant.
    """
    value = findings.values.get(_OUTPUT_DIRECTORY)
    if isinstance(value, Scalar) and not value.is_blank:
        path = str(Path.cwd() / value.text.strip())
        findings.values[_OUTPUT_DIRECTORY] = attrs.evolve(value, text=path)


def _sections(entry: Entry, findings: Findings) -> dict[str, Value]:
    """The offering's own keys as sections of ours."""
    written = entry.table.entries
    sections: dict[str, Value] = {"waldur_api": api_section(entry)}
    for branch in outline(Settings).branches():
        if branch.key in _GROUPS and branch.key in written:
            key = f"{entry.key}.{branch.key}"
            sections[branch.key] = _known(branch, written[branch.key], key, findings)
    return sections


def _known(branch: Branch, value: Value, key: str, findings: Findings) -> Value:
    """The part of a section that has a meaning here.

    Earlier programs passed over what they did not know, so that files carry all sorts of keys.
    """
    if not isinstance(value, Table):
        return value
    entries: dict[str, Value] = {}
    for name, item in value.entries.items():
        match branch.children.get(name):
            case Leaf():
                entries[name] = item
            case Branch() as inner:
                entries[name] = _known(inner, item, f"{key}.{name}", findings)
            case None:
                findings.notices.append(ignored(key, name, item, branch.children))
    kept = tuple(repeat for repeat in value.repeats if repeat.key in entries)
    return Table(entries, value.origin, kept)


def ignored(key: str, name: str, value: Value, known: Mapping[str, object]) -> str:
    """The notice about a name in the section `key` that has no meaning here."""
    near = closest(name.lower(), known)
    meant = f"; did you mean {near}?" if near else "."
    place = f"{key}.{printable(name)} ({value.origin})"
    return f"{place} is not a setting and is ignored{meant}"


def environment_of(entry: Entry, environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that count for an offering.

    Its URL and token are never overridden: one variable cannot be right for offerings of several
    Waldurs. Which system an offering is, Waldur says.
    """
    return without_variables(environ, {*filled_api(entry), "storage_systems"})


def filled_api(entry: Entry) -> frozenset[str]:
    """The keys of `waldur_api` that an entry sets for good."""
    return frozenset(f"waldur_api.{ours}" for ours in _NEVER_OVERRIDDEN if entry.has(API[ours]))


def without_variables(environ: Mapping[str, str], keys: Collection[str]) -> dict[str, str]:
    """The environment without what could set these keys."""
    names = {
        name
        for leaf in outline(Settings).leaves()
        if leaf.key in keys
        for variable in leaf.variables
        for name in (variable, f"{variable}_FILE")
    }
    return {name: text for name, text in environ.items() if name not in names}
