"""Files with people's data appear whole or not at all, for their owner alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from cscs_bootstrap.private_file import private_file


def test_a_file_appears_in_the_end_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "export.ndjson"
    with private_file(path) as write:
        write(b"one\n")
        assert not path.exists()
        write(b"two\n")

    assert path.read_bytes() == b"one\ntwo\n"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_nothing_remains_of_what_was_interrupted(tmp_path: Path) -> None:
    def interrupted() -> None:
        with private_file(tmp_path / "export.ndjson") as write:
            write(b"one\n")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_came_meanwhile_stays(tmp_path: Path) -> None:
    path = tmp_path / "export.ndjson"

    def beaten() -> None:
        with private_file(path) as write:
            write(b"one\n")
            path.write_bytes(b"precious")

    with pytest.raises(FileExistsError):
        beaten()
    assert path.read_bytes() == b"precious"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_that_leads_nowhere_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")

    with pytest.raises(FileExistsError), private_file(tmp_path / "link"):
        pass
