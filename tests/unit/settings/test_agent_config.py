"""What the site agent's file says about each storage offering."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from cscs_bootstrap.agent_config import with_slug
from cscs_bootstrap.secrets import Secret
from cscs_bootstrap.settings import AdapterKind, BackendComponents, BackendSettings
from cscs_bootstrap.storage_policy import storage_policy
from cscs_domain.errors import InvalidValueError
from cscs_domain.storage.mount_points import MountPath
from cscs_domain.storage.target_ids import ItemIds
from tests.unit.settings.agent_loading import UUID_A, UUID_B, AgentFile, listed, offering
from tests.unit.settings.loading import at

SPEC_002 = """\
sentry_dsn: "https://key@sentry.example.com/1"
timezone: "UTC"
offerings:
  - name: "Capstor"
    waldur_api_url: "https://waldur.example.com/api/"
    waldur_api_token: "0123456789abcdef0123456789abcdef01234567"
    waldur_offering_uuid: "d629d5e45567425da9cdbdc1af67b32c"
    backend_type: cscs-hpc-storage
    order_processing_backend: cscs-hpc-storage
    backend_settings:
      output_directory: "cscs-storage-orders/"     # Output directory for JSON files
      storage_file_system: "lustre"               # Storage file system type
      inode_soft_coefficient: 1.33                # Multiplier for soft inode limits
      inode_hard_coefficient: 2.0                 # Multiplier for hard inode limits
      use_mock_target_items: false                # Enable mock data for development
    backend_components:
      storage:
        measured_unit: "TB"                       # Storage unit (terabytes)
        accounting_type: "limit"                  # Accounting type for quotas
        label: "Storage"                          # Display label in Waldur
        unit_factor: 1                           # Conversion factor (TB to TB)
