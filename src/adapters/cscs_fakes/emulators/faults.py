"""Ways in which an emulated service fails, and the switchboard that says when it does.

A fault begins after some good requests and ends after some bad ones, and may hold for part of the
requests only; so a test says beforehand what will happen, without watching the clock.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from threading import Lock
from typing import Final

import attrs


class Service(StrEnum):
    """What can be made to fail."""

    WALDUR = "waldur"
    HPC_USER = "hpc_user"
    OIDC = "oidc"
    DWDI = "dwdi"


class FaultKind(StrEnum):
    """How."""

    ERROR_500 = "500"
    ERROR_502 = "502"
    ERROR_503 = "503"
    ERROR_504 = "504"
    TOO_MANY = "429"
    TRUNCATE = "truncate"
    """The full Content-Length, half of the body, then the connection closes."""
    RESET = "reset"
    """The connection is reset before the request is looked at."""
    LOST = "lost"
    """The request is carried out, and its answer lost in a reset."""
    SLOW = "slow"
    """The body comes, piece by piece."""
    HANG = "hang"
    """No answer ever comes."""
    HTML = "html"
    """200 with a log-in page."""
    GARBAGE = "garbage"
    """200 with JSON of a shape that nobody expects."""
    HALF_JSON = "half_json"
    """200 with half a JSON document, as if it were a whole one."""
    HUGE = "huge"
    """200 with a body without end."""
    VANISH = "vanish"
    """After the first page of Waldur's resources some rows go and as many come."""
    LATENCY = "latency"
    """A good answer, late."""


_NOT_NEGATIVE: Final = attrs.validators.ge(0)


@attrs.frozen(kw_only=True)
class Fault:
    """One way to fail.

    `after`: so many requests go well first; `times`: so many fail then (None: all). `path`: a text
    that the path must hold; `method`: the only method. `ms`: milliseconds of `latency`, and
    between two pieces of `slow`; `size`: bytes of such a piece; `rows`: how many vanish.
    `retry_after`: that header for `429` and `503`: seconds, or `date+5` for the date in 5 s, or any
    other text as it is.
    """

    kind: FaultKind = attrs.field(converter=FaultKind)
    after: int = attrs.field(default=0, validator=_NOT_NEGATIVE)
    times: int | None = attrs.field(
        default=None, validator=attrs.validators.optional(_NOT_NEGATIVE)
    )
    path: str = ""
    method: str = ""
    ms: int = attrs.field(default=100, validator=_NOT_NEGATIVE)
    size: int = attrs.field(default=16, validator=attrs.validators.ge(1))
    rows: int = attrs.field(default=3, validator=_NOT_NEGATIVE)
    retry_after: str = ""

    def concerns(self, request: Asked) -> bool:
        """Whether such a request may fail this way."""
        if self.method and self.method.upper() != request.method:
            return False
        if self.kind is FaultKind.VANISH and not request.is_first_page_of_resources:
            return False
        return self.path in request.path


@attrs.frozen
class Asked:
    """A request as far as faults look at it."""

    service: Service
    method: str
    path: str
    query: str = ""

    @property
    def is_first_page_of_resources(self) -> bool:
        """Whether a walk over Waldur's resources begins here."""
        pages = [part[5:] for part in self.query.split("&") if part.startswith("page=")]
        is_list = self.path.endswith(
            ("/marketplace-provider-resources/", "/marketplace-resources/")
        )
        return self.method == "GET" and is_list and pages in ([], ["1"])


@attrs.define
class _Armed:
    """A fault that is switched on, and how often it could have happened."""

    fault: Fault
    seen: int = 0

    @property
    def done(self) -> int:
        """How often it has happened."""
        after, times = self.fault.after, self.fault.times
        happened = max(0, self.seen - after)
        return happened if times is None else min(happened, times)

    def strikes(self, request: Asked) -> bool:
        """Count the request, if it is of those that may fail, and say whether it does."""
        if not self.fault.concerns(request):
            return False
        before = self.done
        self.seen += 1
        return self.done > before


@attrs.frozen
class ActiveFault:
    """A fault that is switched on, for people."""

    service: Service
    fault: Fault
    done: int


@attrs.frozen
class Due:
    """What happens to one request: a wait in seconds, then a fault or none.

    `generation` is that of the switchboard when it decided so.
    """

    wait: float = 0.0
    fault: Fault | None = None
    generation: int = attrs.field(default=0, eq=False)


class Faults:
    """The switchboard. It may be used from any thread.

    `first` is on at the start. `generation` grows when faults are taken away; what hangs because
    of one then lets go.
    """

    def __init__(self, first: Iterable[tuple[Service, Fault]] = ()) -> None:
        self._first = tuple(first)
        self._lock = Lock()
        self._armed: dict[Service, list[_Armed]] = {service: [] for service in Service}
        self.generation = 0
        self.reset()

    def reset(self) -> None:
        """As it was at the start."""
        self.clear()
        for service, fault in self._first:
            self.add(service, fault)

    def let_go(self) -> None:
        """End everything that hangs, and leave faults switched on."""
        with self._lock:
            self.generation += 1

    def add(self, service: Service | str, fault: Fault) -> None:
        """Switch a fault on, beside those that are on."""
        with self._lock:
            self._armed[Service(service)].append(_Armed(fault))

    def set(self, service: Service | str, *faults: Fault) -> None:
        """Switch these on for a service and everything else off."""
        with self._lock:
            self._armed[Service(service)] = [_Armed(fault) for fault in faults]
            self.generation += 1

    def clear(self, service: Service | str | None = None) -> None:
        """Switch everything off, for one service or for all."""
        for each in Service if service is None else (Service(service),):
            self.set(each)

    def active(self) -> list[ActiveFault]:
        """What is on, and how often it has happened."""
        with self._lock:
            return [
                ActiveFault(service, armed.fault, armed.done)
                for service, all_armed in self._armed.items()
                for armed in all_armed
            ]

    def due(self, request: Asked) -> Due:
        """What happens to this request. Waits add up; of other faults the first one counts."""
        with self._lock:
            struck = [a.fault for a in self._armed[request.service] if a.strikes(request)]
            generation = self.generation
        late = [fault for fault in struck if fault.kind is FaultKind.LATENCY]
        other = [fault for fault in struck if fault.kind is not FaultKind.LATENCY]
        return Due(_seconds(late), other[0] if other else None, generation)


def _seconds(late: Iterable[Fault]) -> float:
    return sum(fault.ms for fault in late) / 1000
