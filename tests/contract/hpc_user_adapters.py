"""Every adapter that plays the identity service. A new one joins by a line in the list."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import attrs
import yaml

from cscs_domain.errors import UpstreamServiceError
from cscs_domain.identities import UserRecord
from cscs_domain.ports import HpcUsers
from cscs_fakes.hpc_users import FakeHpcUsers
from cscs_files import FileHpcUsers
from cscs_json import encode

Record = Mapping[str, object]


@attrs.frozen
class HpcUserAdapter:
    """How to set an adapter up, in an empty folder of its own.

    `holding` gives it these records of projects and users, as the service spells them; the one
    made by `breaking` cannot answer.
    """

    name: str
    holding: Callable[[Path, Sequence[Record], Sequence[Record]], HpcUsers]
    breaking: Callable[[Path], HpcUsers]


def _fake(_folder: Path, projects: Sequence[Record], users: Sequence[Record]) -> HpcUsers:
    gids = [(project.get("posixName"), project.get("unixGid")) for project in projects]
    return FakeHpcUsers(gids, [_user(user) for user in users])


def _user(record: Record) -> UserRecord:
    primary = record.get("primaryProject")
    project = primary if isinstance(primary, Mapping) else {}
    return UserRecord(
        username=record.get("posixName"),
        uid=record.get("unixUid"),
        email=record.get("email"),
        primary_project=project.get("posixName"),
        primary_gid=project.get("unixGid"),
    )


def _failing_fake(_folder: Path) -> HpcUsers:
    fake = FakeHpcUsers({"g207": 30207})
    fake.fail_with(UpstreamServiceError("HPC users", "hung up"))
    return fake


def _json(folder: Path, projects: Sequence[Record], users: Sequence[Record]) -> HpcUsers:
    path = folder / "ids.json"
    path.write_bytes(encode({"projects": list(projects), "users": list(users)}))
    return FileHpcUsers(path)


def _yaml(folder: Path, projects: Sequence[Record], users: Sequence[Record]) -> HpcUsers:
    path = folder / "ids.yaml"
    records = {"projects": list(map(dict, projects)), "users": list(map(dict, users))}
    path.write_text(yaml.safe_dump(records, allow_unicode=True), encoding="utf-8")
    return FileHpcUsers(path)


def _yaml_mapping(folder: Path, projects: Sequence[Record], users: Sequence[Record]) -> HpcUsers:
    """Like a person writes it: names as keys, a repeated name as a repeated key."""
    lines = ["projects:"]
    lines += [_line(project, project.get("unixGid")) for project in projects]
    lines += ["users:"]
    lines += [_line(user, dict(user)) for user in users]
    path = folder / "ids.yml"
    path.write_text("\n".join(line for line in lines if line) + "\n", encoding="utf-8")
    return FileHpcUsers(path)


def _line(record: Record, value: object) -> str:
    name = record.get("posixName")
    return f"  {encode(name).decode()}: {encode(value).decode()}" if isinstance(name, str) else ""


def _no_file(folder: Path) -> HpcUsers:
    return FileHpcUsers(folder / "absent.yaml")


def _half_written_yaml(folder: Path) -> HpcUsers:
    path = folder / "ids.yaml"
    path.write_text("projects:\n  g207: 302", encoding="utf-8")
    return FileHpcUsers(path)


def _half_written_json(folder: Path) -> HpcUsers:
    path = folder / "ids.json"
    path.write_text('{"projects": [{"posixName": "g207", "unixGid": 302', encoding="utf-8")
    return FileHpcUsers(path)


HPC_USER_ADAPTERS: Final = [
    HpcUserAdapter("fake", _fake, _failing_fake),
    HpcUserAdapter("JSON file", _json, _half_written_json),
    HpcUserAdapter("YAML file", _yaml, _half_written_yaml),
    HpcUserAdapter("YAML file of mappings", _yaml_mapping, _no_file),
]
