"""Setting what users have of a component, many at once where the server can.

Source: Waldur contract, section 8.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing
from decimal import Decimal
from itertools import islice
from typing import Final, TypeAlias
from uuid import UUID

import attrs

from cscs_domain.errors import UsageRefusedError
from cscs_http.answer import Answer
from cscs_http.as_they_come import as_they_come
from cscs_http.errors import UnexpectedStatusError, UnusableAnswerError
from cscs_http.service import Service
from cscs_http.waldur_usage_lists import USAGES
from cscs_http.waldur_usage_refusals import ABSENT, INVALID, NOT_ALLOWED, is_of_waldur, refusal
from cscs_http.waldur_usage_totals import ACCEPTED, amount_text

Item: TypeAlias = Mapping[str, str]

_MOST_AT_ONCE: Final = 200
_WITH_ABSENT: Final = ACCEPTED | {ABSENT}


@attrs.frozen
class Target:
    """The record that users' figures are attached to."""

    resource: UUID
    record: UUID

    def path(self, action: str) -> str:
        """Where to send them."""
        return f"{USAGES}{self.record.hex}/{action}/"


def items_of(amounts: Mapping[str, Decimal], urls: Mapping[str, str]) -> list[Item]:
    """What is sent, by name of user. `urls` are those of accounts."""
    return [
        {"username": name, "usage": amount_text(amount), **_link(urls.get(name))}
        for name, amount in sorted(amounts.items())
    ]


class UserSubmitter:
    """Sends figures of users, and remembers whether the server takes many at once."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._takes_many = True

    async def submit(self, target: Target, items: Iterable[Item]) -> dict[str, str]:
        """Send all; returned are those that Waldur refuses, by username and with its reason.

        Raises `UsageRefusedError` for a record that takes none at all, and `UpstreamServiceError`.
        """
        refused: dict[str, str] = {}
        for chunk in _chunks(items):
            if not (self._takes_many and await self._sent_together(target, chunk)):
                refused |= await self._sent_singly(target, chunk)
        return refused

    async def _sent_together(self, target: Target, chunk: Sequence[Item]) -> bool:
        """Whether that was possible. If one item is bad, Waldur takes none of them."""
        path = target.path("set_user_usages")
        try:
            answer = await self._service.post(path, {"usages": chunk}, accept=_WITH_ABSENT)
        except UnexpectedStatusError as error:
            self._takes_many &= error.status != NOT_ALLOWED
            if not self._takes_many or (error.status == INVALID and is_of_waldur(error)):
                return False
            raise refusal(target.resource, error) from None
        if answer.status == ABSENT:
            self._takes_many = _is_json(answer)  # before 8.1 there is a page of HTML instead
            if self._takes_many:
                raise UsageRefusedError(target.resource, "the record of its total is gone")
        elif answer.body:
            answer.json_bytes()  # a log-in page is no yes
        return self._takes_many

    async def _sent_singly(self, target: Target, chunk: Sequence[Item]) -> dict[str, str]:
        async def send(item: Item) -> tuple[str, str]:
            try:
                await self._post(target.path("set_user_usage"), item)
            except UnexpectedStatusError as error:
                if error.status == INVALID and is_of_waldur(error):
                    return item["username"], error.said
                raise refusal(target.resource, error) from None
            return item["username"], ""

        at_once = self._service.connection.at_once
        async with aclosing(as_they_come(chunk, send, at_once)) as results:
            return {name: said async for name, said in results if said}

    async def _post(self, path: str, body: object) -> None:
        answer = await self._service.post(path, body, accept=ACCEPTED)
        if answer.body:
            answer.json_bytes()


def _is_json(answer: Answer) -> bool:
    try:
        answer.json_bytes()
    except UnusableAnswerError:
        return False
    return True


def _link(url: str | None) -> dict[str, str]:
    return {"user": url} if url else {}


def _chunks(items: Iterable[Item]) -> Iterator[list[Item]]:
    waiting = iter(items)
    while chunk := list(islice(waiting, _MOST_AT_ONCE)):
        yield chunk
