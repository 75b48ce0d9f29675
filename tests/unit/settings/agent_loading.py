"""Short ways to load a site agent's file in tests."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from cscs_bootstrap.agent_config import AgentConfig, AgentOffering, load_agent_config
from cscs_domain.errors import ConfigurationError, Mistake

UUID_A = "d629d5e4-5567-425d-a9cd-bdc1af67b32c"
UUID_B = "0f1e2d3c-4b5a-4678-8796-a5b4c3d2e1f0"
IDENTITIES: Mapping[str, str] = {
    "HPC_USER_API_URL": "https://hpc-user.example.com",
    "HPC_USER_CLIENT_ID": "proxy",
    "HPC_USER_CLIENT_SECRET": "secret",
    "HPC_USER_OIDC_TOKEN_URL": "https://auth.example.com/token",
}
"""An identity service, so that there is nothing to notice about its absence."""


def offering(*lines: str, uuid: str | None = UUID_A, without: str = "") -> str:
    """An entry of `offerings` with all it needs, and more lines of it."""
    needed = {
        "name": "Capstor",
        "waldur_api_url": "https://waldur.example.com/api/",
        "waldur_api_token": "token-of-the-file",
        "waldur_offering_uuid": uuid,
        "backend_type": "cscs-hpc-storage",
    }
    keys = [f"{key}: {text}" for key, text in needed.items() if text and key != without]
    return "  - " + "\n    ".join((*keys, *lines)) + "\n"


def listed(*entries: str) -> str:
    """A file with these offerings; the first begins in line 2."""
    return "offerings:\n" + "".join(entries)


class AgentFile:
    """A site agent's file of one test."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(self, text: str, environ: Mapping[str, str] = IDENTITIES) -> AgentConfig:
        """Write the text and load it."""
        self.path.write_text(text, encoding="utf-8")
        return load_agent_config(environ, self.path)

    def only(self, text: str, environ: Mapping[str, str] = IDENTITIES) -> AgentOffering:
        """Write the text, load it, and return its one storage offering."""
        (found,) = self.load(text, environ).offerings
        return found

    def mistakes(self, text: str, environ: Mapping[str, str] = IDENTITIES) -> tuple[Mistake, ...]:
        """Write the text, load it, and return what is wrong with it."""
        with pytest.raises(ConfigurationError) as caught:
            self.load(text, environ)
        return caught.value.mistakes

    def line(self, number: int) -> str:
        """How a line of the file is named."""
        return f"{self.path}:{number}"
