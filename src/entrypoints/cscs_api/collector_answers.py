"""What collectors are told: the reference's form, `{message, error, statusCode}`. Contract, 2.

Deployed collectors read it, so errors of this route do not look like those of others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import attrs
from starlette.responses import Response

from cscs_api.error_answers import RETRY_AFTER, STORE
from cscs_bootstrap.json_text import encode
from cscs_domain.errors import OutdatedStoreError, UpstreamServiceError
from cscs_domain.events.stored import StoreOutcome

if TYPE_CHECKING:
    from cscs_domain.events.batches import EventBatch, RejectedEvent
    from cscs_domain.events.field_errors import MalformedBatchError

# Not those of the standard library, which has other words for 413 from Python 3.13 on.
_PHRASES: Final = {
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    413: "Payload Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Entity",
    503: "Service Unavailable",
}


@attrs.define(slots=False, eq=False)
class CollectorRefusal(Exception):  # noqa: N818 - an answer, not a failure of ours
    """A request that is not taken. `message` is a sentence, or one a mistake.

    `reason` is what the log says: the first of these without what collectors wrote, which may be
    anybody's name.
    """

    status: int
    message: str | Sequence[str]
    rejected: Sequence[Mapping[str, object]] | None = None
    headers: Mapping[str, str] = attrs.field(factory=dict)
    reason: str = attrs.field()

    @reason.default
    def _first(self) -> str:
        return self.message if isinstance(self.message, str) else next(iter(self.message), "")

    @property
    def phrase(self) -> str:
        """The status in words."""
        return _PHRASES[self.status]


def refusal_response(request_id: str, refusal: CollectorRefusal) -> Response:
    """The refusal as an answer."""
    body: dict[str, object] = {
        "message": refusal.message,
        "error": refusal.phrase,
        "statusCode": refusal.status,
    }
    if refusal.rejected is not None:
        body["rejected"] = refusal.rejected
    return _response(refusal.status, {**body, "request_id": request_id}, refusal.headers)


def bad_request(message: str, reason: str | None = None) -> CollectorRefusal:
    """400 for a request that is wrong in one way; `reason` says so without what was sent."""
    return CollectorRefusal(400, [message], reason=message if reason is None else reason)


def no_batch(error: MalformedBatchError) -> CollectorRefusal:
    """400 for a body that is no batch."""
    return CollectorRefusal(400, list(map(str, error.errors)), reason=error.errors[0].rule)


def rejected_batch(batch: EventBatch) -> CollectorRefusal:
    """400 for a batch of which nothing is taken."""
    first = batch.rejected[0]
    reason = first.errors[0].below(f"events.{first.index}").rule
    return CollectorRefusal(400, list(batch.messages()), _rejected(batch.rejected), reason=reason)


def unavailable(error: UpstreamServiceError | OutdatedStoreError) -> CollectorRefusal:
    """503 while the store or the directory cannot be asked. What it says of itself is for the log:
    it may have addresses and paths.
    """
    service, retryable = STORE, False
    if isinstance(error, UpstreamServiceError):
        service, retryable = error.service, error.retryable
    if retryable:
        message = f"{service} cannot be reached. Nothing was taken in; send it again."
    else:
        message = (
            f"{service} must be mended first. Nothing was taken in; keep it, tell the"
            " operator, and send it again later."
        )
    headers = {"retry-after": RETRY_AFTER}
    return CollectorRefusal(503, message, headers=headers, reason=str(error))


def taken(request_id: str, batch: EventBatch, outcome: StoreOutcome) -> Response:
    """201: what became of each event."""
    body = {
        "received": batch.received,
        "message": "Events successfully processed",
        "stored": outcome.stored,
        "duplicates": outcome.duplicates,
        "replaced": outcome.replaced,
        "rejected": _rejected(batch.rejected),
        "request_id": request_id,
    }
    headers = {"idempotency-replayed": "true"} if outcome.replayed else {}
    return _response(201, body, headers)


def _rejected(events: Sequence[RejectedEvent]) -> list[Mapping[str, object]]:
    return [
        {
            "index": event.index,
            "errors": event.messages(),
        }
        for event in events
    ]


def _response(status: int, body: Mapping[str, object], headers: Mapping[str, str]) -> Response:
    kept = {"cache-control": "no-store", **headers}
    return Response(encode(body), status, kept, media_type="application/json")
