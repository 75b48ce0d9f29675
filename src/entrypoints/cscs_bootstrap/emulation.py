"""Wiring of the emulated site, and the configuration with which our own server uses it.

Needs the extra `emulator`: import this module only where it is used.
"""

from __future__ import annotations

import gc
import os
import secrets
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

import attrs
import yaml

from cscs_bootstrap.quiet_gc import paused_gc
from cscs_fakes.emulators.faults import Fault, FaultKind, Service
from cscs_fakes.emulators.faults_text import FaultTextError, parse_service_fault
from cscs_fakes.emulators.hpc_user_routes import USER_PATH
from cscs_fakes.emulators.oidc import CLIENT_ID, CLIENT_SECRET, REALM
from cscs_fakes.emulators.oidc_tokens import OPERATOR_ROLE, READER_ROLE
from cscs_fakes.emulators.server import EmulatorServer
from cscs_fakes.emulators.site import CONTROL_PATH, DWDI_PATH, HPC_USER_PATH, EmulatedSite
from cscs_fakes.emulators.site_accounts import COMPONENT, DAINT, MEASURED_UNIT
from cscs_fakes.emulators.site_rows import OFFERING_SLUGS
from cscs_fakes.emulators.waldur import AGENT_TOKEN, Mode

TOKEN_LIFE: Final = timedelta(hours=12)
"""How long the token of the first output is good for."""

_FIRST_LINE: Final = "# Written by `cscs emulate`; nothing in here is a secret."


class EmulationError(Exception):
    """The emulator cannot be set up as it was asked for. The message is for people."""


@attrs.frozen(kw_only=True)
class EmulationOptions:
    """What may be chosen. `latency` in milliseconds; `faults` as people write them."""

    mode: str
    resources: int
    accounts: int
    seed: int
    latency: int
    faults: Sequence[str]


@attrs.frozen(eq=False)
class Emulation:
    """An emulated site and what people need in order to use it."""

    _site: EmulatedSite

    @property
    def url(self) -> str:
        """Where the site is reached, without a slash at the end."""
        return self._site.url

    @property
    def control_url(self) -> str:
        """Where it can be looked at and changed."""
        return f"{self.url}{CONTROL_PATH}"

    def server_at(self, url: str) -> EmulatorServer:
        """A server of the site, which does not listen yet; its answers name this URL."""
        self._site.url = url
        return EmulatorServer(self._site.app, let_go=self._site.faults.let_go)

    def caller_token(self) -> str:
        """A token of somebody who may read and operate."""
        return self._site.oidc.mint(life=TOKEN_LIFE.total_seconds())

    def configuration(self) -> str:
        """A configuration in YAML with which our commands ask this site."""
        token_url = f"{self._site.oidc.issuer}/protocol/openid-connect/token"
        settings: dict[str, object] = {
            "storage_systems": {slug: slug for slug in OFFERING_SLUGS},
            "waldur_api": {"api_url": f"{self.url}/api/", "access_token": AGENT_TOKEN},
            "hpc_user_api": {
                "api_url": f"{self.url}{HPC_USER_PATH}",
                "client_id": CLIENT_ID,
                "client_secret": CLIENT_SECRET,
                "oidc_token_url": token_url,
                "user_path_template": USER_PATH,
            },
            "auth": {
                "keycloak_url": self.url,
                "keycloak_realm": REALM,
                "keycloak_client_id": CLIENT_ID,
                "required_role": READER_ROLE,
                "operator_role": OPERATOR_ROLE,
            },
        }
        if self.has_usage:
            settings["usage"] = self._usage(token_url)
        return f"{_FIRST_LINE}\n{yaml.safe_dump(settings, sort_keys=False)}"

    @property
    def has_usage(self) -> bool:
        """Whether there are accounts whose usage could be reported."""
        return bool(self._site.accounts)

    def _usage(self, token_url: str) -> dict[str, object]:
        # Version 5.8 tells no slugs.
        is_old = self._site.mode is Mode.V5_8
        return {
            "offerings": [str(UUID(DAINT.uuid)) if is_old else DAINT.slug],
            "cscs_dwdi_api_url": f"{self.url}{DWDI_PATH}",
            "cscs_dwdi_client_id": CLIENT_ID,
            "cscs_dwdi_client_secret": CLIENT_SECRET,
            "cscs_dwdi_oidc_token_url": token_url,
            "components": {COMPONENT: {"measured_unit": MEASURED_UNIT}},
        }

    def write_configuration(self, path: Path) -> None:
        """Write `configuration` for the file's owner alone; a file of our making is replaced.

        Raises `EmulationError`, also if there is a file of somebody else's making.
        """
        new = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            _refuse_to_overwrite(path)
            _write_for_owner(new, self.configuration())
            new.replace(path)
        except OSError as error:
            new.unlink(missing_ok=True)
            raise EmulationError(f"--write-config {path}: {error.strerror}.") from None


def make_emulation(options: EmulationOptions, tell: Callable[[int], None]) -> Emulation:
    """The site; `tell` is told every ten thousand resources. Raises `EmulationError`."""
    faults = [*_latency(options.latency), *_faults(options.faults)]
    for name, count in (("resources", options.resources), ("accounts", options.accounts)):
        if count < 0:
            raise EmulationError(f"--{name} {count} is negative.")
    with paused_gc():
        site = EmulatedSite(
            mode=options.mode,
            resources=options.resources,
            accounts=options.accounts,
            seed=options.seed,
            faults=faults,
            tell=tell,
        )
    # Rows live as long as the process: the collector need not look at them again.
    gc.freeze()
    return Emulation(site)


def _latency(milliseconds: int) -> list[tuple[Service, Fault]]:
    if milliseconds < 0:
        raise EmulationError(f"--latency {milliseconds} is negative.")
    late = Fault(kind=FaultKind.LATENCY, ms=milliseconds)
    return [(service, late) for service in Service] if milliseconds else []


def _faults(texts: Sequence[str]) -> list[tuple[Service, Fault]]:
    try:
        return [parse_service_fault(text) for text in texts]
    except FaultTextError as error:
        raise EmulationError(f"--fault: {error}.") from None


def _refuse_to_overwrite(path: Path) -> None:
    if not path.exists() and not path.is_symlink():
        return
    with path.open("rb") as file:
        first_line = file.readline(len(_FIRST_LINE) + 1)
    if first_line.rstrip() != _FIRST_LINE.encode():
        raise EmulationError(
            f"--write-config {path} is there already and not of our making: it is left as it is. "
            "Choose another name."
        )


def _write_for_owner(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(descriptor)