"""


def test_the_documented_example_is_read(agent_file: AgentFile) -> None:
    config = agent_file.load(SPEC_002)
    (found,) = config.offerings
    settings = found.settings

    assert (config.passed_over, config.notices) == ((), ())
    assert (found.name, found.uuid) == ("Capstor", UUID(UUID_A))
    assert found.origin == f"offerings[0] ({agent_file.line(4)})"
    assert settings.waldur_api.api_url == "https://waldur.example.com/api/"
    assert settings.waldur_api.access_token == Secret("0123456789abcdef0123456789abcdef01234567")
    backend = settings.backend_settings
    assert backend.output_directory == Path.cwd() / "cscs-storage-orders"
    assert backend.storage_file_system == "lustre"
    assert backend.inode_soft_coefficient == Decimal("1.33")
    assert backend.inode_hard_coefficient == Decimal("2.0")
    assert not backend.use_mock_target_items
    assert settings.backend_components.storage.unit_factor == Decimal(1)


@pytest.mark.parametrize("written", ["cscs-hpc-storage", "CSCS-HPC-Storage", " cscs-hpc-storage "])
def test_the_type_is_read_as_the_agent_reads_it(agent_file: AgentFile, written: str) -> None:
    entry = offering(f"backend_type: {written!r}", without="backend_type")

    assert agent_file.only(listed(entry)).name == "Capstor"


@pytest.mark.parametrize("name", ["", "name:", "name: ''"])
def test_an_offering_without_a_name_is_called_by_its_uuid(agent_file: AgentFile, name: str) -> None:
    found = agent_file.only(listed(offering(*filter(None, [name]), without="name")))

    assert found.name == UUID_A


@pytest.mark.parametrize("rest", ["", "backend_settings:", "backend_components: {storage: }"])
def test_an_offering_without_settings_has_the_defaults(agent_file: AgentFile, rest: str) -> None:
    config = agent_file.load(listed(offering(*filter(None, [rest]))))
    settings = config.offerings[0].settings

    assert settings.backend_settings == BackendSettings()
    assert settings.backend_components == BackendComponents()
    assert settings.waldur_api.verify_ssl
    assert config.notices == ()


def test_every_offering_has_its_own_settings(agent_file: AgentFile) -> None:
    first = offering("verify_ssl: no", "backend_settings: {inode_soft_coefficient: 1.5}")
    second = offering(
        "waldur_api_token: another",
        "backend_components: {storage: {unit_factor: 0.001}}",
        uuid=UUID_B,
        without="waldur_api_token",
    )
    config = agent_file.load(listed(first, second))
    a, b = (found.settings for found in config.offerings)

    assert [found.uuid for found in config.offerings] == [UUID(UUID_A), UUID(UUID_B)]
    assert (a.waldur_api.verify_ssl, b.waldur_api.verify_ssl) == (False, True)
    assert a.waldur_api.access_token == Secret("token-of-the-file")
    assert b.waldur_api.access_token == Secret("another")
    assert a.backend_settings.inode_soft_coefficient == Decimal("1.5")
    assert b.backend_settings.inode_soft_coefficient == Decimal("1.33")
    assert b.backend_components.storage.unit_factor == Decimal("0.001")
    (notice,) = config.notices
    assert notice.startswith("offerings[0].verify_ssl is off")


@pytest.mark.parametrize(
    ("written", "path", "value"),
    [
        ("hpc_user_api: {oidc_scope: hpc}", "hpc_user_api.oidc_scope", "hpc"),
        ("adapters: {documents: fake}", "adapters.documents.kind", AdapterKind.FAKE),
        ("site_timezone: Europe/Zurich", "site_timezone", "Europe/Zurich"),
        ("item_ids: unique", "item_ids", ItemIds.UNIQUE),
        ("callback_base_url: https://w.example.com", "callback_base_url", "https://w.example.com"),
        ("storage_roots: {slug: /x}", "storage_roots", {"slug": (MountPath("/x"),)}),
        ("include_terminated: yes", "include_terminated", True),
        ("strict: yes", "strict", True),
        ("log_format: json", "log_format", "json"),
        ("debug: yes", "debug", True),
    ],
)
def test_sections_beside_the_offerings_hold_for_all_of_them(
    agent_file: AgentFile, written: str, path: str, value: object
) -> None:
    text = listed(offering(), offering(uuid=UUID_B)) + written
    config = agent_file.load(text)

    assert [at(found.settings, path) for found in config.offerings] == [value, value]
    assert config.notices == ()


OWN_URL = "https://waldur.example.com/api/"
ELSEWHERE = {"WALDUR_API_URL": "https://other.example.com", "WALDUR_API_TOKEN": "other"}


@pytest.mark.parametrize(
    ("without", "environ", "url", "token"),
    [
        ("", ELSEWHERE, OWN_URL, "token-of-the-file"),
        ("", {"CSCS_WALDUR_API__API_URL": "nowhere"}, OWN_URL, "token-of-the-file"),
        ("", {"WALDUR_API_TOKEN": "a", "WALDUR_API_TOKEN_FILE": "b"}, OWN_URL, "token-of-the-file"),
        ("waldur_api_url", ELSEWHERE, "https://other.example.com", "token-of-the-file"),
        ("waldur_api_token", ELSEWHERE, OWN_URL, "other"),
        ("waldur_api_token", {"CSCS_WALDUR_API__ACCESS_TOKEN": "own"}, OWN_URL, "own"),
    ],
)
def test_variables_only_fill_in_the_url_and_token_that_an_offering_lacks(
    agent_file: AgentFile, without: str, environ: dict[str, str], url: str, token: str
) -> None:
    """One variable cannot be right for offerings of several Waldurs."""
    found = agent_file.only(listed(offering(without=without)), environ).settings.waldur_api

    assert (found.api_url, found.access_token) == (url, Secret(token))


def test_a_token_can_come_from_a_file(agent_file: AgentFile, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("of-the-file\n", encoding="utf-8")
    text = listed(offering("waldur_api_token: ''", without="waldur_api_token"))
    found = agent_file.only(text, {"WALDUR_API_TOKEN_FILE": str(tmp_path / "token")})

    assert found.settings.waldur_api.access_token == Secret("of-the-file")


def test_every_other_variable_wins_over_the_file(agent_file: AgentFile) -> None:
    environ = {
        "CSCS_BACKEND_SETTINGS__STORAGE_FILE_SYSTEM": "gpfs",
        "WALDUR_VERIFY_SSL": "false",
        "WALDUR_SOCKS_PROXY": "socks5://localhost:1080",
    }
    text = listed(offering("verify_ssl: true", "backend_settings: {storage_file_system: lustre}"))
    settings = agent_file.only(text, environ).settings

    assert settings.backend_settings.storage_file_system == "gpfs"
    assert not settings.waldur_api.verify_ssl
    assert settings.waldur_api.socks_proxy is not None


def test_dumps_need_neither_url_nor_token(agent_file: AgentFile) -> None:
    text = f"""\
