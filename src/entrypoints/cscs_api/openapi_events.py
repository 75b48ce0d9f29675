"""Usage events, their links and batches as schemas. Source: usage events contract, 1 and 4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cscs_api.openapi_schemas import (
    Schema,
    anything,
    boolean,
    listed,
    moment,
    or_null,
    record,
    ref,
    text,
    uuid,
    whole,
    words,
)
from cscs_domain.events.bounds import (
    DEEPEST,
    LARGEST_COUNT,
    LONGEST_NAME,
    LONGEST_VALUE,
    MOST_CHARACTERS,
    MOST_IDENTITIES,
    MOST_VALUES,
)
from cscs_domain.events.event import Granularity, Measure
from cscs_domain.events.links import (
    AllocationMatch,
    LinkGap,
    LinkState,
    ProjectMatch,
    UserMatch,
)
from cscs_domain.events.metrics import METRIC_NAMES

_NAME: Final = text(minLength=1, maxLength=LONGEST_NAME, pattern="^[^\\x00-\\x1f\\x7f-\\x9f]+$")
"""Without control characters."""
_KEPT: Final = (
    f"At most {DEEPEST} levels deep, {MOST_VALUES} values at all levels and {MOST_CHARACTERS}"
    " characters in all keys and texts."
)
_WHICH: Final = {
    True: "",
    False: "To others than operators that one alone by which the user was found.",
}
_COUNT: Final = whole(most=LARGEST_COUNT)
_METRICS: Final = {name: or_null(_COUNT) for name in METRIC_NAMES} | {"cpu_time_seconds": _COUNT}
_IDENTITY: Final = record(
    {
        "scheme": _NAME | {"description": "Such as oidc_sub or user_email."},
        "value": text(minLength=1, maxLength=LONGEST_VALUE),
        "authority": or_null(text(maxLength=LONGEST_VALUE)),
    },
    optional=("authority",),
)
_EXTRA: Final = record(
    {
        "event_id": or_null(uuid("By which the event is known if it is sent again.")),
        "measure": or_null(words(Measure, "delta unless it says total, which is never summed.")),
        "granularity": or_null(words(Granularity)),
    },
    f"Anything else is kept as it is. {_KEPT}",
    optional=("event_id", "measure", "granularity"),
)
_OPTIONAL: Final = (*("schema_version", "project_slug", "is_personal", "identities", "extra"),)


def _event_members(sent: bool) -> dict[str, Schema]:
    """What was sent may have null for what is optional; what is shown is complete."""
    maybe = or_null if sent else dict
    return {
        "schema_version": maybe(_NAME),
        "source": _NAME | {"description": "One of the configured sources."},
        "time_window_start": moment("From the year 2000 on."),
        "time_window_end": moment("After the start; not in it."),
        "collected_at": moment("A newer one replaces an event."),
        "project_slug": or_null(text(maxLength=LONGEST_NAME)),
        "is_personal": maybe(boolean()),
        "metrics": ref("Metrics"),
        "identities": maybe(listed(ref("Identity"), _WHICH[sent], maxItems=MOST_IDENTITIES)),
        "context": anything(_KEPT),
        "extra": or_null(ref("Extra")),
    }


_LINK: Final = {
    "user": or_null(text("Id in the directory.")),
    "project": or_null(text("Id in the directory.")),
    "allocation": or_null(text("Id in the directory.")),
    "state": words(LinkState),
    "gaps": listed(words(LinkGap), "What could not be found."),
    "user_match": or_null(words(UserMatch)),
    "project_match": or_null(words(ProjectMatch)),
    "allocation_match": or_null(words(AllocationMatch)),
    "sought_project": or_null(text()),
    "sought_identity": or_null(ref("Identity")),
    "resolver_version": whole(least=1),
    "is_manual": boolean("Made by hand; kept when links are made again."),
    "correction": or_null(
        record({"by": text(), "at": moment(), "reason": text()}, "Told to operators alone.")
    ),
}

SCHEMAS: Final[Mapping[str, Schema]] = {
    "Metrics": record(
        _METRICS,
        "Whole numbers; seconds, bytes, percent.",
        optional=[name for name in METRIC_NAMES if name != "cpu_time_seconds"],
    ),
    "Identity": _IDENTITY,
    "Extra": _EXTRA,
    "Event": record(_event_members(sent=True), optional=_OPTIONAL),
    "Batch": record(
        {
            "events": listed(ref("Event")),
            "is_last_batch": or_null(boolean("Begin to sum up.")),
        },
        optional=("is_last_batch",),
    ),
    "Link": record(_LINK),
    "StoredEvent": record(
        {
            "event_id": uuid(),
            **_event_members(sent=False),
            "link": ref("Link"),
            "revision": whole("How often the content has changed, from 1.", least=1),
            "is_erased": boolean("Without what tells whose it was."),
        }
    ),
}
