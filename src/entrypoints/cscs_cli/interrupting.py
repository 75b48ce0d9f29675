"""Ending a command early, whoever asks for it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def sigterm_like_ctrl_c() -> Iterator[None]:
    """Let SIGTERM end the work as Ctrl-C does, so that what was begun is cleared away."""
    previous = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


def _interrupt(_number: int, frame: FrameType | None) -> None:
    # The handler of the moment: asyncio has one of its own, which cancels the work first. Jobs
    # that a shell has put into the background ignore SIGINT, and must still end.
    handler = signal.getsignal(signal.SIGINT)
    (handler if callable(handler) else signal.default_int_handler)(signal.SIGINT, frame)
