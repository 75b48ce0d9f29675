"""Rows that end in one directory: all are served, each with a warning that names the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final
from uuid import UUID

from cscs_domain.problems import Problem, ProblemCode, Severity

_MOST_NAMED: Final = 4


def shared_paths(holders: Iterable[tuple[str, UUID]]) -> Iterator[Problem]:
    """A warning for each of the rows, given by path and item id, that are not alone."""
    listed = list(holders)
    rows_at = Counter([path for path, _ in listed])
    sharing: dict[str, list[UUID]] = {path: [] for path, rows in rows_at.items() if rows > 1}
    if sharing:
        for path, item_id in listed:
            if path in sharing:
                sharing[path].append(item_id)
    for path, several in sharing.items():
        names = sorted(map(str, several))
        yield from (_shares(name, path, names) for name in names)


def _shares(name: str, path: str, names: list[str]) -> Problem:
    others = [other for other in names if other != name]
    named = ", ".join(others[:_MOST_NAMED]) or "another row"
    if len(others) > _MOST_NAMED:
        named += f" and {len(others) - _MOST_NAMED} more"
    return Problem(
        ProblemCode.SHARED_PATH,
        Severity.WARNING,
        f"directory {path} is also that of {named}",
        "Quotas and permissions of these rows will overwrite each other.",
        resource=name,
    )
