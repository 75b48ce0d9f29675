"""Mistakes in the site agent's file, told under the keys that people wrote there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cscs_bootstrap.agent_config import load_agent_config
from cscs_domain.errors import ConfigurationError
from tests.unit.settings.agent_loading import (
    IDENTITIES,
    UUID_A,
    UUID_B,
    AgentFile,
    listed,
    offering,
)
from tests.unit.settings.loading import only

OTHER = "  - {name: Slurm, backend_type: slurm}\n"
MARK = "Zq7"
"""In every random secret and nowhere else, so that any piece of one that shows is found."""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is missing (in {1})."),
        ("sentry_dsn: x\n", "is missing (in {1})."),
        ("x: y\nofferings:\n", "is missing (in {2})."),
        ("offerings: {}\n", "must be a list, not a mapping (in {1})."),
        ("offerings: capstor\n", "must be a list, not a single value (in {1})."),
        ("offerings: !tagged []\n", "must be a list, not something that has a tag, which"),
        ("offerings: []\n", "is an empty list (in {1})."),
        (f"x: y\nofferings:\n{OTHER}", "has no entry whose backend_type is cscs-hpc-storage"),
    ],
)
def test_a_file_without_storage_offerings_is_one_mistake(
    agent_file: AgentFile, text: str, said: str
) -> None:
    found = only(agent_file.mistakes(text))
    lines = [str(agent_file.path), agent_file.line(1), agent_file.line(2)]

    assert found.key == "offerings"
    assert found.reason.startswith(said.format(*lines))
    assert str(found).isprintable()


def test_a_file_of_our_own_form_is_shown_the_right_command(agent_file: AgentFile) -> None:
    found = only(agent_file.mistakes("storage_systems: {a: b}\nwaldur_api: {api_url: x}\n"))

    assert "cscs storage export" in found.hint


def test_a_slip_in_the_only_type_is_pointed_at(agent_file: AgentFile) -> None:
    entry = offering("backend_type: cscs_hpc-storage", without="backend_type")
    found = only(agent_file.mistakes(listed(entry)))

    assert f"offerings[0].backend_type ({agent_file.line(6)})" in found.hint


@pytest.mark.parametrize(
    ("lines", "key", "reason"),
    [
        (["waldur_api_url: nowhere"], "waldur_api_url", "must be a URL that starts with http"),
        (["waldur_api_token: [x]"], "waldur_api_token", "must be a single value, not a list"),
        (["waldur_api_token: !vault x"], "waldur_api_token", "must be a single value, not some"),
        (["waldur_offering_uuid: 5"], "waldur_offering_uuid", "is not a uuid"),
        (["waldur_offering_uuid: {}"], "waldur_offering_uuid", "must be a single value, not a map"),
        (["name: [x]"], "name", "must be a single value, not a list"),
        (["verify_ssl: 7"], "verify_ssl", "must be true or false"),
        (["backend_settings: [x]"], "backend_settings", "must be a mapping, not a list"),
        (["backend_settings: !x {}"], "backend_settings", "must be a mapping, not something that"),
        (["backend_components: x"], "backend_components", "must be a mapping"),
        (["backend_components: {storage: 1}"], "backend_components.storage", "must be a mapping"),
        (
            ["backend_settings: {inode_hard_coefficient: 1}"],
            "backend_settings.inode_hard_coefficient",
            "must be greater than the soft coefficient: 1 is not above 1.33",
        ),
        (
            ["backend_settings: {inode_soft_coefficient: -1}"],
            "backend_settings.inode_soft_coefficient",
            "must be a number",
        ),
        (
            ["backend_settings: {storage_file_system: a/b}"],
            "backend_settings.storage_file_system",
            "has the name 'a/b', which cannot be part of a path",
        ),
        (
            ["backend_components: {storage: {unit_factor: 0}}"],
            "backend_components.storage.unit_factor",
            "must be above zero",
        ),
    ],
)
def test_a_mistake_is_told_with_the_key_and_line_it_was_written_at(
    agent_file: AgentFile, lines: list[str], key: str, reason: str
) -> None:
    name = lines[0].partition(":")[0]
    entry = offering(*lines, without=name)
    found = only(agent_file.mistakes(listed(OTHER, entry)))
    line = agent_file.path.read_text().splitlines().index(f"    {lines[0]}") + 1

    assert found.key == f"offerings[1].{key}"
    assert found.reason.startswith(reason)
    assert f"(in {agent_file.line(line)})" in found.reason
    assert found.variable is None


@pytest.mark.parametrize(
    ("name", "variable"),
    [
        ("waldur_api_url", "WALDUR_API_URL"),
        ("waldur_api_token", "WALDUR_API_TOKEN"),
        ("waldur_offering_uuid", None),
    ],
)
@pytest.mark.parametrize("blank", [False, True])
def test_what_is_missing_is_told_with_the_variable_that_could_fill_it(
    agent_file: AgentFile, name: str, variable: str | None, blank: bool
) -> None:
    rest = [f"{name}: ''"] if blank else []
    found = only(agent_file.mistakes(listed(offering(*rest, without=name))))

    assert (found.key, found.variable) == (f"offerings[0].{name}", variable)
    assert found.reason.startswith("is missing")
    assert f"(in {agent_file.path}:" in found.reason


def test_a_hard_coefficient_that_a_soft_one_outgrows_is_told_at_the_offering(
    agent_file: AgentFile,
) -> None:
    text = listed(offering("backend_settings: {inode_soft_coefficient: 5}"))
    found = only(agent_file.mistakes(text))

    assert found.key == "offerings[0].backend_settings.inode_hard_coefficient"
    assert agent_file.line(2) in found.reason


@pytest.mark.parametrize("other", [UUID_A, UUID_A.replace("-", ""), UUID_A.upper()])
def test_two_offerings_cannot_have_one_uuid(agent_file: AgentFile, other: str) -> None:
    found = only(agent_file.mistakes(listed(offering(), OTHER, offering(uuid=other))))

    assert found.key == "offerings[2].waldur_offering_uuid"
    assert found.reason.startswith("is that of offerings[0] as well")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (listed(offering("verify_ssl: no", "verify_ssl: no")), "offerings[0].verify_ssl"),
        (listed(offering("name: x")), "offerings[0].name"),
        (
            listed(offering("backend_settings: {storage_file_system: a, storage_file_system: b}")),
            "offerings[0].backend_settings.storage_file_system",
        ),
        (listed(offering()) + "strict: no\nstrict: yes\n", "strict"),
        ("offerings: []\n" + listed(offering()), "offerings"),
    ],
)
def test_a_key_of_ours_that_stands_twice_is_a_mistake(
    agent_file: AgentFile, text: str, key: str
) -> None:
    found = only(agent_file.mistakes(text))

    assert found.key == key
    assert found.reason.startswith("is given twice")


@pytest.mark.parametrize(
    "text",
    [
        "sentry_dsn: a\nsentry_dsn: b\n" + listed(offering()),
        listed(offering("stomp_enabled: a", "stomp_enabled: b")),
        listed(offering("backend_settings: {x: 1, x: 2}")),
        listed(offering("membership_sync_backend: {deep: [!tagged x]}")),
    ],
)
def test_the_agents_own_keys_are_its_own_business(agent_file: AgentFile, text: str) -> None:
    assert agent_file.only(text).name == "Capstor"


@pytest.mark.parametrize("entry", ["7", "[x]", "~", "!tagged {}"])
def test_an_entry_that_is_no_mapping_is_a_mistake(agent_file: AgentFile, entry: str) -> None:
    found = only(agent_file.mistakes(listed(offering(), f"  - {entry}\n")))

    assert found.key == "offerings[1]"
    assert found.reason.startswith("must be a mapping, not ")


def test_every_mistake_of_every_storage_offering_is_told_once(agent_file: AgentFile) -> None:
    first = offering("verify_ssl: 7", without="waldur_api_token")
    second = offering("backend_settings: {inode_base_multiplier: 0}", without="waldur_api_url")
    text = listed(first, OTHER, "  - 7\n", second) + "strict: maybe\nhpc_user_api: {ttl: x, a: b}\n"
    environ = {
        "DEBUG": "maybe",
        "WALDUR_API_URL": "nowhere",
        "WALDUR_API_TOKEN_FILE": "/does/not/exist",
        "HPC_USER_CLIENT_ID": "only-this",
        "CSCS_WALDUR_API__CA_FILE": "/not/told/yet",
    }
    told = agent_file.mistakes(text, environ)
    found = {mistake.key: mistake for mistake in told}

    assert len(found) == len(told)
    assert found.keys() == {
        "offerings[2]",
        "offerings[3].waldur_offering_uuid",
        "offerings[0].verify_ssl",
        "waldur_api.access_token",
        "offerings[3].backend_settings.inode_base_multiplier",
        "waldur_api.api_url",
        "debug",
        "strict",
        "hpc_user_api.ttl",
        "hpc_user_api.a",
        "hpc_user_api.api_url",
        "hpc_user_api.client_secret",
        "hpc_user_api.oidc_token_url",
    }
    assert found["waldur_api.access_token"].variable == "WALDUR_API_TOKEN_FILE"
    assert found["waldur_api.api_url"].variable == "WALDUR_API_URL"


def test_certificates_that_cannot_be_used_are_a_mistake(agent_file: AgentFile) -> None:
    text = listed(offering(), offering(uuid=UUID_B)) + "hpc_user_api: {ca_file: none.pem}\n"

    assert only(agent_file.mistakes(text)).key == "hpc_user_api.ca_file"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("offerings: [unclosed\n", "2"),
        ("offerings:\n\t- x\n", "2"),
        ("- a\n- b\n", "1"),
        ("!tagged {}\n", "1"),
        ("offerings: []\n--- \nx: y\n", "2"),
    ],
)
def test_a_file_that_is_no_mapping_is_told_with_its_line(
    agent_file: AgentFile, text: str, line: str
) -> None:
    assert only(agent_file.mistakes(text)).key.startswith(f"{agent_file.path}:{line}")


def test_a_file_that_is_not_there_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_agent_config({}, tmp_path / "none.yaml")

    assert only(caught.value.mistakes).key == str(tmp_path / "none.yaml")


@pytest.mark.parametrize("key", ["waldur_api_token", "waldur_offering_uuid", "waldur_api_url"])
@given(text=st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=12))
@example(text="")
@example(text="https://u:")
@example(text="*")
@example(text="!a!")
@example(text="{a: ")
@example(text="'")
@example(text="x: ")
def test_no_answer_shows_a_secret_wherever_it_is_pasted(key: str, text: str) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "agent.yaml"
        entry = offering(f"{key}: {text}{MARK}@{MARK}", "stomp_enabled: no", without=key)
        path.write_text(listed(entry), encoding="utf-8")
        for answer in _answers(path):
            assert MARK not in answer


def _answers(path: Path) -> Iterator[str]:
    """Yield everything that loading says, be it an error or settings."""
    try:
        config = load_agent_config(IDENTITIES, path)
    except ConfigurationError as error:
        yield str(error)
        yield repr(error.mistakes)
        return
    yield repr(config)
