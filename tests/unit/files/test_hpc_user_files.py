"""What is peculiar to Unix ids in a file: its forms, its faults, and that it may change."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import pytest

from cscs_domain.errors import UpstreamServiceError
from cscs_domain.identities import UnixUser
from cscs_domain.problems import ProblemCode
from cscs_files import FileHpcUsers

pytestmark = pytest.mark.anyio

SAMPLES: Final = Path(__file__).parents[2] / "data" / "waldur"
AN_HOUR_NS: Final = 3600 * 10**9


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def make_old(path: Path) -> None:
    """Set the time of change back: a file that has just changed is not trusted to be finished."""
    then = path.stat().st_mtime_ns - AN_HOUR_NS
    os.utime(path, ns=(then, then))


async def failure(path: Path, *, largest_file: int = 2**20) -> UpstreamServiceError:
    with pytest.raises(UpstreamServiceError) as caught:
        await FileHpcUsers(path, largest_file=largest_file).gids(["g207"])
    return caught.value


async def test_the_replies_of_the_service_can_be_used_as_files() -> None:
    projects = FileHpcUsers(SAMPLES / "hpc_user_projects.json")
    users = FileHpcUsers(SAMPLES / "hpc_user_profiles.json")

    assert (await projects.gids(["lp05"])).resolved == {"lp05": 30905}
    assert (await users.users(["anovak"])).resolved["anovak"].uid == 21001


@pytest.mark.parametrize(
    "text",
    [
        "projects:\n  g207: 30207\n",
        "projects:\n  g207: '30207'\n",
        'projects: {"g207": 30207}',
        "projects:\n  - posixName: g207\n    unixGid: 30207\n",
        "projects: [{posixName: g207, unixGid: 30207}]",
        "# by hand\nprojects:\n  g207:   30207 # a comment\nusers:\n",
        "note: x\nprojects:\n  g207: 030207\n",
    ],
)
async def test_a_project_can_be_written_in_several_ways(tmp_path: Path, text: str) -> None:
    """A leading zero is not octal: nobody means GID 12423 with 030207."""
    service = FileHpcUsers(write(tmp_path / "ids.yaml", text))

    assert (await service.gids(["g207"])).resolved == {"g207": 30207}


async def test_a_user_can_be_written_as_a_mapping(tmp_path: Path) -> None:
    text = "users:\n  anovak:\n    unixUid: 21001\n    email: a@uni.example.org\n"

    found = await FileHpcUsers(write(tmp_path / "ids.yaml", text)).users(["anovak"])

    assert found.resolved == {"anovak": UnixUser("anovak", 21001, "a@uni.example.org")}


@pytest.mark.parametrize(
    "member",
    [
        "primaryProject: g207",
        "primaryProject: [g207, 30207]",
        "unixUid: 21002",
        "email: b@x.example.org",
    ],
)
async def test_a_user_with_a_doubtful_or_repeated_member_is_nobody(
    tmp_path: Path, member: str
) -> None:
    record = ["posixName: anovak", "unixUid: 21001", "email: a@x.example.org", member]
    text = "users:\n  - " + "\n    ".join(record) + "\n"

    found = await FileHpcUsers(write(tmp_path / "ids.yaml", text)).users(["anovak"])

    assert found.resolved == {}
    assert [problem.code for problem in found.problems] == [ProblemCode.BAD_IDENTITY]


async def test_a_user_that_is_only_a_number_is_nobody(tmp_path: Path) -> None:
    found = await FileHpcUsers(write(tmp_path / "i.yaml", "users:\n  a: 21001\n")).users(["a"])

    assert found.resolved == {}
    assert [problem.resource for problem in found.problems] == ["a"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ids.yaml", "projects:\n  p: 30207\n  g118: 30118\n  p: 30999\n"),
        ("ids.json", '{"projects": {"p": 30207, "g118": 30118, "p": 30999}}'),
        (
            "ids.yaml",
            "projects: [{posixName: p, unixGid: 1, unixGid: 2}, {posixName: g118, unixGid: 30118}]",
        ),
    ],
)
async def test_a_project_written_twice_is_a_doubt_and_hides_no_other(
    tmp_path: Path, name: str, text: str
) -> None:
    """Most parsers let the last key win: a typo would hand a directory to another group."""
    found = await FileHpcUsers(write(tmp_path / name, text)).gids(["p", "g118"])

    assert found.resolved == {"g118": 30118}
    assert [problem.resource for problem in found.problems] == ["p"]


@pytest.mark.parametrize("second", ["30207", "'30207'"])
async def test_a_project_written_twice_alike_is_none(tmp_path: Path, second: str) -> None:
    text = f"projects:\n  g207: 30207\n  g207: {second}\n"

    found = await FileHpcUsers(write(tmp_path / "ids.yaml", text)).gids(["g207"])

    assert found.resolved == {"g207": 30207}


async def test_an_entry_that_is_no_record_is_named_by_its_place(tmp_path: Path) -> None:
    text = "projects:\n  - posixName: g207\n    unixGid: 30207\n  - g118\nusers: [7]\n"
    service = FileHpcUsers(write(tmp_path / "ids.yaml", text))

    gids, users = await service.gids(["g207"]), await service.users(["anovak"])

    assert gids.resolved == {"g207": 30207}
    assert [problem.resource for problem in gids.problems] == ["ids.yaml projects 1"]
    assert [problem.resource for problem in users.problems] == ["ids.yaml users 0"]


@pytest.mark.parametrize(
    ("name", "text", "place"),
    [
        ("ids.yaml", "projects:\n  g207: [1, 2\n", "line 3, column 1"),
        ("ids.yaml", "projects:\n g207: 1\n  g118: 2\n", "line 3"),
        ("ids.yaml", "projects:\n\tg207: 1\n", "line 2, column 1"),
        ("ids.yaml", "projects:\n  g207: 302", "line 2"),
        ("ids.yaml", "", "line 1"),
        ("ids.yaml", "--- {}\n--- {}\n", "line 2"),
        ("ids.json", '{"projects":\n {"g207": 302', "line 2, column 14"),
        ("ids.json", "", "line 1, column 1"),
    ],
)
async def test_a_file_that_may_still_be_being_written_is_told_with_its_place(
    tmp_path: Path, name: str, text: str, place: str
) -> None:
    error = await failure(write(tmp_path / name, text))

    assert error.service == f"HPC users (file {name})"
    assert place in error.reason
    assert error.retryable


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ids.yaml", "project:\n  g207: 30207\n"),
        ("ids.yaml", "projects: g207\n"),
        ("ids.yaml", "users: 7\n"),
        ("ids.yaml", "- g207\n"),
        ("ids.yaml", "projects:\n  g207: 30207\nprojects:\n  g207: 30207\n  g118: 30118\n"),
        ("ids.yaml", "projects:\n  ? [g207]\n  : 30207\n"),
        ("ids.yaml", "projects:\n  g207: &gid 30207\n  g118: *gid\n"),
        ("ids.yaml", "projects: &all\n  g207: *all\n"),
        ("ids.yaml", "projects:\n  g207: \x07\n"),
        ("ids.json", "[]"),
        ("ids.json", '{"projects": {"g207": ' + "9" * 5000 + "}}"),
        ("ids.json", '{"projects": {"g207": 1e99999999999999999999}}'),
        ("ids.json", "[" * 100_000),
        ("ids.yaml", "[" * 5000 + "]"),
    ],
)
async def test_a_file_of_another_form_is_refused_whole(
    tmp_path: Path, name: str, text: str
) -> None:
    error = await failure(write(tmp_path / name, text))

    assert error.service == f"HPC users (file {name})"


async def test_a_file_that_is_not_utf_8_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "ids.yaml"
    path.write_bytes("projects:\n  zürich: 30207\n".encode("latin-1"))

    error = await failure(path)

    assert "line 2" in error.reason
    assert not error.retryable


async def test_no_tag_makes_an_object(tmp_path: Path) -> None:
    text = "projects:\n  g207: !!python/object/apply:os.getpid []\n  g118: 30118\n"

    found = await FileHpcUsers(write(tmp_path / "ids.yaml", text)).gids(["g207", "g118"])

    assert found.resolved == {"g118": 30118}


async def test_a_file_beyond_the_bound_is_not_read(tmp_path: Path) -> None:
    path = write(tmp_path / "ids.yaml", "projects: {}\n")

    assert "bytes" in (await failure(path, largest_file=5)).reason


async def test_an_unchanged_file_is_read_once(tmp_path: Path) -> None:
    path = write(tmp_path / "ids.yaml", "projects:\n  g207: 30207\n")
    make_old(path)
    service = FileHpcUsers(path)

    for _ in range(5):
        await service.gids(["g207"])
        await service.users(["anovak"])

    assert service.reads == 1


async def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    path = write(tmp_path / "ids.yaml", "projects:\n  g207: 30207\n")
    make_old(path)
    service = FileHpcUsers(path)
    await service.gids(["g207"])

    write(path, "projects:\n  g207: 30208\n")

    assert (await service.gids(["g207"])).resolved == {"g207": 30208}


async def test_a_file_replaced_by_one_of_the_same_age_and_size_is_read_again(
    tmp_path: Path,
) -> None:
    """Backups are restored with their old times; the ids in them may be others."""
    path = write(tmp_path / "ids.yaml", "projects:\n  g207: 30207\n")
    other = write(tmp_path / "other.yaml", "projects:\n  g207: 30208\n")
    then = path.stat().st_mtime_ns - AN_HOUR_NS
    for file in (path, other):
        os.utime(file, ns=(then, then))
    service = FileHpcUsers(path)
    await service.gids(["g207"])

    other.replace(path)

    assert (await service.gids(["g207"])).resolved == {"g207": 30208}


async def test_a_file_that_changed_a_moment_ago_is_not_kept(tmp_path: Path) -> None:
    """It could change once more within one tick of the file system's clock."""
    service = FileHpcUsers(write(tmp_path / "ids.yaml", "projects:\n  g207: 30207\n"))

    await service.gids(["g207"])
    await service.gids(["g207"])

    assert service.reads == 2


async def test_a_file_that_went_bad_is_an_error_although_ids_were_known(tmp_path: Path) -> None:
    """Somebody may just be correcting a wrong id: the old one is not served."""
    path = write(tmp_path / "ids.yaml", "projects:\n  g207: 30207\n")
    make_old(path)
    service = FileHpcUsers(path)
    await service.gids(["g207"])

    path.unlink()

    with pytest.raises(UpstreamServiceError, match="does not exist"):
        await service.gids(["g207"])
