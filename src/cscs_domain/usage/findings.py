"""What is odd about a warehouse's rows, counted: a finding is one problem however often it occurs.

So memory grows with accounts and users and not with rows, and order does not matter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum
from typing import Final

import attrs

from cscs_domain._text import label, shown
from cscs_domain.problems import Problem, ProblemCode, Severity

_E, _W, _I = Severity.ERROR, Severity.WARNING, Severity.INFO


class Oddity(Enum):
    """Kinds of findings: code, severity, what is said of one and of several, what to do.

    `{of}` becomes the component and the user, `{example}` one of the values, `{count}` how many.
    """

    NO_ROW = (
        ProblemCode.MALFORMED_RECORD,
        _E,
        "a row of the warehouse is no object but {example}; it was skipped",
        "{count} rows of the warehouse are no objects, such as {example}; they were skipped",
        "",
    )
    NO_SUBJECT = (
        ProblemCode.UNNAMED_USAGE,
        _W,
        "a row of the warehouse does not say whose usage it is; it was skipped",
        "{count} rows of the warehouse do not say whose usage they are; they were skipped",
        "",
    )
    NO_USER_ROW = (
        ProblemCode.MALFORMED_RECORD,
        _E,
        "a user's row is no object but {example}, so that the account is held back",
        "{count} users' rows are no objects, such as {example}, so that the account is held back",
        "The warehouse has to be corrected first.",
    )
    NO_USER = (
        ProblemCode.UNNAMED_USAGE,
        _W,
        "a user's row has no username; it was skipped",
        "{count} users' rows have no username; they were skipped",
        "What it says is missing among the users, and unattributed.",
    )
    BAD_USER = (
        ProblemCode.MALFORMED_RECORD,
        _W,
        "the username {example} cannot be one; its row was skipped",
        "{count} rows have usernames that cannot be any, such as {example}; they were skipped",
        "What it says is missing among the users, and unattributed.",
    )
    RESERVED_USER = (
        ProblemCode.RESERVED_USER,
        _W,
        "a user is called {example}, which stands for totals; the row was skipped",
        "{count} rows of a user called {example}, which stands for totals, were skipped",
        "What it says is missing among the users, and unattributed.",
    )
    BAD_USERS = (
        ProblemCode.MALFORMED_RECORD,
        _E,
        "users are no list but {example}, so that the account is held back",
        "users of {count} rows are no lists, such as {example}, so that the account is held back",
        "The warehouse has to be corrected first.",
    )
    BAD_AMOUNT = (
        ProblemCode.BAD_AMOUNT,
        _E,
        "an amount of {of} is {example}, which is no amount; the component is held back",
        "{count} amounts of {of} are none, such as {example}; the component is held back",
        "The warehouse has to be corrected first.",
    )
    NULL_TOTAL = (
        ProblemCode.MISSING_AMOUNT,
        _W,
        "an amount of {of} is null; it counts as zero",
        "{count} amounts of {of} are null; they count as zero",
        "",
    )
    NO_TOTAL = (
        ProblemCode.MISSING_AMOUNT,
        _W,
        "there is no {of} in its rows, as there is in others; it counts as zero",
        "there is no {of} in its rows, as there is in others; it counts as zero",
        "",
    )
    NULL_OF_USER = (
        ProblemCode.MISSING_AMOUNT,
        _I,
        "an amount of {of} is null; it counts as zero",
        "{count} amounts of {of} are null; they count as zero",
        "",
    )
    NEGATIVE = (
        ProblemCode.NEGATIVE_USAGE,
        _W,
        "an amount of {of} is below zero ({example}); it was counted",
        "{count} amounts of {of} are below zero, such as {example}; they were counted",
        "",
    )
    AMBIGUOUS = (
        ProblemCode.AMBIGUOUS_AMOUNT,
        _W,
        "a row has several fields for {of} that differ; the most exact name was taken",
        "{count} rows have several fields for {of} that differ; the most exact name was taken",
        "",
    )
    OUTSIDE = (
        ProblemCode.OUTSIDE_PERIOD,
        _W,
        "a row is about {example}, which was not asked for; it was skipped",
        "{count} rows are about other times, such as {example}; they were skipped",
        "",
    )
    BAD_DATE = (
        ProblemCode.MALFORMED_RECORD,
        _E,
        "the usageDate {example} is no day, so that the account is held back",
        "{count} rows have a usageDate such as {example}, no day; the account is held back",
        "The warehouse has to be corrected first.",
    )
    OTHER_CLUSTER = (
        ProblemCode.OUTSIDE_CLUSTER,
        _E,
        "a row is about the cluster {example}, which was not asked for; the account is held back",
        "{count} rows are about other clusters, such as {example}; the account is held back",
        "See whether the warehouse knows the filter by cluster.",
    )
    DUPLICATE_READING = (
        ProblemCode.DUPLICATE_READING,
        _W,
        "there is another reading of the same path; the last one was taken",
        "there are {count} more readings of the same path; the last one was taken",
        "",
    )
    TOO_MUCH = (
        ProblemCode.OVERATTRIBUTED_USAGE,
        _W,
        "users have {example} more of {of} than the account's total",
        "users have {example} more of {of} than the account's total",
        "",
    )

    def __init__(self, code: ProblemCode, severity: Severity, one: str, many: str, hint: str):
        self.code = code
        self.severity = severity
        self.one = one
        self.many = many
        self.hint = hint


@attrs.frozen
class About:
    """What a finding is about: the subject (an account, a path, a uuid), a component, a user."""

    subject: str | None = None
    component: str | None = None
    user: str | None = None

    def __str__(self) -> str:
        """In words, without the subject.

        >>> str(About("g207", "nodeHours", "anovak"))
        'nodeHours of user anovak'
        """
        whose = f" of user {label(self.user)}" if self.user is not None else ""
        return f"{label(self.component)}{whose}"


def named(account: str) -> str:
    """An account's name as problems have it: as it is, unless it could not be printed."""
    return account if account.isprintable() else shown(account)


@attrs.define
class _Count:
    times: int = 0
    example: str = ""


NOBODY: Final = About()


class Findings:
    """Counts oddities by what they are about."""

    def __init__(self) -> None:
        self._counts: dict[tuple[Oddity, About], _Count] = {}

    def add(self, oddity: Oddity, about: About = NOBODY, value: object = "") -> None:
        """One more; the example that is told is the first in the order of texts."""
        example = shown(value)
        count = self._counts.get((oddity, about))
        if count is None:
            self._counts[oddity, about] = _Count(1, example)
            return
        count.times += 1
        count.example = min(count.example, example)

    def of(self, oddity: Oddity) -> Iterator[tuple[About, int]]:
        """What so many findings of a kind are about."""
        return ((about, n.times) for (kind, about), n in self._counts.items() if kind is oddity)

    def problems(self, name_of: Callable[[str], str]) -> Iterator[Problem]:
        """One problem each. `name_of` gives the account of a subject."""
        for (oddity, about), count in self._counts.items():
            text = oddity.one if count.times == 1 else oddity.many
            yield Problem(
                oddity.code,
                oddity.severity,
                text.format(count=count.times, example=count.example, of=about),
                oddity.hint,
                resource=None if about.subject is None else named(name_of(about.subject)),
            )
