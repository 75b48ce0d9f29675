"""What an emulated site was asked, for tests that count."""

from __future__ import annotations

from collections import Counter, deque
from typing import Final

import attrs
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cscs_fakes.emulators.faults import Service

_KEPT: Final = 10_000


@attrs.frozen(kw_only=True)
class SeenRequest:
    """One request. `status` is None if no answer was begun."""

    service: Service
    method: str
    path: str
    query: str
    status: int | None


class RequestLog:
    """The last 10 000 requests in the order in which they ended, and counts of all that came.

    `most_at_once` is the largest number of requests that a service had in hand together.
    """

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Count from zero."""
        self.requests: deque[SeenRequest] = deque(maxlen=_KEPT)
        self.counts: Counter[tuple[Service, str, str]] = Counter()
        self.most_at_once: Counter[Service] = Counter()
        self._in_hand: Counter[Service] = Counter()

    def count(self, service: Service | str, path: str = "", method: str = "") -> int:
        """How many requests a service got, for paths that hold this text and by this method."""
        return sum(
            number
            for (asked, by, where), number in self.counts.items()
            if asked == service and path in where and method in ("", by)
        )

    def begin(self, service: Service, method: str, path: str) -> None:
        """A request has come."""
        self.counts[service, method, path] += 1
        self._in_hand[service] += 1
        self.most_at_once[service] = max(self.most_at_once[service], self._in_hand[service])

    def end(self, request: SeenRequest) -> None:
        """A request has been answered, or has not."""
        self._in_hand[request.service] = max(0, self._in_hand[request.service] - 1)
        self.requests.append(request)


class LoggedService:
    """A service whose requests are written down."""

    def __init__(self, service: Service, app: ASGIApp, log: RequestLog) -> None:
        self._service = service
        self._app = app
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        status: int | None = None

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        self._log.begin(self._service, scope["method"], scope["path"])
        try:
            await self._app(scope, receive, noting)
        finally:
            query = scope["query_string"].decode("latin-1")
            self._log.end(
                SeenRequest(
                    service=self._service,
                    method=scope["method"],
                    path=scope["path"],
                    query=query,
                    status=status,
                )
            )
