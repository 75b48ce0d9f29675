"""The groups of settings that the documents name: one small class each.

Every default is usable, so a class can be made without arguments; which keys a part of the program
cannot do without is decided in `settings_rules`.
"""

# ruff: noqa: RUF009 - `setting` and `section` make attrs fields, not shared defaults

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import cast

import attrs

from cscs_bootstrap.secrets import ProxyUrl, Secret
from cscs_bootstrap.settings_fields import section, setting
from cscs_bootstrap.settings_scalars import (
    boolean,
    fraction,
    positive,
    positive_whole,
    seconds,
    seconds_or_never,
    secret,
    some_seconds,
    text,
)
from cscs_bootstrap.settings_tables import path, segment
from cscs_bootstrap.settings_urls import (
    base_url,
    proxy_url,
    sentry_dsn,
    user_path_template,
    web_url,
)

_PROXY_EXAMPLE = "socks5://localhost:12345"
_SIX_HOURS = cast("timedelta | None", timedelta(hours=6))
_CA_EXAMPLE = "/etc/ssl/our-authority.pem"


def _ca_file(whose: str) -> Path | None:
    return setting(
        None,
        path,
        f"Certificates (PEM) to trust for {whose} besides the usual.",
        example=_CA_EXAMPLE,
    )


@attrs.frozen(kw_only=True)
class WaldurApi:
    """How to reach Waldur Mastermind, the source of truth."""

    api_url: str | None = setting(
        None,
        base_url,
        "Full URL of the Waldur API.",
        env="WALDUR_API_URL",
        example="https://waldur.example.com/api/",
        needed="storage and usage with adapters.waldur http",
    )
    access_token: Secret | None = setting(
        None,
        secret,
        "Token of a service provider's user in Waldur.",
        env="WALDUR_API_TOKEN",
        secret=True,
        example="replace-me",
        needed="storage and usage with adapters.waldur http",
    )
    verify_ssl: bool = setting(
        True, boolean, "Whether Waldur's certificate is checked.", env="WALDUR_VERIFY_SSL"
    )
    socks_proxy: ProxyUrl | None = setting(
        None,
        proxy_url,
        "Proxy on the way to Waldur (socks4, socks5, socks5h, http or https).",
        env="WALDUR_SOCKS_PROXY",
        example=_PROXY_EXAMPLE,
    )
    ca_file: Path | None = _ca_file("Waldur")
    timeout: timedelta = setting(
        timedelta(seconds=60),
        some_seconds,
        "How long one answer of Waldur may take; with repetitions twice that.",
        unit="seconds",
    )
    read_timeout: timedelta = setting(
        timedelta(seconds=300),
        some_seconds,
        "How long reading all resources may take before the last answer stands in.",
        unit="seconds",
    )
    concurrency: int = setting(
        4, positive_whole, "How many requests to Waldur are under way at once.", unit="requests"
    )


@attrs.frozen(kw_only=True)
class Auth:
    """How callers of our API prove who they are."""

    disable_auth: bool = setting(
        False,
        boolean,
        "DANGER: answers without any token, though only clients on this machine.",
        env="DISABLE_AUTH",
    )
    keycloak_url: str | None = setting(
        None,
        base_url,
        "Base URL of Keycloak.",
        env="CSCS_KEYCLOAK_URL",
        example="https://auth.example.com",
        needed="the API unless auth.disable_auth",
    )
    keycloak_realm: str = setting(
        "cscs", text, "Realm whose tokens are accepted.", env="CSCS_KEYCLOAK_REALM"
    )
    keycloak_client_id: str | None = setting(
        None,
        text,
        "Client that must stand in a token's audience; not checked if absent.",
        env="CSCS_KEYCLOAK_CLIENT_ID",
        example="storage-proxy",
    )
    required_role: str | None = setting(
        None, text, "Role that every caller needs, else 403.", example="storage-reader"
    )
    operator_role: str | None = setting(
        None,
        text,
        "Role for writes, debug answers and everybody's usage.",
        example="storage-operator",
    )
    allow_insecure_bind: bool = setting(
        False,
        boolean,
        "DANGER: with disable_auth, answers clients of other machines as well.",
        env="ALLOW_INSECURE_BIND",
    )
    ca_file: Path | None = _ca_file("Keycloak")


