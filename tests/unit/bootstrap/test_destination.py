"""Where documents go: the folder that was given, the configured one, or nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from cscs_bootstrap.destination import configured_folder, destination, folder_identity
from cscs_bootstrap.output_directory import FolderOrigin
from cscs_bootstrap.settings import Settings, load_settings
from cscs_domain.errors import ConfigurationError
from cscs_fakes.document_store import FakeDocumentStore


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings that name a folder, which is there."""
    out = tmp_path / "out"
    out.mkdir()
    environ = {"CSCS_BACKEND_SETTINGS__OUTPUT_DIRECTORY": str(out)}
    return load_settings(environ).settings


def test_the_configured_folder_is_taken_unless_another_is_given(
    settings: Settings, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()

    assert destination(settings).folder == tmp_path / "out" == configured_folder(settings)
    assert destination(settings, other).folder == other
    assert destination(settings, other).path_of("latest.json") == str(other / "latest.json")


def test_a_folder_that_is_not_there_is_a_mistake_where_it_was_written(
    settings: Settings, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        destination(settings, tmp_path / "missing", origin=FolderOrigin("--output-dir", None))

    (mistake,) = caught.value.mistakes
    assert mistake.key == "--output-dir"
    assert not (tmp_path / "missing").exists()


def test_a_fake_adapter_keeps_documents_nowhere_whatever_folder_is_given(tmp_path: Path) -> None:
    settings = load_settings({"CSCS_ADAPTERS__DOCUMENTS": "fake"}).settings
    goal = destination(settings, tmp_path / "missing")

    assert (configured_folder(settings), goal.folder) == (None, None)
    assert isinstance(goal.store, FakeDocumentStore)
    assert goal.path_of("latest.json") == "latest.json (in memory)"


def test_all_ways_to_write_the_path_of_a_folder_are_one_folder(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "link").symlink_to("out")
    ways = [tmp_path / "out", tmp_path / "link", tmp_path / "link" / ".." / "out"]

    assert len(set(map(folder_identity, ways))) == 1
    assert folder_identity(tmp_path) != folder_identity(tmp_path / "out")
