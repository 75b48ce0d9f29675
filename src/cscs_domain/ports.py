"""What the domain needs from the world, in the domain's words.

An adapter translates between one technology and one of these Protocols and does nothing more; the
contract suites in tests/contract hold every adapter to the promises in these docstrings. Errors
of a technology never cross: an adapter raises `UpstreamServiceError` for a service that did not
answer and returns problems for records that make no sense.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Protocol, TypeAlias
from uuid import UUID

import attrs

from cscs_domain.callers import Caller
from cscs_domain.events.directory import DirectoryQuery, KnownDirectory
from cscs_domain.events.stored import (
    DaySums,
    ErasedEvent,
    EventFilter,
    EventKey,
    LinkChange,
    LinkedEvent,
    Receipt,
    StoredEvent,
    StoreOutcome,
    SumsQuery,
    UnresolvedGroup,
    UnresolvedQuery,
)
from cscs_domain.events.usage_sums import UsageSums
from cscs_domain.identities import GidLookup, UserLookup
from cscs_domain.orders import OrderFacts, Outcome
from cscs_domain.problems import Problem
from cscs_domain.storage.document_names import DocumentName, Series
from cscs_domain.storage.documents import DocumentHead, StorageDocument
from cscs_domain.storage.rows import StorageRow
from cscs_domain.storage.waldur_rows import WaldurRow
from cscs_domain.usage.metered_resources import MeteredResource, MeteredResources, OfferingChoice
from cscs_domain.usage.months import Month
from cscs_domain.usage.submissions import RecordedMonth, TotalsEntry, UsersEntry, UsersResult
from cscs_domain.usage.warehouse import WarehousePage, WarehouseQuery

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
    """A handful of rows as Waldur sent them, and what could not even be taken as a row.

    `total` is how many rows the whole read will bring, as far as the adapter knows: a hint for
    people who wait. It may change from page to page, and be a little off.
    """

    rows: Sequence[WaldurRow]
    problems: tuple[Problem, ...] = ()
    total: int | None = None


class WaldurResources(Protocol):
    """The provider's resources (`marketplace-provider-resources` of Waldur Mastermind)."""

    def pages(self, query: ResourceQuery) -> AsyncIterator[ResourcePage]:
        """Yield one consistent read, page by page, in any order.

        Every row that matches the query comes at least once (it may come twice: the domain
        removes duplicates). Raises `UpstreamServiceError` if the read cannot be completed; half a
        read never ends normally. Control returns to the event loop between pages.
        """


class WaldurOfferings(Protocol):
    """Which offering a uuid belongs to."""

    async def offering_slug(self, offering: UUID) -> str | None:
        """The offering's slug, or None if Waldur has no such offering or does not show it.

        Raises `UpstreamServiceError` if Waldur did not answer, or sends offerings without slugs
        (too old).
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


class TokenVerifier(Protocol):
    """Who knows which callers' tokens to believe (DESIGN section 9)."""

    async def verify(self, token: str) -> Caller:
        """The caller whose token this is; asked with every request, so it answers fast.

        Raises `AuthenticationError` for a token that is not believed, whatever it is made of, and
        `UpstreamServiceError` if that cannot be told, since the keys cannot be had. No error
        quotes the token.
        """

    async def warm_up(self) -> None:
        """Get what checking takes, so that the first caller need not wait for it.

        Raises `UpstreamServiceError` if it cannot be had (yet).
        """

    async def close(self) -> None:
        """Let go of what it holds; nothing is verified afterwards."""


class WaldurOrders(Protocol):
    """What a provider does about orders and their resources (Waldur contract, sections 4 and 5).

    Every action may be called again, by callers who do not know whether an earlier try went
    through: with the same arguments it changes nothing more, and says `ALREADY` (the last three
    may say `DONE` again). Errors of every method: `UnknownOrderError`, `UnknownResourceError`,
    `UpstreamServiceError`. Actions raise `OrderConflictError` for an order whose state allows
    neither the action nor `ALREADY`, and `InvalidValueError`, before anything is sent, for a value
    that cannot be. Messages, tracebacks and comments beyond 10 000 characters are cut.
    """

    async def order(self, order: UUID) -> OrderFacts:
        """The order as it is now."""

    async def approve(self, order: UUID) -> Outcome:
        """Take a pending order on; one of a Basic offering is done by that.

        Raises `OrderErredError` if Waldur could not process it then. `ALREADY` tells nothing of
        that kind: read the order.
        """

    async def reject(self, order: UUID, *, comment: str = "") -> Outcome:
        """Turn a pending order down."""

    async def done(self, order: UUID) -> Outcome:
        """Report an executing order as carried out."""

    async def erred(self, order: UUID, *, message: str, traceback: str = "") -> Outcome:
        """Report an executing order as failed."""

    async def set_backend_id(self, resource: UUID, backend_id: str) -> Outcome:
        """Give a resource, in whatever state, the provisioner's name of 1 to 255 characters."""

    async def set_resource_ok(self, resource: UUID) -> Outcome:
        """Make an erred or changing resource OK; its order stays as it is.

        Raises `ResourceConflictError` for a terminated one.
        """

    async def update_options(self, resource: UUID, options: Mapping[str, object]) -> Outcome:
        """Give a resource new options. Name all of them: others may or may not be kept."""


