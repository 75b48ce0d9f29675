"""Which events a command is about."""

from __future__ import annotations

from datetime import tzinfo
from typing import Annotated, Final
from uuid import UUID

import attrs
from cyclopts import Parameter

from cscs_cli.events_days import ALL_DAYS, DayOptions, window_of
from cscs_cli.failures import UsageError
from cscs_domain._text import is_encodable, shown
from cscs_domain.events.stored import EventFilter


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class FilterOptions:
    """Whose events, by the ids of the directory. Everything that is given must hold."""

    source: Annotated[
        str | None, Parameter(metavar="NAME", help="Only events of this source, such as pbsAcct.")
    ] = None
    user: Annotated[
        str | None, Parameter(metavar="ID", help="Only events linked to this user.")
    ] = None
    project: Annotated[
        str | None, Parameter(metavar="ID", help="Only events linked to this project.")
    ] = None
    allocation: Annotated[
        str | None, Parameter(metavar="ID", help="Only events linked to this allocation.")
    ] = None
    only_unresolved: Annotated[
        bool, Parameter(help="Only events of which the user or the project was not found.")
    ] = False


ALL_EVENTS: Final = FilterOptions()


def event_filter(
    options: FilterOptions = ALL_EVENTS, days: DayOptions = ALL_DAYS, *, zone: tzinfo
) -> EventFilter:
    """The filter that was asked for. Raises `UsageError`."""
    window = window_of(days, zone)
    return EventFilter(
        start=window.start,
        end=window.end,
        source=named("--source", options.source),
        user=named("--user", options.user),
        project=named("--project", options.project),
        allocation=named("--allocation", options.allocation),
        only_unresolved=options.only_unresolved,
    )


def named(option: str, text: str | None) -> str | None:
    """A name as it was given. Raises `UsageError` for one that can be nobody's."""
    if text is None or (text.strip() and is_encodable(text) and "\0" not in text):
        return text
    raise UsageError(
        f"{option} {shown(text)} is no name; it is empty, as a variable that is not set leaves "
        "it, or no text."
    )


EventId = Annotated[
    UUID, Parameter(metavar="EVENT", help="Id of the event, with or without dashes.")
]
"""The event that a command is about."""
