"""How HTTP fails, in the domain's terms; outside this package all are `UpstreamServiceError`.

UpstreamServiceError
├── NoAnswerError           no connection, no answer in time, an answer that broke off
├── UnexpectedStatusError   an answer with a status that the request did not provide for
└── UnusableAnswerError     a good status, and content that nobody can use
"""

from __future__ import annotations

import attrs

from cscs_domain.errors import UpstreamServiceError


class NoAnswerError(UpstreamServiceError):
    """The service could not be reached, took too long, or hung up in the middle."""


@attrs.define(slots=False, eq=False)
class UnexpectedStatusError(UpstreamServiceError):
    """An answer with an error status. `said` is what its body tells, short and escaped; `is_json`
    whether that came as JSON, as services speak to programs, and not as a page for people.
    """

    status: int = 0
    said: str = ""
    is_json: bool = False


class UnusableAnswerError(UpstreamServiceError):
    """An answer that is too large, not JSON, or JSON of another shape than agreed."""
