"""What a file that cannot be read means, whichever service it stands for."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Final

import pytest

from cscs_domain.errors import UpstreamServiceError
from cscs_files.file_reading import SourceFile, json_files

FILE: Final = SourceFile("Waldur", Path("dump.json"), 100)
GROWING: Final = Path("/proc/self/status")


@pytest.mark.parametrize(
    ("number", "retryable"),
    [(errno.ENOENT, True), (errno.EIO, True), (errno.ESTALE, True), (errno.EACCES, False)],
)
def test_a_retry_helps_unless_somebody_has_to_act(number: int, retryable: bool) -> None:
    error = FILE.failed(OSError(number, os.strerror(number)))

    assert error.service == "Waldur (file dump.json)"
    assert error.retryable is retryable


def test_a_name_that_no_file_can_have_is_an_error_of_that_file(tmp_path: Path) -> None:
    with pytest.raises(UpstreamServiceError, match="cannot be read"):
        json_files("Waldur", tmp_path / ("x" * 300), 100)


def test_a_path_below_a_file_is_an_error_of_that_path(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(UpstreamServiceError, match="cannot be read"):
        SourceFile("Waldur", tmp_path / "file" / "dump.json", 100).read()


@pytest.mark.optin
@pytest.mark.skipif(not GROWING.exists(), reason="this system shows no process as a file")
def test_a_file_that_is_longer_than_it_was_is_being_written() -> None:
    with pytest.raises(UpstreamServiceError, match="being written"):
        SourceFile("Waldur", GROWING, 2**20).read()
