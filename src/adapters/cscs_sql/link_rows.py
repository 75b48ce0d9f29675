"""Links as rows of `resource_usage_event_links`, and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Protocol, TypeVar

from sqlalchemy import ColumnElement

from cscs_domain.events.event import EventIdentity
from cscs_domain.events.links import (
    AllocationMatch,
    Correction,
    Link,
    LinkGap,
    ProjectMatch,
    UserMatch,
)
from cscs_sql.event_rows import json_text
from cscs_sql.schema import links

KEY: Final = ("event_id", "time_window_start")
TIMES: Final = ("resolved_at", "created_at", "updated_at")
CONTENT: Final = tuple(column.name for column in links.columns if column.name not in {*KEY, *TIMES})
"""The columns that come with a link."""


_Match = TypeVar("_Match")


class LinkRow(Protocol):
    """A row with the columns of `link_columns`."""

    def __getattr__(self, name: str) -> Any: ...


def link_columns() -> list[ColumnElement[Any]]:
    """What `link_of` reads."""
    return [links.c[name] for name in CONTENT if name != "state"]


def link_record(link: Link) -> dict[str, object]:
    """The values of a link by column, without its key and times."""
    sought, correction = link.sought_identity, link.correction
    return {
        "user_id": link.user,
        "project_id": link.project,
        "allocation_id": link.allocation,
        "user_match_scheme": _word(link.user_match),
        "project_match_strategy": _word(link.project_match),
        "allocation_match_strategy": _word(link.allocation_match),
        "gaps": " ".join(link.gaps),
        "state": link.state.value,
        "sought_project": link.sought_project,
        "sought_scheme": None if sought is None else sought.scheme,
        "sought_value": None if sought is None else sought.value,
        "sought_authority": None if sought is None else sought.authority,
        "resolver_version": link.resolver_version,
        "is_manual": correction is not None,
        "corrected_by": None if correction is None else correction.by,
        "corrected_at": None if correction is None else correction.at,
        "correction_reason": None if correction is None else correction.reason,
    }


def link_of(row: LinkRow) -> Link:
    """The link of a row."""
    return Link(
        user=row.user_id,
        project=row.project_id,
        allocation=row.allocation_id,
        user_match=_match(UserMatch, row.user_match_scheme),
        project_match=_match(ProjectMatch, row.project_match_strategy),
        allocation_match=_match(AllocationMatch, row.allocation_match_strategy),
        gaps=gaps_of(row.gaps),
        sought_project=row.sought_project,
        sought_identity=identity_of(row),
        resolver_version=row.resolver_version,
        correction=_correction(row) if row.is_manual else None,
    )


def identity_of(row: LinkRow) -> EventIdentity | None:
    """By whom the user was sought."""
    if row.sought_scheme is None:
        return None
    return EventIdentity(row.sought_scheme, row.sought_value, row.sought_authority)


def gaps_of(words: str) -> tuple[LinkGap, ...]:
    """What is missing, out of words with blanks between them."""
    return tuple(map(LinkGap, words.split()))


def ids_text(link: Link) -> str:
    """Where a link leads, as an object of ids: what a log of corrections keeps."""
    return json_text({"user": link.user, "project": link.project, "allocation": link.allocation})


def _word(match: UserMatch | ProjectMatch | AllocationMatch | None) -> str | None:
    return None if match is None else match.value


def _correction(row: LinkRow) -> Correction:
    return Correction(by=row.corrected_by, at=row.corrected_at, reason=row.correction_reason)


def _match(kind: Callable[[str], _Match], word: str | None) -> _Match | None:
    return None if word is None else kind(word)
