"""What an installation of this project puts into somebody's site-packages."""

import email
import email.message
import zipfile
from pathlib import Path
from typing import Final

import pytest
from hatchling.builders.wheel import WheelBuilder

from cscs_domain._version import __version__
from scripts.check_wheel import main, strangers, top_level_names

ROOT: Final = Path(__file__).parents[2]
PACKAGES: Final = {
    "cscs_api",
    "cscs_bootstrap",
    "cscs_cli",
    "cscs_client",
    "cscs_domain",
    "cscs_fakes",
    "cscs_files",
    "cscs_http",
    "cscs_sql",
    "cscs_json",
}
DIST_INFO: Final = f"cscs_domain-{__version__}.dist-info"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("wheel")
    (path,) = WheelBuilder(str(ROOT)).build(directory=str(target), versions=["standard"])
    return Path(path)


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> email.message.Message:
    with zipfile.ZipFile(wheel) as archive:
        return email.message_from_bytes(archive.read(f"{DIST_INFO}/METADATA"))


def test_the_top_level_is_our_packages_and_nothing_else(wheel: Path) -> None:
    expected = PACKAGES | {DIST_INFO}

    assert expected == top_level_names(wheel)


@pytest.mark.parametrize("package", sorted(PACKAGES))
def test_every_package_promises_its_types(names: set[str], package: str) -> None:
    assert f"{package}/py.typed" in names
    assert f"{package}/__init__.py" in names


def test_the_licence_is_inside(names: set[str]) -> None:
    assert f"{DIST_INFO}/licenses/LICENSE" in names


def test_nothing_compiled_and_no_test_is_inside(names: set[str]) -> None:
    assert not [name for name in names if name.endswith(".pyc") or "/tests/" in name]


def test_the_domain_alone_needs_attrs_and_cattrs(metadata: email.message.Message) -> None:
    needs = metadata.get_all("Requires-Dist", [])
    always = {need.partition(">")[0] for need in needs if "extra ==" not in need}

    assert always == {"attrs", "cattrs"}


def test_the_version_is_the_one_the_code_reports(metadata: email.message.Message) -> None:
    assert metadata["Version"] == __version__


def test_the_commands_start_in_modules_that_need_no_extra(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        entry_points = archive.read(f"{DIST_INFO}/entry_points.txt").decode()

    assert "cscs = cscs_cli.__main__:run" in entry_points
    assert "waldur_cscs_storage_sync = cscs_cli.sync_script:run" in entry_points


@pytest.mark.parametrize("name", ["README.md", "adapters", "tests", "cscs_notes.txt", "typing"])
def test_anything_else_on_the_top_level_is_a_stranger(name: str) -> None:
    assert strangers({"cscs_domain", DIST_INFO, name}) == [name]


def test_a_wheel_with_a_stranger_is_refused_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stray = tmp_path / "stray.whl"
    with zipfile.ZipFile(stray, "w") as archive:
        archive.writestr("cscs_domain/__init__.py", "")
        archive.writestr("adapters/cscs_json/__init__.py", "")

    assert main([str(stray)]) == 1
    assert "adapters" in capsys.readouterr().err
