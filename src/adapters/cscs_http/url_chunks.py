"""Many values of one query parameter, in requests whose URL stays short.

Source: HPC user contract, sections 3 and 4; DWDI contract, sections 3 and 12.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import urlencode

import attrs

from cscs_domain._text import is_encodable
from cscs_http.params import Params

LONGEST_URL: Final = 6000
"""Bytes of a whole URL. Servers and proxies refuse longer ones from 8 kB on."""


@attrs.frozen(kw_only=True)
class RepeatedParam:
    """A parameter that is repeated for each value, `most` times in one request to `url` at most.

    `beside` are the parameters that every request has as well.
    """

    url: str
    name: str
    most: int
    beside: Params = ()
    _room: int = attrs.field(init=False)
    """Bytes that are left for the values: each comes with its `?` or `&`, as all others do."""

    @_room.default
    def _room_left(self) -> int:
        beside = len(urlencode(list(self.beside))) + 1 if self.beside else 0
        return LONGEST_URL - len(self.url.encode()) - beside

    def takes(self, value: str) -> bool:
        """Whether a value can be asked for at all.

        Not so nothing (an empty parameter might mean "everything"), text that has no UTF-8, and
        what is too long for any URL.
        """
        return 0 < self._length(value) <= self._room

    def chunks(self, values: Iterable[str]) -> Iterator[list[str]]:
        """Distinct values, sorted, so that the same set always makes the same requests.

        What the parameter does not take is left out.
        """
        chunk: list[str] = []
        size = 0
        for value in sorted(frozenset(values)):
            length = self._length(value)
            if not 0 < length <= self._room:
                continue
            if len(chunk) == self.most or size + length > self._room:
                yield chunk
                chunk, size = [], 0
            chunk.append(value)
            size += length
        if chunk:
            yield chunk

    def params_of(self, chunk: Iterable[str]) -> list[tuple[str, str]]:
        """The query of a request for these."""
        return [*self.beside, *((self.name, value) for value in chunk)]

    def _length(self, value: str) -> int:
        """Bytes that a value takes in a query with its `?` or `&`; 0 if it cannot stand in one."""
        if not value or not is_encodable(value):
            return 0
        return len(urlencode([(self.name, value)])) + 1
