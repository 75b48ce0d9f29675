"""What the domain needs from the world, in the domain's words.

An adapter translates between one technology and one of these Protocols and does nothing more; the
contract suites in tests/contract hold every adapter to the promises in these docstrings. Errors
of a technology never cross: an adapter raises `UpstreamServiceError` for a service that did not
answer and returns problems for records that make no sense.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol, TypeAlias

import attrs

from cscs_domain.identities import GidLookup, UserLookup
from cscs_domain.problems import Problem
from cscs_domain.storage.waldur_rows import WaldurRow

JsonObject: TypeAlias = Mapping[str, object]
"""A decoded JSON object, its numbers with a fraction as `Decimal`."""


class Clock(Protocol):
    """Where "now" comes from, so that tests can choose it."""

    def now(self) -> datetime:
        """The current time, with a zone."""

    def monotonic(self) -> timedelta:
        """The time since some fixed moment; never jumps, so ages are measured with it."""


@attrs.frozen(kw_only=True)
class ResourceQuery:
    """Which resources to read. An adapter may return more; the domain filters again."""

    offering_slugs: frozenset[str]
    include_terminated: bool = False


@attrs.frozen
class ResourcePage:
    """A handful of rows as Waldur sent them, and what could not even be taken as a row."""

    rows: Sequence[WaldurRow]
    problems: tuple[Problem, ...] = ()


class WaldurResources(Protocol):
    """The provider's resources (`marketplace-provider-resources` of Waldur Mastermind)."""

    def pages(self, query: ResourceQuery) -> AsyncIterator[ResourcePage]:
        """Yield one consistent read, page by page, in any order.

        Every row that matches the query comes at least once (it may come twice: the domain
        removes duplicates). Raises `UpstreamServiceError` if the read cannot be completed; half a
        read never ends normally. Control returns to the event loop between pages.
        """


class WaldurInspection(Protocol):
    """Waldur's data untouched, for people who look for a fault."""

    def raw_pages(self, query: ResourceQuery) -> AsyncIterator[Sequence[JsonObject]]:
        """Yield the same rows as `WaldurResources.pages`, with every key that Waldur sent."""

    async def offering(self, slug: str) -> JsonObject | None:
        """Return what is known about an offering, or None. Never with `secret_options`."""


class HpcUsers(Protocol):
    """The centre's identity service (HPC User API)."""

    async def gids(self, projects: Collection[str]) -> GidLookup:
        """Look up the GIDs of projects by slug, all in one go.

        Unknown and doubtful projects are absent from `resolved`; doubtful ones also give a
        problem. Raises `UpstreamServiceError` if the service did not answer.
        """

    async def users(self, usernames: Collection[str]) -> UserLookup:
        """Look up users by name, all in one go, with the promises of `gids`.

        A site without a user service resolves nobody.
        """
