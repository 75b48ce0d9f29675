"""Sum up what a user, a project or an allocation used. Source: DESIGN section 5; ADR 0023."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cscs_domain.events.buckets import series_of
from cscs_domain.events.directory import DirectoryQuery
from cscs_domain.events.directory_records import DirectoryAllocation, DirectoryUser
from cscs_domain.events.granted_use import GrantUse, uses_of
from cscs_domain.events.link_book import LinkBook
from cscs_domain.events.stored import UsageScope
from cscs_domain.events.usage_summary import SummaryQuery, UsageSummary
from cscs_domain.events.usage_sums import NOTHING_USED

if TYPE_CHECKING:
    from cscs_domain.ports import Directory, UsageEventStore


async def summarise_usage(
    query: SummaryQuery, *, store: UsageEventStore, directory: Directory
) -> UsageSummary:
    """The usage, right as of this call; late events and new links are in it.

    An id that the directory does not know is no error: its usage stays when it goes. Raises
    `UpstreamServiceError`.
    """
    sums = await store.daily_sums(query.sums)
    known = await directory.find(_asked(query))
    return UsageSummary(
        query=query,
        name=_name(query, known.book),
        series=series_of(sums, query.first, query.last, query.size),
        totals=sum((found.sums for found in sums), NOTHING_USED),
        grants=await _grants(_allocations(query, known.book), store),
    )


def _asked(query: SummaryQuery) -> DirectoryQuery:
    ids = frozenset({query.id})
    match query.scope:
        case UsageScope.USER:
            return DirectoryQuery(user_ids=ids)
        case UsageScope.PROJECT:
            return DirectoryQuery(project_ids=ids)
        case UsageScope.ALLOCATION:
            return DirectoryQuery(allocation_ids=ids)


def _name(query: SummaryQuery, book: LinkBook) -> str | None:
    match query.scope:
        case UsageScope.USER:
            user = book.user(query.id)
            return None if user is None else _name_of(user)
        case UsageScope.PROJECT:
            project = book.project(query.id)
            return None if project is None else project.title
        case UsageScope.ALLOCATION:
            allocation = book.allocation(query.id)
            return None if allocation is None else allocation.id


def _name_of(user: DirectoryUser) -> str:
    return user.username or user.email or user.id


def _allocations(query: SummaryQuery, book: LinkBook) -> Sequence[DirectoryAllocation]:
    match query.scope:
        case UsageScope.USER:
            return ()  # what is granted, is granted to projects
        case UsageScope.PROJECT:
            return book.allocations_of(query.id)
        case UsageScope.ALLOCATION:
            allocation = book.allocation(query.id)
            return () if allocation is None else (allocation,)


async def _grants(
    allocations: Sequence[DirectoryAllocation], store: UsageEventStore
) -> tuple[GrantUse, ...]:
    if not allocations:
        return ()
    return uses_of(allocations, await store.allocation_sums([one.id for one in allocations]))
