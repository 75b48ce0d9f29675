"""Batches of usage events as a collector makes them, with the link that each ought to get.

The events lie around the end of summer time in Zurich and around the end of a month. Some come
again in later batches as they were, some newer, and some are of people or projects that nobody
knows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final, TypeAlias
from uuid import UUID

import attrs
import yaml

ZONE: Final = "Europe/Zurich"
USERS: Final = 6
PROJECTS: Final = 5
KEY: Final = "a-collector's-own-key"

_FIRST: Final = datetime(2025, 10, 24, 20, tzinfo=UTC)
_HOURS: Final = 10 * 24
_SOURCES: Final = ("pbs", "pbsAcct", "slurm", "openstack")
_PERSONAL: Final = "_pbs_project_default"
_STRANGER: Final = USERS
_UNHEARD_OF: Final = PROJECTS

Body: TypeAlias = dict[str, Any]


@attrs.frozen
class Whose:
    """Ids of the directory, None for what it does not know."""

    user: str | None
    project: str | None
    allocation: str | None


@attrs.frozen
class Made:
    """An event by its number, as it was collected for the `version`-th time."""

    number: int
    version: int
    body: Mapping[str, Any]
    whose: Whose


Batch: TypeAlias = Sequence[Made]


def newest(batches: Sequence[Batch]) -> dict[int, Made]:
    """What a store is to have of these, by number: the newest of each."""
    found: dict[int, Made] = {}
    for made in (each for batch in batches for each in batch):
        if made.number not in found or found[made.number].version < made.version:
            found[made.number] = made
    return found


def make_batches(random: Random, *, count: int = 200, size: int = 10) -> list[list[Made]]:
    """So many batches of `size` new events each, with old ones among them."""
    batches: list[list[Made]] = []
    for start in range(0, count * size, size):
        batch = [_made(number) for number in range(start, start + size)]
        batch += [_again(random, start) for _ in range(random.randrange(4)) if start]
        random.shuffle(batch)
        batches.append(batch)
    return batches


def _again(random: Random, end: int) -> Made:
    """An event that was sent before, as it was or newer."""
    return _made(random.randrange(end), random.randrange(3))


def _made(number: int, version: int = 0) -> Made:
    """Always the same for the same numbers, however often it is made."""
    base = Random(number)
    start = _FIRST + timedelta(minutes=30 * base.randrange(2 * _HOURS))
    seconds = base.choice([600, 3600, 24 * 3600])
    user, project = base.randrange(USERS + 1), base.randrange(PROJECTS + 1)
    is_personal, has_id = base.random() < 0.2, base.random() < 0.8
    extra = {"number": number, **_kind(base)}
    if has_id:
        extra["event_id"] = str(UUID(int=base.getrandbits(128), version=4))
    # Without an id of its own, an event with other content is another event.
    news = Random(f"{number} {version if has_id else 0}")
    body = {
        "source": base.choice(_SOURCES[:3] if is_personal else _SOURCES),
        "time_window_start": start.isoformat(),
        "time_window_end": (start + timedelta(seconds=seconds)).isoformat(),
        "collected_at": (start + timedelta(days=2, minutes=version)).isoformat(),
        "is_personal": is_personal,
        "metrics": _metrics(news, seconds),
        "identities": [{"scheme": "perun_username", "value": f"User{user}"}],
        "context": {"project": _PERSONAL if is_personal else f"project-{project}"},
        "extra": extra,
    }
    return Made(number, version, body, _whose(user, project, is_personal=is_personal))


def _kind(random: Random) -> Body:
    kinds: Sequence[Body] = (
        {},
        {"measure": "delta"},
        {"measure": "total"},
        {"granularity": "project"},
    )
    return {**random.choice(kinds)}


def _metrics(random: Random, seconds: int) -> Body:
    return {
        "cpu_time_seconds": random.randrange(seconds * 64),
        "gpu_time_seconds": random.choice([None, random.randrange(seconds)]),
        "ram_bytes_allocated": random.choice([None, random.randrange(2**40)]),
        "storage_bytes_allocated": random.choice([None, random.randrange(2**62)]),
        "walltime_used": random.choice([None, 0, random.randrange(seconds)]),
    }


def _whose(user: int, project: int, *, is_personal: bool) -> Whose:
    is_known = user != _STRANGER
    if is_personal:
        project = _default_of(user) if is_known else _UNHEARD_OF
    has_project = project != _UNHEARD_OF
    return Whose(
        user=f"u{user}" if is_known else None,
        project=f"p{project}" if has_project else None,
        allocation=f"a{project}" if has_project else None,
    )


def _default_of(user: int) -> int:
    """The number of somebody's default project, which is never the last project."""
    return user % (PROJECTS - 1)


def write_directory(path: Path, *, projects: int = PROJECTS) -> None:
    """Write what is known of users and of so many projects."""
    content = {
        "users": [
            {
                "id": f"u{number}",
                "username": f"user{number}",
                "email": f"user{number}@example.org",
                "default_project": f"p{_default_of(number)}",
            }
            for number in range(USERS)
        ],
        "projects": [
            {"id": f"p{number}", "title": f"Project {number}"} for number in range(projects)
        ],
        "allocations": [
            {"id": f"a{number}", "project": f"p{number}", "granted": {"cpu_hours": 1000}}
            for number in range(projects)
        ],
    }
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
