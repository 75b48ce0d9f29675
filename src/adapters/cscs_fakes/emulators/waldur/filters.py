"""Filters of lists: unknown ones are ignored, known ones are strict about their values.

Source: Waldur contract, section 2. Each kind of filter reads the values of its parameter and makes
a test of records, or no test if the values are empty; bad values are a message. Values are looked
for in tuples, since those of given rows need not be hashable.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Final, TypeAlias, TypeVar

from cscs_fakes.emulators.waldur.answers import invalid
from cscs_fakes.emulators.waldur.books import Book
from cscs_fakes.emulators.waldur.calls import Query
from cscs_fakes.emulators.waldur.records import Record, getter, hex_of
from cscs_fakes.waldur_row_orders import waldur_time

R = TypeVar("R", bound=Record)

Test: TypeAlias = Callable[[Record], bool]
Filter: TypeAlias = Callable[[Sequence[str]], Test | None]
Filters: TypeAlias = Mapping[str, Filter]

_ORDERING: Final = "o"
_TRUE: Final = frozenset({"true", "1"})
_BAD_UUID: Final = "Enter a valid UUID."
_BAD_TIME: Final = "Enter a valid date/time."
_BAD_DATE: Final = "Enter a valid date."


def filtered(book: Book[R], query: Query, filters: Filters, orderings: Collection[str]) -> list[R]:
    """The records that are asked for, in the order that is asked for. Refuses bad values: 400."""
    tests = tested(query, filters, orderings)
    order = _ordering_of(query)
    asked = tuple((name, tuple(query[name])) for name in sorted(tests))

    def find(records: list[R]) -> list[R]:
        for test in tests.values():
            records = list(filter(test, records))
        return _sorted(records, order) if order else records

    return book.matching((asked, tuple(order)), find) if asked or order else book.ordered()


def tested(query: Query, filters: Filters, orderings: Collection[str]) -> dict[str, Test]:
    """The tests that a query asks for, by the names of their filters. Refuses bad values: 400."""
    errors: dict[str, object] = {}
    tests: dict[str, Test] = {}
    for name in filters.keys() & query.keys():
        try:
            test = filters[name](query[name])
        except ValueError as error:
            errors[name] = [str(error)]
        else:
            tests |= {name: test} if test else {}
    for name in _ordering_of(query):
        if name.removeprefix("-") not in orderings:
            errors[_ORDERING] = [_no_choice(name)]
    if errors:
        raise invalid(errors)
    return tests


def _ordering_of(query: Query) -> list[str]:
    values = query.get(_ORDERING, [""])
    return [name for name in values[-1].split(",") if name]


def _sorted(records: list[R], names: Sequence[str]) -> list[R]:
    found = list(records)
    for name in reversed(names):
        found.sort(key=lambda record: record.text(name.removeprefix("-")), reverse=name[0] == "-")
    return found


def _no_choice(value: str) -> str:
    return f"Select a valid choice. {value} is not one of the available choices."


# --- kinds of filters


def choice(field: str, known: Collection[str]) -> Callable[[Sequence[str]], Test]:
    """One of several values; repeat it for OR."""

    def read(values: Sequence[str]) -> Test:
        wanted = tuple(values)
        for value in values:
            if value not in known:
                raise ValueError(_no_choice(value))
        get = getter(field)
        return lambda record: get(record) in wanted

    return read


def uuid(field: str, *, several: bool = False) -> Filter:
    """A UUID in either form; several of them are joined by commas."""

    def read(values: Sequence[str]) -> Test | None:
        texts = values[-1].split(",") if several else [values[-1]]
        wanted = tuple(hex_of(text) for text in texts if text)
        if None in wanted:
            raise ValueError(_BAD_UUID)
        get = getter(field)
        return (lambda record: get(record) in wanted) if wanted else None

    return read


def exact(field: str) -> Filter:
    """Exactly this text."""
    return _text(lambda wanted: lambda record: record.get(field) == wanted)


def any_of(field: str) -> Filter:
    """One of several texts, joined by commas; of repeated parameters the last one counts."""

    def made(wanted: str) -> Test:
        names, get = tuple(wanted.split(",")), getter(field)
        return lambda record: get(record) in names

    return _text(made)


def same_login(field: str) -> Filter:
    """This text, whatever the case."""
    return _text(lambda wanted: lambda record: record.text(field).lower() == wanted.lower())


def contains(*fields: str) -> Filter:
    """This text somewhere in one of the fields, whatever the case."""

    def made(wanted: str) -> Test:
        low = wanted.lower()
        return lambda record: any(low in record.text(field).lower() for field in fields)

    return _text(made)


def since(field: str) -> Filter:
    """This time or later."""

    def made(wanted: str) -> Test:
        begin = _time(wanted)
        return lambda record: record.text(field) >= begin

    return _text(made)


def on_day(field: str) -> Filter:
    """This date."""
    return _day(lambda day: lambda record: record.get(field) == day)


def day_from(field: str) -> Filter:
    """A time on this day or later."""
    return _day(lambda day: lambda record: record.text(field)[:10] >= day)


def day_until(field: str) -> Filter:
    """A time on this day or earlier."""
    return _day(lambda day: lambda record: record.text(field)[:10] <= day)


def switch(test: Test) -> Filter:
    """A test that `true` switches on; everything else changes nothing."""
    return lambda values: test if values[-1].lower() in _TRUE else None


def flag(test: Test) -> Filter:
    """A test that `true` switches on and `false` turns round; other words change nothing."""

    def read(values: Sequence[str]) -> Test | None:
        word = values[-1].lower()
        if word in _TRUE:
            return test
        return (lambda record: not test(record)) if word in {"false", "0"} else None

    return read


def _text(made: Callable[[str], Test]) -> Filter:
    return lambda values: made(values[-1].strip()) if values[-1].strip() else None


def _time(text: str) -> str:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(_BAD_TIME) from None
    zoned = found.replace(tzinfo=UTC) if found.tzinfo is None else found
    return waldur_time(zoned.astimezone(UTC))


def _day(made: Callable[[str], Test]) -> Filter:
    def read(wanted: str) -> Test:
        try:
            return made(date.fromisoformat(wanted).isoformat())
        except ValueError:
            raise ValueError(_BAD_DATE) from None

    return _text(read)
