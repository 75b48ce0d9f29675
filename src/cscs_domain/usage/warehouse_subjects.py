"""By what the warehouse is asked about accounts: their names, paths or resources."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from uuid import UUID

import attrs

from cscs_domain._text import label, shown
from cscs_domain.errors import InvalidValueError
from cscs_domain.problems import Problem, ProblemCode, Severity
from cscs_domain.usage.findings import named
from cscs_domain.usage.metering import Metering, UsageKind, WarehouseProfile


@attrs.frozen
class MeteredAccount:
    """Whose usage is wanted: `name` is the backend id of a Waldur resource.

    `cluster` is the backend id of its offering (compute), `resource` its uuid (inference).
    """

    name: str = attrs.field()
    cluster: str = ""
    resource: UUID | None = None

    @name.validator
    def _is_some(self, _attribute: object, value: str) -> None:
        if not value:
            raise InvalidValueError("account", shown(value), "is empty")


@attrs.frozen
class Subjects:
    """`accounts` by subject; `clusters` has the subjects by the cluster that narrows the query."""

    accounts: Mapping[str, str]
    clusters: Mapping[str, frozenset[str]]
    problems: Sequence[Problem]


def subjects_of(accounts: Iterable[MeteredAccount], metering: Metering) -> Subjects:
    """Everything that can be asked for; what cannot is in the problems."""
    names: defaultdict[str, set[str]] = defaultdict(set)
    clusters: defaultdict[str, set[str]] = defaultdict(set)
    problems: list[Problem] = []
    for account in sorted(set(accounts), key=lambda each: each.name):
        subject = subject_of(account, metering)
        if subject is None:
            problems.append(_without_subject(account, metering))
        else:
            names[subject].add(account.name)
            clusters[cluster_of(account.cluster, metering)].add(subject)
    problems += _shared(names)
    clear = {subject: name for subject, (name, *others) in names.items() if not others}
    wanted = {name: frozenset(clear.keys() & found) for name, found in sorted(clusters.items())}
    return Subjects(
        clear, {name: subjects for name, subjects in wanted.items() if subjects}, problems
    )


def subject_of(account: MeteredAccount, metering: Metering) -> str | None:
    """By what the warehouse is asked about an account; None if that is not known."""
    match metering.kind:
        case UsageKind.COMPUTE:
            return account.name
        case UsageKind.STORAGE:
            path = metering.storage_paths.get(account.name, account.name)
            return plain_path(path) if path.startswith("/") else None
        case UsageKind.INFERENCE:
            return str(account.resource) if account.resource else _uuid_in(account.name)


def _uuid_in(name: str) -> str | None:
    try:
        return str(UUID(name))
    except ValueError:
        return None


def canonical_uuid(text: str) -> str:
    """One form for all texts of a uuid; any other text as it is."""
    return _uuid_in(text) or text


def plain_path(path: str) -> str:
    """The path without slashes at its end, which mean nothing."""
    return path.rstrip("/") or "/"


def cluster_of(offering: str, metering: Metering) -> str:
    """The cluster that narrows a query, by the backend id of the resource's offering.

    Source: DWDI contract, section 9.
    """
    if metering.kind is not UsageKind.COMPUTE or metering.profile is not WarehouseProfile.V2:
        return ""
    return offering.lower() or metering.cluster


def _without_subject(account: MeteredAccount, metering: Metering) -> Problem:
    if metering.kind is UsageKind.STORAGE:
        message = f"no path is known for {label(account.name)}, so its usage cannot be asked for"
        hint = "Name its path in storage_path_mapping."
    else:
        message = f"{label(account.name)} is no uuid of a Waldur resource, and none is known for it"
        hint = "Costs of inference are kept by Waldur resource: give its uuid."
    return Problem(
        ProblemCode.MISSING_FIELD, Severity.ERROR, message, hint, resource=named(account.name)
    )


def _shared(names: Mapping[str, Iterable[str]]) -> Iterator[Problem]:
    for subject, accounts in names.items():
        several = sorted(accounts)
        for name in several if len(several) > 1 else ():
            yield Problem(
                ProblemCode.SHARED_ACCOUNT,
                Severity.ERROR,
                f"{label(subject)} stands for {len(several)} accounts, so that none is reported",
                "Give each a path or resource of its own.",
                resource=named(name),
            )
