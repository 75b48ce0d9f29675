"""What kind of failure it was, for advice: what HTTP adapters tell beyond the domain's errors."""

from __future__ import annotations

from enum import Enum, auto

from cscs_domain.errors import CscsError, UpstreamServiceError

_TOO_MANY, _NOT_FOUND = 429, (404, 405, 410)


class FailureKind(Enum):
    """What came of a request that did not go well."""

    REFUSED = auto()
    """The service does not take us or what we ask."""
    NO_ANSWER = auto()
    """There was none, or the service says that it cannot answer now."""
    RATE_LIMIT = auto()
    NOT_THERE = auto()
    """The place does not exist, or leads elsewhere."""
    NOT_THE_SERVICE = auto()
    """An answer that only something else would give, such as a log-in page."""


def failure_kind(error: CscsError) -> FailureKind:
    """The kind of a failure."""
    from cscs_http.errors import UnexpectedStatusError, UnusableAnswerError

    match error:
        case UnusableAnswerError():
            return FailureKind.NOT_THE_SERVICE
        case UnexpectedStatusError(status=status) if status == _TOO_MANY:
            return FailureKind.RATE_LIMIT
        case UnexpectedStatusError(status=status) if status in _NOT_FOUND or 300 <= status < 400:
            return FailureKind.NOT_THERE
        case UpstreamServiceError(retryable=True):
            return FailureKind.NO_ANSWER
        case _:
            return FailureKind.REFUSED
