"""From an environment and a file to checked settings, or to every mistake at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias, cast

import attrs

from cscs_bootstrap.settings_environment import PATH_VARIABLE, read_environment
from cscs_bootstrap.settings_fields import Branch, Leaf, outline
from cscs_bootstrap.settings_findings import Findings, collect
from cscs_bootstrap.settings_model import Part, Settings
from cscs_bootstrap.settings_objections import Objection
from cscs_bootstrap.settings_rules import cautions, objections
from cscs_bootstrap.settings_values import DEFAULT_ORIGIN, Origin, Refused, Scalar, Table, Value
from cscs_bootstrap.settings_yaml import UnreadableFileError, read_yaml
from cscs_domain.errors import ConfigurationError, Mistake

Judge: TypeAlias = Callable[[Settings], Iterable[Objection]]
"""The rules that settings have to keep."""


@attrs.frozen(kw_only=True)
class LoadedSettings:
    """Settings that hold, where each key came from, and what is worth telling an operator."""

    settings: Settings
    origins: Mapping[str, Origin]
    notices: tuple[str, ...] = ()


def load_settings(
    environ: Mapping[str, str],
    *,
    config_path: Path | None = None,
    require: frozenset[Part] = frozenset(),
) -> LoadedSettings:
    """Load the configuration: environment before YAML before defaults.

    The file is `config_path`, else the one that `WALDUR_CSCS_STORAGE_PROXY_CONFIG_PATH` names, else
    none. Keys that only the parts in `require` need may be absent otherwise; what is present is
    always checked. Raises `ConfigurationError` with every mistake.
    """
    return settled(read_source(environ, config_path), environ, require=require)


def settled(
    source: Table | Mistake | None, environ: Mapping[str, str], *, require: frozenset[Part]
) -> LoadedSettings:
    """As `load_settings`, with a file that `read_source` has read or could not read."""
    findings = Findings()
    if isinstance(source, Table):
        collect(outline(Settings), source, findings)
    elif source is not None:
        findings.mistakes.append(source)
        require = frozenset()  # what seems to be missing may well stand in that file
    return settle(findings, environ, lambda settings: objections(settings, require))


def read_source(
    environ: Mapping[str, str], config_path: Path | None, *, is_ours: bool = True
) -> Table | Mistake | None:
    """The file that is named here or in the environment, why it cannot be read, or None.

    With `is_ours=False` it may be a file of another program, as in `read_yaml`.
    """
    named = environ.get(PATH_VARIABLE, "").strip()
    if config_path is None and not named:
        return None
    path = config_path or Path(named)
    try:
        return read_yaml(path) if is_ours else read_yaml(path, most_levels=50, is_ours=False)
    except UnreadableFileError as error:
        variable = None if config_path else PATH_VARIABLE
        return Mistake(error.place, variable, error.reason, error.hint)


def settle(from_file: Findings, environ: Mapping[str, str], judge: Judge) -> LoadedSettings:
    """Lay the environment over what a file holds, parse both, and judge the outcome.

    Raises `ConfigurationError` with every mistake, those that the walk over the file has found
    included.
    """
    root = outline(Settings)
    found = _merged(from_file, read_environment(root, environ))
    values = _parsed(root, found)
    settings = cast("Settings", root.build(values))
    _object(root, judge(settings), found)
    if found.mistakes:
        raise ConfigurationError(_in_order(root, found.mistakes))
    told = (f"{found.written(caution.key)} {caution.text}" for caution in cautions(settings))
    return LoadedSettings(
        settings=settings,
        origins=MappingProxyType(_origins(root, found.values)),
        notices=(*found.notices, *told),
    )


def _merged(weak: Findings, strong: Findings) -> Findings:
    """Lay the environment over the file. Blank values are as good as absent ones."""
    written = {key: value for key, value in weak.values.items() if not _is_blank(value)}
    return Findings(
        values=written | {k: v for k, v in strong.values.items() if not _is_blank(v)},
        mistakes=weak.mistakes + strong.mistakes,
        notices=weak.notices + strong.notices,
        refused=weak.refused | strong.refused,
        elsewhere=weak.elsewhere,
    )


def _is_blank(value: Value) -> bool:
    return isinstance(value, Scalar) and value.is_blank


def _parsed(root: Branch, found: Findings) -> dict[str, object]:
    """Parse what was written; what is refused keeps its default, so that checks can go on."""
    values: dict[str, object] = {}
    for leaf in root.leaves():
        if leaf.key not in found.values or leaf.key in found.refused:
            continue
        value = found.values[leaf.key]
        try:
            values[leaf.key] = leaf.info.parse(value)
        except Refused as refused:
            for reason in refused.reasons:
                found.refuse(leaf, reason, value.origin)
    return values


def _object(root: Branch, made: Iterable[Objection], found: Findings) -> None:
    leaves = {leaf.key: leaf for leaf in root.leaves()}
    for objection in made:
        if found.refused.isdisjoint((objection.key, *objection.beside)):
            value = found.values.get(objection.key)
            origin = value.origin if value else DEFAULT_ORIGIN
            found.object_to(leaves[objection.key], objection.reason, origin)


def _in_order(root: Branch, mistakes: list[Mistake]) -> tuple[Mistake, ...]:
    """File mistakes and unknown keys first, then in the order of the documents' tables."""
    order = {leaf.key: place for place, leaf in enumerate(root.leaves())}
    return tuple(sorted(mistakes, key=lambda mistake: _place(mistake.key, order)))


def _place(key: str, order: Mapping[str, int]) -> int:
    while key and key not in order:
        key = key.rpartition(".")[0]
    return order.get(key, -1)


def _origins(root: Branch, values: Mapping[str, Value]) -> dict[str, Origin]:
    def origin(leaf: Leaf) -> Origin:
        return values[leaf.key].origin if leaf.key in values else DEFAULT_ORIGIN

    return {leaf.key: origin(leaf) for leaf in root.leaves()}
