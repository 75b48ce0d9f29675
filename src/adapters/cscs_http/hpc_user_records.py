"""Users as the HPC User API tells them. Source: HPC user contract, section 7.

Nobody has seen that endpoint, so its path and the names of its fields are configuration.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import quote

import attrs

from cscs_domain._text import shown
from cscs_domain.identities import UserRecord, bad_identity
from cscs_domain.problems import Problem
from cscs_http.answer import Answer

DEFAULT_USER_PATH: Final = "/api/v1/export/cscs/users/{username}"

_PLACE: Final = "{username}"
_LIST: Final = "users"
_LONGEST_NAME: Final = 255


@attrs.frozen(kw_only=True)
class UserFields:
    """Names of the fields in a user's record; of those of the username the first one counts."""

    username: tuple[str, ...] = ("posixName", "username")
    uid: str = "unixUid"
    email: str = "email"
    primary_project: str = "primaryProject"
    project_name: str = "posixName"
    project_gid: str = "unixGid"


def user_path(template: str, username: str) -> str | None:
    """The path of a user below the service's URL, or None for what no user can be called.

    The name stays one segment, whatever it is. One with a slash has no path at all: servers
    take an escaped slash for a slash, or refuse the request.
    """
    hostile = username in {"", ".", ".."} or len(username) > _LONGEST_NAME
    # What cannot be encoded, a lone surrogate, cannot be printed either.
    if hostile or set(username) & set("/\\") or not username.isprintable():
        return None
    return template.removeprefix("/").replace(_PLACE, quote(username, safe=""))


def user_records(
    answer: Answer, username: str, fields: UserFields
) -> tuple[list[UserRecord], list[Problem]]:
    """The record, or records under `users`, of one user; those of others are refused.

    Raises `UnusableAnswerError` if the answer is no object.
    """
    records, problems = [], []
    for item in _items(answer):
        record = _record(item, fields)
        if record.username == username:
            records.append(record)
        else:
            problems.append(_of_another(username, record))
    return records, problems


def _items(answer: Answer) -> Iterator[Mapping[str, object]]:
    reply = answer.json()
    if not isinstance(reply, Mapping):
        raise answer.unusable("answered with something that is no user")
    several = reply.get(_LIST)
    items = several if isinstance(several, list) else [reply]
    for item in items:
        if not isinstance(item, Mapping):
            raise answer.unusable("answered with a list of something that is no user")
        yield item


def _record(item: Mapping[str, object], fields: UserFields) -> UserRecord:
    primary = item.get(fields.primary_project)
    if isinstance(primary, Mapping):
        project, gid = primary.get(fields.project_name), primary.get(fields.project_gid)
    else:  # null means that there is none; anything else is no GID and will be refused as one
        project, gid = None, primary
    return UserRecord(
        username=next((item[name] for name in fields.username if name in item), None),
        uid=item.get(fields.uid),
        email=item.get(fields.email),
        primary_project=project,
        primary_gid=gid,
    )


def _of_another(username: str, record: UserRecord) -> Problem:
    return bad_identity(username, f"the service sent the record of {shown(record.username)}")
