"""What was wrong with single records while the rest was served.

Rules return problems beside their results; entrypoints log, count and show them. A problem of
severity `error` means that the record was left out; with `warning` it is served, with a doubt.
"""

from __future__ import annotations

from enum import StrEnum

import attrs


class Severity(StrEnum):
    """How bad it is: left out, served with a doubt, or merely worth knowing."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class ProblemCode(StrEnum):
    """The stable names by which alerts, filters and counters know a problem."""

    MALFORMED_RECORD = "malformed_record"
    """A field has the wrong type or form, or a record is not an object at all."""
    MISSING_FIELD = "missing_field"
    """A field that the hierarchy needs is absent, null or empty."""
    UPSTREAM_TOO_OLD = "upstream_too_old"
    """The server does not send slugs at all, so nothing of it can be placed."""
    UNKNOWN_OFFERING = "unknown_offering"
    """Resources of an offering that no configured storage system names."""
    EMPTY_SYSTEM = "empty_system"
    """A configured system of which no resource came: nothing ordered yet, or a wrong slug."""
    VANISHED_SYSTEM = "vanished_system"
    """A system has no row any more though an earlier document has some; nothing was written."""
    DUPLICATE_RESOURCE = "duplicate_resource"
    """One uuid came more than once with different content; the newest row was taken."""
    UNSAFE_PATH = "unsafe_path"
    """A slug or data type cannot be a path segment, or the path would be too long."""
    BACKEND_PATH_OUTSIDE_ROOT = "backend_path_outside_root"
    """A backend id looks like a path but lies outside the system's roots."""
    SHARED_PATH = "shared_path"
    """Several resources of one project and data type end in one directory."""
    PARENT_PATH_DISAGREEMENT = "parent_path_disagreement"
    """Backend ids put the children of one parent into different directories."""
    AMBIGUOUS_PARENT = "ambiguous_parent"
    """Rows of one parent disagree about its uuid or name; the most frequent was taken."""
    UNKNOWN_STATE = "unknown_state"
    """A resource state that this version does not know."""
    UNKNOWN_ORDER = "unknown_order"
    """An order state or type that this version does not know; carried through."""
    UNKNOWN_DATA_TYPE = "unknown_data_type"
    """A data type outside store, archive, users, scratch; treated as a project's."""
    QUOTA_CORRECTED = "quota_corrected"
    """A soft quota above its hard quota was lowered to it."""
    MISSING_IDENTITY = "missing_identity"
    """No Unix GID or UID is known."""
    BAD_IDENTITY = "bad_identity"
    """The identity service gave an id that must not be used (0, negative, text, ambiguous)."""
    LOW_IDENTITY = "low_identity"
    """An id below 1000, where operating systems keep their own accounts."""
    MOCK_IDENTITY = "mock_identity"
    """Development mode made an id up."""
    STALE_IDENTITY = "stale_identity"
    """The identity service does not answer; ids that were known before stand in."""
    CALLBACKS_UNAVAILABLE = "callbacks_unavailable"
    """Orders wait, but no base for callback URLs is configured."""
    UNNAMED_USAGE = "unnamed_usage"
    """A row of the warehouse says nothing about whose usage it is; it was skipped."""
    RESERVED_USER = "reserved_user"
    """The warehouse has a user of the name that stands for totals; the row was skipped."""
    BAD_AMOUNT = "bad_amount"
    """An amount of usage is no number that can be; its component is held back."""
    MISSING_AMOUNT = "missing_amount"
    """An amount of usage is null, or only one account lacks it; it counts as zero."""
    NEGATIVE_USAGE = "negative_usage"
    """An amount of usage is below zero; what stays below zero in sum is held back."""
    AMBIGUOUS_AMOUNT = "ambiguous_amount"
    """Several fields of a row could be meant and differ; the most exact name was taken."""
    OVERATTRIBUTED_USAGE = "overattributed_usage"
    """The users of an account add up to more than its total."""
    OUTSIDE_PERIOD = "outside_period"
    """The warehouse sent usage of another time than it was asked for; it was skipped."""
    OUTSIDE_CLUSTER = "outside_cluster"
    """The warehouse sent usage of another cluster than it was asked for; it is held back."""
    DUPLICATE_READING = "duplicate_reading"
    """A gauge was sent more than once; the last reading was taken."""
    UNASKED_ACCOUNT = "unasked_account"
    """The warehouse sent an account that it was not asked for; it was skipped."""
    UNKNOWN_ACCOUNT = "unknown_account"
    """No resource that usage can be reported for has an account that was asked for."""
    MISSING_ACCOUNT = "missing_account"
    """The warehouse has no row about an account that Waldur has."""
    UNMATCHED_COMPONENT = "unmatched_component"
    """A configured component has no field in any row of the warehouse."""
    UNKNOWN_COMPONENT = "unknown_component"
    """A configured component that the offering in Waldur does not have."""
    SHARED_ACCOUNT = "shared_account"
    """Several resources name one account; none of them is reported."""
    NO_ACCOUNT = "no_account"
    """A resource names no account (its backend id is empty), so it has no usage."""
    UNREPORTABLE_STATE = "unreportable_state"
    """A resource is in a state in which Waldur takes no usage."""
    USAGE_HELD_BACK = "usage_held_back"
    """A figure differs from Waldur's and was not submitted; the reason says what it takes."""
    USAGE_REFUSED = "usage_refused"
    """Waldur did not take a figure."""
    MONTH_CLOSED = "month_closed"
    """Waldur takes no more usage of a past month from this token."""
    MONTH_NOT_BEGUN = "month_not_begun"
    """The site's month has not begun in UTC, and Waldur takes no usage of the future."""
    UNLINKED_USER = "unlinked_user"
    """A user has no usable account in Waldur; usage is reported under the bare name."""
    DUPLICATE_ENTRY = "duplicate_entry"
    """The directory has several records under one id; if they differ, none is used."""
    UNKNOWN_REFERENCE = "unknown_reference"
    """A record of the directory names another that is not there."""
    AMBIGUOUS_ENTRY = "ambiguous_entry"
    """Several records of the directory have one name; nothing is found by it."""
    UNKNOWN_KEY = "unknown_key"
    """The directory has a key, column or file that is not known; it was passed over."""
    STALE_DIRECTORY = "stale_directory"
    """The directory cannot be read any more; what was read before stands in."""
    MORE_PROBLEMS = "more_problems"
    """Not all problems are listed; this one says how many more there are."""


@attrs.frozen(order=False)
class Problem:
    """One finding about one record.

    `resource` is the canonical uuid where it could be read, else the best name there is for the
    record (a position in the input, an offering slug), or None for the answer as a whole.
    """

    code: ProblemCode
    severity: Severity
    message: str
    hint: str = ""
    resource: str | None = None

    @property
    def is_doubt(self) -> bool:
        """Whether a record was left out or is in doubt, and not merely worth knowing about."""
        return self.severity is not Severity.INFO

    def __str__(self) -> str:
        where = f" {self.resource}:" if self.resource else ""
        return f"{self.severity} {self.code}:{where} {self.message}" + (
            f" {self.hint}" if self.hint else ""
        )


_RANK = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}


def by_urgency(problem: Problem) -> tuple[int, str, str, str, str]:
    """Sort key: errors first, then by code, resource and text, so that order is reproducible."""
    return (
        _RANK[problem.severity],
        problem.code,
        problem.resource or "",
        problem.message,
        problem.hint,
    )
