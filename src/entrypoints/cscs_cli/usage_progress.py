"""Progress that makes room: bars leave the terminal while results are printed to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Self

import attrs

from cscs_cli.progress_display import progress_display
from cscs_domain.ports import Clock
from cscs_domain.progress import Progress, Stage, no_progress


@attrs.define
class PausableProgress:
    """What to call with progress, as a context. `makes_room` says whether pauses hide it."""

    clock: Clock
    makes_room: bool
    _stack: ExitStack = attrs.field(factory=ExitStack, init=False)
    _tell: Progress = attrs.field(default=no_progress, init=False)

    def __enter__(self) -> Self:
        self._begin()
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._stack.close()

    def __call__(self, stage: Stage, done: int, total: int | None) -> None:
        """Show how far it has come."""
        self._tell(stage, done, total)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """A time in which the terminal is somebody else's."""
        if not self.makes_room:
            yield
            return
        self._stack.close()
        try:
            yield
        finally:
            self._begin()

    def _begin(self) -> None:
        self._tell = self._stack.enter_context(progress_display(self.clock))
