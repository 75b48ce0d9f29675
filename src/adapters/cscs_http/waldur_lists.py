"""Walking one of Waldur's lists, several pages at a time. Source: Waldur contract, section 2.

How many pages there are follows from the total and from how many rows really came in the first
one: Waldur may cut a page short without a word.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterable
from contextlib import suppress
from typing import Final, Generic, TypeAlias, TypeVar

import attrs

from cscs_http.answer import Answer
from cscs_http.as_they_come import as_they_come
from cscs_http.errors import NoAnswerError
from cscs_http.params import Params
from cscs_http.service import Service
from cscs_http.waldur_query import page_of
from cscs_json.waldur_decoding import MalformedPageError

_T = TypeVar("_T")
_FOUND_OR_PAST_THE_END: Final = frozenset({200, 404})
_MOST_PAGES: Final = 20_000
_LONGEST_TOTAL: Final = 9
"""Digits."""


@attrs.frozen
class Decoded(Generic[_T]):
    """A page as its reader wants it, and what the walk has to know of it."""

    value: _T
    rows: int
    uuids: Iterable[object]


Decode: TypeAlias = Callable[[bytes, str, int], Decoded[_T]]
"""Takes the JSON of a part of a list, a name for it in problems, and how many rows the whole list
has; may raise `MalformedPageError`."""


@attrs.frozen
class ListPage(Generic[_T]):
    """One page. `total` is how many rows the whole list had at that moment."""

    total: int
    content: Decoded[_T]
    answer: Answer


@attrs.frozen
class Deadline:
    """When a whole read has to be over, so that whoever waits for it gets an answer."""

    limit: float
    end: float

    @classmethod
    def within(cls, limit: float) -> Deadline:
        """So many seconds from now."""
        return cls(limit, time.monotonic() + limit)

    @property
    def seconds_left(self) -> float:
        """Never below zero."""
        return max(0.0, self.end - time.monotonic())


@attrs.frozen
class WaldurList(Generic[_T]):
    """A list endpoint with fixed filters and selection, and a way to read its pages."""

    service: Service
    path: str
    params: Params
    decode: Decode[_T]
    deadline: Deadline

    async def pages(self) -> AsyncIterator[ListPage[_T]]:
        """The first page, then all others in the order in which they arrive."""
        first = self._page(1, await self.get(self.path, page_of(self.params, 1)))
        yield first
        async for page in as_they_come(
            self._numbers(first), self._fetch, self.service.connection.at_once
        ):
            if page is not None:
                yield page
                await asyncio.sleep(0)

    async def count(self) -> int:
        """How many rows there are, of which only one is asked for."""
        params = (*self.params, ("page_size", "1"), ("page", "1"))
        return self._page(1, await self.get(self.path, params)).total

    async def get(
        self, path: str, params: Params, accept: Collection[int] = frozenset({200})
    ) -> Answer:
        """One answer before the deadline. Raises `NoAnswerError` after it."""
        left = self.deadline.seconds_left
        if left > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    return await self.service.get(path, params, accept=accept)
        reason = f"reading all of {self.path} was not over within {self.deadline.limit:g} s"
        raise NoAnswerError(self.service.connection.service, reason)

    def decoded(self, body: bytes, name: str, total: int, answer: Answer) -> Decoded[_T]:
        """The rows in a body. Raises `UnusableAnswerError`."""
        try:
            return self.decode(body, name, total)
        except MalformedPageError as error:
            raise answer.unusable(f"answered with a page that is {error}") from None

    def _numbers(self, first: ListPage[_T]) -> range:
        rows = first.content.rows
        if first.total and not rows:
            raise first.answer.unusable(f"says that there are {first.total} rows and sends none")
        pages = -(-first.total // rows) if rows else 0
        if pages > _MOST_PAGES:
            raise first.answer.unusable(f"says that there are {pages} pages, too many to be read")
        return range(2, pages + 1)

    async def _fetch(self, number: int) -> ListPage[_T] | None:
        """A page, or None if the list has become too short to have it."""
        answer = await self.get(self.path, page_of(self.params, number), _FOUND_OR_PAST_THE_END)
        if answer.status == 404:
            answer.json_bytes()  # a page of HTML means something else
            return None
        return self._page(number, answer)

    def _page(self, number: int, answer: Answer) -> ListPage[_T]:
        text = answer.headers.get("x-result-count", "")
        if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_TOTAL):
            raise answer.unusable("answered without X-Result-Count: is this the API of Waldur?")
        total = int(text)
        content = self.decoded(answer.json_bytes(), f"page {number}, row", total, answer)
        if content.rows > total:
            raise answer.unusable(f"sends {content.rows} rows and says that there are {total}")
        return ListPage(total, content, answer)
