"""Which accounts are reported, and for which resources. Source: DESIGN section 5."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import attrs

from cscs_domain._text import label, shown
from cscs_domain.problems import Problem, ProblemCode, Severity
from cscs_domain.usage.metered_resources import MeteredResource, MeteredResources

_STATE_HINT = "As long as the month is reported, it catches up once Waldur takes its usage again."


@attrs.frozen(kw_only=True)
class MeteredAccounts:
    """One resource an account, in the order of accounts, and why others are not reported."""

    resources: tuple[MeteredResource, ...]
    problems: tuple[Problem, ...] = ()


def metered_accounts(
    found: MeteredResources, only: frozenset[str], elsewhere: frozenset[str] = frozenset()
) -> MeteredAccounts:
    """The accounts of the resources: their backend ids, as far as these are not empty.

    Two resources of one account would both be billed for it, so neither is; nor is one whose
    account is `elsewhere` as well. `only` narrows the accounts, if it is not empty; one that no
    resource names is a problem.
    """
    by_account: dict[str, list[MeteredResource]] = defaultdict(list)
    for resource in found.resources:
        by_account[resource.backend_id].append(resource)
    nameless = by_account.pop("", [])
    wanted = {name: them for name, them in by_account.items() if not only or name in only}
    shared = {name for name, them in wanted.items() if len(them) > 1 or name in elsewhere}
    alone = [them[0] for name, them in wanted.items() if name not in shared]
    problems = [
        *found.problems,
        *(() if only else map(_nameless, nameless)),
        *(_shared(name, wanted[name], name in elsewhere) for name in sorted(shared)),
        *(_unreportable(resource) for resource in alone if not resource.is_reportable),
        *_unknown(only - wanted.keys()),
    ]
    reportable = (resource for resource in alone if resource.is_reportable)
    return MeteredAccounts(
        resources=tuple(sorted(reportable, key=_order)), problems=tuple(problems)
    )


def _order(resource: MeteredResource) -> tuple[str, str]:
    return resource.backend_id, str(resource.uuid)


def _nameless(resource: MeteredResource) -> Problem:
    return Problem(
        ProblemCode.NO_ACCOUNT,
        Severity.INFO,
        f"{label(resource.name)} has no backend id, so it has no account in the warehouse",
        "Set its backend id in Waldur, once the account is there.",
        str(resource.uuid),
    )


def _shared(account: str, resources: Sequence[MeteredResource], is_elsewhere: bool) -> Problem:
    uuids = ", ".join(sorted(str(resource.uuid) for resource in resources))
    others = ", and others in another offering" if is_elsewhere else ""
    return Problem(
        ProblemCode.SHARED_ACCOUNT,
        Severity.ERROR,
        f"the backend id {shown(account)} is that of several resources ({uuids}{others}): "
        "reporting all of them would bill its usage more than once, so none is reported",
        "Give each resource an account of its own, or end the one that is left over.",
        account,
    )


def _unreportable(resource: MeteredResource) -> Problem:
    return Problem(
        ProblemCode.UNREPORTABLE_STATE,
        Severity.WARNING,
        f"{label(resource.backend_id)} is {label(resource.state_text)}, a state in which Waldur "
        "takes no usage; it is not reported",
        _STATE_HINT,
        resource.backend_id,
    )


def _unknown(accounts: Iterable[str]) -> Iterator[Problem]:
    for account in sorted(accounts):
        yield Problem(
            ProblemCode.UNKNOWN_ACCOUNT,
            Severity.ERROR,
            f"no resource of the offerings that is not terminated has the backend id "
            f"{shown(account)}; it is not reported",
            "Check how the account is written; Waldur takes no usage of what is terminated.",
            account,
        )
