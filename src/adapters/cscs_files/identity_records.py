"""What a file of Unix ids says, by name, before anything is believed.

`projects` is a mapping of slug to GID or a list of `{posixName, unixGid}`; `users`, which may be
absent, is a mapping of username to record or a list of `{posixName, unixUid, email,
primaryProject: {posixName, unixGid} or null}`. Other keys do not matter, so the identity service's
own replies can be put into a file as they are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

import attrs

from cscs_domain.identities import GidLookup, UserLookup, UserRecord, resolve_gids, resolve_users
from cscs_domain.problems import Problem, ProblemCode, Severity
from cscs_files.file_reading import SourceFile
from cscs_files.identity_documents import Pairs


@attrs.define
class IdentityRecords:
    """All records of one state of a file, ready to be looked up by name."""

    _gids: dict[str, list[object]] = attrs.field(factory=dict, init=False)
    _users: dict[str, list[UserRecord]] = attrs.field(factory=dict, init=False)
    _bad_projects: list[Problem] = attrs.field(factory=list, init=False)
    _bad_users: list[Problem] = attrs.field(factory=list, init=False)

    def gids(self, projects: Collection[str]) -> GidLookup:
        """Look up projects, with what is wrong with records that cannot be theirs for sure."""
        rows = ((name, gid) for name in projects for gid in self._gids.get(name, ()))
        found = resolve_gids(projects, rows)
        return attrs.evolve(found, problems=(*self._bad_projects, *found.problems))

    def users(self, usernames: Collection[str]) -> UserLookup:
        """Look up users, likewise."""
        records = (record for name in usernames for record in self._users.get(name, ()))
        found = resolve_users(usernames, records)
        return attrs.evolve(found, problems=(*self._bad_users, *found.problems))

    @classmethod
    def of(cls, tree: object, file: SourceFile) -> IdentityRecords:
        """Take the records out of a parsed file; `UpstreamServiceError` if it has another form."""
        if not isinstance(tree, Pairs) or not {"projects", "users"} & {key for key, _ in tree}:
            # Nothing at all is what a file looks like that is just being written.
            raise file.error(
                "expected the key `projects` or `users` at its top", retryable=not tree
            )
        records = cls()
        for name, project in _named(tree, "projects", file, records._bad_projects):
            gid = project.member("unixGid") if isinstance(project, _Listed) else project
            records._gids.setdefault(name, []).append(gid)
        for name, user in _named(tree, "users", file, records._bad_users):
            records._users.setdefault(name, []).append(_user(name, user))
        return records


class _Listed(Pairs):
    """A record out of a list, which names itself."""

    __slots__ = ()


def _named(
    tree: Pairs, key: str, file: SourceFile, problems: list[Problem]
) -> Iterator[tuple[str, object]]:
    """The records under a key of either form with their names; what has no name is passed over."""
    records = tree.member(key)
    if isinstance(records, Pairs):
        yield from records
    elif isinstance(records, list):
        for position, record in enumerate(records):
            if not isinstance(record, Pairs):
                problems.append(_not_a_record(f"{file.path.name} {key} {position}"))
            elif isinstance(name := record.member("posixName"), str):
                yield name, _Listed(record)
    elif records is not None:
        raise file.error(f"`{key}` is neither one mapping nor one list", retryable=False)


def _user(name: str, record: object) -> UserRecord:
    if not isinstance(record, Pairs):
        return UserRecord(username=name, uid=record, email=None)
    uid, email = record.member("unixUid"), record.member("email")
    primary = record.member("primaryProject")
    if isinstance(primary, Pairs):
        project, gid = primary.member("posixName"), primary.member("unixGid")
    else:  # null means that there is none; anything else is no GID and will be refused as one
        project, gid = None, primary
    return UserRecord(username=name, uid=uid, email=email, primary_project=project, primary_gid=gid)


def _not_a_record(place: str) -> Problem:
    return Problem(
        ProblemCode.MALFORMED_RECORD,
        Severity.ERROR,
        f"{place}: is not a mapping",
        "Write posixName and the id, or take the entry out.",
        resource=place,
    )
