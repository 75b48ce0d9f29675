"""One consistent read of a list that changes while it is read. Source: DESIGN section 4.

Waldur's pages are offsets. When a resource leaves the list (it was terminated), all later ones
move up by one place, and one of them can slip from a page that is still to be read into one that
was read already. So after a read of several pages the bare uuids are listed again, which costs a
thirtieth of it, and whatever slipped through is fetched by itself: nothing that was there
throughout is missing, whatever came and went meanwhile. ADR 0011 has the argument.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Final, TypeVar

from cscs_http.waldur_lists import WaldurList
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
        listed, is_complete = await _look(uuids_only)
        for uuid in sorted(listed - seen):
            seen.add(uuid)
            for content in await _by_itself(whole, uuid):
                yield content
        if is_complete:
            return
    raise page.answer.unusable(f"changed under each of {_MOST_LOOKS} looks at all uuids")


async def _look(uuids_only: WaldurList[None]) -> tuple[set[str], bool]:
    """The uuids in the list now, and whether they are as many as it says it has."""
    found: set[str] = set()
    rows, totals = 0, set[int]()
    async for page in uuids_only.pages():
        found.update(_usable(page.content.uuids))
        rows += page.content.rows
        totals.add(page.total)
    return found, rows >= min(totals)


async def _by_itself(whole: WaldurList[_T], uuid: str) -> tuple[_T, ...]:
    """The resource, or nothing if it has gone meanwhile."""
    selection = tuple((name, value) for name, value in whole.params if name == "field")
    answer = await whole.service.get(f"{whole.path}{uuid}/", selection, accept=_FOUND_OR_GONE)
    body = answer.json_bytes()
    if answer.status == 404:
        return ()
    return (whole.decoded(b"[" + body + b"]", f"resource {uuid}, row", answer).value,)


def _usable(uuids: Iterable[object]) -> Iterable[str]:
    return (uuid for uuid in uuids if is_plain_uuid(uuid))
