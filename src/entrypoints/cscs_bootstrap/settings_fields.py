"""How a settings class describes itself, and the outline that everything else is made from.

A field is declared with `setting(...)`, which keeps what an operator needs to know (variable, unit,
a sentence) beside the default and the parser. Loading, `cscs config check` and the example file all
walk the outline of these declarations, so a key is written down once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Final, TypeVar, cast

import attrs

from cscs_bootstrap.settings_values import Value

OWN_PREFIX: Final = "CSCS_"
_SETTING: Final = "cscs_setting"
_SECTION: Final = "cscs_section"

T = TypeVar("T")
S = TypeVar("S")


@attrs.frozen(kw_only=True)
class SettingInfo:
    """What is known about one setting besides its default."""

    parse: Callable[[Value], object]
    doc: str
    env: str | None
    unit: str
    secret: bool
    example: str
    needed: str


@attrs.frozen(kw_only=True)
class SectionInfo:
    """What is known about a group of settings. `shorthand` names the field a bare word sets."""

    make: Callable[..., object]
    doc: str
    shorthand: str | None


def setting(
    default: T,
    parse: Callable[[Value], T],
    doc: str,
    *,
    env: str | None = None,
    unit: str = "",
    secret: bool = False,
    example: str = "",
    needed: str = "",
) -> T:
    """Declare a field: its default, the parser of what was written, and its description.

    `env` is the variable that the documents name, if any (`CSCS_` + path always works as well),
    `example` a value as one line of YAML, `needed` what cannot work without a value.
    """
    info = SettingInfo(
        parse=parse, doc=doc, env=env, unit=unit, secret=secret, example=example, needed=needed
    )
    field: T = attrs.field(default=default, metadata={_SETTING: info})
    return field


def section(make: Callable[..., S], doc: str, *, shorthand: str | None = None) -> S:
    """Declare a field that is a settings class of its own; all its settings have defaults."""
    info = SectionInfo(make=make, doc=doc, shorthand=shorthand)
    field: S = attrs.field(factory=make, metadata={_SECTION: info})
    return field


@attrs.frozen(kw_only=True)
class Leaf:
    """One setting in its place, e.g. `waldur_api.api_url`."""

    key: str
    name: str
    own_variable: str
    default: object
    info: SettingInfo

    @property
    def variables(self) -> tuple[str, ...]:
        """Its variables, the documents' name first."""
        named = self.info.env
        return tuple(dict.fromkeys(filter(None, (named, self.own_variable))))

    @property
    def variable(self) -> str:
        """The variable to tell people about."""
        return self.variables[0]


@attrs.frozen(kw_only=True)
class Branch:
    """A group of settings in its place, e.g. `waldur_api`; the root has the key ''."""

    key: str
    name: str
    doc: str
    make: Callable[..., object]
    children: Mapping[str, Leaf | Branch]
    shorthand: Leaf | None = None

    def leaves(self) -> Iterator[Leaf]:
        """Yield every setting below, in the order of declaration."""
        for child in self.children.values():
            if isinstance(child, Leaf):
                yield child
            else:
                yield from child.leaves()

    def branches(self) -> Iterator[Branch]:
        """Yield every group below, outer ones first."""
        for child in self.children.values():
            if isinstance(child, Branch):
                yield child
                yield from child.branches()

    def build(self, values: Mapping[str, object]) -> object:
        """Make the settings object from parsed values by key; absent keys get their defaults."""
        arguments = {
            name: child.build(values) if isinstance(child, Branch) else values[child.key]
            for name, child in self.children.items()
            if isinstance(child, Branch) or child.key in values
        }
        return self.make(**arguments)


@cache
def outline(cls: type[object]) -> Branch:
    """The outline of a whole settings class."""
    return _branch(cls, SectionInfo(make=cls, doc="", shorthand=None), ())


def _branch(cls: type[object], info: SectionInfo, path: tuple[str, ...]) -> Branch:
    defaults = info.make()
    children: dict[str, Leaf | Branch] = {}
    for field in attrs.fields(cast("type[attrs.AttrsInstance]", cls)):
        below = (*path, field.name)
        default: object = getattr(defaults, field.name)
        inner: SectionInfo | None = field.metadata.get(_SECTION)
        if inner is not None:
            children[field.name] = _branch(type(default), inner, below)
        else:
            is_shorthand = field.name == info.shorthand
            described: SettingInfo = field.metadata[_SETTING]
            children[field.name] = _leaf(described, below, default, is_shorthand=is_shorthand)
    shorthand = children.get(info.shorthand or "")
    return Branch(
        key=".".join(path),
        name=path[-1] if path else "",
        doc=info.doc,
        make=info.make,
        children=children,
        shorthand=shorthand if isinstance(shorthand, Leaf) else None,
    )


def _leaf(info: SettingInfo, path: tuple[str, ...], default: object, *, is_shorthand: bool) -> Leaf:
    # The bare word `adapters.waldur: file` is the usual way, so it lends its key and variable.
    shown_path = path[:-1] if is_shorthand else path
    if is_shorthand:
        info = attrs.evolve(info, env=_own_variable(shown_path))
    return Leaf(
        key=".".join(shown_path),
        name=path[-1],
        own_variable=_own_variable(path),
        default=default,
        info=info,
    )


def _own_variable(path: tuple[str, ...]) -> str:
    return OWN_PREFIX + "__".join(path).upper()
