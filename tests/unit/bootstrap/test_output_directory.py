"""The folder of documents is looked at first, and never made."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cscs_bootstrap.output_directory import (
    OUTPUT_DIRECTORY_KEY,
    OUTPUT_DIRECTORY_VARIABLE,
    FolderOrigin,
    output_directory_mistakes,
)
from cscs_domain.errors import Mistake

LOOK = """
import json, os, pathlib, sys
from cscs_bootstrap.output_directory import output_directory_mistakes
os.chdir(sys.argv[1])
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
found = output_directory_mistakes(pathlib.Path(sys.argv[2]))
print(json.dumps([mistake.reason for mistake in found]))
"""
"""What a process finds that is not root's, to whom everything is allowed.

It goes into the folder above first: the way there is closed to others.
"""


def mistakes(directory: Path) -> list[Mistake]:
    """What is wrong with a folder."""
    return list(output_directory_mistakes(directory))


@pytest.mark.parametrize("linked", [False, True], ids=["a folder", "a link to one"])
def test_nothing_is_wrong_with_a_folder_that_can_be_written_to(
    tmp_path: Path, *, linked: bool
) -> None:
    directory = tmp_path / "link"
    if linked:
        (tmp_path / "folder").mkdir()
        directory.symlink_to("folder")
    else:
        directory.mkdir()
    before = sorted(tmp_path.rglob("*"))

    assert mistakes(directory) == []
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("missing", "does not exist"),
        ("missing/below", "does not exist"),
        ("file", "is not a folder"),
        ("file/below", "does not exist"),
        ("dangling", "does not exist"),
        ("circle", "cannot be looked at (Too many levels of symbolic links)"),
        ("x" * 300, "cannot be looked at (File name too long)"),
        ("null\x00", "is no path"),
    ],
)
def test_one_mistake_tells_what_is_wrong_and_what_to_do(
    tmp_path: Path, name: str, reason: str
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "circle").symlink_to("circle")
    before = sorted(tmp_path.rglob("*"))
    directory = tmp_path / name
    (mistake,) = mistakes(directory)

    assert mistake.reason == f"{str(directory)!a} {reason}."
    assert mistake.hint.endswith(".")
    assert (mistake.key, mistake.variable) == (OUTPUT_DIRECTORY_KEY, OUTPUT_DIRECTORY_VARIABLE)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_mistake_names_the_option_that_the_folder_comes_from(tmp_path: Path) -> None:
    origin = FolderOrigin("--output-dir", None)
    (mistake,) = output_directory_mistakes(tmp_path / "missing", origin)

    assert (mistake.key, mistake.variable) == ("--output-dir", None)
    assert mistake.hint == "Make the folder, or name another one."


def test_the_hint_names_the_option_that_takes_another_folder(tmp_path: Path) -> None:
    origin = FolderOrigin(option="--output-dir")
    (mistake,) = output_directory_mistakes(tmp_path / "missing", origin)

    assert mistake.key == OUTPUT_DIRECTORY_KEY
    assert mistake.hint == "Make the folder, or name another one with --output-dir."


def test_a_relative_path_is_shown_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever reads the mail of a timer cannot tell where it was started."""
    monkeypatch.chdir(tmp_path)
    (mistake,) = mistakes(Path("missing"))

    assert mistake.reason == f"{str(tmp_path / 'missing')!a} does not exist."


def test_where_the_working_directory_is_gone_a_relative_path_stays_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    (mistake,) = mistakes(Path("out"))

    assert mistake.reason == "'out' does not exist."


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        (0o555, "cannot be written to by this user"),
        (0o666, "cannot be written to by this user"),
        (0o333, "cannot be listed by this user"),
        (0o777, ""),
    ],
)
def test_what_the_user_may_do_counts(tmp_path: Path, mode: int, reason: str) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder").chmod(mode)

    expected = [f"'{tmp_path / 'folder'}' {reason}."] if reason else []

    assert expected == found_by_another_user(tmp_path, "folder")


def test_a_folder_behind_a_closed_one_cannot_be_looked_at(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "closed" / "folder").mkdir(parents=True)
    (tmp_path / "closed").chmod(0o000)
    try:
        (reason,) = found_by_another_user(tmp_path, "closed/folder")
    finally:
        (tmp_path / "closed").chmod(0o700)

    assert reason == f"'{tmp_path}/closed/folder' cannot be looked at (Permission denied)."


def found_by_another_user(above: Path, name: str) -> list[str]:
    """What is wrong with a folder for somebody who is not root."""
    found = subprocess.run(
        [sys.executable, "-c", LOOK, str(above), name], check=True, capture_output=True
    )
    reasons: list[str] = json.loads(found.stdout)
    return reasons
