"""Column types whose values are the same in Python on every dialect."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import BigInteger, DateTime, Numeric, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class Moment(TypeDecorator[datetime]):
    """A time with a zone, back in UTC. SQLite keeps microseconds since 1970."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """An integer where there is no time with a zone."""
        return BigInteger() if dialect.name == "sqlite" else DateTime(timezone=True)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> object:
        """To the database."""
        if value is None or dialect.name != "sqlite":
            return value
        return microseconds(value)

    def process_result_value(self, value: object, dialect: Dialect) -> datetime | None:
        """From the database."""
        if isinstance(value, int):
            return _EPOCH + value * _MICROSECOND
        return value.astimezone(UTC) if isinstance(value, datetime) else None


def microseconds(moment: datetime) -> int:
    """How SQLite keeps a time."""
    return (moment - _EPOCH) // _MICROSECOND


class ExactInteger(TypeDecorator[int]):
    """A whole number of any size. SQLite, whose integers end at 64 bits, keeps it as text."""

    impl = Numeric(60, 0)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Text where numbers would lose digits."""
        return Text() if dialect.name == "sqlite" else Numeric(60, 0)

    def process_bind_param(self, value: int | None, dialect: Dialect) -> object:
        """To the database."""
        return str(value) if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: object, dialect: Dialect) -> int | None:
        """From the database."""
        return None if value is None else int(str(value))


class JsonText(TypeDecorator[str]):
    """JSON as text in Python: encoding and decoding are the store's. `jsonb` on PostgreSQL."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """`jsonb` where there is such a type; DDL only: statements cast to and from text."""
        return JSONB() if dialect.name == "postgresql" else Text()
