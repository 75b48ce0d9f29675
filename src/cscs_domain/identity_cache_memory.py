"""What was found out about names, and when: the memory of a cache, without any asking."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from typing import Generic, Protocol, TypeVar

import attrs

from cscs_domain._text import label
from cscs_domain.identity_cache_policy import IdentityCachePolicy
from cscs_domain.problems import Problem
from cscs_domain.storage.freshness import Freshness

_T = TypeVar("_T")
_T_co = TypeVar("_T_co", covariant=True)


class Lookup(Protocol[_T_co]):
    """A `GidLookup` or a `UserLookup`."""

    @property
    def resolved(self) -> Mapping[str, _T_co]:
        """What is certain, by name."""

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What was wrong."""


@attrs.frozen
class Finding(Generic[_T]):
    """What one look-up said about one name; without a value it is unknown or doubtful."""

    value: _T | None
    at: timedelta
    problems: tuple[Problem, ...] = ()


@attrs.frozen
class Recalled(Generic[_T]):
    """What is remembered about names that somebody asks for.

    `served` needs no asking, though its part `due` should be looked up again soon; `wanting` has
    to be asked first, and `old` is what is known about some of it.
    """

    served: dict[str, Finding[_T]] = attrs.field(factory=dict)
    due: set[str] = attrs.field(factory=set)
    wanting: set[str] = attrs.field(factory=set)
    old: dict[str, Finding[_T]] = attrs.field(factory=dict)


@attrs.define(eq=False)
class IdentityMemory(Generic[_T]):
    """Findings by name, the latest last."""

    policy: IdentityCachePolicy
    _findings: dict[str, Finding[_T]] = attrs.field(factory=dict, init=False)

    def __len__(self) -> int:
        return len(self._findings)

    def recall(self, names: Iterable[str], now: timedelta) -> Recalled[_T]:
        """Sort names by what is remembered about them."""
        recalled = Recalled[_T]()
        for name in names:
            finding = self._findings.get(name)
            if finding is None:
                recalled.wanting.add(name)
            else:
                self._judge(recalled, name, finding, now)
        return recalled

    def _judge(
        self, recalled: Recalled[_T], name: str, finding: Finding[_T], now: timedelta
    ) -> None:
        match self.policy.judge(now - finding.at, known=finding.value is not None):
            case Freshness.SERVE:
                recalled.served[name] = finding
            case Freshness.SERVE_AND_REFRESH:
                recalled.served[name] = finding
                recalled.due.add(name)
            case Freshness.REFRESH_FIRST:
                recalled.wanting.add(name)
                recalled.old[name] = finding

    def keep(self, findings: Mapping[str, Finding[_T]]) -> None:
        """Remember these; what is too much is forgotten, the oldest first."""
        for name, finding in findings.items():
            self._findings.pop(name, None)  # so that it moves to the end
            self._findings[name] = finding
        for name in list(self._findings)[: max(0, len(self) - self.policy.most)]:
            del self._findings[name]

    def forget(self, name: str) -> None:
        """Forget one name, known or not."""
        self._findings.pop(name, None)

    def clear(self) -> None:
        """Forget everything."""
        self._findings.clear()

    def oldest(self, now: timedelta) -> timedelta | None:
        """The age of the oldest finding."""
        return max((now - finding.at for finding in self._findings.values()), default=None)


def findings_in(
    lookup: Lookup[_T], asked: Collection[str], at: timedelta
) -> dict[str, Finding[_T]]:
    """What a look-up said about each name that it was asked for.

    A problem belongs to the name that it is about. One about no name, such as a record that
    could not be read, may be the reason why others are unknown, so it goes with each of those;
    if there are none, nobody lacks an id because of it, and it is dropped.
    """
    own, general = _assigned(lookup.problems, asked)
    return {
        name: Finding(
            value := lookup.resolved.get(name),
            at,
            (*own.get(name, ()), *(general if value is None else ())),
        )
        for name in asked
    }


def _assigned(
    problems: Collection[Problem], asked: Collection[str]
) -> tuple[dict[str, list[Problem]], list[Problem]]:
    """Problems by the name they are about, and those about none."""
    own: dict[str, list[Problem]] = {}
    general: list[Problem] = []
    if not problems:
        return own, general
    names = {label(name): name for name in asked}
    for problem in problems:
        name = names.get(problem.resource or "")
        (general if name is None else own.setdefault(name, [])).append(problem)
    return own, general
