"""Fixtures of the settings tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.settings.agent_loading import AgentFile
from tests.unit.settings.loading import YamlFile
from tests.unit.settings.usage_loading import UsageFile


@pytest.fixture
def yaml_file(tmp_path: Path) -> YamlFile:
    """A settings file that does not exist yet."""
    return YamlFile(tmp_path / "config.yaml")


@pytest.fixture
def agent_file(tmp_path: Path) -> AgentFile:
    """A site agent's file that does not exist yet."""
    return AgentFile(tmp_path / "agent.yaml")


@pytest.fixture
def usage_file(tmp_path: Path) -> UsageFile:
    """A file about usage that does not exist yet."""
    return UsageFile(tmp_path / "usage.yaml")