class DocumentStore(Protocol):
    """A place for documents: each is there whole or not at all, and none is ever overwritten.

    Every method raises `UpstreamServiceError` if the place cannot be used (any more), such as a
    disk that is full; what was there before is then as it was. Writing of any kind belongs inside
    `exclusive`.
    """

    def exclusive(self, patience: timedelta) -> AbstractAsyncContextManager[None]:
        """Keep other writers out, in this process and in others.

        Raises `DocumentsBusyError` if another one stays in for longer than `patience`. A writer
        that dies is out.
        """

    async def names(self) -> Sequence[DocumentName]:
        """The documents that are there, the oldest first. Other files are passed over."""

    async def latest(self, series: Series) -> DocumentName | None:
        """The newest document of a series, as its link says; None if there is no link (any more)
        or it leads to something else.
        """

    async def read(self, name: DocumentName) -> StorageDocument:
        """One document. Raises `InvalidValueError` if it is none."""

    async def write(
        self,
        name: DocumentName,
        head: DocumentHead,
        rows: Iterable[StorageRow],
        problems: Sequence[Problem] = (),
        *,
        moment: datetime | None = None,
    ) -> DocumentName:
        """Write a document under this name, or the one `after` all that are there; return it.

        The rows are taken one by one, in a thread of its own. Problems, if there are any, are
        listed beside the document, and are there before it is. A list without its document counts
        as one that is there. `moment`, when reading began, is the list's date; else that is the
        date in `head`, and `InvalidValueError` is raised if it has none. No number being left
        after those that are there is an `UpstreamServiceError`, too.
        """

    async def switch_latest(self, series: Series, name: DocumentName) -> None:
        """Let a series' link lead to this document from now on; readers see the old or the new."""

    async def prune(self, series: Series, keep: int) -> Sequence[DocumentName]:
        """Delete the oldest documents of all rows, with their problems, but for `keep` (from 1).

        Those that count and go have the suffix of the series, whatever systems they show. Never
        deletes the document of an order, nor one that a link leads to. Returns what is gone. One
        that cannot be deleted does not save the others: it is the error that is raised at the end.
        """


class UsageWarehouse(Protocol):
    """Who knows what was used (DWDI)."""

    def pages(self, query: WarehouseQuery) -> AsyncIterator[WarehousePage]:
        """Yield everything about the subjects of the query, each subject with one page or more.

        A subject stands in `asked` of exactly one request's pages, so its rows come once however
        many requests it takes. Subjects that the warehouse does not know have no rows. One that it
        cannot be asked about stands in no `asked`, and is a problem of a page. Raises
        `UpstreamServiceError` if an answer cannot be had or is none; half a read never ends
        normally. Control returns to the event loop between pages.
        """

    async def ping(self) -> None:
        """See whether the warehouse lets us in. Raises `UpstreamServiceError` that says why not."""


class WaldurUsage(Protocol):
    """Usage by resource and month in Waldur (Waldur contract, sections 7, 8 and 10).

    Amounts are totals of a month: to submit one again changes nothing.
    """

    async def resources(self, offerings: OfferingChoice) -> MeteredResources:
        """Every resource of these offerings that is not terminated, in one consistent read.

        Raises `UpstreamServiceError`, also if one of the offerings is unknown.
        """

    async def recorded(self, month: Month, resources: Sequence[MeteredResource]) -> RecordedMonth:
        """What Waldur has for this month. Raises `UpstreamServiceError`."""

    async def submit_totals(self, entry: TotalsEntry) -> None:
        """Set the totals of one resource and month: all of them, or none if it raises.

        It is seen to that past months were really meant: `WrongMonthError` if the server booked it
        elsewhere. Raises `UsageRefusedError` (`MonthClosedError` where the month is past and the
        token may not change it) and `UpstreamServiceError`.
        """

    async def submit_users(self, entry: UsersEntry) -> UsersResult:
        """Set what users have of a component. One that is refused does not keep others out.

        Raises `UsageRefusedError` if there is no total to attach them to, and
        `UpstreamServiceError`.
        """

    async def ping(self) -> None:
        """See whether Waldur lets us in. Raises `UpstreamServiceError` that says why not."""


