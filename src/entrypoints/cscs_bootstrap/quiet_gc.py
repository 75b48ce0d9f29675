"""Keep the cyclic garbage collector out of the way: out of a refresh, and of what stays anyway.

A refresh makes some hundred thousand objects that all stay until it ends, so every collection in
between walks them for nothing: a tenth of a refresh of ten thousand resources, measured. Nothing
on the way makes reference cycles that could pile up meanwhile.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_YOUNG: Final = 20_000
"""New objects between two collections; a batch of a hundred events makes some thousand."""

_pauses = 0


def spare_what_stays() -> None:
    """Take what a server has made so far out of all later collections, and have fewer of them.

    For a process that is about to serve, once: modules, classes and the application stay.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG)


@contextmanager
def paused_gc() -> Iterator[None]:
    """Pause the collector; pauses may overlap, the last one to end switches it on again."""
    global _pauses  # noqa: PLW0603  # the collector is global, so is its pause
    if _pauses == 0 and not gc.isenabled():
        yield  # somebody else switched it off, and it is theirs to switch on
        return
    gc.disable()
    _pauses += 1
    try:
        yield
    finally:
        _pauses -= 1
        if _pauses == 0:
            gc.enable()
