"""A commented YAML file with every setting, made from the same declarations that load it.

Group names are live, settings are commented out as `#key: value`, prose as `# Sentence.`; removing
the `#` in front of a key is all it takes to set it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from cscs_bootstrap.settings_describe import plain
from cscs_bootstrap.settings_environment import PATH_VARIABLE
from cscs_bootstrap.settings_fields import Branch, Leaf, outline
from cscs_bootstrap.settings_model import Settings
from cscs_bootstrap.settings_rules import ADAPTER_KINDS

_HEAD = f"""\
# Configuration of cscs-domain: every setting with its default.
# Remove the # in front of a key to set it. A variable wins over this file, this file over the
# default. A secret can also be read from the file that <VARIABLE>_FILE names.
# This file is found by --config or by {PATH_VARIABLE}.
"""


def example_yaml() -> str:
    """Return the example file's text."""
    return _HEAD + "".join(f"{line}\n" for line in _lines(outline(Settings), ""))


def _lines(branch: Branch, indent: str) -> Iterator[str]:
    for name, child in branch.children.items():
        yield ""
        if isinstance(child, Leaf):
            yield from _setting(child, indent)
        elif child.shorthand is not None:
            yield from _choice(child, indent)
        else:
            yield f"{indent}# {child.doc}"
            yield f"{indent}{name}:"
            yield from _lines(child, f"{indent}  ")


def _setting(leaf: Leaf, indent: str) -> Iterator[str]:
    yield f"{indent}# {leaf.info.doc}"
    if leaf.info.needed:
        yield f"{indent}# Required for {leaf.info.needed}."
    yield f"{indent}# {_facts(leaf)}"
    yield f"{indent}#{leaf.name}: {leaf.info.example or _yaml(leaf.default)}"


def _choice(branch: Branch, indent: str) -> Iterator[str]:
    """An adapter: the bare word, with its longer form in prose."""
    kind = branch.shorthand
    if kind is None:
        return
    yield f"{indent}# {branch.doc} One of {', '.join(ADAPTER_KINDS[branch.name])}."
    for leaf in branch.leaves():
        if leaf is not kind:
            yield f"{indent}# Longer: {{kind: file, {leaf.name}: ...}}. {leaf.info.doc}"
            yield f"{indent}# {leaf.name}: variable {leaf.variable}."
    yield f"{indent}# {_facts(kind)}"
    yield f"{indent}#{branch.name}: {_yaml(kind.default)}"


def _facts(leaf: Leaf) -> str:
    unit = f", in {leaf.info.unit}" if leaf.info.unit else ""
    secret = " Secret." if leaf.info.secret else ""
    return f"Variable {leaf.variable}. Default: {_default(leaf.default)}{unit}.{secret}"


def _default(value: object) -> str:
    return "none" if plain(value) in (None, [], {}) else _yaml(value)


def _yaml(value: object) -> str:
    reduced = plain(value)
    return reduced if isinstance(reduced, str) else json.dumps(reduced)