class Directory(Protocol):
    """Users, projects and allocations that usage events can be linked to."""

    async def find(self, query: DirectoryQuery) -> KnownDirectory:
        """Everything that the query names, with what belongs to it; more is allowed.

        However large the query, it costs a constant number of round trips. Raises
        `UpstreamServiceError` if the directory cannot be asked.
        """

    async def close(self) -> None:
        """Let go of what it holds."""


class UsageEventStore(Protocol):
    """Usage events and their links, in a store of their own (usage events contract, 4 and 6).

    An event and its link become visible together, and nothing of a call that raised. What a call
    has returned is durable. Every method raises `StoreUnavailableError` if the store cannot be
    reached, and then changed nothing, or nobody can tell whether it did; to repeat a call is
    always safe. It raises `OutdatedStoreError`, and changed nothing, if somebody has given the
    store other tables, or days of another zone, meanwhile. Days are those of the site's zone on
    which windows begin.
    """

    async def store(
        self, events: Sequence[LinkedEvent], *, at: datetime, receipt: Receipt | None = None
    ) -> StoreOutcome:
        """Take a batch in: all of it, or none if this raises.

        A key that is there already is a duplicate, unless the event's `collected_at` is newer:
        then it replaces the content, and the link too if that was not made by hand. An erased
        event is never replaced. Of one key several times in a batch the newest counts (of equally
        new ones the first), the others are duplicates.

        With a receipt that was stored before, nothing is done and the first outcome is returned,
        `replayed`; `ReusedKeyError` if that was for another digest.
        """

    async def page(
        self, wanted: EventFilter, *, after: EventKey | None = None, limit: int
    ) -> Sequence[StoredEvent]:
        """The next events in the order of their keys; fewer than `limit` mean the end."""

    async def events(self, event_id: UUID) -> Sequence[StoredEvent]:
        """The events of this id, oldest window first; usually one, none if it is unknown.

        Of an id with many windows only the first `MOST_A_PAGE` come.
        """

    async def relink(self, changes: Sequence[LinkChange], *, at: datetime) -> int:
        """Put new links in, and return how many.

        Links made by hand stay, and so does the link of an event that has another revision by now.
        """

    async def correct(self, changes: Sequence[LinkChange], *, at: datetime) -> int:
        """Put links in whatever stood there, and return how many; each is remembered with what it
        replaced. A link with a correction is one by hand; one without takes that back, and
        `withdrawal` says who did it, when and why. Events of another revision stay as they are.
        """

    async def erase(self, erased: Sequence[ErasedEvent], *, at: datetime) -> int:
        """Put events without a person's data in, and return how many (of the same revision).

        What corrections remember of these events is forgotten. No summary but the person's changes.
        """

    async def forget_user(self, user: str) -> int:
        """Take the user out of what is kept besides events, and return how many daily sums changed.

        Of days without events of the user, whose raw data is gone, sums become nobody's; they stay
        exact for projects and allocations. Corrections that led to the user or away from them no
        longer say so, nor by whom and why they were made. Events and their links stay: `erase`
        first.
        """

    async def unresolved(self, query: UnresolvedQuery) -> Sequence[UnresolvedGroup]:
        """Groups of events with gaps: most processor time first, then most events, then names."""

    async def refresh(self) -> int:
        """Recompute the sums of all days that were touched since; return how many days.

        Sums are right without it: reading them does the same. It saves the first reader waiting.
        """

    async def daily_sums(self, query: SumsQuery) -> Sequence[DaySums]:
        """The sums of each day that has events of the scope, in order; right as of this call."""

    async def allocation_sums(self, allocations: Collection[str]) -> Mapping[str, UsageSums]:
        """The sums of all time by allocation, without those that have no events."""

    async def check(self) -> None:
        """See whether the store can be used: raises `OutdatedStoreError` if its tables are not
        those of this version, with the command that mends it.
        """

    async def maintain(self, *, at: datetime) -> None:
        """Do what time demands: room for the coming months, receipts that nobody asks for."""

    async def close(self) -> None:
        """Let go of every connection."""
