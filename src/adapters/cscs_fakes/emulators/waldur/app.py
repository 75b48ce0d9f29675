"""Waldur's API over HTTP: from a request to a handler and back.

Source: Waldur contract, section 1.
"""

from __future__ import annotations

from collections import Counter
from threading import RLock
from typing import Final

from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from cscs_fakes.emulators.waldur.answers import (
    Answer,
    Crash,
    Refusal,
    no_such_endpoint,
    not_allowed,
    server_error,
)
from cscs_fakes.emulators.waldur.calls import Call, base_of, body_of, query_of
from cscs_fakes.emulators.waldur.order_machine import wake
from cscs_fakes.emulators.waldur.records import ROOT
from cscs_fakes.emulators.waldur.routes import Endpoint, endpoint_of
from cscs_fakes.emulators.waldur.state import Portal
from cscs_json import encode

_JSON: Final = "application/json"
_HTML: Final = "text/html; charset=utf-8"


class WaldurApp:
    """The ASGI application. `calls` counts what was served, by method and path template.

    The lock is held while a request is served: one request is one transaction.
    """

    def __init__(self, portal: Portal, lock: RLock) -> None:
        self._portal = portal
        self._lock = lock
        self.calls: Counter[tuple[str, str]] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        body = await body_of(receive)
        headers = Headers(scope=scope)
        with self._lock:
            answer = self._answer(scope, headers, body)
            content = _content(answer, base_of(scope, headers))
        await _send(send, answer, content, is_head=scope["method"] == "HEAD")

    def _answer(self, scope: Scope, headers: Headers, body: bytes) -> Answer:
        path: str = scope["path"]
        found = endpoint_of(self._portal.mode, path)
        if found is not None:
            return self._served(scope, headers, body, *found)
        if endpoint_of(self._portal.mode, f"{path}/") is not None:
            query = scope["query_string"].decode("latin-1")
            place = f"{path}/?{query}" if query else f"{path}/"
            return Answer(status=301, page="", headers={"location": place})
        return no_such_endpoint()

    def _served(
        self, scope: Scope, headers: Headers, body: bytes, endpoint: Endpoint, uuid: str
    ) -> Answer:
        try:
            answer = self._handled(scope, headers, body, endpoint, uuid)
        except Refusal as refusal:
            answer = refusal.answer
        except Crash:
            return server_error()
        return _with_allow(answer, endpoint)

    def _handled(
        self, scope: Scope, headers: Headers, body: bytes, endpoint: Endpoint, uuid: str
    ) -> Answer:
        method: str = scope["method"]
        self.calls[method, endpoint.template] += 1
        call = Call(
            method=method,
            path=scope["path"],
            query=query_of(scope),
            headers=headers,
            base=base_of(scope, headers),
            body=body,
            caller=self._portal.tokens.caller(headers.get("authorization", "")),
            uuid=uuid,
        )
        if method == "OPTIONS":
            return Answer(body={"name": endpoint.template})
        handler = endpoint.handler(method)
        if handler is None:
            raise not_allowed(method)
        wake(self._portal)
        return handler(self._portal, call)


def _with_allow(answer: Answer, endpoint: Endpoint) -> Answer:
    headers = {"allow": endpoint.allow, **answer.headers}
    return Answer(status=answer.status, body=answer.body, page=answer.page, headers=headers)


def _content(answer: Answer, base: str) -> bytes:
    if answer.page is not None:
        return answer.page.encode()
    if answer.body is None:
        return b""
    return encode(answer.body).replace(ROOT.encode(), base.encode())


async def _send(send: Send, answer: Answer, content: bytes, *, is_head: bool) -> None:
    headers = {**answer.headers, "content-length": str(len(content))}
    if content or answer.page is not None:
        headers["content-type"] = _HTML if answer.page is not None else _JSON
    await send(
        {
            "type": "http.response.start",
            "status": answer.status,
            "headers": [(name.encode(), text.encode("latin-1")) for name, text in headers.items()],
        }
    )
    await send({"type": "http.response.body", "body": b"" if is_head else content})
