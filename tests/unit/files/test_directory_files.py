"""What is peculiar to a directory in files: forms, faults, and that files change."""

from __future__ import annotations

import os
from importlib.resources import files
from pathlib import Path

import pytest

from cscs_domain.errors import UpstreamServiceError
from cscs_domain.events.directory import DirectoryQuery, KnownDirectory
from cscs_domain.events.directory_rows import Section
from cscs_domain.problems import ProblemCode, Severity
from cscs_fakes.invented_directory import make_directory
from cscs_files import FileDirectory
from tests.contract.directory_adapters import write_tables

pytestmark = pytest.mark.anyio

AN_HOUR_NS = 3600 * 10**9
GOOD = "users:\n  - {id: u1, username: anna}\n"
NOBODY = DirectoryQuery()


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def make_old(path: Path) -> Path:
    """Set the time of change back: a file that has just changed is not trusted to be finished."""
    then = path.stat().st_mtime_ns - AN_HOUR_NS
    os.utime(path, ns=(then, then))
    return path


async def names(directory: FileDirectory) -> list[str | None]:
    return [user.username for user in (await directory.find(NOBODY)).users]


async def failure(path: Path, *, largest: int = 2**20) -> UpstreamServiceError:
    with pytest.raises(UpstreamServiceError) as caught:
        await FileDirectory(path, largest_file=largest).read()
    return caught.value


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    write_tables(tmp_path, make_directory(3, 2))
    return tmp_path


async def test_the_shipped_example_holds() -> None:
    with_comments = files("cscs_bootstrap") / "demo" / "directory.yaml"

    known, problems = await FileDirectory(Path(str(with_comments))).read()

    assert problems == ()
    assert known.openstack_requests
    assert all(known.book.user(user.id) for user in known.users)
    assert known.book.requests_named("alps-alpclim")
    assert known.book.requests_named("alps-deep-sky")


async def test_a_file_is_read_once_and_so_are_its_look_ups_made(tmp_path: Path) -> None:
    directory = FileDirectory(make_old(write(tmp_path / "d.yaml", GOOD)))

    first, second = await directory.find(NOBODY), await directory.find(NOBODY)

    assert first is second
    assert directory.reads == 1


async def test_a_file_that_changed_is_read_again(tmp_path: Path) -> None:
    path = make_old(write(tmp_path / "d.yaml", GOOD))
    directory = FileDirectory(path)
    assert await names(directory) == ["anna"]

    write(path, GOOD.replace("anna", "bert"))

    assert await names(directory) == ["bert"]


async def test_a_file_of_a_moment_ago_may_change_once_more_and_keep_its_stamp(
    tmp_path: Path,
) -> None:
    path = write(tmp_path / "d.yaml", GOOD)
    directory = FileDirectory(path)
    stamp = path.stat().st_mtime_ns
    assert await names(directory) == ["anna"]

    write(path, GOOD.replace("anna", "bert"))
    os.utime(path, ns=(stamp, stamp))

    assert await names(directory) == ["bert"]


@pytest.mark.parametrize("text", ["users: [", "users: {u1: anna}\n", "", "- u1\n"])
async def test_what_was_read_before_stands_in_for_a_file_that_cannot_be_read(
    tmp_path: Path, text: str
) -> None:
    """To turn events away would lose more than to link a few by yesterday's names."""
    path = make_old(write(tmp_path / "d.yaml", GOOD))
    directory = FileDirectory(path)
    await directory.read()
    make_old(write(path, text))

    known, problems = await directory.read()

    assert [user.username for user in known.users] == ["anna"]
    assert [(one.code, one.severity) for one in problems] == [
        (ProblemCode.STALE_DIRECTORY, Severity.WARNING)
    ]
    assert "d.yaml" in problems[0].message
    assert await names(directory) == ["anna"]
    assert directory.reads == 2  # what is broken is not parsed again for every batch


async def test_a_file_that_is_gone_and_comes_back_is_followed(tmp_path: Path) -> None:
    path = make_old(write(tmp_path / "d.yaml", GOOD))
    directory = FileDirectory(path)
    await directory.read()
    path.unlink()
    assert await names(directory) == ["anna"]

    write(path, GOOD.replace("anna", "bert"))

    assert await names(directory) == ["bert"]
    assert (await directory.read())[1] == ()


@pytest.mark.parametrize(
    ("name", "text", "why", "retryable"),
    [
        ("d.yaml", "", "is empty: expected users, projects", True),
        ("d.json", "\n \n", "is empty: expected users, projects", True),
        ("d.yaml", "# nothing yet\n", "expected users, projects", True),
        ("d.yaml", "- u1\n", "expected users, projects", False),
        ("d.yaml", "users: {u1: anna}\n", "users an object of 1 is not one list", False),
        ("d.yaml", "users: [{id: u1}]\nusers: [{id: u2}]\n", "is not one list", False),
        ("d.yaml", "users:\n  - {id: u1", "does not end with a line break", True),
        ("d.json", '{"users": [', "not JSON", True),
    ],
)
async def test_a_file_that_holds_no_directory_is_an_error(
    tmp_path: Path, name: str, text: str, why: str, retryable: bool
) -> None:
    error = await failure(write(tmp_path / name, text))

    assert why in error.reason
    assert not error.reason.endswith(".")
    assert error.retryable is retryable
    assert error.service == f"directory (file {name})"


