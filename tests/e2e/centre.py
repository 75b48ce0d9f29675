"""A whole centre in processes of their own: an emulator, our server before it, and clients."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import attrs
import httpx

from cscs_client import StorageClient
from cscs_fakes.emulators.oidc import CLIENT_ID, CLIENT_SECRET, REALM
from cscs_fakes.emulators.oidc_tokens import OPERATOR_ROLE, READER_ROLE
from cscs_fakes.emulators.site import HPC_USER_PATH
from cscs_fakes.emulators.site_rows import OFFERING_SLUGS
from cscs_fakes.emulators.waldur import AGENT_TOKEN
from tests.e2e.conftest import Server, launch, until
from tests.emulated import Controls, EmulatorProcess, shared_process

WALDUR_TOKEN: Final = AGENT_TOKEN
ASKED_OF_TOKENS: Final = {
    "keycloak_client_id": CLIENT_ID,
    "required_role": READER_ROLE,
    "operator_role": OPERATOR_ROLE,
}


@attrs.frozen
class Centre:
    """An emulator and a server that asks it."""

    emulator: EmulatorProcess
    server: Server

    @property
    def control(self) -> Controls:
        """What happens on the emulator's side."""
        return self.emulator.control

    def client(self, **options: Any) -> StorageClient:
        """A client as a provisioner would make it; close it."""
        plain: dict[str, Any] = {
            "token": self.control.mint(),
            "waldur_url": self.emulator.url,
            "waldur_token": WALDUR_TOKEN,
            "timeout": 20,
        }
        return StorageClient(self.server.url, **(plain | options))


@contextmanager
def running_centre(
    folder: Path,
    *options: str,
    settings: Mapping[str, object] | None = None,
    auth: Mapping[str, object] | None = None,
) -> Iterator[Centre]:
    """Run a server over the run's emulator with these options, which is as new then.

    `settings` come on top of those of `configuration`; `auth` says what the server asks of tokens.
    """
    with shared_process(*options) as emulator:
        config = folder / "centre.yaml"
        # JSON is YAML, too.
        rules = configuration(emulator.url, ASKED_OF_TOKENS if auth is None else auth)
        config.write_text(json.dumps(rules | dict(settings or {})))
        server = launch(config, folder / "server.log", {})
        try:
            until(lambda: _answers(server), server)
            yield Centre(emulator, server)
        finally:
            _end(server.process)


def _answers(server: Server) -> bool:
    try:
        return server.get("/healthz").status_code == 200
    except httpx.TransportError:
        return False


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


def configuration(url: str, auth: Mapping[str, object]) -> dict[str, object]:
    """What an operator writes for an emulator at this URL."""
    return {
        "storage_systems": {slug: slug for slug in OFFERING_SLUGS},
        "waldur_api": {"api_url": url, "access_token": WALDUR_TOKEN},
        "hpc_user_api": {
            "api_url": f"{url}{HPC_USER_PATH}",
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "oidc_token_url": f"{url}/realms/{REALM}/protocol/openid-connect/token",
        },
        "auth": {"keycloak_url": url, "keycloak_realm": REALM, **auth},
    }