adapters: {{waldur: {{kind: file, path: dump.json}}, hpc_user: {{kind: file, path: ids.yaml}}}}
offerings: [{{waldur_offering_uuid: {UUID_A}, backend_type: cscs-hpc-storage}}]
"""
    found = agent_file.only(text, {})

    assert found.settings.adapters.waldur.path == (agent_file.path.parent / "dump.json",)


@pytest.mark.parametrize(
    "others",
    [
        "{backend_type: slurm, name: Slurm}",
        "{backend_type: slurm, name: Slurm, waldur_offering_uuid: [], backend_settings: {a: 1}}",
        "{backend_type: slurm, name: Slurm, a: " + "[" * 60 + "]" * 60 + "}",
        "{backend_type: slurm, name: Slurm, a: !secret x, b: !!set {x, y}}",
        "{backend_type: slurm, name: Slurm, ? [x] : y, ? [z] : y}",
        "{backend_type: slurm, name: Slurm, a: &a [*a, *a], b: {<<: 5}}",
        "{backend_type: slurm, name: Slurm, verify_ssl: 1, verify_ssl: 2}",
    ],
)
def test_offerings_of_other_backends_are_not_looked_into(
    agent_file: AgentFile, others: str
) -> None:
    config = agent_file.load(f"x: !any {{}}\n{listed(offering())}  - {others}\n")

    assert (len(config.offerings), config.passed_over, config.notices) == (1, ("Slurm",), ())


def test_aliases_that_double_at_every_step_are_read_in_no_time(agent_file: AgentFile) -> None:
    doubled = "\n".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 45))

    assert agent_file.load(f"a0: &a0 x\n{doubled}\n{listed(offering())}").offerings


def test_an_offering_without_type_or_name_is_passed_over_by_its_place(
    agent_file: AgentFile,
) -> None:
    config = agent_file.load(listed(offering(), "  - {}\n", "  - {backend_type: [x], name: {}}\n"))

    assert config.passed_over == ("offerings[1]", "offerings[2]")


def test_what_offerings_have_in_common_can_be_merged(agent_file: AgentFile) -> None:
    text = f"""\
common: &common
  waldur_api_url: https://waldur.example.com/api/
  waldur_api_token: shared
  backend_type: cscs-hpc-storage
  backend_settings: &settings {{storage_file_system: gpfs, inode_hard_coefficient: 3}}
offerings:
  - {{<<: *common, waldur_offering_uuid: {UUID_A}}}
  - <<: *common
    waldur_offering_uuid: {UUID_B}
    backend_settings: {{<<: *settings, inode_hard_coefficient: 4}}
"""
    found = [made.settings.backend_settings for made in agent_file.load(text).offerings]

    assert [backend.inode_hard_coefficient for backend in found] == [3, 4]
    assert {backend.storage_file_system for backend in found} == {"gpfs"}


def test_the_configured_systems_do_not_count(agent_file: AgentFile) -> None:
    found = agent_file.only(listed(offering()), {"STORAGE_SYSTEMS": "///"})

    assert found.settings.storage_systems == {}


def test_a_slug_that_waldur_tells_is_a_system_of_that_name(agent_file: AgentFile) -> None:
    settings = agent_file.only(listed(offering())).settings
    (system,) = storage_policy(with_slug(settings, "capstor")).systems

    assert (system.name, system.offering_slug, system.path_name) == ("capstor",) * 3
    with pytest.raises(InvalidValueError, match="offering slug"):
        with_slug(settings, "../etc")
