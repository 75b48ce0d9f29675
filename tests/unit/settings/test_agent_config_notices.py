"""What is worth telling about a site agent's file that loads, and where Unix ids come from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cscs_bootstrap.agent_config import with_slug
from cscs_bootstrap.wiring import storage_service
from cscs_domain.problems import ProblemCode
from cscs_domain.storage.targets import ProjectTarget
from cscs_fakes.waldur_rows import make_rows
from tests.unit.settings.agent_loading import IDENTITIES, UUID_B, AgentFile, listed, offering

MOCK = "backend_settings: {use_mock_target_items: true}"


@pytest.mark.parametrize(
    ("line", "key", "meant"),
    [
        ("backend_settings: {default_account: x}", "backend_settings.default_account", "ignored."),
        (
            "backend_settings: {inode_soft_coeficient: 2}",
            "backend_settings.inode_soft_coeficient",
            "did you mean inode_soft_coefficient?",
        ),
        ("backend_settings: {? [x] : y}", "backend_settings.?", "ignored."),
        ("backend_components: {cpu: {}}", "backend_components.cpu", "ignored."),
        ("backend_components: {storrage: }", "backend_components.storrage", "mean storage?"),
        (
            "backend_components: {storage: {limit: 5}}",
            "backend_components.storage.limit",
            "ignored.",
        ),
    ],
)
def test_a_setting_that_earlier_programs_ignored_is_only_noticed(
    agent_file: AgentFile, line: str, key: str, meant: str
) -> None:
    (notice,) = agent_file.load(listed(offering(line))).notices

    assert notice.startswith(f"offerings[0].{key} ({agent_file.line(7)}) is not a setting")
    assert notice.endswith(meant)


@pytest.mark.parametrize(
    ("line", "notice"),
    [
        ("hpc_user_apy: {}", "hpc_user_apy ({}) is not read; did you mean hpc_user_api?"),
        ("waldur_api: {}", "waldur_api ({}) is not read from a file with offerings."),
        ("storage_systems: {a: b}", "storage_systems ({}) is not read from a file with offerings."),
    ],
)
def test_a_key_beside_the_offerings_that_looks_like_ours_is_noticed(
    agent_file: AgentFile, line: str, notice: str
) -> None:
    found = agent_file.load(f"{line}\n{listed(offering())}").notices

    assert found == (notice.format(agent_file.line(1)),)


def test_an_offering_that_a_slip_passes_over_is_noticed(agent_file: AgentFile) -> None:
    """It would otherwise be missing from the export without a word."""
    slip = offering("backend_type: cscs-hpc-storge", uuid=UUID_B, without="backend_type")
    config = agent_file.load(listed(offering(), slip))

    assert config.passed_over == ("Capstor",)
    (notice,) = config.notices
    assert notice.startswith(f"offerings[1].backend_type ({agent_file.line(11)})")


def test_a_doubtful_variable_is_noticed_once(agent_file: AgentFile) -> None:
    text = listed(offering(), offering(uuid=UUID_B))

    assert len(agent_file.load(text, {**IDENTITIES, "WALDUR_API_TOKN": "x"}).notices) == 1


IDS = "adapters: {hpc_user: {kind: file, path: ids.yaml}}"
DEVELOPMENT = "hpc_user_api: {development_mode: true}"
NO_DEVELOPMENT = "hpc_user_api: {development_mode: false}"


@pytest.mark.parametrize(
    ("line", "beside", "environ", "is_made_up", "told"),
    [
        ("", "", {}, False, ["hpc_user_api is not configured: Unix ids come from ready-made"]),
        (MOCK, "", {}, True, ["offerings[0].backend_settings.use_mock_target_items is on"]),
        (
            MOCK,
            NO_DEVELOPMENT,
            {},
            False,
            ["hpc_user_api is not configured: Unix ids come from no"],
        ),
        (MOCK, "", {"HPC_USER_DEVELOPMENT_MODE": "no"}, False, ["hpc_user_api is not configured"]),
        (MOCK, DEVELOPMENT, {}, True, ["hpc_user_api.development_mode is on"]),
        ("", DEVELOPMENT, {}, True, ["hpc_user_api.development_mode is on"]),
        (MOCK, "", IDENTITIES, False, []),
        ("", "", IDENTITIES, False, []),
        (MOCK, IDS, {}, False, []),
        ("", IDS, {}, False, []),
    ],
)
def test_ids_are_made_up_only_where_nothing_else_is_said(
    agent_file: AgentFile,
    line: str,
    beside: str,
    environ: dict[str, str],
    is_made_up: bool,
    told: list[str],
) -> None:
    config = agent_file.load(listed(offering(*filter(None, [line]))) + beside, environ)

    assert config.offerings[0].settings.hpc_user_api.development_mode is is_made_up
    assert len(config.notices) == len(told)
    assert all(notice.startswith(begin) for notice, begin in zip(config.notices, told, strict=True))


def test_several_offerings_without_an_identity_service_are_one_notice(
    agent_file: AgentFile,
) -> None:
    assert len(agent_file.load(listed(offering(), offering(uuid=UUID_B)), {}).notices) == 1


async def test_without_an_identity_service_only_ready_made_items_have_ids(
    agent_file: AgentFile, tmp_path: Path
) -> None:
    ready, bare = (
        row | {"offering_slug": "capstor", "attributes": {"storage_data_type": "store"}}
        for row in make_rows(2)
    )
    item = {"itemId": str(UUID_B), "key": None, "name": "p", "unixGid": 30500, "active": True}
    rows = [ready | {"backend_metadata": {"project_item": item}}, bare | {"backend_metadata": {}}]
    (tmp_path / "dump.json").write_text(json.dumps(rows), encoding="utf-8")
    text = listed(offering()) + "adapters: {waldur: {kind: file, path: dump.json}}\n"
    service = storage_service(with_slug(agent_file.only(text, {}).settings, "capstor"))
    tree = await service.read()
    gids = [row.target.unix_gid for row in tree.rows if isinstance(row.target, ProjectTarget)]

    assert gids == [30500]
    missing = [p for p in tree.problems if p.code is ProblemCode.MISSING_IDENTITY]
    assert len(missing) == 1
