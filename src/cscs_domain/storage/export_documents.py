"""The use case of an export: read, compare, write, switch the link, prune. Source: spec 002.

In this order, because each step is only safe after the one before: nothing is written unless all
was read, no link leads to what is not on the disk, nothing old goes before the new is linked.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import nullcontext
from datetime import datetime, timedelta, tzinfo
from enum import Enum
from typing import Final, TypeAlias

import attrs

from cscs_domain._text import label, shown
from cscs_domain.errors import InvalidValueError, UpstreamServiceError
from cscs_domain.ports import Clock, DocumentStore
from cscs_domain.problems import Problem, ProblemCode, Severity
from cscs_domain.progress import Progress, Stage, no_progress
from cscs_domain.storage.changes import Changes, changes
from cscs_domain.storage.document_names import DocumentName, Series
from cscs_domain.storage.documents import DocumentFormat, DocumentHead, DocumentMeta
from cscs_domain.storage.hierarchy import Hierarchy
from cscs_domain.storage.policy import StoragePolicy
from cscs_domain.storage.rows import StorageRow

ReadHierarchy: TypeAlias = Callable[[], Awaitable[Hierarchy]]
"""Reads the upstreams. Raises `UpstreamServiceError` if that cannot be done whole."""

_TOLD_EVERY: Final = 500
"""Rows between two looks at the progress."""


class Strictness(Enum):
    """Which problems keep a document from being written."""

    NONE = "none"
    IDENTITIES = "identities"
    """Resources without Unix ids, as `strict: true` does to the HTTP answer."""
    ANY = "any"
    """Everything that was left out or is in doubt."""


@attrs.frozen
class Baseline:
    """Rows to compare with, and where they come from; or why these cannot be understood."""

    name: str
    rows: tuple[StorageRow, ...] = attrs.field(repr=False)
    unreadable: str = ""


@attrs.frozen
class Scope:
    """Which storage systems a document shows: all that the folder's documents show, or these.

    `names` are the configured names of these, empty for all. `keys` are what rows call the systems
    that are read; empty if that is not known.
    """

    names: tuple[str, ...] = ()
    keys: frozenset[str] = frozenset()

    @classmethod
    def of(cls, policy: StoragePolicy, *, shares_folder: bool = False) -> Scope:
        """The systems that a policy reads.

        `shares_folder` says that others write documents of other systems into the same folder.
        """
        shown = [system for system in policy.mounted_systems if policy.reads(system)]
        is_all = len(shown) == len(policy.systems) and not shares_folder
        return cls(
            () if is_all else tuple(system.name for system in shown),
            frozenset(system.path_name.lower() for system in shown),
        )

    def holds(self, row: StorageRow) -> bool:
        """Whether a row of another document is one of these systems'."""
        return not self.names or row.system.key in self.keys


def _from_one(_instance: object, _attribute: object, keep: int | None) -> None:
    if keep is not None and keep < 1:
        raise InvalidValueError("number of documents to keep", str(keep), "is below 1")


@attrs.frozen(kw_only=True)
class ExportRequest:
    """What to export and how.

    `zone` is the site's, `version` what `meta.appVersion` says. Of an earlier document only the
    rows in `scope` are compared. With `rehearse` nothing is written, not even a lock. `keep`
    prunes after a good write. `patience` is for another writer to end. Unless `allow_empty`, a
    document does not follow one that has rows of a system of which it has none: they hardly ever
    all go at once, and a wrong slug or a token that lost its rights looks just like that.
    """

    zone: tzinfo
    version: str
    form: DocumentFormat = DocumentFormat.ENVELOPE
    scope: Scope = attrs.field(factory=Scope)
    strictness: Strictness = Strictness.NONE
    rehearse: bool = False
    allow_empty: bool = False
    compare: bool = False
    against: Baseline | None = None
    keep: int | None = attrs.field(default=None, validator=_from_one)
    patience: timedelta = timedelta(0)

    @property
    def series(self) -> Series:
        """The documents that this one continues."""
        return Series(self.scope.names, self.form.suffix)


