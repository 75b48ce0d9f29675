"""Settings out of variables: the documents' names, our own names, and `..._FILE` for secrets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Final

from cscs_bootstrap.secrets import FileSecret, SecretFileError
from cscs_bootstrap.settings_fields import OWN_PREFIX, Branch, Leaf
from cscs_bootstrap.settings_findings import (
    IGNORED_KEYS,
    Findings,
    closest,
    collect_branch,
    ignored,
)
from cscs_bootstrap.settings_tables import structured
from cscs_bootstrap.settings_values import (
    Origin,
    Reason,
    Refused,
    Scalar,
    Source,
    Value,
)
from cscs_domain._text import shown

PATH_VARIABLE: Final = "WALDUR_CSCS_STORAGE_PROXY_CONFIG_PATH"
_FILE: Final = "_FILE"
_PREFIXES: Final = (OWN_PREFIX, "WALDUR_", "HPC_USER_")
_NEAR: Final = 0.88


def read_environment(root: Branch, environ: Mapping[str, str]) -> Findings:
    """Find every setting that a variable holds. Blank variables count as not set."""
    findings = Findings()
    opened = {name for branch in root.branches() for name in _opened(branch, environ, findings)}
    rest = {name: text for name, text in environ.items() if name not in opened}
    for leaf in root.leaves():
        _find(leaf, rest, findings)
    findings.notices += _ignored_variables(environ)
    findings.notices += _doubtful_variables(root, environ)
    return findings


def _opened(branch: Branch, environ: Mapping[str, str], findings: Findings) -> Iterator[str]:
    """Take `CSCS_ADAPTERS__WALDUR={"kind": ...}` apart; yield its name if it is such a table."""
    if branch.shorthand is None:
        return
    name = branch.shorthand.variable
    written = Scalar(environ.get(name, "").strip(), Origin(Source.ENVIRONMENT, name))
    if not written.text.startswith("{"):
        return
    yield name
    try:
        collect_branch(branch, structured(written), findings)
    except Refused as refused:
        for reason in refused.reasons:
            findings.refuse(branch.shorthand, reason, written.origin)


def _find(leaf: Leaf, environ: Mapping[str, str], findings: Findings) -> None:
    """Take the setting from its variables, or refuse it if two of them differ."""
    candidates: list[Value] = [findings.values[leaf.key]] if leaf.key in findings.values else []
    try:
        for name in leaf.variables:
            candidates += _candidates(leaf, name, environ)
    except _VariableRefused as refused:
        findings.refuse(leaf, refused.reasons[0], refused.origin)
    for first, other in pairwise(candidates):
        if not _is_same(first, other):
            findings.refuse(leaf, _disagreement(first, other), first.origin)
    if candidates:
        findings.values[leaf.key] = candidates[0]


class _VariableRefused(Refused):
    def __init__(self, origin: Origin, reason: Reason) -> None:
        self.origin = origin
        super().__init__(reason)


def _candidates(leaf: Leaf, name: str, environ: Mapping[str, str]) -> Iterator[Scalar]:
    """Yield what one name of a setting holds: itself, or the text of the file it points to."""
    text = environ.get(name, "")
    file = environ.get(name + _FILE, "") if leaf.info.secret else ""
    if text.strip() and file.strip():
        reason = f"is set twice, by {name} and by {name}{_FILE}."
        origin = Origin(Source.ENVIRONMENT, name)
        raise _VariableRefused(origin, Reason(reason, "Unset one of them."))
    if text.strip():
        yield Scalar(text, Origin(Source.ENVIRONMENT, name))
    if file.strip():
        yield _from_file(file.strip(), Origin(Source.ENVIRONMENT, name + _FILE))


def _from_file(text: str, origin: Origin) -> Scalar:
    path = origin.folder / text
    try:
        return Scalar(FileSecret(path).reveal(), origin, path)
    except SecretFileError as error:
        # The path is not named: people do put the secret itself there.
        reason = Reason(f"is to come from a file that {error}.", "Check the path and its owner.")
        raise _VariableRefused(origin, reason) from None


def _is_same(first: Value, other: Value) -> bool:
    if not isinstance(first, Scalar) or not isinstance(other, Scalar):
        return False
    return first.text.strip() == other.text.strip()


def _disagreement(first: Value, other: Value) -> Reason:
    reason = f"is set by {first.origin.name} and {other.origin.name}, which differ."
    return Reason(reason, "Unset one of them.")


def _ignored_variables(environ: Mapping[str, str]) -> Iterator[str]:
    for key, variable in IGNORED_KEYS.items():
        if environ.get(variable):
            yield ignored(key, Origin(Source.ENVIRONMENT, variable))


def _doubtful_variables(root: Branch, environ: Mapping[str, str]) -> Iterator[str]:
    """Yield a notice for every variable that nobody reads and that looks like one of ours."""
    known = _known_variables(root)
    for name in sorted(environ):
        if name in known or not name.startswith(_PREFIXES):
            continue
        if near := closest(name, known, _NEAR):
            yield f"variable {shown(name)} is not read; did you mean {near}?"


def _known_variables(root: Branch) -> dict[str, None]:
    names = dict.fromkeys((PATH_VARIABLE, *IGNORED_KEYS.values()))
    names |= dict.fromkeys(name + _FILE for name in IGNORED_KEYS.values())
    for leaf in root.leaves():
        for name in leaf.variables:
            names |= dict.fromkeys((name, name + _FILE) if leaf.info.secret else (name,))
    return names
