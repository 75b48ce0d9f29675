"""A directory in a file whose faults are told in the log, each once while it lasts."""

from __future__ import annotations

from typing import Final

import structlog

from cscs_bootstrap.problem_log import log_problem
from cscs_domain.events.directory import DirectoryQuery, KnownDirectory
from cscs_domain.ports import Directory
from cscs_domain.problems import Problem
from cscs_files import FileDirectory

_LOG: Final = structlog.get_logger("cscs.events")
_MOST_LINES: Final = 20


class LoggedDirectory:
    """Answers as the file's directory does."""

    def __init__(self, directory: FileDirectory) -> None:
        self._directory = directory
        self._told: frozenset[Problem] = frozenset()
        self._last: tuple[Problem, ...] = ()

    async def find(self, query: DirectoryQuery) -> KnownDirectory:
        """The whole directory, whatever was asked."""
        del query
        known, problems = await self._directory.read()
        if problems != self._last:
            self._last = problems
            self._tell(problems)
        return known

    async def close(self) -> None:
        """Close what was wrapped."""
        await self._directory.close()

    def _tell(self, problems: tuple[Problem, ...]) -> None:
        now = frozenset(problems)
        new = [problem for problem in problems if problem not in self._told]
        self._told = now
        for problem in new[:_MOST_LINES]:
            log_problem(_LOG, problem)
        if len(new) > _MOST_LINES:
            hint = "`cscs events directory check` has them all"
            _LOG.warning("problems_not_logged", more=len(new) - _MOST_LINES, hint=hint)
        if not now:
            _LOG.info("directory_mended")


_: type[Directory] = LoggedDirectory