async def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    error = await failure(write(tmp_path / "d.yaml", GOOD * 10), largest=100)

    assert "more than the 100 that are read" in error.reason


async def test_a_path_that_cannot_be_looked_at_is_an_error(tmp_path: Path) -> None:
    assert "cannot be read" in (await failure(tmp_path / ("x" * 300))).reason


async def test_a_broken_record_takes_no_other_down(tmp_path: Path) -> None:
    text = "users:\n  - {id: u1, username: anna, username: bert}\n  - u3\n  - {id: u2}\n"

    known, problems = await FileDirectory(write(tmp_path / "d.yaml", text)).read()

    assert [user.id for user in known.users] == ["u2"]
    assert [one.resource for one in problems] == ["users 1 (u1)", "users 2"]


async def test_ids_stay_as_they_are_typed(tmp_path: Path) -> None:
    text = "users:\n  - {id: 007, username: no}\n  - {id: 0x10, username: null}\n"

    known, problems = await FileDirectory(write(tmp_path / "d.yaml", text)).read()

    assert [(user.id, user.username) for user in known.users] == [("007", "no"), ("0x10", None)]
    assert problems == ()


async def test_tables_may_come_from_a_spreadsheet(tables: Path) -> None:
    """Semicolons, a byte order mark, other line ends, empty lines, columns in another order."""
    text = '\ufeffusername; id\r\n\r\n"a;""b";u1\r\n;;\r\n'
    (tables / "users.csv").write_bytes(text.replace(";;", ";").encode())

    known, problems = await FileDirectory(tables).read()

    assert [(user.id, user.username) for user in known.users] == [("u1", 'a;"b')]
    assert problems == ()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "does not end with a line break"),
        ("\n", "has no line of column names"),
        ("username\nanna\n", "has no column id"),
        ("id,id\nu1,u1\n", "has two columns of one name"),
        ("id,username\nu1,an", "does not end with a line break"),
        ('id,username\nu1,"an\n', "not CSV: unexpected end of data"),
        ('id,username\nu1,"a"n\n', "not CSV"),
    ],
)
async def test_a_table_that_is_none_is_an_error(tables: Path, text: str, why: str) -> None:
    error = await failure(write(tables / "users.csv", text).parent)

    assert why in error.reason
    assert error.service == f"directory (file {tables.name}/users.csv)"


async def test_a_table_that_is_not_utf_8_is_an_error(tables: Path) -> None:
    (tables / "users.csv").write_bytes(b"id,username\nu1,J\xfcrg\n")

    assert (await failure(tables)).reason == "not UTF-8 at line 2"


@pytest.mark.parametrize("name", list(Section))
async def test_no_table_may_be_missing(tables: Path, name: Section) -> None:
    """It would read as "everybody is gone" while an export is putting the tables there."""
    (tables / f"{name}.csv").unlink()

    error = await failure(tables)
    assert error.service == f"directory (file {tables.name}/{name}.csv)"
    assert "a folder has users.csv, projects.csv, allocations.csv" in error.reason
    assert error.retryable


async def test_a_table_of_column_names_alone_is_empty(tables: Path) -> None:
    for section in Section:
        path = tables / f"{section}.csv"
        write(path, path.read_text("utf-8").splitlines()[0] + "\n")

    assert await FileDirectory(tables).read() == (KnownDirectory(), ())


async def test_a_line_with_more_or_fewer_cells_is_told(tables: Path) -> None:
    write(tables / "users.csv", "id,username\nu1\nu2,b\nu3,c,d\n")

    known, problems = await FileDirectory(tables).read()

    assert [user.id for user in known.users] == ["u2"]
    assert [one.resource for one in problems] == ["users 1", "users 3"]


async def test_a_table_of_another_name_is_told(tables: Path) -> None:
    write(tables / "people.csv", "id\n")
    write(tables / ".users.csv", "id\n")
    write(tables / "notes.txt", "nothing\n")

    _, problems = await FileDirectory(tables).read()

    assert [one.code for one in problems] == [ProblemCode.UNKNOWN_KEY]
    assert "people.csv" in problems[0].message


async def test_tables_are_read_again_when_one_of_them_changes(tables: Path) -> None:
    for section in Section:
        make_old(tables / f"{section}.csv")
    directory = FileDirectory(tables)
    await directory.read()
    await directory.read()
    assert directory.reads == 1

    write(tables / "users.csv", "id,username\nu9,new\n")

    assert await names(directory) == ["new"]
