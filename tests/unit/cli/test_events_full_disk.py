"""`cscs events` where nothing more can be written: exit code 1, whole files or none."""

from __future__ import annotations

import errno
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.unit.cli.events_site import EventsSite, filled_site, sample_id

Said: TypeAlias = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith(("CSCS_", "WALDUR_", "DATABASE_", "COLLECTOR_")):
            monkeypatch.delenv(name)


@pytest.fixture
def site(tmp_path: Path, capsys: Said) -> EventsSite:
    made = filled_site(tmp_path)
    capsys.readouterr()
    return made


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was written does not reach the disk."""

    def fail(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", fail)


@contextmanager
def no_file_may_grow() -> Iterator[None]:
    """As on a full disk, neither the database nor what SQLite keeps beside it finds room."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.usefixtures("full_disk")
@pytest.mark.parametrize("words", [("backup",), ("export", "--user", "u1", "--output")])
def test_a_file_that_finds_no_room_leaves_nothing_and_ends_with_1(
    site: EventsSite, capsys: Said, words: tuple[str, ...]
) -> None:
    folder = site.folder / "results"
    folder.mkdir()

    assert site.run(*words, folder / "result") == 1
    assert "No space left on device" in capsys.readouterr().err
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("words", [("backup",), ("export", "--user", "u1", "--output")])
@pytest.mark.parametrize("place", ["nowhere/result", "cscs.yaml/result", "cscs.yaml"])
def test_a_place_where_no_file_can_be_is_a_matter_of_usage(
    site: EventsSite, capsys: Said, words: tuple[str, ...], place: str
) -> None:
    before = site.config.read_bytes()

    assert site.run(*words, site.folder / place) == 2
    assert place in capsys.readouterr().err
    assert site.config.read_bytes() == before


def test_a_correction_that_finds_no_room_says_so(site: EventsSite, capsys: Said) -> None:
    event = sample_id("pbs", "4001.")
    with no_file_may_grow():
        assert site.run("link", event, "--no-user", "--reason", "ticket 4711") == 1

    assert "is full or broken" in capsys.readouterr().err
    assert site.run("show", event) == 0
    assert "by hand" not in capsys.readouterr().out
