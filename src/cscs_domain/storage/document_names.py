"""What documents are called, and the links that lead to the newest. Source: spec 002; ADR 0018."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final
from uuid import UUID

import attrs

from cscs_domain._text import shown
from cscs_domain.errors import InvalidValueError
from cscs_domain.storage.documents import DocumentFormat
from cscs_domain.storage.states import OrderType, Word

_STAMP: Final = re.compile(r"\d{4}(?:-\d\d){4}", re.ASCII)
_LAST_COPY: Final = 999_999
"""What the pattern below has room for: the name of a later one would not be known again."""
_MOST_BYTES_OF_NAMES: Final = 200
"""A file's name has 255 at most, and the temporary one beside it needs some."""
_NAME: Final = re.compile(
    r"(?P<stamp>\d{4}-[01]\d-[0-3]\d-[0-2]\d-[0-5]\d)-"
    r"(?:all|(?P<kind>create|update|terminate)_"
    r"(?P<order>[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}))"
    r"(?:\.(?P<copy>[2-9]|[1-9]\d{1,5}))?\.(?P<suffix>json|ndjson)",
    re.ASCII,
)


class OrderKind(Word):
    """What an order asks for, as names of documents spell it."""

    CREATE = "create"
    UPDATE = "update"
    TERMINATE = "terminate"


KIND_OF_ORDER: Final[Mapping[OrderType, OrderKind]] = MappingProxyType(
    {
        OrderType.CREATE: OrderKind.CREATE,
        OrderType.UPDATE: OrderKind.UPDATE,
        OrderType.TERMINATE: OrderKind.TERMINATE,
    }
)
"""Orders of other types (restore, or one that a later Waldur invents) have no documents."""


@attrs.frozen
class OrderSubject:
    """The order that a document is about."""

    kind: OrderKind
    order: UUID


def _is_stamp(_instance: object, _attribute: object, stamp: str) -> None:
    if not (_STAMP.fullmatch(stamp) and _is_minute(stamp)):
        raise InvalidValueError("document name", shown(stamp), "does not begin with a minute")


def _is_minute(stamp: str) -> bool:
    # Not `strptime`: it takes longer than all the rest, and folders hold thousands of names.
    year, month, day, hour, minute = map(int, stamp.split("-"))
    try:
        datetime(year, month, day, hour, minute, tzinfo=UTC)
    except ValueError:
        return False
    return True


def _is_copy(_instance: object, _attribute: object, copy: int) -> None:
    if not 1 <= copy <= _LAST_COPY:
        reason = f"is no number of a copy; they go from 1 to {_LAST_COPY}"
        raise InvalidValueError("document name", shown(copy), reason)


@attrs.frozen(kw_only=True)
class DocumentName:
    """The name of one document, e.g. `2026-11-21-14-05-all.json`.

    `stamp` is the minute in the site's zone. `copy` counts the documents of one minute: the first
    has no number in its name, the next one is `…-all.2.json`, the last one `…-all.999999.json`.
    """

    stamp: str = attrs.field(validator=_is_stamp)
    subject: OrderSubject | None = None
    copy: int = attrs.field(default=1, validator=_is_copy)
    suffix: str = attrs.field(default="json", validator=attrs.validators.in_({"json", "ndjson"}))

    @classmethod
    def of_all(cls, moment: datetime, form: DocumentFormat) -> DocumentName:
        """For all rows, made at this moment (given in the site's zone)."""
        return cls(stamp=_stamp(moment), suffix=form.suffix)

    @classmethod
    def of_order(cls, moment: datetime, kind: OrderKind, order: UUID) -> DocumentName:
        """For one order, made at this moment (given in the site's zone)."""
        return cls(stamp=_stamp(moment), subject=OrderSubject(kind, order))

    @classmethod
    def parse(cls, text: str) -> DocumentName | None:
        """The name in a folder's listing, or None if it is no document's.

        An order's uuid may stand there without dashes, as earlier programs wrote it.
        """
        found = _NAME.fullmatch(text)
        if found is None:
            return None
        try:
            kind, order = found["kind"], found["order"]
            return cls(
                stamp=found["stamp"],
                subject=OrderSubject(OrderKind(kind), UUID(order)) if kind else None,
                copy=int(found["copy"] or 1),
                suffix=found["suffix"],
            )
        except ValueError:  # no such minute, or no uuid
            return None

    @property
    def is_all(self) -> bool:
        """Whether it is the document of all rows."""
        return self.subject is None

    @property
    def text(self) -> str:
        """The name as it stands in the folder."""
        return f"{self._stem}.{self.suffix}"

    @property
    def spellings(self) -> tuple[str, ...]:
        """All texts that `parse` takes for this name, ours first."""
        if self.subject is None:
            return (self.text,)
        order = self.subject.order
        return self.text, self.text.replace(str(order), order.hex)

    @property
    def problems_text(self) -> str:
        """The name of the list of problems beside it."""
        return f"{self._stem}.problems.json"

    @property
    def _stem(self) -> str:
        subject = self.subject
        about = f"{subject.kind.value}_{subject.order}" if subject else "all"
        return f"{self.stamp}-{about}" + (f".{self.copy}" if self.copy > 1 else "")

    def after(self, others: Iterable[DocumentName]) -> DocumentName:
        """This name, or the number after the last one of the same minute and subject, whatever
        the format.

        Not the first that is free: pruning frees low numbers, and names tell what is older. Raises
        `InvalidValueError` if that was the last number that there is.
        """
        same = [o.copy for o in others if (o.stamp, o.subject) == (self.stamp, self.subject)]
        return attrs.evolve(self, copy=max([self.copy, *(copy + 1 for copy in same)]))

    @property
    def next_copy(self) -> DocumentName:
        """The name to try when this one is taken."""
        return attrs.evolve(self, copy=self.copy + 1)

    @property
    def age_order(self) -> tuple[str, int, str]:
        """Sorts the oldest first.

        Minutes of the hour that clocks repeat in autumn are taken for the same ones: whoever has
        to know the newest document follows the link.
        """
        return self.stamp, self.copy, self.text

    def __str__(self) -> str:
        return self.text


def _stamp(moment: datetime) -> str:
    if moment.tzinfo is None:
        raise InvalidValueError("document date", moment.isoformat(), "has no time zone")
    # Not %Y, which writes the year 999 with three digits on some systems.
    return f"{moment.year:04}-{moment:%m-%d-%H-%M}"


def _sorted(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(names))


@attrs.frozen
class Series:
    """The documents that show the same systems, one after the other; a link leads to the newest.

    `systems` are the names of the systems shown if those are not all that the configuration puts
    there: such a document must not become `latest.json`, whose readers would take the rows of the
    other systems for gone.
    """

    systems: tuple[str, ...] = attrs.field(default=(), converter=_sorted)
    suffix: str = "json"

    @property
    def link(self) -> str:
        """The link's name: `latest.json`, or e.g. `latest-vast.json`, `latest-capstor+vast.json`.

        Different systems never share one. Names too long for a file's are told by their digest.
        """
        which = "+".join(map(_without_plus, self.systems))
        if len(which.encode()) > _MOST_BYTES_OF_NAMES:
            which = hashlib.sha256(which.encode()).hexdigest()
        return f"latest{which and '-'}{which}.{self.suffix}"


def _without_plus(name: str) -> str:
    return name.replace("%", "%25").replace("+", "%2B")
