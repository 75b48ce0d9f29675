"""Every adapter that plays the directory. A new one joins by a line in the list."""

from __future__ import annotations

import csv
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import attrs
import yaml

from cscs_domain.errors import UpstreamServiceError
from cscs_domain.events.directory import DirectoryQuery, KnownDirectory
from cscs_domain.events.directory_rows import Section
from cscs_domain.events.directory_wire import KEYS, directory_to_wire
from cscs_domain.ports import Directory
from cscs_fakes.directory import FakeDirectory
from cscs_files import FileDirectory
from cscs_json import encode
from cscs_sql.database_urls import async_engine
from cscs_sql.directory import SqlDirectory
from cscs_sql.directory_loading import load_directory
from cscs_sql.remembered_directory import RememberedDirectory
from tests.sql_databases import Fresh, initialised, postgresql, sqlite


@attrs.frozen
class DirectoryAdapter:
    """How to set an adapter up in an empty folder of its own.

    `holding` gives it these records; the one made by `breaking` cannot answer. The suite closes
    both.
    """

    name: str
    holding: Callable[[Path, KnownDirectory], Awaitable[Directory]]
    breaking: Callable[[Path], Awaitable[Directory]]


async def _fake(_folder: Path, known: KnownDirectory) -> Directory:
    return FakeDirectory(known)


async def _failing_fake(_folder: Path) -> Directory:
    fake = FakeDirectory()
    fake.fail_with(UpstreamServiceError("directory", "hung up"))
    return fake


async def _yaml(folder: Path, known: KnownDirectory) -> Directory:
    path = folder / "directory.yaml"
    path.write_text(yaml.safe_dump(directory_to_wire(known), allow_unicode=True), encoding="utf-8")
    return FileDirectory(path)


async def _json(folder: Path, known: KnownDirectory) -> Directory:
    path = folder / "directory.json"
    path.write_bytes(encode(directory_to_wire(known)))
    return FileDirectory(path)


async def _tables(folder: Path, known: KnownDirectory) -> Directory:
    write_tables(folder, known)
    return FileDirectory(folder)


def write_tables(folder: Path, known: KnownDirectory) -> None:
    """Write a directory as a folder of CSV tables."""
    for section, records in directory_to_wire(known).items():
        columns = [key for key in KEYS[Section(section)] if key != "granted"]
        with (folder / f"{section}.csv").open("w", encoding="utf-8", newline="") as file:
            table = csv.writer(file)
            table.writerow(columns)
            table.writerows(map(_cells, records, [columns] * len(records)))


def _cells(record: Mapping[str, object], columns: Sequence[str]) -> list[object]:
    granted = record.get("granted")
    hours = granted if isinstance(granted, Mapping) else {}
    flat = {**record, **{f"granted_{unit}": amount for unit, amount in hours.items()}}
    return [flat.get(column, "") for column in columns]


async def _no_file(folder: Path) -> Directory:
    return FileDirectory(folder / "absent.yaml")


async def _half_written(folder: Path) -> Directory:
    path = folder / "directory.json"
    path.write_text('{"users": [{"id": "u1", "usern', encoding="utf-8")
    return FileDirectory(path)


async def _missing_table(folder: Path) -> Directory:
    write_tables(folder, KnownDirectory())
    (folder / "users.csv").unlink()
    return FileDirectory(folder)


class _InADatabase(SqlDirectory):
    """Takes its database away with it."""

    def __init__(self, folder: Path, fresh: Fresh, known: KnownDirectory) -> None:
        with ExitStack() as stack:
            url = stack.enter_context(initialised(fresh, folder))
            load_directory(url, known)
            self._database = stack.pop_all()
        super().__init__(async_engine(url))

    async def close(self) -> None:
        await super().close()
        self._database.close()


async def _sqlite(folder: Path, known: KnownDirectory) -> Directory:
    return _InADatabase(folder, sqlite, known)


async def _postgresql(folder: Path, known: KnownDirectory) -> Directory:
    return _InADatabase(folder, postgresql, known)


class _Remembered(RememberedDirectory):
    """Takes its database away with it."""

    def __init__(self, folder: Path, fresh: Fresh, known: KnownDirectory) -> None:
        with ExitStack() as stack:
            url = stack.enter_context(initialised(fresh, folder))
            load_directory(url, known)
            self._database = stack.pop_all()
        super().__init__(async_engine(url))

    async def close(self) -> None:
        await super().close()
        self._database.close()


async def _remembered_sqlite(folder: Path, known: KnownDirectory) -> Directory:
    return await _read_already(_Remembered(folder, sqlite, known))


async def _remembered_postgresql(folder: Path, known: KnownDirectory) -> Directory:
    return await _read_already(_Remembered(folder, postgresql, known))


async def _read_already(directory: RememberedDirectory) -> Directory:
    await directory.find(DirectoryQuery())
    await directory.settle()
    assert directory.reads == 1
    return directory


async def _forgotten_server(_folder: Path) -> Directory:
    return RememberedDirectory(async_engine("postgresql://nobody@127.0.0.1:1/directory"))


async def _no_database(folder: Path) -> Directory:
    path = folder / "directory.sqlite3"
    path.write_text("This is no file of SQLite. " * 100, encoding="utf-8")
    return SqlDirectory(async_engine(f"sqlite:///{path}"))


async def _no_server(_folder: Path) -> Directory:
    return SqlDirectory(async_engine("postgresql://nobody@127.0.0.1:1/directory"))


DIRECTORY_ADAPTERS: Final = [
    DirectoryAdapter("fake", _fake, _failing_fake),
    DirectoryAdapter("YAML file", _yaml, _no_file),
    DirectoryAdapter("JSON file", _json, _half_written),
    DirectoryAdapter("CSV tables", _tables, _missing_table),
    DirectoryAdapter("SQLite", _sqlite, _no_database),
    DirectoryAdapter("PostgreSQL", _postgresql, _no_server),
    DirectoryAdapter("SQLite, remembered", _remembered_sqlite, _no_database),
    DirectoryAdapter("PostgreSQL, remembered", _remembered_postgresql, _forgotten_server),
]
