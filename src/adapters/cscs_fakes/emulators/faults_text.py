"""Faults as people write them: `waldur=503:after=2:times=3:path=orders`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from cscs_fakes.emulators.faults import Fault, FaultKind, Service

KINDS: Final = ", ".join(FaultKind)
SERVICES: Final = ", ".join(Service)
_CONVERT: Final[Mapping[str, Callable[[str], object]]] = {
    "after": int,
    "times": int,
    "ms": int,
    "size": int,
    "rows": int,
    "path": str,
    "method": str,
    "retry_after": str,
}


class FaultTextError(ValueError):
    """The text names no fault. The message says what it could be."""


def parse_service_fault(text: str) -> tuple[Service, Fault]:
    """`SERVICE=KIND[:NAME=VALUE...]`. Raises `FaultTextError`."""
    name, equals, rest = text.partition("=")
    if not equals or name not in set(Service):
        raise FaultTextError(f"{text!r} has no service: write one of {SERVICES} and =KIND")
    return Service(name), parse_fault(rest)


def parse_fault(text: str) -> Fault:
    """`KIND[:NAME=VALUE...]`. Raises `FaultTextError`."""
    kind, *options = text.split(":")
    if kind not in set(FaultKind):
        raise FaultTextError(f"{kind!r} is no kind of fault: choose one of {KINDS}")
    return fault_of({"kind": kind} | dict(map(_option, options)))


def fault_of(members: Mapping[str, object]) -> Fault:
    """A fault out of its members by name. Raises `FaultTextError`."""
    try:
        return Fault(**members)  # type: ignore[arg-type]  # checked by the class
    except (TypeError, ValueError) as error:
        raise FaultTextError(str(error)) from None


def _option(text: str) -> tuple[str, object]:
    name, _, value = text.partition("=")
    if name not in _CONVERT:
        raise FaultTextError(f"{name!r} is no option of a fault: choose from {', '.join(_CONVERT)}")
    try:
        return name, _CONVERT[name](value)
    except ValueError:
        raise FaultTextError(f"{name}={value!r} is not a whole number") from None
