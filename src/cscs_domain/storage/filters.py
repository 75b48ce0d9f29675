"""Which rows of a list an answer shows: filters and pages. Source: DESIGN section 4.

Filters act on rows, combine with AND and match exactly; a parent that does not match is not shown.
"""

from __future__ import annotations

from typing import Final

import attrs

from cscs_domain.errors import InvalidValueError
from cscs_domain.storage.rows import RowFacts
from cscs_domain.storage.states import ResourceState, Status

DEFAULT_PAGE_SIZE: Final = 100
LARGEST_PAGE_SIZE: Final = 500


@attrs.frozen(kw_only=True)
class RowFilter:
    """What a row must be; None asks for nothing."""

    storage_system: str | None = None
    data_type: str | None = None
    status: Status | None = None
    state: ResourceState | None = None

    def matches(self, facts: RowFacts) -> bool:
        """Whether a row with these facts is shown."""
        return (
            self.storage_system in {None, facts.system}
            and self.data_type in {None, facts.data_type}
            and self.status in {None, facts.status}
            and self.state in {None, facts.state}
        )

    @property
    def asks_for_terminated(self) -> bool:
        """Whether terminated resources have to be read to answer."""
        return self.state is ResourceState.TERMINATED or self.status is Status.REMOVED


EVERYTHING: Final = RowFilter()


def _page_number(_instance: object, attribute: attrs.Attribute[int], value: int) -> None:
    if value < 1:
        raise InvalidValueError(attribute.name, str(value), "is below 1")


def _page_size(_instance: object, attribute: attrs.Attribute[int], value: int) -> None:
    if not 1 <= value <= LARGEST_PAGE_SIZE:
        raise InvalidValueError(attribute.name, str(value), f"is outside 1..{LARGEST_PAGE_SIZE}")


@attrs.frozen
class PageRequest:
    """Page `number` (from 1) of `size` rows (1 to 500)."""

    number: int = attrs.field(default=1, validator=_page_number)
    size: int = attrs.field(default=DEFAULT_PAGE_SIZE, validator=_page_size)

    @property
    def offset(self) -> int:
        """How many rows come before this page."""
        return (self.number - 1) * self.size

    def of(self, total: int) -> Pagination:
        """Where this page lies in `total` rows; past the end it is merely empty."""
        return Pagination(
            current=self.number,
            limit=self.size,
            offset=self.offset,
            pages=-(-total // self.size),
            total=total,
        )


@attrs.frozen(kw_only=True)
class Pagination:
    """Where a page lies in its list."""

    current: int
    limit: int
    offset: int
    pages: int
    total: int

    @property
    def has_next(self) -> bool:
        """Whether there is a row after this page."""
        return self.current < self.pages
