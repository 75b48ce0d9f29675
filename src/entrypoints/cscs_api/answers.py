"""Bodies and headers of the storage answer, put together from rows that are encoded already."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final

import attrs

from cscs_api.storage_query import StorageQuery
from cscs_bootstrap.json_text import encode
from cscs_domain import __version__
from cscs_domain.problems import Problem, ProblemCode, Severity
from cscs_domain.storage.filters import RowFilter
from cscs_domain.storage.snapshot_keeper import Served
from cscs_domain.storage.snapshots import Snapshot, SnapshotPage
from cscs_domain.storage.wire import pagination_to_wire, problem_to_wire

_MOST_PROBLEMS: Final = 500
"""A page lists so many problems at the most, the most urgent first, and says how many more."""


class AnswerWriter:
    """Writes pages for one site."""

    def __init__(self, offering_slugs: Mapping[str, str]) -> None:
        self._slugs = dict(offering_slugs)
        self._head = b'{"version":' + encode(__version__) + b',"status":"success","resources":['
        self._problems: tuple[str, bytes] = ("", b"[]")

    def body(self, served: Served, query: StorageQuery, page: SnapshotPage) -> bytes:
        """One page; nothing but joining bytes for the rows."""
        snapshot = served.snapshot
        return b"".join(
            (
                self._head,
                b",".join(page.rows),
                b'],"pagination":',
                encode(pagination_to_wire(page.pagination, snapshot.id)),
                b',"filters_applied":',
                encode(self._filters(query)),
                b',"problems":',
                self._problems_of(snapshot),
                b"}",
            )
        )

    def _filters(self, query: StorageQuery) -> dict[str, object]:
        system = query.filter.storage_system
        slugs = list(self._slugs.values()) if system is None else [self._slugs[system]]
        given = {name: value for name, value in members(query.filter).items() if value is not None}
        return {
            "page": query.page.number,
            "page_size": query.page.size,
            "offering_slugs": slugs,
            **given,
        }

    def _problems_of(self, snapshot: Snapshot) -> bytes:
        known, encoded = self._problems
        if known != snapshot.id:
            encoded = encode([problem_to_wire(problem) for problem in _listed(snapshot.problems)])
            self._problems = (snapshot.id, encoded)
        return encoded

    def etag(self, snapshot: Snapshot, query: StorageQuery) -> str:
        """A strong tag: the same for the same page of the same content by the same version."""
        text = repr((__version__, sorted(self._slugs.items()), query.filter, query.page))
        return f'"{snapshot.id}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"'


def members(wanted: RowFilter) -> dict[str, object]:
    """The four filters by name, None where nothing is asked for."""
    return attrs.asdict(wanted)


def _listed(problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    more = len(problems) - _MOST_PROBLEMS
    if more <= 0:
        return problems
    rest = Problem(
        ProblemCode.MORE_PROBLEMS,
        Severity.WARNING,
        f"{more} further problems are not listed here",
        "The server's log and `cscs storage show` have them all.",
    )
    return (*problems[:_MOST_PROBLEMS], rest)


def matches(if_none_match: str | None, etag: str) -> bool:
    """Whether a caller already has what this tag stands for (weak comparison, as for GET)."""
    if if_none_match is None:
        return False
    tags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return etag in tags or "*" in tags
