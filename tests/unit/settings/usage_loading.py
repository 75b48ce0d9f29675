"""Short ways to load what usage is reported in tests."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from cscs_bootstrap.settings import Part, UsageSettings
from cscs_bootstrap.usage_configuration import UsageConfig, UsageOffering, load_usage
from cscs_domain.errors import ConfigurationError, Mistake

WAREHOUSE = {
    "CSCS_DWDI_API_URL": "https://dwdi.example.com",
    "CSCS_DWDI_CLIENT_ID": "reporter",
    "CSCS_DWDI_CLIENT_SECRET": "secret",
    "CSCS_DWDI_OIDC_TOKEN_URL": "https://auth.example.com/token",
}
WALDUR = {
    "WALDUR_API_URL": "https://waldur.example.com/api/",
    "WALDUR_API_TOKEN": "token",
}
SERVICES = {**WAREHOUSE, **WALDUR}
"""Both services, so that only what a test is about can be missing."""

SPEC_000 = """\
offerings:
  - name: "CSCS HPC Offering"
    reporting_backend: "cscs-dwdi"
    backend_settings:
      cscs_dwdi_api_url: "https://dwdi-api.cscs.ch"
      cscs_dwdi_client_id: "your-oidc-client-id"
      cscs_dwdi_client_secret: "your-oidc-client-secret"
      # Optional OIDC configuration (for production use)
      cscs_dwdi_oidc_token_url: "https://identity.cscs.ch/realms/cscs/protocol/openid-connect/token"
      cscs_dwdi_oidc_scope: "cscs-dwdi:read"

    backend_components:
      nodeHours:
        measured_unit: "node-hours"
        unit_factor: 1
        accounting_type: "usage"
        label: "Node Hours"
      storage:
        measured_unit: "TB"
        unit_factor: 1
        accounting_type: "usage"
        label: "Storage Usage"
"""
"""The documented example of the site agent's file."""


class UsageFile:
    """A file of one test, of ours or the site agent's."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(
        self, text: str, environ: Mapping[str, str] = SERVICES, part: Part = Part.USAGE
    ) -> UsageConfig:
        """Write the text and load it."""
        self.path.write_text(text, encoding="utf-8")
        return load_usage(environ, self.path, part=part)

    def only(
        self, text: str, environ: Mapping[str, str] = SERVICES, part: Part = Part.USAGE
    ) -> UsageOffering:
        """Write the text, load it, and return its one offering."""
        (found,) = self.load(text, environ, part).offerings
        return found

    def section(self, text: str, environ: Mapping[str, str] = SERVICES) -> UsageSettings:
        """Write the text, load it, and return the section `usage`."""
        return self.only(text, environ).settings.usage

    def mistakes(
        self, text: str, environ: Mapping[str, str] = SERVICES, part: Part = Part.USAGE
    ) -> dict[str, Mistake]:
        """Write the text, load it, and return what is wrong with it by key."""
        with pytest.raises(ConfigurationError) as caught:
            self.load(text, environ, part)
        found = {mistake.key: mistake for mistake in caught.value.mistakes}
        assert len(found) == len(caught.value.mistakes)
        return found

    def line(self, number: int) -> str:
        """How a line of the file is named."""
        return f"{self.path}:{number}"
