"""Every row of every table: key, variables, default, and a value that is not the default."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import pytest

from cscs_bootstrap.secrets import DatabaseUrl, ProxyUrl, Secret
from cscs_bootstrap.settings import (
    AdapterKind,
    LogFormat,
    Settings,
    StorageSystemSource,
    StorageUrlStyle,
    describe,
    load_settings,
)
from cscs_domain.events.event import DEFAULT_SOURCES
from cscs_domain.storage.mount_points import MountPath
from cscs_domain.storage.target_ids import ItemIds
from cscs_domain.usage.components import Component
from cscs_domain.usage.metering import UsageKind, WarehouseProfile
from tests.unit.settings.loading import YamlFile, as_yaml, at

BESIDE = {
    "STORAGE_SYSTEMS": "capstor=cscs-capstor",  # which `storage_roots` speaks of
    "CSCS_USAGE__PROFILE": "v2-account",  # the only one that has every `usage.kind`
}
NOT_BESIDE = {"STORAGE_SYSTEMS": "storage_systems", "CSCS_USAGE__PROFILE": "usage.profile"}


class Key(NamedTuple):
    """A row: attribute path, documented variable, default, another value as text and parsed."""

    path: str
    variable: str | None
    default: object
    text: str
    value: object

    @property
    def own_variable(self) -> str:
        return "CSCS_" + self.path.replace(".", "__").upper()

    @property
    def key(self) -> str:
        return self.path.removesuffix(".kind") if self.path[:8] == "adapters" else self.path

    @property
    def beside(self) -> dict[str, str]:
        """Variables without which some keys are refused."""
        return {name: text for name, text in BESIDE.items() if self.path != NOT_BESIDE[name]}


URL = "https://service.example.com/api/"
PROXY = "socks5h://localhost:1080"
DATABASE = "postgresql://me:hunter2@db.example.com/events"
KEY = "a-key-of-a-collector"
DSN = "https://public@sentry.example.com/7"
ZERO_ROOTS: dict[str, object] = {}

KEYS = [
    # 004 section 4.2, A
    Key("debug", "DEBUG", False, "true", True),
    Key("storage_systems", "STORAGE_SYSTEMS", {}, '{"capstor": "slug"}', {"capstor": "slug"}),
    # B
    Key("waldur_api.api_url", "WALDUR_API_URL", None, URL, URL),
    Key("waldur_api.access_token", "WALDUR_API_TOKEN", None, "t0ken", Secret("t0ken")),
    Key("waldur_api.verify_ssl", "WALDUR_VERIFY_SSL", True, "false", False),
    Key("waldur_api.socks_proxy", "WALDUR_SOCKS_PROXY", None, PROXY, ProxyUrl(PROXY)),
    Key("waldur_api.ca_file", None, None, "/etc/ca.pem", Path("/etc/ca.pem")),
    Key("waldur_api.timeout", None, timedelta(minutes=1), "5", timedelta(seconds=5)),
    Key("waldur_api.read_timeout", None, timedelta(minutes=5), "5", timedelta(seconds=5)),
    Key("waldur_api.concurrency", None, 4, "8", 8),
    # C
    Key("auth.disable_auth", "DISABLE_AUTH", False, "true", True),
    Key("auth.keycloak_url", "CSCS_KEYCLOAK_URL", None, URL, URL),
    Key("auth.keycloak_realm", "CSCS_KEYCLOAK_REALM", "cscs", "other", "other"),
    Key("auth.keycloak_client_id", "CSCS_KEYCLOAK_CLIENT_ID", None, "proxy", "proxy"),
    Key("auth.required_role", None, None, "reader", "reader"),
    Key("auth.operator_role", None, None, "operator", "operator"),
    Key("auth.allow_insecure_bind", "ALLOW_INSECURE_BIND", False, "true", True),
    Key("auth.ca_file", None, None, "/etc/ca.pem", Path("/etc/ca.pem")),
    # D
    Key("hpc_user_api.api_url", "HPC_USER_API_URL", None, URL, URL),
    Key("hpc_user_api.client_id", "HPC_USER_CLIENT_ID", None, "proxy", "proxy"),
    Key("hpc_user_api.client_secret", "HPC_USER_CLIENT_SECRET", None, "s", Secret("s")),
    Key("hpc_user_api.oidc_token_url", "HPC_USER_OIDC_TOKEN_URL", None, URL, URL),
    Key("hpc_user_api.oidc_scope", "HPC_USER_OIDC_SCOPE", "openid", "openid hpc", "openid hpc"),
    Key("hpc_user_api.socks_proxy", "HPC_USER_SOCKS_PROXY", None, PROXY, ProxyUrl(PROXY)),
    Key("hpc_user_api.development_mode", "HPC_USER_DEVELOPMENT_MODE", False, "true", True),
    Key("hpc_user_api.ca_file", None, None, "/etc/ca.pem", Path("/etc/ca.pem")),
    Key("hpc_user_api.timeout", None, timedelta(seconds=30), "5", timedelta(seconds=5)),
    Key("hpc_user_api.ttl", None, timedelta(hours=6), "never", None),
    Key("hpc_user_api.negative_ttl", None, timedelta(minutes=1), "5", timedelta(seconds=5)),
    Key("hpc_user_api.stale_on_error", None, timedelta(hours=24), "5", timedelta(seconds=5)),
    Key(
        "hpc_user_api.user_path_template",
        None,
        None,
        "/users/{username}",
        "/users/{username}",
    ),
    # E
    Key("backend_settings.storage_file_system", None, "lustre", "gpfs", "gpfs"),
    Key("backend_settings.inode_base_multiplier", None, 1_000_000, "2_000_000", 2_000_000),
    Key("backend_settings.inode_soft_coefficient", None, Decimal("1.33"), "1.1", Decimal("1.1")),
    Key("backend_settings.inode_hard_coefficient", None, Decimal("2.0"), "3.3", Decimal("3.3")),
    # 001 and 002
    Key("backend_settings.use_mock_target_items", None, False, "yes", True),
    Key(
        "backend_settings.output_directory",
        None,
        Path("cscs-storage-orders/"),
        "/srv/orders",
        Path("/srv/orders"),
    ),
    Key("backend_components.storage.measured_unit", None, "TB", "TiB", "TiB"),
    Key("backend_components.storage.accounting_type", None, "limit", "usage", "usage"),
    Key("backend_components.storage.label", None, "Storage", "Disk", "Disk"),
    Key("backend_components.storage.unit_factor", None, Decimal(1), "0.001", Decimal("0.001")),
    # 000
    Key("usage.offerings", None, (), '["daint", "eiger"]', ("daint", "eiger")),
    Key("usage.kind", None, UsageKind.COMPUTE, "storage", UsageKind.STORAGE),
    Key("usage.profile", None, WarehouseProfile.V1, "v2-account", WarehouseProfile.V2),
    Key("usage.grace_days", None, 5, "0", 0),
    Key(
        "usage.components",
        None,
        {},
        '{"nodeHours": {"unit_factor": 2}, "gpuHours": {}}',
        {
            "nodeHours": Component(name="nodeHours", unit_factor=Decimal(2)),
            "gpuHours": Component(name="gpuHours"),
        },
    ),
    Key("usage.cscs_dwdi_api_url", "CSCS_DWDI_API_URL", None, URL, URL),
    Key("usage.cscs_dwdi_client_id", "CSCS_DWDI_CLIENT_ID", None, "reporter", "reporter"),
    Key("usage.cscs_dwdi_client_secret", "CSCS_DWDI_CLIENT_SECRET", None, "s", Secret("s")),
    Key("usage.cscs_dwdi_oidc_token_url", "CSCS_DWDI_OIDC_TOKEN_URL", None, URL, URL),
    Key("usage.cscs_dwdi_oidc_scope", "CSCS_DWDI_OIDC_SCOPE", "openid", "dwdi", "dwdi"),
    Key("usage.cscs_dwdi_cluster", "CSCS_DWDI_CLUSTER", None, "daint", "daint"),
    Key("usage.socks_proxy", "CSCS_DWDI_SOCKS_PROXY", None, PROXY, ProxyUrl(PROXY)),
    Key("usage.ca_file", None, None, "/etc/ca.pem", Path("/etc/ca.pem")),
    Key("usage.timeout", None, timedelta(seconds=30), "5", timedelta(seconds=5)),
    Key("usage.storage_filesystem", None, None, "lustre", "lustre"),
    Key("usage.storage_data_type", None, None, "store", "store"),
    Key("usage.storage_path_mapping", None, {}, '{"p1": "/store/p1"}', {"p1": "/store/p1"}),
    Key("usage.storage_tenant", None, None, "cscs", "cscs"),
    Key("usage.storage_url_style", None, StorageUrlStyle.QUERY, "path", StorageUrlStyle.PATH),
    # usage events
    Key(
        "events.database_url",
        "DATABASE_URL",
        DatabaseUrl("sqlite:///cscs-events.sqlite3"),
        DATABASE,
        DatabaseUrl(DATABASE),
    ),
    Key("events.collector_key", "COLLECTOR_API_KEY", None, KEY, Secret(KEY)),
    Key("events.collector_keys", None, {}, f'{{"pbs1": "{KEY}"}}', {"pbs1": Secret(KEY)}),
    Key("events.sources", None, DEFAULT_SOURCES, '["pbs", "pbsLog"]', ("pbs", "pbsLog")),
    Key("events.most_body_bytes", None, 10_485_760, "1_000_000", 1_000_000),
    Key("events.most_events", None, 10_000, "100", 100),
    Key("events.partitions_ahead", None, 3, "12", 12),
    Key("events.compress_after_days", None, 7, "30", 30),
    Key("events.retention_days", None, None, "400", 400),
    Key("events.pool_size", None, 8, "2", 2),
    # F
    Key("sentry.dsn", "SENTRY_DSN", None, DSN, Secret(DSN)),
    Key("sentry.environment", "SENTRY_ENVIRONMENT", None, "production", "production"),
    Key(
        "sentry.traces_sample_rate",
        "SENTRY_TRACES_SAMPLE_RATE",
        Decimal(0),
        "0.1",
        Decimal("0.1"),
    ),
    # our own
    Key("snapshot_max_age", None, timedelta(seconds=15), "0", timedelta(0)),
    Key("stale_if_error", None, timedelta(minutes=5), "60", timedelta(minutes=1)),
    Key("snapshot_keep", None, timedelta(minutes=5), "0.5", timedelta(milliseconds=500)),
    Key("item_ids", None, ItemIds.DOCUMENTED, "unique", ItemIds.UNIQUE),
    Key(
        "storage_system_source",
        None,
        StorageSystemSource.NAME,
        "offering_slug",
        StorageSystemSource.OFFERING_SLUG,
    ),
    Key(
        "storage_roots",
        None,
        ZERO_ROOTS,
        '{"capstor": ["/capstor", "/scratch/old"]}',
        {"capstor": (MountPath("/capstor"), MountPath("/scratch/old"))},
    ),
    Key("include_terminated", None, False, "on", True),
    Key("strict", None, False, "1", True),
    Key("callback_base_url", None, None, URL, URL),
    Key("site_timezone", None, "UTC", "Europe/Zurich", "Europe/Zurich"),
    Key("log_format", None, LogFormat.AUTO, "json", LogFormat.JSON),
    Key("adapters.waldur.kind", "CSCS_ADAPTERS__WALDUR", AdapterKind.HTTP, "fake", "fake"),
    Key("adapters.waldur.path", None, (), "/srv/a.json", (Path("/srv/a.json"),)),
    Key("adapters.hpc_user.kind", "CSCS_ADAPTERS__HPC_USER", AdapterKind.HTTP, "fake", "fake"),
    Key("adapters.hpc_user.path", None, (), "/srv/a.json", (Path("/srv/a.json"),)),
    Key("adapters.dwdi.kind", "CSCS_ADAPTERS__DWDI", AdapterKind.HTTP, "fake", "fake"),
    Key("adapters.dwdi.path", None, (), "/srv/a.json", (Path("/srv/a.json"),)),
    Key("adapters.directory.kind", "CSCS_ADAPTERS__DIRECTORY", AdapterKind.FILE, "sql", "sql"),
    Key("adapters.directory.path", None, (), "/srv/d.yaml", (Path("/srv/d.yaml"),)),
    Key("adapters.documents.kind", "CSCS_ADAPTERS__DOCUMENTS", AdapterKind.FILE, "fake", "fake"),
    Key("adapters.documents.path", None, (), "/srv/docs", (Path("/srv/docs"),)),
    Key("adapters.events.kind", "CSCS_ADAPTERS__EVENTS", AdapterKind.SQL, "fake", "fake"),
    Key("adapters.events.path", None, (), "/srv/events.db", (Path("/srv/events.db"),)),
]
every_key = pytest.mark.parametrize("key", KEYS, ids=lambda key: key.path)


@every_key
def test_a_key_that_nobody_sets_has_its_default(key: Key) -> None:
    loaded = load_settings({})

    assert key.default == at(loaded.settings, key.path)
    assert str(loaded.origins[key.key]) == "default"
    assert at(Settings(), key.path) == key.default


@every_key
def test_a_key_can_be_set_by_its_documented_variable(key: Key) -> None:
    variable = key.variable or key.own_variable
    loaded = load_settings({**key.beside, variable: key.text})

    assert key.value == at(loaded.settings, key.path)
    assert str(loaded.origins[key.key]) == f"variable {variable}"


@every_key
def test_a_key_can_be_set_by_our_own_variable(key: Key) -> None:
    loaded = load_settings({**key.beside, key.own_variable: key.text})

    assert key.value == at(loaded.settings, key.path)
    assert str(loaded.origins[key.key]) == f"variable {key.own_variable}"


@every_key
def test_a_key_can_be_set_in_the_file(key: Key, yaml_file: YamlFile) -> None:
    loaded = yaml_file.load(as_yaml(key.path, key.text), key.beside)

    line = key.path.count(".") + 1
    assert key.value == at(loaded.settings, key.path)
    assert str(loaded.origins[key.key]) == f"{yaml_file.path}:{line}"


@every_key
def test_the_variable_wins_over_the_file(key: Key, yaml_file: YamlFile) -> None:
    variable = key.variable or key.own_variable
    written = as_yaml(key.path, "nonsense that is never looked at")

    assert key.value == at(
        yaml_file.load(written, {**key.beside, variable: key.text}).settings, key.path
    )


def test_the_table_above_has_every_key_there_is() -> None:
    described = {row.key: row.variable for row in describe(load_settings({}))}

    assert described == {key.key: key.variable or key.own_variable for key in KEYS}
