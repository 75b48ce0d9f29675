"""Short ways to load settings in tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from cscs_bootstrap.settings import LoadedSettings, Part, Settings, load_settings
from cscs_domain.errors import ConfigurationError, Mistake

COMPLETE: Mapping[str, str] = {
    "STORAGE_SYSTEMS": "capstor=cscs-capstor",
    "WALDUR_API_URL": "https://waldur.example.com/api/",
    "WALDUR_API_TOKEN": "token",
    "CSCS_KEYCLOAK_URL": "https://auth.example.com",
    "HPC_USER_API_URL": "https://hpc-user.example.com",
    "HPC_USER_CLIENT_ID": "proxy",
    "HPC_USER_CLIENT_SECRET": "secret",
    "HPC_USER_OIDC_TOKEN_URL": "https://auth.example.com/token",
    "CSCS_USAGE__OFFERINGS": "daint",
    "CSCS_USAGE__COMPONENTS": '{"nodeHours": {}}',
    "CSCS_DWDI_API_URL": "https://dwdi.example.com",
    "CSCS_DWDI_CLIENT_ID": "reporter",
    "CSCS_DWDI_CLIENT_SECRET": "secret",
    "CSCS_DWDI_OIDC_TOKEN_URL": "https://auth.example.com/token",
}
"""Everything that any part requires."""

EVERY_PART = frozenset(Part)


class YamlFile:
    """A settings file of one test."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(
        self, text: str, environ: Mapping[str, str] | None = None, require: Iterable[Part] = ()
    ) -> LoadedSettings:
        """Write the text and load it."""
        self.path.write_text(text, encoding="utf-8")
        return load_settings(environ or {}, config_path=self.path, require=frozenset(require))

    def mistakes(
        self, text: str, environ: Mapping[str, str] | None = None, require: Iterable[Part] = ()
    ) -> tuple[Mistake, ...]:
        """Write the text, load it, and return what is wrong with it."""
        with pytest.raises(ConfigurationError) as caught:
            self.load(text, environ, require)
        return caught.value.mistakes


def mistakes(environ: Mapping[str, str], require: Iterable[Part] = ()) -> tuple[Mistake, ...]:
    """Return what is wrong with an environment."""
    with pytest.raises(ConfigurationError) as caught:
        load_settings(environ, require=frozenset(require))
    return caught.value.mistakes


def only(found: tuple[Mistake, ...]) -> Mistake:
    """Return the one mistake."""
    assert len(found) == 1, found
    return found[0]


def at(settings: Settings, dotted: str) -> object:
    """Return a setting by its attribute path."""
    value: object = settings
    for name in dotted.split("."):
        value = getattr(value, name)
    return value


def as_yaml(dotted: str, written: str) -> str:
    """Write one setting as nested YAML."""
    *groups, name = dotted.split(".")
    lines = [f"{'  ' * depth}{group}:" for depth, group in enumerate(groups)]
    return "\n".join([*lines, f"{'  ' * len(groups)}{name}: {written}", ""])