@attrs.frozen(kw_only=True)
class Comparison:
    """What an export changes: `changes` against the document `against`.

    Without an earlier document, `against` is None and every row is created. `changes` is None if
    the earlier document could not be understood; `unreadable` says why.
    """

    against: str | None
    changes: Changes | None = attrs.field(repr=False)
    unreadable: str = ""


@attrs.frozen(kw_only=True)
class ExportReport:
    """What came of an export. `name` is None if nothing was written."""

    hierarchy: Hierarchy
    moment: datetime
    name: DocumentName | None = None
    objections: tuple[Problem, ...] = ()
    """The problems for which nothing was written."""
    comparison: Comparison | None = None
    pruned: tuple[DocumentName, ...] = ()
    trouble: str = ""
    """What went wrong when the document was there and linked: older ones are still there."""

    @property
    def is_doubtful(self) -> bool:
        """Whether records were left out or are in doubt, or there is trouble."""
        problems = (*self.hierarchy.problems, *self.objections)
        return bool(self.trouble) or any(problem.is_doubt for problem in problems)


async def export_all(
    read: ReadHierarchy,
    store: DocumentStore,
    request: ExportRequest,
    *,
    clock: Clock,
    progress: Progress = no_progress,
) -> ExportReport:
    """Read everything once and write the document of all rows.

    `progress` is also called from other threads. Raises `UpstreamServiceError` if an upstream or
    the store failed, `DocumentsBusyError` if another writer stays in. Nothing has changed then,
    unless the error names a document that is there and not linked.
    """
    async with nullcontext() if request.rehearse else store.exclusive(request.patience):
        await store.latest(request.series)  # fails now if it could not be switched later
        moment = clock.now().astimezone(request.zone)
        hierarchy = await read()
        earlier = _Earlier(store, request.series)
        report = ExportReport(
            hierarchy=hierarchy,
            moment=moment,
            objections=(
                *_objections(hierarchy, request.strictness),
                *await _emptying(earlier, request, hierarchy),
            ),
            comparison=await _compare(earlier, request, hierarchy, progress),
        )
        if request.rehearse or report.objections:
            return report
        name = await _write(store, request, hierarchy, moment, progress)
        await _link(store, request.series, name)
        return await _pruned(store, request, attrs.evolve(report, name=name))


async def _write(
    store: DocumentStore,
    request: ExportRequest,
    hierarchy: Hierarchy,
    moment: datetime,
    progress: Progress,
) -> DocumentName:
    head = DocumentHead.of(request.form, DocumentMeta(moment, request.version))
    wanted = DocumentName.of_all(moment, request.form)
    rows = counted(hierarchy.rows, Stage.WRITING, progress)
    return await store.write(wanted, head, rows, hierarchy.problems, moment=moment)


async def _link(store: DocumentStore, series: Series, name: DocumentName) -> None:
    try:
        await store.switch_latest(series, name)
    except UpstreamServiceError as error:
        reason = f"{name} was written, but {series.link} may not lead to it: {error.reason}"
        raise UpstreamServiceError(error.service, reason, error.retryable) from None


async def _pruned(
    store: DocumentStore, request: ExportRequest, report: ExportReport
) -> ExportReport:
    if request.keep is None:
        return report
    try:
        gone = await store.prune(request.series, request.keep)
    except UpstreamServiceError as error:  # no reason to call a good export a failed one
        return attrs.evolve(report, trouble=str(error))
    return attrs.evolve(report, pruned=tuple(gone))


