"""Saved answers of the usage warehouse in a folder, for sites that cannot ask it themselves.

A file holds one answer, as the warehouse sent it, and its name says about what and when:
`compute-2026-11.json` is a month, `compute-2026-11-19.json` a day, `storage-...` and
`inference-...` likewise. One answer may be spread over files with more between name and ending
(`compute-2026-11.part2.json`). `compute-2026-11@daint.json` is about one cluster only.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

import attrs

from cscs_domain.errors import UpstreamServiceError
from cscs_domain.ports import UsageWarehouse
from cscs_domain.usage.metering import Kind
from cscs_domain.usage.months import Month, Period
from cscs_domain.usage.warehouse import WarehousePage, WarehouseQuery
from cscs_files.file_reading import SourceFile
from cscs_json import decode_usage_rows
from cscs_json.waldur_decoding import MalformedPageError, decode_json

LARGEST_USAGE_FILE: Final = 512 * 2**20
"""Bytes: about a million rows of users."""

_STANDS_FOR: Final = "DWDI"
_ROWS_OF_A_PAGE: Final = 50
_NAME: Final = re.compile(
    rf"({'|'.join(Kind)})-([0-9]{{4}}-[0-9]{{2}}(?:-[0-9]{{2}})?)(?:@([^.]+))?(?:\..*)?\.json"
)


@attrs.frozen
class _Wanted:
    """Files of one kind, month or day, and cluster; the cluster may be "" for all of them."""

    kind: Kind
    when: str
    cluster: str

    @property
    def name(self) -> str:
        """The usual one of their names."""
        cluster = f"@{self.cluster}" if self.cluster else ""
        return f"{self.kind}-{self.when}{cluster}.json"


class FileUsageWarehouse:
    """A folder of saved answers.

    Every month or day of a question has to be there: no file is an error and not an answer
    without rows. For a question about a cluster its own files count, or else those of all clusters.
    No error is worth another try: a person has to act.
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
        if not await asyncio.to_thread(self._listed):
            reason = "is a directory without any saved answer, such as compute-2026-11.json"
            raise self._folder.error(reason, retryable=False)

    def _files_of(self, query: WarehouseQuery) -> list[SourceFile]:
        listed = self._listed()
        return [
            SourceFile(_STANDS_FOR, path, self._folder.largest)
            for when in _names_of(query.period)
            for path in self._one_answer(listed, query, when)
        ]

    def _one_answer(
        self, listed: dict[_Wanted, list[Path]], query: WarehouseQuery, when: str
    ) -> Sequence[Path]:
        exact = _Wanted(query.kind, when, query.cluster)
        found = listed.get(exact) or listed.get(attrs.evolve(exact, cluster=""))
        if found is None:
            missing = attrs.evolve(self._folder, path=self._folder.path / exact.name)
            reason = f"does not exist; save the warehouse's answer about {when} under this name"
            raise missing.error(reason, retryable=False)
        return found

    def _listed(self) -> dict[_Wanted, list[Path]]:
        listed: dict[_Wanted, list[Path]] = {}
        try:
            for path in sorted(self._folder.path.iterdir()):
                if found := _NAME.fullmatch(path.name):
                    wanted = _Wanted(Kind(found[1]), found[2], found[3] or "")
                    listed.setdefault(wanted, []).append(path)
        except OSError as error:
            raise _for_good(self._folder.failed(error)) from None
        return listed


def _names_of(period: Period) -> Iterator[str]:
    """The month, or each of the days."""
    if isinstance(period, Month):
        yield str(period)
        return
    for step in range((period.last - period.first).days + 1):
        yield (period.first + timedelta(days=step)).isoformat()


def _rows_of(file: SourceFile, kind: Kind) -> Sequence[object]:
    try:
        content, _ = file.read()
        rows = decode_usage_rows(content, kind.value)
        if not rows:
            _check_that_none_are_meant(content, file, kind)
        return rows
    except UpstreamServiceError as error:
        raise _for_good(error) from None
    except MalformedPageError as error:
        raise file.error(str(error), retryable=False) from None


def _check_that_none_are_meant(content: bytes, file: SourceFile, kind: Kind) -> None:
    """Refuse a saved error, or an answer about something else: it would read as no usage at all."""
    answer = decode_json(content)
    if isinstance(answer, Mapping) and answer and kind.value not in answer:
        reason = f"holds no answer about {kind}: there is no {kind.value!r} in it"
        raise file.error(reason, retryable=False)


def _for_good(error: UpstreamServiceError) -> UpstreamServiceError:
    return UpstreamServiceError(error.service, error.reason, retryable=False)


_: type[UsageWarehouse] = FileUsageWarehouse
