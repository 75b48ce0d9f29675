"""Which projects go into one request. Source: HPC user contract, sections 3 and 4."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import urlencode

from cscs_domain._text import is_encodable

PARAMETER: Final = "projects"
MOST_SLUGS: Final = 100
LONGEST_URL: Final = 6000
"""Bytes of a whole URL. Servers and proxies refuse longer ones from 8 kB on."""


def chunks(slugs: Iterable[str], url: str) -> Iterator[list[str]]:
    """Distinct slugs, sorted, so that the same set always makes the same requests to `url`.

    Left out is what no project can be called: nothing at all (an empty parameter might mean
    "everything"), text that has no UTF-8, and a name too long for any URL.
    """
    room = LONGEST_URL - len(url)
    chunk: list[str] = []
    size = 0
    for slug in sorted(frozenset(slugs)):
        length = _length(slug)
        if not 0 < length <= room:
            continue
        if len(chunk) == MOST_SLUGS or size + length > room:
            yield chunk
            chunk, size = [], 0
        chunk.append(slug)
        size += length
    if chunk:
        yield chunk


def params_of(chunk: Iterable[str]) -> list[tuple[str, str]]:
    """The query of a request for these."""
    return [(PARAMETER, slug) for slug in chunk]


def _length(slug: str) -> int:
    """Bytes that a slug takes in a query with its `?` or `&`; 0 if it cannot stand in one."""
    return len(urlencode([(PARAMETER, slug)])) + 1 if slug and is_encodable(slug) else 0
