"""No mistake hides another, and each says where it was made."""

from __future__ import annotations

from pathlib import Path

import pytest

from cscs_bootstrap.settings import PATH_VARIABLE, load_settings
from cscs_domain.errors import ConfigurationError
from tests.unit.settings.loading import EVERY_PART, YamlFile, mistakes

WRONG = """\
debug: maybe
storage_systems:
  a/b: slug
  ok: same
  too: same
waldur_apy: {}
waldur_api:
  api_url: nowhere
  acces_token: t
  verify_ssl: 7
auth: [x]
backend_settings:
  inode_soft_coefficient: 2
  inode_hard_coefficient: 2
  inode_base_multiplier: 0
sentry: {traces_sample_rate: 2}
snapshot_max_age: -1
adapters: {waldur: {kind: file}, events: http}
debug: true
"""


def test_every_mistake_of_file_and_environment_is_told(yaml_file: YamlFile) -> None:
    environ = {
        "CSCS_STRICT": "2",
        "HPC_USER_SOCKS_PROXY": "localhost:1",
        "HPC_USER_CLIENT_SECRET_FILE": "/does/not/exist",
    }
    found = {mistake.key: mistake for mistake in yaml_file.mistakes(WRONG, environ, EVERY_PART)}

    assert found.keys() == {
        "debug",
        "storage_systems.a/b",
        "waldur_apy",
        "waldur_api.api_url",
        "waldur_api.acces_token",
        "waldur_api.verify_ssl",
        "auth",
        "backend_settings.inode_base_multiplier",
        "backend_settings.inode_hard_coefficient",
        "sentry.traces_sample_rate",
        "snapshot_max_age",
        "adapters.waldur.path",
        "adapters.events",
        "strict",
        "hpc_user_api.socks_proxy",
        "hpc_user_api.client_secret",
        "hpc_user_api.api_url",
        "hpc_user_api.client_id",
        "hpc_user_api.oidc_token_url",
        "adapters.waldur",
        "usage.offerings",
        "usage.components",
        "usage.cscs_dwdi_api_url",
        "usage.cscs_dwdi_client_id",
        "usage.cscs_dwdi_client_secret",
        "usage.cscs_dwdi_oidc_token_url",
    }
    assert f"{yaml_file.path}:8" in found["waldur_api.api_url"].reason
    assert f"{yaml_file.path}:9" in found["waldur_api.acces_token"].reason
    assert found["waldur_api.api_url"].variable == "WALDUR_API_URL"
    assert found["strict"].variable == "CSCS_STRICT"
    assert found["hpc_user_api.client_secret"].variable == "HPC_USER_CLIENT_SECRET_FILE"


def test_the_error_shows_one_mistake_a_line() -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_settings({"DEBUG": "a\nb", "CSCS_STRICT": "c"}, require=EVERY_PART)

    assert len(str(caught.value).splitlines()) == len(caught.value.mistakes)


def test_an_unreadable_file_does_not_hide_the_environment(tmp_path: Path) -> None:
    missing = tmp_path / "none.yaml"
    found = mistakes({PATH_VARIABLE: str(missing), "DEBUG": "?"}, EVERY_PART)

    assert [mistake.variable for mistake in found] == [PATH_VARIABLE, "DEBUG"]
    assert found[0].key == str(missing)
