"""Usage events in words and columns, for people."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from cscs_cli.terminal import visible
from cscs_domain.events.event import EventIdentity
from cscs_domain.events.event_ids import utc_text
from cscs_domain.events.hours import hours
from cscs_domain.events.links import Link

NOTHING: Final = "-"


def hours_text(seconds: int) -> str:
    """Seconds as hours with four places, as programs are told.

    >>> hours_text(5400), hours_text(-1)
    ('1.5000', '-0.0003')
    """
    return f"{hours(seconds):f}"


def moment_text(moment: datetime) -> str:
    """A moment in UTC, to the second if it has no fraction."""
    return utc_text(moment)


def name_text(name: str | None) -> str:
    """Somebody's text, or a dash where there is none."""
    return NOTHING if name is None else visible(name)


def identity_text(identity: EventIdentity | None) -> str:
    """An identity as `scheme value`."""
    if identity is None:
        return NOTHING
    return visible(f"{identity.scheme} {identity.value}")


def state_text(link: Link) -> str:
    """How much was found, and what is missing."""
    state = f"{link.state} (by hand)" if link.is_manual else link.state.value
    gaps = ", ".join(link.gaps)
    return f"{state}: {gaps}" if gaps and not link.is_manual else state


def link_text(link: Link) -> str:
    """What a link leads to as `user / project / allocation`, and what is missing."""
    ids = " / ".join(map(name_text, (link.user, link.project, link.allocation)))
    gaps = ", ".join(link.gaps)
    return f"{ids} ({gaps})" if gaps else ids