@attrs.frozen(kw_only=True)
class HpcUserApi:
    """How to reach the service that knows the Unix ids."""

    api_url: str | None = setting(
        None,
        base_url,
        "Base URL of the HPC User API.",
        env="HPC_USER_API_URL",
        example="https://hpc-user.example.com",
        needed="storage with adapters.hpc_user http, unless development_mode",
    )
    client_id: str | None = setting(
        None,
        text,
        "Client id for its tokens.",
        env="HPC_USER_CLIENT_ID",
        example="storage-proxy",
        needed="storage with adapters.hpc_user http, unless development_mode",
    )
    client_secret: Secret | None = setting(
        None,
        secret,
        "Client secret for its tokens.",
        env="HPC_USER_CLIENT_SECRET",
        secret=True,
        example="replace-me",
        needed="storage with adapters.hpc_user http, unless development_mode",
    )
    oidc_token_url: str | None = setting(
        None,
        web_url,
        "Endpoint that issues its tokens.",
        env="HPC_USER_OIDC_TOKEN_URL",
        example="https://auth.example.com/realms/cscs/protocol/openid-connect/token",
        needed="storage with adapters.hpc_user http, unless development_mode",
    )
    oidc_scope: str = setting("openid", text, "Scope that is asked for.", env="HPC_USER_OIDC_SCOPE")
    socks_proxy: ProxyUrl | None = setting(
        None,
        proxy_url,
        "Proxy on the way to the service and its tokens.",
        env="HPC_USER_SOCKS_PROXY",
        example=_PROXY_EXAMPLE,
    )
    development_mode: bool = setting(
        False,
        boolean,
        "Whether ids that cannot be looked up are made up. Never for real directories.",
        env="HPC_USER_DEVELOPMENT_MODE",
    )
    ca_file: Path | None = _ca_file("the service and its tokens")
    timeout: timedelta = setting(
        timedelta(seconds=30),
        some_seconds,
        "How long one answer of the service may take; with repetitions twice that.",
        unit="seconds",
    )
    ttl: timedelta | None = setting(
        _SIX_HOURS,
        seconds_or_never,
        "How long an id that was found is believed; never keeps it until restart.",
        unit="seconds or never",
    )
    negative_ttl: timedelta = setting(
        timedelta(seconds=60),
        seconds,
        "How long an id that was not found is not asked for again.",
        unit="seconds",
    )
    stale_on_error: timedelta = setting(
        timedelta(hours=24),
        seconds,
        "How old an id may be while the service does not answer.",
        unit="seconds",
    )
    user_path_template: str | None = setting(
        None,
        user_path_template,
        "Path that tells one user's UID; without it user targets have no identity.",
        example="/api/v1/export/cscs/users/{username}",
    )

    @property
    def is_complete(self) -> bool:
        """Whether there is all that asking the service takes."""
        needed = (self.api_url, self.client_id, self.client_secret, self.oidc_token_url)
        return all(value is not None for value in needed)


@attrs.frozen(kw_only=True)
class BackendSettings:
    """Quotas and files."""

    storage_file_system: str = setting(
        "lustre", segment, "File system named in answers, e.g. lustre or gpfs."
    )
    inode_base_multiplier: int = setting(
        1_000_000, positive_whole, "How many inodes a terabyte buys.", unit="inodes per TB"
    )
    inode_soft_coefficient: Decimal = setting(
        Decimal("1.33"), positive, "Soft inode quota as a multiple of the base."
    )
    inode_hard_coefficient: Decimal = setting(
        Decimal("2.0"), positive, "Hard inode quota as a multiple of the base; above the soft one."
    )
    use_mock_target_items: bool = setting(
        False, boolean, "Whether ready-made target items in Waldur's metadata are passed over."
    )
    output_directory: Path = setting(
        Path("cscs-storage-orders"), path, "Folder that JSON files are written to."
    )


@attrs.frozen(kw_only=True)
class StorageComponent:
    """The component that carries the storage limit in Waldur."""

    measured_unit: str = setting("TB", text, "Unit that Waldur shows.")
    accounting_type: str = setting("limit", text, "Accounting type in Waldur.")
    label: str = setting("Storage", text, "Label in Waldur.")
    unit_factor: Decimal = setting(
        Decimal(1), positive, "What one of Waldur's units is in terabytes.", unit="TB per unit"
    )


@attrs.frozen(kw_only=True)
class BackendComponents:
    """Components of an offering that matter here."""

    storage: StorageComponent = section(StorageComponent, "The storage limit.")


@attrs.frozen(kw_only=True)
class Sentry:
    """Reports of errors; off without a DSN."""

    dsn: Secret | None = setting(
        None,
        sentry_dsn,
        "The Sentry DSN.",
        env="SENTRY_DSN",
        secret=True,
        example="https://public-key@sentry.example.com/1",
    )
    environment: str | None = setting(
        None, text, "Tag of every report.", env="SENTRY_ENVIRONMENT", example="production"
    )
    traces_sample_rate: Decimal = setting(
        Decimal(0),
        fraction,
        "Share of requests whose timing is reported, from 0 to 1.",
        env="SENTRY_TRACES_SAMPLE_RATE",
    )
