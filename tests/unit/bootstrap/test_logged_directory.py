"""What the log tells of a directory in a file."""

from __future__ import annotations

from pathlib import Path

from structlog.testing import capture_logs

from cscs_bootstrap.logged_directory import LoggedDirectory
from cscs_domain.events.directory import DirectoryQuery
from cscs_files import FileDirectory

GOOD = "users:\n- {id: u1, username: anovak}\n"
DOUBLE = f"{GOOD}- {{id: u1, username: other}}\n"
ANYBODY = DirectoryQuery()


async def events_of(directory: LoggedDirectory) -> list[str]:
    """What one look-up writes."""
    with capture_logs() as lines:
        await directory.find(ANYBODY)
    return [f"{line['event']} {line.get('code', '')}".strip() for line in lines]


async def test_a_fault_is_told_once_while_it_lasts(tmp_path: Path) -> None:
    file = tmp_path / "directory.yaml"
    file.write_text(GOOD, encoding="utf-8")
    directory = LoggedDirectory(FileDirectory(file))
    assert await events_of(directory) == []

    file.write_text(DOUBLE, encoding="utf-8")
    assert await events_of(directory) == ["problem duplicate_entry"]
    assert await events_of(directory) == []

    file.write_text(GOOD, encoding="utf-8")
    assert await events_of(directory) == ["directory_mended"]
    await directory.close()


async def test_a_file_that_is_gone_is_told_and_what_was_read_stands_in(tmp_path: Path) -> None:
    file = tmp_path / "directory.yaml"
    file.write_text(GOOD, encoding="utf-8")
    directory = LoggedDirectory(FileDirectory(file))
    known = await directory.find(ANYBODY)
    file.unlink()

    assert await events_of(directory) == ["problem stale_directory"]
    assert await directory.find(ANYBODY) == known


async def test_a_file_full_of_faults_does_not_fill_the_log(tmp_path: Path) -> None:
    file = tmp_path / "directory.yaml"
    rows = "".join(f"- {{id: u{number}, email: [{number}]}}\n" for number in range(50))
    file.write_text(f"users:\n{rows}", encoding="utf-8")

    lines = await events_of(LoggedDirectory(FileDirectory(file)))
    assert len(lines) == 21
    assert lines[-1] == "problems_not_logged"
