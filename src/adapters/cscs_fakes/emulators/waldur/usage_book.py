"""Records of usage, found by uuid, by resource and by month without looking at all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cscs_fakes.emulators.waldur.books import Book
from cscs_fakes.emulators.waldur.records import Record


class UsageBook:
    """Records with a `resource_uuid`, and the month in a member of another name."""

    def __init__(self, period: str) -> None:
        self._period = period
        self._all: Book[Record] = Book()
        self._by_uuid: dict[str, Record] = {}
        self._of_resource: dict[str, Book[Record]] = {}
        self._of_period: dict[str, Book[Record]] = {}

    def __iter__(self) -> Iterator[Record]:
        return iter(self._all)

    def get(self, key: str) -> Record | None:
        """The record of this key."""
        return self._all.get(key)

    def by_uuid(self, uuid: str | None) -> Record | None:
        """The record of this uuid."""
        return None if uuid is None else self._by_uuid.get(uuid)

    def of_resource(self, uuid: str) -> Sequence[Record]:
        """All records of a resource, oldest first."""
        return self._of_resource[uuid].ordered() if uuid in self._of_resource else ()

    def narrowed(self, resource: str | None, period: str) -> Book[Record]:
        """A book that has at least all records of this resource, else of this month, else all."""
        if resource is not None:
            return self._of_resource.get(resource) or Book()
        if period:
            return self._of_period.get(period) or Book()
        return self._all

    def add(self, key: str, record: Record) -> None:
        """Add a record."""
        self._by_uuid[record.text("uuid")] = record
        for book in self._books(record):
            book.add(key, record)

    def rename(self, key: str, new_key: str) -> None:
        """Keep a record under another key."""
        record = self._all.get(key)
        if record is not None:
            for book in self._books(record):
                book.remove(key)
                book.add(new_key, record)

    def changed(self, record: Record) -> None:
        """This record is another one now."""
        for book in self._books(record):
            book.changed()

    def _books(self, record: Record) -> tuple[Book[Record], Book[Record], Book[Record]]:
        resource, period = record.text("resource_uuid"), record.text(self._period)
        return (
            self._all,
            self._of_resource.setdefault(resource, Book()),
            self._of_period.setdefault(period, Book()),
        )
