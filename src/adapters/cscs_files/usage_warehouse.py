"""Saved answers of the usage warehouse in a folder, for sites that cannot ask it themselves.

A file holds one answer, as the warehouse sent it, and its name says about what and when:
`compute-2026-11.json` is a month, `compute-2026-11-19.json` a day, `storage-...` and
`inference-...` likewise. `compute-2026-11@daint.json` is about one cluster only. Several answers
that make up one are parts: `compute-2026-11.part1.json`, `compute-2026-11.part2.json` and so on.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final, TypeAlias

import attrs

from cscs_domain.errors import UpstreamServiceError
from cscs_domain.ports import UsageWarehouse
from cscs_domain.usage.metering import UsageKind
from cscs_domain.usage.months import Month, Period
from cscs_domain.usage.warehouse import WarehousePage, WarehouseQuery
from cscs_files.file_reading import SourceFile
from cscs_json import decode_usage_rows
from cscs_json.waldur_decoding import MalformedPageError

LARGEST_USAGE_FILE: Final = 512 * 2**20
"""Bytes: about a million rows of users."""

_STANDS_FOR: Final = "DWDI"
_ROWS_OF_A_PAGE: Final = 50
_NAME: Final = re.compile(
    rf"({'|'.join(UsageKind)})-([0-9]{{4}}-[0-9]{{2}}(?:-[0-9]{{2}})?)(?:@([^.]+))?"
    r"(?:\.part([1-9][0-9]{0,3}))?\.json"
)
_OF_A_DAY: Final = re.compile(r"-[0-9]{2}(?![0-9])")
"""How the name of a file goes on after its month, if it is about a day of it."""

_WHOLE: Final = 0
"""In place of a number among the parts of an answer: the file that is all of it."""


@attrs.frozen
class _Wanted:
    """One answer: of a kind, month or day, and cluster; the cluster may be "" for all of them."""

    kind: UsageKind
    when: str
    cluster: str

    def name(self, number: int = _WHOLE) -> str:
        """The name of its file, or of one of its parts."""
        cluster = f"@{self.cluster}" if self.cluster else ""
        part = f".part{number}" if number else ""
        return f"{self.kind}-{self.when}{cluster}{part}.json"

    def may_mean(self, name: str) -> bool:
        """Whether somebody may have meant a file of this name to be about this time."""
        period = f"{self.kind}-{self.when}"
        rest = name.removeprefix(period)
        is_month = self.when.count("-") == 1
        return name.startswith(period) and not (is_month and _OF_A_DAY.match(rest))


_Parts: TypeAlias = dict[int, Path]
"""The files of one answer by their numbers."""


@attrs.frozen
class _Listing:
    """What the folder holds: answers, and files of other names."""

    answers: dict[_Wanted, _Parts]
    others: list[Path]


class FileUsageWarehouse:
    """A folder of saved answers.

    Every month or day of a question has to be there: no file is an error and not an answer
    without rows. For a question about a cluster only its own files count.
    A copy would count twice and a part with a wrong name not at all. So a name that begins with
    the month or day and then goes on in another way than above is an error, as are a missing part
    below the last one, and parts beside a whole file. No error is worth another try: a person has
    to act.
    """

    def __init__(self, folder: Path, *, largest_file: int = LARGEST_USAGE_FILE) -> None:
        self._folder = SourceFile(_STANDS_FOR, folder, largest_file)

    async def pages(self, query: WarehouseQuery) -> AsyncIterator[WarehousePage]:
        """Yield what the files hold, rows about others as well."""
        for file in await asyncio.to_thread(self._files_of, query):
            rows = await asyncio.to_thread(_rows_of, file, query.kind)
            for first in range(0, max(1, len(rows)), _ROWS_OF_A_PAGE):
                yield WarehousePage(query.subjects, rows[first : first + _ROWS_OF_A_PAGE])
                await asyncio.sleep(0)

    async def ping(self) -> None:
        """See whether the folder can be read and holds a saved answer of any kind and time."""
        listing = await asyncio.to_thread(self._listed)
        if not listing.answers:
            reason = "is a directory without any saved answer, such as compute-2026-11.json"
            raise self._folder.error(reason, retryable=False)

    def _files_of(self, query: WarehouseQuery) -> list[SourceFile]:
        listing = self._listed()
        return [
            self._file(path)
            for when in _names_of(query.period)
            for path in self._one_answer(listing, _Wanted(query.kind, when, query.cluster))
        ]

    def _one_answer(self, listing: _Listing, wanted: _Wanted) -> Sequence[Path]:
        for path in listing.others:
            if wanted.may_mean(path.name):
                reason = (
                    f"may hold usage of {wanted.when}, but answers are called {wanted.name()} or"
                    f" {wanted.name(1)}; rename it or move it away"
                )
                raise self._file(path).error(reason, retryable=False)
        if parts := listing.answers.get(wanted):
            return self._all_of(wanted, parts)
        reason = f"does not exist; save the warehouse's answer about {wanted.when} under this name"
        raise self._file(self._folder.path / wanted.name()).error(reason, retryable=False)

    def _all_of(self, wanted: _Wanted, parts: _Parts) -> Sequence[Path]:
        """The whole file, or every part from the first one on."""
        last = max(parts)
        if _WHOLE not in parts:
            return [self._part(wanted, parts, number) for number in range(1, last + 1)]
        if last > _WHOLE:
            reason = f"stands beside {wanted.name(last)}; move the whole or its parts away"
            raise self._file(parts[_WHOLE]).error(reason, retryable=False)
        return [parts[_WHOLE]]

    def _part(self, wanted: _Wanted, parts: _Parts, number: int) -> Path:
        if number in parts:
            return parts[number]
        missing = self._file(self._folder.path / wanted.name(number))
        reason = f"does not exist, but {wanted.name(max(parts))} does; save all parts"
        raise missing.error(reason, retryable=False)

    def _file(self, path: Path) -> SourceFile:
        return attrs.evolve(self._folder, path=path)

    def _listed(self) -> _Listing:
        listing = _Listing({}, [])
        try:
            for path in sorted(self._folder.path.iterdir()):
                if found := _NAME.fullmatch(path.name):
                    wanted = _Wanted(UsageKind(found[1]), found[2], found[3] or "")
                    parts = listing.answers.setdefault(wanted, {})
                    parts[int(found[4] or _WHOLE)] = path
                else:
                    listing.others.append(path)
        except OSError as error:
            raise _for_good(self._folder.failed(error)) from None
        return listing


def _names_of(period: Period) -> Iterator[str]:
    """The month, or each of the days."""
    if isinstance(period, Month):
        yield str(period)
        return
    for step in range((period.last - period.first).days + 1):
        yield (period.first + timedelta(days=step)).isoformat()


def _rows_of(file: SourceFile, kind: UsageKind) -> Sequence[object]:
    try:
        content, _ = file.read()
        return decode_usage_rows(content, kind.value)
    except UpstreamServiceError as error:
        raise _for_good(error) from None
    except MalformedPageError as error:
        raise file.error(f"holds no usable answer: {error}", retryable=False) from None


def _for_good(error: UpstreamServiceError) -> UpstreamServiceError:
    return UpstreamServiceError(error.service, error.reason, retryable=False)


_: type[UsageWarehouse] = FileUsageWarehouse
