"""Which projects go into one request. Source: HPC user contract, sections 3 and 4."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from cscs_http.url_chunks import LONGEST_URL, RepeatedParam

__all__ = ["LONGEST_URL", "MOST_SLUGS", "PARAMETER", "chunks", "params_of"]

PARAMETER: Final = "projects"
MOST_SLUGS: Final = 100


def chunks(slugs: Iterable[str], url: str) -> Iterator[list[str]]:
    """Distinct slugs, sorted; left out is what no project can be called."""
    return RepeatedParam(url=url, name=PARAMETER, most=MOST_SLUGS).chunks(slugs)


def params_of(chunk: Iterable[str]) -> list[tuple[str, str]]:
    """The query of a request for these."""
    return [(PARAMETER, slug) for slug in chunk]
