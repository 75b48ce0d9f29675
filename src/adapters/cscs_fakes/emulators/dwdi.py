"""DWDI, the warehouse of usage, in both of its profiles. Source: DWDI contract, sections 3 and 4.

Its usage is invented (see `cscs_fakes.usage_rows`), or what a test has put in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

import attrs
from starlette.applications import Starlette
from starlette.types import ASGIApp

from cscs_domain.usage.metering import UsageKind
from cscs_domain.usage.months import Month
from cscs_fakes.emulators.dwdi_routes import DwdiCall, dwdi_routes, not_found
from cscs_fakes.emulators.dwdi_usage import Question, UsageBook, period_of

_NOBODY: Final[Mapping[UsageKind, Sequence[str]]] = MappingProxyType({})


class DwdiEmulator:
    """Usage of any time. What is no method may be changed at any time; `reset` undoes it.

    `known` are the accounts, paths and resource uuids (canonical) that have invented usage;
    accounts have so many `users`. `answers_everything` makes it ignore whom it was asked about,
    `calls` tells who was let in, `refusals` how often nobody was.
    """

    def __init__(
        self,
        known: Mapping[UsageKind, Sequence[str]] = _NOBODY,
        *,
        users: int = 5,
        seed: int = 0,
        accepts: Callable[[str], bool] = bool,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self._known, self._users, self._seed = dict(known), users, seed
        self._clock = clock or _now
        self.accepts = accepts
        self.app: ASGIApp = Starlette(routes=dwdi_routes(self), exception_handlers={404: not_found})
        self.reset()

    def reset(self) -> None:
        """As it was at the start."""
        self._book = UsageBook(known=self._known, users=self._users, seed=self._seed)
        self.answers_everything = False
        self.calls: list[DwdiCall] = []
        self.refusals = 0

    @property
    def known(self) -> Mapping[UsageKind, Sequence[str]]:
        """Whose usage is invented."""
        return self._book.known

    @known.setter
    def known(self, known: Mapping[UsageKind, Sequence[str]]) -> None:
        self._book.known = dict(known)

    def put(
        self, kind: UsageKind | str, period: str, rows: Iterable[object], cluster: str = ""
    ) -> None:
        """Say these rows, and no invented ones, of a kind and period: `2026-11` or `2026-11-19`.

        They take the place of rows that were put before for the same cluster. Rows of none are for
        questions about any cluster. A month and its days have nothing to do with each other then.
        Raises `ValueError`.
        """
        self._book.put(UsageKind(kind), period_of(period), list(rows), cluster)

    def rows(self, question: Question) -> Sequence[object]:
        """The rows that answer a question."""
        if self.answers_everything:
            question = attrs.evolve(question, subjects=frozenset())
        return self._book.rows(question)

    def this_month(self) -> Month:
        """In UTC."""
        return Month.of(self._clock())


def _now() -> datetime:
    return datetime.now(UTC)
