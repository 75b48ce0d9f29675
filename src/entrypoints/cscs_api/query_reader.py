"""Reading the parameters of a query strictly, every mistake at once. Source: DESIGN section 4.

Mistakes have the form of spec 001's error examples, so that callers of older versions can go on
reading them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias, TypeVar
from urllib.parse import parse_qsl

Detail: TypeAlias = dict[str, object]

_MOST_FIELDS: Final = 100
_MOST_ECHOED: Final = 200
_WHOLE: Final = re.compile("[0-9]{1,18}")
_UNPRINTABLE: Final = re.compile(r"[^A-Za-z0-9_.\-]")
_T = TypeVar("_T")


class QueryError(Exception):
    """The query cannot be answered; `details` is the 422 body's list."""

    def __init__(self, details: Iterable[Detail]) -> None:
        self.details = list(details)
        super().__init__(self.details)


class QueryReader:
    """The parameters of one request. Of one that is repeated the last counts.

    Collects mistakes until `finish` raises them; raises `QueryError` at once for too many.
    """

    def __init__(self, query: bytes, known: tuple[str, ...]) -> None:
        self._known = known
        try:
            pairs = parse_qsl(
                query.decode("ascii", "replace"),
                keep_blank_values=True,
                max_num_fields=_MOST_FIELDS,
            )
        except ValueError:
            raise QueryError([self._too_many()]) from None
        self._given = dict(pairs)
        self._mistakes: list[Detail] = []

    @property
    def unknown(self) -> tuple[str, ...]:
        """Parameters that are passed over, fit for a header."""
        return tuple(_printable(name) for name in self._given if name not in self._known)

    def lacks(self, name: str) -> bool:
        """Whether a parameter was not given at all."""
        return name not in self._given

    def finish(self) -> None:
        """Raise `QueryError` if anything was refused."""
        if self._mistakes:
            raise QueryError(self._mistakes)

    def text(self, name: str, *, longest: int | None = None, printable: bool = False) -> str | None:
        """Any text that is not empty; with `printable` without control characters."""
        value = self._given.get(name)
        if value and longest and len(value) > longest:
            self._refuse_text(name, value, f"{name} is longer than {longest} characters.")
            return None
        if value == "":
            self._refuse_text(name, value, f"{name} cannot be empty.")
            return None
        if value and printable and not value.isprintable():
            self._refuse_text(name, value, f"{name} holds a character that cannot be printed.")
            return None
        return value

    def one_of(self, name: str, allowed: Mapping[str, _T]) -> _T | None:
        """One of a closed list of words."""
        value = self._given.get(name)
        if value is None or value in allowed:
            return None if value is None else allowed[value]
        words = list(allowed)
        if value:
            uses = " or ".join(f"?{name}={word}" for word in words)
            message, help_ = f"Invalid {name} value.", f"Use: {uses}"
        else:
            message = f"{name} cannot be empty."
            help_ = f"Use ?{name}={words[0] if words else '...'} (not just ?{name}=)"
        self.refuse(name, value, message, {"allowed_values": words, "help": help_})
        return None

    def whole(self, name: str, default: int, largest: int | None) -> int:
        """A whole number from 1 on."""
        value = self._given.get(name)
        if value is None:
            return default
        number = int(value) if _WHOLE.fullmatch(value) else 0
        if number >= 1 and (largest is None or number <= largest):
            return number
        bounds = f"from 1 to {largest}" if largest else "of 1 or more"
        limits: Detail = {"ge": 1} if largest is None else {"ge": 1, "le": largest}
        self.refuse(
            name,
            value,
            f"{name} must be a whole number {bounds}.",
            limits | {"help": f"Use ?{name}={default}"},
            kind="int_range",
        )
        return default

    def refuse(
        self,
        name: str,
        value: str | None,
        message: str,
        ctx: Detail,
        *,
        kind: str = "enum_validation",
    ) -> None:
        """Note a mistake."""
        self._mistakes.append(mistake(kind, ("query", name), message, value, ctx))

    def _refuse_text(self, name: str, value: str, message: str) -> None:
        leave_out = f"Leave {name} out, or give it a value (not just ?{name}=)"
        self.refuse(name, value, message, {"help": leave_out})

    def _too_many(self) -> Detail:
        return {
            "type": "int_range",
            "loc": ["query"],
            "msg": f"More than {_MOST_FIELDS} parameters.",
            "input": None,
            "ctx": {
                "le": _MOST_FIELDS,
                "help": f"Known parameters: {', '.join(self._known)}",
            },
        }


def mistake(
    kind: str, where: tuple[str | int, ...], message: str, value: str | None, ctx: Detail
) -> Detail:
    """One entry of a 422 body; of a long value the beginning is shown."""
    return {
        "type": kind,
        "loc": list(where),
        "msg": message,
        "input": None if value is None else value[:_MOST_ECHOED],
        "ctx": ctx,
    }


def unknown_parameters(names: tuple[str, ...]) -> str | None:
    """What to say in a `Warning` header about parameters that were passed over."""
    return f'299 cscs-domain "unknown_parameter: {", ".join(names[:5])}"' if names else None


def _printable(name: str) -> str:
    """Fit for a header: no quotes, controls or line ends, and not long."""
    return _UNPRINTABLE.sub("?", name[:40])
