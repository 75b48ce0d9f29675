"""One consistent read of a list that changes while it is read. Source: DESIGN section 4.

Waldur's pages are offsets. When a resource leaves the list (it was terminated), all later ones
move up by one place, and one of them can slip from a page that is still to be read into one that
was read already. So after a read of several pages the bare uuids are listed again, which costs a
thirtieth of it, and whatever slipped through is fetched by itself. A resource that has slipped to
the end of a page must move up by a whole page before it can slip again; so unless that many have
left meanwhile, the look has seen it. Otherwise the look is repeated.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from itertools import pairwise
from typing import Final, TypeVar

import attrs

from cscs_http.as_they_come import as_they_come
from cscs_http.waldur_lists import Decoded, WaldurList
from cscs_http.waldur_query import is_plain_uuid

_T = TypeVar("_T")
_MOST_LOOKS: Final = 3
_FOUND_OR_GONE: Final = frozenset({200, 404})


async def read_consistently(
    whole: WaldurList[_T], uuids_only: WaldurList[None]
) -> AsyncIterator[_T]:
    """Yield the content of every page, then of what slipped through. Rows may come twice.

    `uuids_only` is the same list with the uuid as its only member. Raises `UpstreamServiceError`
    if the list changes faster than it can be looked at.
    """
    seen: set[str] = set()
    pages = 0
    async for page in whole.pages():
        pages += 1
        seen.update(_usable(page.content.uuids))
        yield page.content.value
    if pages == 1 and page.content.rows >= page.total:
        return  # a single page is one moment
    for _ in range(_MOST_LOOKS):
        look = await _look(uuids_only)
        is_complete = look.is_complete_after(seen)
        slipped = sorted(look.uuids - seen)
        seen.update(slipped)
        async for content in _each_by_itself(whole, slipped, page.total):
            yield content
        if is_complete:
            return
    raise page.answer.unusable(f"changed under each of {_MOST_LOOKS} looks at all uuids")


@attrs.frozen(kw_only=True)
class _Look:
    """The uuids of a list at a glance. `left`: how many rows are known to have left meanwhile."""

    uuids: set[str]
    rows: int
    fewest: int
    left: int
    page_size: int

    def is_complete_after(self, seen: set[str]) -> bool:
        """Whether this look has seen everything that may have slipped through before."""
        left = self.left + len(seen - self.uuids)
        return self.rows >= self.fewest and left < max(1, self.page_size - 1)


async def _look(uuids_only: WaldurList[None]) -> _Look:
    uuids: set[str] = set()
    totals: list[int] = []
    sizes: list[int] = []
    async for page in uuids_only.pages():
        uuids.update(_usable(page.content.uuids))
        totals.append(page.total)
        sizes.append(page.content.rows)
    return _Look(
        uuids=uuids,
        rows=sum(sizes),
        fewest=min(totals),
        left=sum(max(0, before - after) for before, after in pairwise(totals)),
        page_size=sizes[0],
    )


async def _each_by_itself(
    whole: WaldurList[_T], uuids: Iterable[str], total: int
) -> AsyncIterator[_T]:
    """These resources, without those that have gone meanwhile."""
    selection = tuple((name, value) for name, value in whole.params if name == "field")

    async def fetch(uuid: str) -> Decoded[_T] | None:
        answer = await whole.get(f"{whole.path}{uuid}/", selection, _FOUND_OR_GONE)
        body = answer.json_bytes()
        if answer.status == 404:
            return None
        return whole.decoded(b"[" + body + b"]", f"resource {uuid}, row", total, answer)

    async for found in as_they_come(uuids, fetch, whole.service.connection.at_once):
        if found is not None:
            yield found.value


def _usable(uuids: Iterable[object]) -> Iterable[str]:
    """In one form, whichever of the two a server sends."""
    return (uuid.replace("-", "").lower() for uuid in uuids if is_plain_uuid(uuid))