async def _emptying(
    earlier: _Earlier, request: ExportRequest, hierarchy: Hierarchy
) -> tuple[Problem, ...]:
    """The objections to a document in which a system has no row any more."""
    scope, present = request.scope, {row.system.key for row in hierarchy.rows}
    if request.allow_empty or (present and scope.keys <= present):
        return ()
    newest = await earlier.get()
    if newest is None:
        return ()
    if newest.unreadable:
        # Nobody can tell, so nothing at all is too little, and part of it has to do.
        return () if present else (_vanished(f"there is no row at all, and {newest.unreadable}"),)
    held = Counter(row.system.key for row in filter(scope.holds, newest.rows))
    gone = held.keys() - present
    if present:  # then a system that was taken out of the configuration may go
        gone &= scope.keys
    return tuple(
        _vanished(f"no row of {shown(key)} is left, and {newest.name} has {held[key]}", key)
        for key in sorted(gone)
    )


def _vanished(reason: str, system: str | None = None) -> Problem:
    return Problem(
        ProblemCode.VANISHED_SYSTEM,
        Severity.ERROR,
        reason,
        "Look at the other problems, the slugs of offerings and the token's rights; if the rows"
        " are really gone, allow it (--allow-empty), or list terminated resources"
        " (include_terminated).",
        resource=None if system is None else label(system),
    )


async def _compare(
    earlier: _Earlier, request: ExportRequest, hierarchy: Hierarchy, progress: Progress
) -> Comparison | None:
    if not request.compare:
        return None
    progress(Stage.COMPARING, 0, None)
    against = request.against or await earlier.get()
    if against is None:
        return Comparison(against=None, changes=changes((), hierarchy.rows))
    if against.unreadable:
        return Comparison(against=against.name, changes=None, unreadable=against.unreadable)
    # A second of work for a large site: not in the event loop.
    made = await asyncio.to_thread(changes, against.rows, hierarchy.rows)
    # Only now: a row that has come from a system out of scope is a move, and no new row.
    gone = tuple(filter(request.scope.holds, made.removed))
    made = attrs.evolve(made, removed=gone)
    progress(Stage.COMPARING, len(hierarchy.listed), len(hierarchy.listed))
    return Comparison(against=against.name, changes=made)


@attrs.define
class _Earlier:
    """The document before this one, read when somebody wants it, and once."""

    store: DocumentStore
    series: Series
    _found: Baseline | None = attrs.field(default=None, init=False)

    async def get(self) -> Baseline | None:
        """The document, or None if there is none."""
        if self._found is None:
            name = await newest_document(self.store, self.series)
            self._found = None if name is None else await self._read(name)
        return self._found

    async def _read(self, name: DocumentName) -> Baseline:
        try:
            return Baseline(name.text, (await self.store.read(name)).rows)
        except (InvalidValueError, UpstreamServiceError) as error:
            return Baseline(name.text, (), str(error))


async def newest_document(store: DocumentStore, series: Series) -> DocumentName | None:
    """The document that a series' link leads to, else the link of all systems.

    Without either, the newest of all rows; it may be one of other systems only.
    """
    for each in dict.fromkeys((series, Series(suffix=series.suffix))):
        linked = await store.latest(each)
        if linked is not None:
            return linked
    return next((name for name in reversed(await store.names()) if name.is_all), None)


def _objections(hierarchy: Hierarchy, strictness: Strictness) -> tuple[Problem, ...]:
    match strictness:
        case Strictness.NONE:
            return ()
        case Strictness.IDENTITIES:
            return tuple(p for p in hierarchy.problems if p.code is ProblemCode.MISSING_IDENTITY)
        case Strictness.ANY:
            return tuple(problem for problem in hierarchy.problems if problem.is_doubt)


def counted(rows: Sequence[StorageRow], stage: Stage, progress: Progress) -> Iterator[StorageRow]:
    """The same rows, telling how many have gone by."""
    for number, row in enumerate(rows):
        if number % _TOLD_EVERY == 0:
            progress(stage, number, len(rows))
        yield row
    progress(stage, len(rows), len(rows))
