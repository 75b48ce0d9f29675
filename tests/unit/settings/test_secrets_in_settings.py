"""Where secrets come from, and that no answer of the settings ever shows one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cscs_bootstrap.settings import as_json, as_text, describe, load_settings
from cscs_domain.errors import ConfigurationError
from tests.unit.settings.loading import COMPLETE, EVERY_PART, YamlFile, mistakes, only

SECRETS = {
    "WALDUR_API_TOKEN": "waldur_api.access_token",
    "HPC_USER_CLIENT_SECRET": "hpc_user_api.client_secret",
    "CSCS_DWDI_CLIENT_SECRET": "usage.cscs_dwdi_client_secret",
}
MARK = "Zq7"
"""In every random secret and nowhere else, so that any piece of one that shows is found."""

printable = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=12)
anything = st.text(max_size=12)


def _marked(texts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(texts, texts).map(lambda pair: f"{pair[0]}{MARK}{pair[1]}")


def _answers(environ: dict[str, str], config_path: Path | None = None) -> Iterator[str]:
    """Yield everything that loading says, be it an error or settings."""
    try:
        loaded = load_settings(environ, config_path=config_path, require=EVERY_PART)
    except ConfigurationError as error:
        yield str(error)
        yield repr(error)
        yield repr(error.mistakes)
        return
    rows = describe(loaded)
    yield repr(loaded)
    yield str(loaded.settings)
    yield as_text(rows)
    yield json.dumps(as_json(rows))
    yield " ".join(loaded.notices)


@pytest.mark.parametrize("variable", [*SECRETS, "SENTRY_DSN"])
@given(text=_marked(anything))
def test_no_answer_shows_a_secret_of_a_variable(variable: str, text: str) -> None:
    for name in (variable, f"{variable}_FILE"):
        for answer in _answers({**COMPLETE, name: text}):
            assert MARK not in answer


@pytest.mark.parametrize("variable", [*SECRETS, "SENTRY_DSN"])
@given(text=_marked(anything), other=_marked(anything))
def test_no_answer_shows_secrets_that_contradict_each_other(
    variable: str, text: str, other: str
) -> None:
    own = "CSCS_" + SECRETS.get(variable, "sentry.dsn").replace(".", "__").upper()
    for answer in _answers({**COMPLETE, variable: text, own: other}):
        assert MARK not in answer


@pytest.mark.parametrize("key", [*SECRETS.values(), "sentry.dsn"])
@given(text=_marked(printable))
@example(text="*" + MARK)
@example(text="!" + MARK)
@example(text="!a!" + MARK)
@example(text="&" + MARK)
@example(text="%" + MARK)
@example(text="{" + MARK + "," + MARK + "}")
@example(text="'" + MARK)
@example(text='"\\' + MARK)
@example(text=MARK + ": " + MARK + ": x")
@example(text="| " + MARK)
def test_no_answer_shows_a_secret_of_the_file_however_badly_it_is_written(
    key: str, text: str
) -> None:
    group, name = key.split(".")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "config.yaml"
        path.write_text(f"{group}:\n  {name}: {text}\n  after: x\n", encoding="utf-8")
        for answer in _answers({}, path):
            assert MARK not in answer


@given(user=_marked(printable), scheme=st.sampled_from(["socks5://", "ftp://", "", "http://["]))
def test_no_answer_shows_the_credentials_of_a_proxy(user: str, scheme: str) -> None:
    user = "".join(character for character in user if character not in "/?#\\[]")
    environ = {**COMPLETE, "WALDUR_SOCKS_PROXY": f"{scheme}me:{user}@localhost:1080"}

    for answer in _answers(environ):
        assert MARK not in answer


@pytest.mark.parametrize("variable", ["WALDUR_API_URL", "HPC_USER_OIDC_TOKEN_URL"])
@given(password=_marked(printable))
def test_no_answer_shows_credentials_in_an_address(variable: str, password: str) -> None:
    for answer in _answers({**COMPLETE, variable: f"https://me:{password}@host/"}):
        assert MARK not in answer


@pytest.mark.parametrize(("variable", "key"), SECRETS.items())
def test_a_secret_can_come_from_a_file_that_is_read_again(
    tmp_path: Path, variable: str, key: str
) -> None:
    path = tmp_path / "secret"
    path.write_text("first\n", encoding="utf-8")
    loaded = load_settings({f"{variable}_FILE": str(path)})
    group, name = key.split(".")
    secret = getattr(getattr(loaded.settings, group), name)

    assert secret.reveal() == "first"
    assert str(loaded.origins[key]) == f"variable {variable}_FILE"
    path.write_text("second one\n", encoding="utf-8")
    assert secret.reveal() == "second one"


def test_our_own_names_have_files_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("token").write_text("t", encoding="utf-8")
    loaded = load_settings({"CSCS_WALDUR_API__ACCESS_TOKEN_FILE": "token"})
    monkeypatch.chdir("/")

    token = loaded.settings.waldur_api.access_token
    assert token is not None
    assert token.reveal() == "t"


def test_a_file_wins_over_yaml_like_any_variable(tmp_path: Path, yaml_file: YamlFile) -> None:
    path = tmp_path / "secret"
    path.write_text("from file", encoding="utf-8")
    environ = {"WALDUR_API_TOKEN_FILE": str(path)}
    loaded = yaml_file.load("waldur_api: {access_token: from yaml}", environ)

    token = loaded.settings.waldur_api.access_token
    assert token is not None
    assert token.reveal() == "from file"


@pytest.mark.parametrize("variable", [*SECRETS, "CSCS_WALDUR_API__ACCESS_TOKEN"])
def test_a_variable_and_its_file_cannot_both_be_set(tmp_path: Path, variable: str) -> None:
    path = tmp_path / "secret"
    path.write_text("same", encoding="utf-8")
    found = only(mistakes({variable: "same", f"{variable}_FILE": str(path)}))

    assert found.variable == variable
    assert "set twice" in found.reason


@pytest.mark.parametrize("content", [None, "", "\n", "two\nlines"])
def test_a_file_without_a_usable_secret_is_a_mistake(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "secret"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    found = only(mistakes({**COMPLETE, "WALDUR_API_TOKEN": "", "WALDUR_API_TOKEN_FILE": str(path)}))

    assert (found.key, found.variable) == ("waldur_api.access_token", "WALDUR_API_TOKEN_FILE")


def test_only_secrets_come_from_files() -> None:
    loaded = load_settings({"WALDUR_API_URL_FILE": "/does/not/exist"})

    assert loaded.settings.waldur_api.api_url is None
