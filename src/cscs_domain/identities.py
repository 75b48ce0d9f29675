"""Unix ids of projects and users: what counts as one, and what a look-up may conclude.

Source of the rules: contract of the HPC User API, sections 3, 4, 6 and 7. An id decides who may
read a directory, so a doubtful one is never guessed: zero (root), negative, fractional, too large
and ambiguous ids are refused, each with a problem.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Final, Generic, TypeVar

import attrs

from cscs_domain._text import label, shown
from cscs_domain.errors import InvalidValueError
from cscs_domain.problems import Problem, ProblemCode, Severity

LARGEST_ID: Final = 2**31 - 1
LOWEST_USUAL_ID: Final = 1000

_GID_BASE: Final = 30000
_UID_BASE: Final = 20000
_MOCK_RANGE: Final = 10000
_MOST_NAMED: Final = 4
_LONGEST_WORD: Final = 320  # the longest e-mail address there can be

_T = TypeVar("_T")


def parse_unix_id(value: object) -> int:
    """Return a GID or UID, 1 <= id <= 2^31-1, from an int or its decimal text.

    Raises `InvalidValueError` for everything else: 0 would be root.
    """
    number = value
    if isinstance(value, str) and value.isascii() and value.strip().isdigit() and len(value) < 20:
        number = int(value)
    if not isinstance(number, int) or isinstance(number, bool):
        raise InvalidValueError("Unix id", shown(value), "is not a whole number")
    if not 0 < number <= LARGEST_ID:
        raise InvalidValueError("Unix id", shown(value), "is outside 1..2147483647")
    return number


@attrs.frozen
class UnixUser:
    """A user as the identity service knows them; the primary project may be unknown."""

    username: str
    uid: int
    email: str
    primary_project: str | None = None
    primary_gid: int | None = None


@attrs.frozen
class GidLookup:
    """The answer to "which GIDs have these projects": only what is certain, and what was wrong."""

    resolved: Mapping[str, int]
    problems: tuple[Problem, ...] = ()


@attrs.frozen
class UserLookup:
    """The answer to "who are these users": only who is certain, and what was wrong."""

    resolved: Mapping[str, UnixUser]
    problems: tuple[Problem, ...] = ()


# One function for both would do, but mypy does not infer what a generic converter takes.
def _fixed_gids(gids: Mapping[str, int]) -> Mapping[str, int]:
    return MappingProxyType(dict(gids))


def _fixed_users(users: Mapping[str, UnixUser]) -> Mapping[str, UnixUser]:
    return MappingProxyType(dict(users))


@attrs.frozen
class Identities:
    """Everything a hierarchy needs to know about Unix ids. A name that is absent is unknown."""

    gids: Mapping[str, int] = attrs.field(factory=dict, converter=_fixed_gids)
    users: Mapping[str, UnixUser] = attrs.field(factory=dict, converter=_fixed_users)


@attrs.frozen(kw_only=True)
class UserRecord:
    """A user as a service or a file gave it, before anything is believed."""

    username: object
    uid: object
    email: object
    primary_project: object = None
    primary_gid: object = None


def resolve_gids(asked: Collection[str], rows: Iterable[tuple[object, object]]) -> GidLookup:
    """Conclude GIDs from (project name, id) pairs as a service or a file gave them.

    A null id means "not provisioned yet" and is simply unknown. Rows that nobody asked for are
    passed over. A project with a refused id, or with rows of different ids, stays unknown.
    """
    wanted = frozenset(asked)
    verdicts = _Verdicts[int](many="GIDs", brief=str)
    for name, raw in rows:
        if isinstance(name, str) and name in wanted and raw is not None:
            verdicts.hear(name, partial(parse_unix_id, raw))
    return GidLookup(verdicts.certain, verdicts.problems)


def resolve_users(asked: Collection[str], records: Iterable[UserRecord]) -> UserLookup:
    """Conclude users from records, with the rules of `resolve_gids`.

    A record needs an e-mail address; its primary project may be null, and so may that one's GID.
    """
    wanted = frozenset(asked)
    verdicts = _Verdicts[UnixUser](many="records", brief=lambda user: f"UID {user.uid}")
    for record in records:
        name = record.username
        if isinstance(name, str) and name in wanted and record.uid is not None:
            verdicts.hear(name, partial(_parse_user, name, record))
    return UserLookup(verdicts.certain, verdicts.problems)


def _parse_user(username: str, record: UserRecord) -> UnixUser:
    project, gid = record.primary_project, record.primary_gid
    return UnixUser(
        username,
        parse_unix_id(record.uid),
        _parse_email(record.email),
        None if project is None and gid is None else _parse_word("primary project", project),
        None if gid is None else parse_unix_id(gid),
    )


def _parse_email(value: object) -> str:
    text = _parse_word("e-mail address", value)
    if not all(text.rpartition("@")):
        raise InvalidValueError("e-mail address", shown(text), "has no name or host around its @")
    return text


def _parse_word(what: str, value: object) -> str:
    if not isinstance(value, str):
        raise InvalidValueError(what, shown(value), "is not text")
    if not 0 < len(value) <= _LONGEST_WORD or not value.isprintable() or " " in value:
        raise InvalidValueError(what, shown(value), "is empty, too long or not in one piece")
    return value


@attrs.define(eq=False)
class _Verdicts(Generic[_T]):
    """What all rows together say about each name that was asked for."""

    many: str
    brief: Callable[[_T], str]
    _values: dict[str, set[_T]] = attrs.field(factory=dict, init=False)
    _refused: dict[str, set[str]] = attrs.field(factory=dict, init=False)

    def hear(self, name: str, parse: Callable[[], _T]) -> None:
        """Take in one row about a name; `parse` may refuse it with `InvalidValueError`."""
        try:
            self._values.setdefault(name, set()).add(parse())
        except InvalidValueError as error:
            self._refused.setdefault(name, set()).add(str(error))

    @property
    def certain(self) -> dict[str, _T]:
        """The names about which all rows agree, none of them refused."""
        agreed = {name: values for name, values in self._values.items() if len(values) == 1}
        return {name: next(iter(v)) for name, v in agreed.items() if name not in self._refused}

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What was refused or disagreed, in a stable order."""
        found = [bad_identity(name, why) for name, whys in self._refused.items() for why in whys]
        for name, values in self._values.items():
            if len(values) > 1:
                several = ", ".join(sorted({self.brief(value) for value in values})[:_MOST_NAMED])
                found.append(bad_identity(name, f"has several {self.many}: {several}"))
        return tuple(sorted(found, key=str))


def bad_identity(name: str, reason: str) -> Problem:
    """The problem of an id that was given but must not be used."""
    return Problem(
        ProblemCode.BAD_IDENTITY,
        Severity.ERROR,
        f"identity of {shown(name)}: {reason}",
        "Correct the record in the identity service.",
        resource=label(name),
    )


def mock_gid(project_slug: str) -> int:
    """A made-up GID in 30000..39999 for development, the same on every machine and in every run."""
    return _GID_BASE + _spread(project_slug)


def mock_user(username: str) -> UnixUser:
    """A made-up user with a UID in 20000..29999 for development; the address cannot exist."""
    return UnixUser(username, _UID_BASE + _spread(username), f"user-{username}@example.invalid")


def _spread(name: str) -> int:
    # Lone surrogates, which JSON can carry, are a name like any other here.
    digest = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()
    return int(digest[:8], 16) % _MOCK_RANGE
