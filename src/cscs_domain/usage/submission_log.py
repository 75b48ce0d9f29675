"""What came of a plan so far, noted by the resources that are on their way."""

from __future__ import annotations

from typing import Final

import attrs

from cscs_domain._text import label, some_of, told
from cscs_domain.errors import UpstreamServiceError, WrongMonthError
from cscs_domain.problems import Problem, ProblemCode, Severity
from cscs_domain.usage.months import Month

_MOST_FAILURES: Final = 5
"""After so many resources in a row without an answer, Waldur is left alone."""


@attrs.define
class SubmissionLog:
    """Problems and failures of one month. `fatal` is what must end the whole run."""

    problems: list[Problem] = attrs.field(factory=list, init=False)
    fatal: UpstreamServiceError | None = attrs.field(default=None, init=False)
    _failures: list[str] = attrs.field(factory=list, init=False)
    _in_a_row: int = attrs.field(default=0, init=False)
    is_over: bool = attrs.field(default=False, init=False)
    """Whether nothing more may be sent."""
    is_confirmed: bool = attrs.field(default=False, init=False)
    """Whether a total was found in the month that it was sent for."""
    _closed: dict[str, list[str]] = attrs.field(factory=dict, init=False)

    @property
    def last_failure(self) -> str:
        """Why it is over."""
        return str(self.fatal) if self.fatal else "Waldur has failed too often, see above"

    def answered(self) -> None:
        """Note that Waldur answers."""
        self._in_a_row = 0

    def failed(self, account: str, error: UpstreamServiceError) -> None:
        """Note that Waldur did not answer for an account."""
        self._failures.append(f"{label(account)}: {error}")
        self._in_a_row += 1
        if isinstance(error, WrongMonthError):
            self.fatal = error
        # Once over, always: what was under way may still succeed, and others were left out by then.
        self.is_over |= self.fatal is not None or self._in_a_row >= _MOST_FAILURES
        message = f"its usage was not, or not all, submitted: {told(str(error))}"
        hint = "The next report sends what is missing."
        self.note(ProblemCode.USAGE_REFUSED, Severity.ERROR, message, hint, account)

    def closed(self, account: str, reason: str) -> None:
        """Note that Waldur takes no more usage of an account for this month, and why."""
        self._closed.setdefault(reason, []).append(account)

    def note_closed_month(self, month: Month, severity: Severity) -> None:
        """Add one problem for all accounts that are closed for one reason."""
        for reason, accounts in self._closed.items():
            self.note(
                ProblemCode.MONTH_CLOSED,
                severity,
                f"{month} is closed for this token, so the usage of {some_of(accounts)} stays in "
                f"Waldur as it is: {told(reason)}",
                "A token of Waldur's staff can change what was billed.",
            )

    def note(
        self, code: ProblemCode, severity: Severity, message: str, hint: str = "", account: str = ""
    ) -> None:
        """Add a problem."""
        self.problems.append(Problem(code, severity, message, hint, account or None))

    def failure(self) -> str:
        """What failed on Waldur's side, in a sentence; empty if nothing did."""
        if self.fatal is not None:
            return str(self.fatal)
        if not self._failures:
            return ""
        count = len(self._failures)
        return f"{count} resource{'s' * (count != 1)} failed; the first: {self._failures[0]}"
