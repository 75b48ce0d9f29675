"""Exchanges with a real server, played again: what is sent, and how two answers are compared.

A sample is a list of `{request, response, note}`. Times may differ, and so may uuids that a server
makes up: the first difference settles which uuid of ours stands for which one of the sample, and
from then on it is sent in its place.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

import attrs
import httpx

from cscs_fakes.emulators.waldur import (
    AGENT_TOKEN,
    CONSUMER_TOKEN,
    STAFF_TOKEN,
    Mode,
    WaldurEmulator,
)
from tests.unit.emulators.sample_site import (
    SAMPLES,
    added_rows,
    known_uuids,
    sample_facts,
    sample_rows,
)

Exchange: TypeAlias = Mapping[str, Any]

HOST: Final = "https://waldur.example.org"
HEADERS: Final = (
    *("content-type", "www-authenticate", "allow", "x-result-count", "link", "location"),
)
TOKENS: Final = {"agent": AGENT_TOKEN, "staff": STAFF_TOKEN, "alice": CONSUMER_TOKEN}
COUNTED: Final = frozenset({"order_count", "resources_count", "total", "current"})
"""Members that count everything of a site, of which the samples show a part only."""

_HEX: Final = re.compile(r"[0-9a-f]{32}")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
_NESTED: Final = re.compile(r"order_in_progress in the full detail = (.*)$", re.DOTALL)
_ALL_KEYS: Final = "__all_keys__"
_TEXT: Final = "__text__"


def exchanges(name: str) -> list[Exchange]:
    """The exchanges of a sample."""
    found: list[Exchange] = json.loads(Path(SAMPLES, f"{name}.json").read_bytes())
    return found


async def differences(names: Sequence[str]) -> list[str]:
    """What differs when these samples are replayed, one after the other, against version 5.8."""
    rows = [*sample_rows(), *added_rows(names)]
    emulator = WaldurEmulator(mode=Mode.V5_8, rows=rows, facts=sample_facts())
    transport = httpx.ASGITransport(emulator.app)
    async with httpx.AsyncClient(
        transport=transport, base_url=HOST, follow_redirects=True
    ) as client:
        replay = Replay(client, known_uuids())
        return [each for name in names for each in await replay.sample(name)]


@attrs.define
class Replay:
    """A walk through samples; `known` are uuids that must not differ."""

    client: httpx.AsyncClient
    known: set[str]
    ours: dict[str, str] = attrs.field(factory=dict)

    async def sample(self, name: str) -> list[str]:
        """What differs in one sample."""
        found: list[str] = []
        for number, exchange in enumerate(exchanges(name)):
            answer = await self._send(exchange["request"])
            found += [f"{name}[{number}] {each}" for each in self._compared(exchange, answer)]
            found += [f"{name}[{number}] {each}" for each in await self._note(exchange)]
        return found

    async def _send(self, request: Mapping[str, Any]) -> httpx.Response:
        headers = _authorization(request)
        content = _content(request)
        if content is not None:
            # One sample is about a wrong type; its body tells which one.
            plain = request.get("raw_body") == "resource=x"
            headers["content-type"] = "text/plain" if plain else "application/json"
            content = self._as_ours(content)
        path = self._as_ours(request["path"])
        return await self.client.request(request["method"], path, headers=headers, content=content)

    def _compared(self, exchange: Exchange, answer: httpx.Response) -> Iterator[str]:
        expected = exchange["response"]
        if expected["status"] != answer.status_code:
            yield f"status: {expected['status']} != {answer.status_code} {answer.text[:300]}"
            return
        for name in HEADERS:
            wanted, got = expected["headers"].get(name), answer.headers.get(name)
            if wanted != got:
                yield f"header {name}: {wanted!r} != {got!r}"
        yield from self._body(expected, answer)

    def _body(self, expected: Mapping[str, Any], answer: httpx.Response) -> Iterator[str]:
        body = expected["body"]
        if body is None:
            if answer.content:
                yield f"body: none != {answer.text[:300]}"
        elif isinstance(body, dict) and _TEXT in body:
            if body[_TEXT] != answer.text:
                yield f"text: {body[_TEXT]!r} != {answer.text!r}"
        elif isinstance(body, list):
            yield from self._list(expected, answer.json())
        elif isinstance(body, dict):
            self._learn(body, answer.json())
            yield from self._value("", body, answer.json())
        else:
            # Nobody wrote the body down: there is one, and it is a list of as many as asked for.
            yield from self._value("", [{}], [{} for _ in answer.json()])

    def _list(self, expected: Mapping[str, Any], got: list[Any]) -> Iterator[str]:
        """A list may have been cut, its rows to their keys, or to some of them."""
        rows = list(expected["body"])
        if rows and isinstance(rows[-1], dict) and _ALL_KEYS in rows[-1]:
            keys = rows.pop()[_ALL_KEYS]
            if any(sorted(row) != keys for row in got):
                yield f"keys: {keys} != {[sorted(row) for row in got]}"
            got = [
                {name: full[name] for name in row if name in full}
                for row, full in zip(rows, got, strict=True)
            ]
        if rows and isinstance(rows[0], list) and got:
            got = [sorted(row) for row in got]
        if "body_trimmed_from" in expected:
            if len(got) != expected["body_trimmed_from"]:
                yield f"rows: {expected['body_trimmed_from']} != {len(got)}"
            got = got[: len(rows)]
        self._learn(rows, got)
        yield from self._value("", rows, got)

    def _value(self, place: str, expected: Any, got: Any) -> Iterator[str]:
        if isinstance(expected, dict) and isinstance(got, dict):
            if expected.keys() != got.keys():
                without, besides = expected.keys() - got.keys(), got.keys() - expected.keys()
                yield f"{place} keys: without {sorted(without)}, besides {sorted(besides)}"
            for name in expected.keys() & got.keys() - COUNTED:
                yield from self._value(f"{place}.{name}", expected[name], got[name])
        elif isinstance(expected, list) and isinstance(got, list) and len(expected) == len(got):
            for number, (one, other) in enumerate(zip(expected, got, strict=True)):
                yield from self._value(f"{place}[{number}]", one, other)
        elif not self._is_same(expected, got):
            yield f"{place}: {expected!r} != {got!r}"

    def _is_same(self, expected: Any, got: Any) -> bool:
        if isinstance(expected, str) and isinstance(got, str):
            if _TIME.fullmatch(expected) and _TIME.fullmatch(got):
                return True
            expected = self._as_ours(expected)
        return type(expected) is type(got) and expected == got

    def _learn(self, expected: Any, got: Any) -> None:
        """Settle which of our uuids are which, wherever two that are new stand in one place."""
        if isinstance(expected, dict) and isinstance(got, dict):
            for name in expected.keys() & got.keys():
                self._learn(expected[name], got[name])
        elif isinstance(expected, list) and isinstance(got, list):
            for one, other in zip(expected, got, strict=False):
                self._learn(one, other)
        elif _HEX.fullmatch(str(expected)) and _HEX.fullmatch(str(got)):
            taken = self.known | self.ours.keys() | set(self.ours.values())
            if not {expected, got} & taken:
                self.ours[expected] = got

    def _as_ours(self, text: str) -> str:
        return _HEX.sub(lambda found: self.ours.get(found[0], found[0]), text)

    async def _note(self, exchange: Exchange) -> list[str]:
        """Some notes tell of the nested order, which only the full detail view shows."""
        found = _NESTED.search(exchange.get("note", ""))
        if found is None:
            return []
        expected = ast.literal_eval(found[1])
        path = self._as_ours(exchange["request"]["path"]).partition("?")[0]
        headers = {"authorization": f"Token {AGENT_TOKEN}"}
        nested = (await self.client.get(path, headers=headers)).json()["order_in_progress"]
        got = {name: nested[name] for name in expected} if nested and expected else nested
        return [f"note{each}" for each in self._value("", expected, got)]


def _authorization(request: Mapping[str, Any]) -> dict[str, str]:
    """What the sample says, or the token of who is said to have sent it."""
    if "authorization" in request:
        text: str = request["authorization"]
        return {"authorization": text.replace("<agent-token>", AGENT_TOKEN)}
    token = TOKENS.get(request["as"])
    return {"authorization": f"Token {token}"} if token else {}


def _content(request: Mapping[str, Any]) -> str | None:
    if "raw_body" in request:
        text: str = request["raw_body"]
        return text
    return json.dumps(request["body"]) if "body" in request else None
