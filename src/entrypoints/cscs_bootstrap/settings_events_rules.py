"""Rules of the section `events` that need more than one key."""

from __future__ import annotations

from collections.abc import Iterator

from cscs_bootstrap.settings_events import ONLY_KEY
from cscs_bootstrap.settings_model import AdapterKind, Settings
from cscs_bootstrap.settings_objections import Caution, Objection
from cscs_bootstrap.settings_values import Reason


def events_conflicts(settings: Settings) -> Iterator[Objection]:
    """Yield what does not fit together, whoever uses it."""
    yield from _keys(settings)
    events = settings.events
    if events.retention_days is not None and events.compress_after_days >= events.retention_days:
        text = f"must be less than events.retention_days, {events.retention_days}."
        yield Objection("events.compress_after_days", Reason(text), ("events.retention_days",))
    adapters = settings.adapters
    if adapters.directory.kind is AdapterKind.SQL and adapters.events.kind is not AdapterKind.SQL:
        text = f"cannot be sql while adapters.events is {adapters.events.kind}:"
        reason = Reason(f"{text} its tables are in the database of the events.")
        yield Objection("adapters.directory", reason, ("adapters.events",))
    if adapters.directory.kind is AdapterKind.FILE and len(adapters.directory.path) > 1:
        text = "must be one YAML or JSON file, or one folder of CSV files."
        yield Objection("adapters.directory.path", Reason(text), ("adapters.directory",))


def _keys(settings: Settings) -> Iterator[Objection]:
    """Who sent a batch is told by the key, so no two collectors share one."""
    events = settings.events
    if events.collector_key is not None and ONLY_KEY in events.collector_keys:
        reason = "is the name of the key in events.collector_key."
        hint = "Give it another name."
        yield Objection(
            "events.collector_keys", Reason(reason, hint, ONLY_KEY), ("events.collector_key",)
        )
    keys = list(events.named_keys())
    for place, (name, key) in enumerate(keys):
        twin = next((other for other, earlier in keys[:place] if earlier == key), None)
        if twin is not None:
            hint = "Give every collector a key of its own."
            yield Objection(
                "events.collector_keys",
                Reason(f"has the same key as {twin}.", hint, name),
                ("events.collector_key",),
            )


def events_notices(settings: Settings) -> tuple[str, ...]:
    """What an operator should know who uses usage events, in sentences."""
    return tuple(f"{caution.key} {caution.text}" for caution in events_cautions(settings))


def events_cautions(settings: Settings) -> Iterator[Caution]:
    """Yield the same, each with its key."""
    if not any(settings.events.named_keys()):
        text = "is not set: no batch is accepted until it is."
        yield Caution("events.collector_key", text)
    directory = settings.adapters.directory
    if directory.kind is AdapterKind.FILE and not directory.path:
        text = (
            "is not set: nothing is known to link events to. `cscs events relink` makes up for it."
        )
        yield Caution("adapters.directory.path", text)
    if settings.adapters.events.path:
        text = "is not used: events.database_url says where events are kept."
        yield Caution("adapters.events.path", text)
    if settings.adapters.events.kind is AdapterKind.FAKE:
        yield Caution("adapters.events", "is fake: events are kept in memory until the end.")
        if settings.events.retention_days is not None:
            text = "is not used: nothing deletes events that are kept in memory."
            yield Caution("events.retention_days", text)
