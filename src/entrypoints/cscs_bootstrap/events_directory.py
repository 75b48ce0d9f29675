"""Directories in files: read for people who check them or load them into a database."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import attrs

from cscs_bootstrap.settings import AdapterKind, Settings
from cscs_domain.events.directory import KnownDirectory
from cscs_domain.problems import Problem
from cscs_files import FileDirectory

EXAMPLE: Final = Path(__file__).parent / "demo" / "directory.yaml"
"""A small directory with remarks."""


@attrs.frozen
class ReadDirectory:
    """What holds in a directory, and what is wrong with the rest."""

    known: KnownDirectory
    problems: tuple[Problem, ...]


async def read_directory(path: Path) -> ReadDirectory:
    """Read a file or a folder of tables. Raises `UpstreamServiceError` if that cannot be done."""
    directory = FileDirectory(path)
    try:
        return ReadDirectory(*await directory.read())
    finally:
        await directory.close()


def configured_directory(settings: Settings) -> Path | None:
    """The file or folder that the settings name, if it is one that events are linked by."""
    choice = settings.adapters.directory
    is_file = choice.kind is AdapterKind.FILE and choice.path
    return choice.path[0] if is_file else None


def example_directory() -> str:
    """The text of the example."""
    return EXAMPLE.read_text(encoding="utf-8")
