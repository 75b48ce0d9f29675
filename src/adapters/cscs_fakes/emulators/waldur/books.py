"""Records in the order of their creation, found by key and by what a request asks for."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from typing import Generic, TypeVar

from cscs_fakes.emulators.waldur.records import Record

R = TypeVar("R", bound=Record)


class Book(Generic[R]):
    """Records of one kind. Whoever changes a record tells by `changed`.

    Lists that were asked for are remembered until something changes, so that a walk over many
    pages looks at every record once.
    """

    def __init__(self) -> None:
        self._by_key: dict[str, R] = {}
        self._ordered: list[R] | None = None
        self._found: dict[Hashable, list[R]] = {}

    def __iter__(self) -> Iterator[R]:
        return iter(self.ordered())

    def get(self, key: str | None) -> R | None:
        """The record of this key."""
        return None if key is None else self._by_key.get(key)

    def add(self, key: str, record: R) -> None:
        """Add a record, in place of another one of this key."""
        if key in self._by_key or not self._is_last(record):
            self._ordered = None
        elif self._ordered is not None:
            self._ordered.append(record)
        self._by_key[key] = record
        self.changed()

    def remove(self, key: str) -> R | None:
        """Take a record away, if it is there."""
        found = self._by_key.pop(key, None)
        self._ordered = None
        self.changed()
        return found

    def changed(self) -> None:
        """Forget which lists were asked for."""
        if self._found:
            self._found = {}

    def ordered(self) -> list[R]:
        """All records, oldest first. Not to be changed."""
        if self._ordered is None:
            self._ordered = sorted(self._by_key.values(), key=_created)
        return self._ordered

    def matching(self, asked: Hashable, find: Callable[[list[R]], list[R]]) -> list[R]:
        """What `find` makes of all records for what is asked. Not to be changed."""
        if asked not in self._found:
            self._found[asked] = find(self.ordered())
        return self._found[asked]

    def _is_last(self, record: R) -> bool:
        return not self._ordered or _created(self._ordered[-1]) <= _created(record)


def _created(record: Record) -> str:
    return record.text("created")
