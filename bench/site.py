"""A generated site of any size: Waldur's pages as bytes, and the identities to go with them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from datetime import UTC, datetime, timedelta

import attrs

from cscs_domain import (
    ApiUrl,
    GidLookup,
    ResourcePage,
    ResourceQuery,
    StoragePolicy,
    UnixUser,
    UserLookup,
)
from cscs_fakes.waldur_rows import iter_rows, make_gids, make_users, rows_as_pages
from cscs_json import decode_rows

_SLIM = ("slug", "project_slug", "customer_slug", "attributes")

POLICY = attrs.evolve(
    StoragePolicy.for_systems(capstor="capstor", vast="vast", iopsstor="iopsstor"),
    callback_base=ApiUrl.parse("https://waldur.example.com/api/"),
)


@attrs.frozen
class Site:
    """Full rows as the server sends them, 300 a page."""

    pages: tuple[bytes, ...]
    gids: Mapping[str, int]
    users: Mapping[str, UnixUser]

    @property
    def size_mb(self) -> float:
        """How much JSON that is."""
        return sum(map(len, self.pages)) / 1e6


def make_site(resources: int) -> Site:
    """Generate a site; the same every time."""
    slim: list[dict[str, object]] = []

    def rows() -> Iterator[Mapping[str, object]]:
        for row in iter_rows(resources, seed=1):
            slim.append({key: row[key] for key in _SLIM})
            yield row

    pages = tuple(rows_as_pages(rows()))
    return Site(pages, make_gids(slim), dict(_users(slim)))


def _users(slim: list[dict[str, object]]) -> Iterator[tuple[str, UnixUser]]:
    for name, record in make_users(slim).items():
        primary = record["primaryProject"]
        if isinstance(primary, Mapping):
            uid = int(str(record["unixUid"]))
            group, gid = str(primary["posixName"]), int(str(primary["unixGid"]))
            yield name, UnixUser(name, uid, str(record["email"]), group, gid)


@attrs.frozen
class PagesInMemory:
    """Waldur's resources, decoded from bytes that are in memory already."""

    bodies: tuple[bytes, ...]

    async def pages(self, query: ResourceQuery) -> AsyncIterator[ResourcePage]:
        """Decode page by page, as an adapter does."""
        del query
        for body in self.bodies:
            yield decode_rows(body)
            await asyncio.sleep(0)


@attrs.frozen
class KnownIdentities:
    """An identity service that knows everybody."""

    site: Site

    async def gids(self, projects: Collection[str]) -> GidLookup:
        """All of them."""
        return GidLookup({slug: self.site.gids[slug] for slug in projects})

    async def users(self, usernames: Collection[str]) -> UserLookup:
        """All of them."""
        return UserLookup({name: self.site.users[name] for name in usernames})


class WallClock:
    """The real time."""

    def now(self) -> datetime:
        """Now."""
        return datetime.now(UTC)

    def monotonic(self) -> timedelta:
        """Since some moment."""
        return timedelta(seconds=time.monotonic())
