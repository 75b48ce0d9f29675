"""Pages of a list, their count and their links. Source: Waldur contract, section 2."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeVar
from urllib.parse import quote, urlencode

from cscs_fakes.emulators.waldur.answers import Refusal
from cscs_fakes.emulators.waldur.calls import Call

T = TypeVar("T")

_USUAL_SIZE: Final = 10
_LARGEST_SIZE: Final = 300


def page_of(call: Call, items: Sequence[T]) -> tuple[Sequence[T], dict[str, str]]:
    """The items of the page that is asked for, and the headers about all of them.

    Refuses pages beyond the end, 0 and what is no number: 404.
    """
    size = _size(call.last("page_size"))
    last = max(1, -(-len(items) // size))
    number = _number(call.last("page"), last)
    links = _links(call, number, last)
    begin = (number - 1) * size
    return items[begin : begin + size], {"x-result-count": str(len(items)), "link": links}


def _size(text: str) -> int:
    """How many a page holds: a larger size is cut silently, a senseless one is the usual one."""
    wanted = _integer(text)
    return min(wanted, _LARGEST_SIZE) if wanted is not None and wanted > 0 else _USUAL_SIZE


def _number(text: str, last: int) -> int:
    number = {"": 1, "last": last}.get(text) or _integer(text)
    if number is None or not 1 <= number <= last:
        raise Refusal(404, {"detail": "Invalid page."})
    return number


def _integer(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:
        return None


def _links(call: Call, number: int, last: int) -> str:
    pages = {"first": 1}
    if number > 1:
        pages["prev"] = number - 1
    if number < last:
        pages["next"] = number + 1
    pages["last"] = last
    return ", ".join(f'<{_url(call, page)}>; rel="{name}"' for name, page in pages.items())


def _url(call: Call, page: int) -> str:
    """The query with its names in alphabetical order; the first page has no `page`."""
    query = {name: values for name, values in call.query.items() if name != "page"}
    if page > 1:
        query["page"] = [str(page)]
    text = urlencode(sorted(query.items()), doseq=True)
    address = call.base.removesuffix("/api/") + quote(call.path)
    return f"{address}?{text}" if text else address
