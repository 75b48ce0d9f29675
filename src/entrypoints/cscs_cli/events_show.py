"""`cscs events show`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID

from rich.text import Text

from cscs_bootstrap.events_service import EventsService
from cscs_bootstrap.json_text import encode
from cscs_cli.events_filters import EventId
from cscs_cli.events_options import DEFAULTS, EventsOptions, load_for_events
from cscs_cli.events_running import with_events
from cscs_cli.events_texts import identity_text, moment_text, name_text, state_text
from cscs_cli.exit_codes import ExitCode
from cscs_cli.terminal import console, say_bytes, visible
from cscs_domain.errors import UnknownEventError
from cscs_domain.events.event_wire import event_to_wire
from cscs_domain.events.links import Link
from cscs_domain.events.metrics import METRIC_NAMES
from cscs_domain.events.stored import StoredEvent
from cscs_domain.events.stored_wire import stored_event_to_wire


def events_show(event: EventId, /, *, options: EventsOptions = DEFAULTS) -> int:
    """Print an event with its link, once for each window that has it."""
    settings = load_for_events(options)
    found = with_events(settings, lambda service: known_events(service, event))
    if options.json:
        say_bytes(encode({"events": list(map(stored_event_to_wire, found))}))
        return ExitCode.DONE
    for number, stored in enumerate(found):
        if number:
            console().print()
        for name, text in described(stored):
            console().print(Text(f"{name:<25}{text}"), soft_wrap=True)
    return ExitCode.DONE


async def known_events(service: EventsService, event_id: UUID) -> Sequence[StoredEvent]:
    """All events of an id. Raises `UnknownEventError` if there is none."""
    found = await service.store.events(event_id)
    if not found:
        raise UnknownEventError(event_id)
    return found


def described(stored: StoredEvent) -> Iterator[tuple[str, str]]:
    """What there is to say about an event, with what each is called."""
    event, wire = stored.event, event_to_wire(stored.event)
    yield "event", str(stored.event_id)
    yield "source", visible(event.source)
    yield (
        "window",
        f"{moment_text(event.time_window_start)} to {moment_text(event.time_window_end)}",
    )
    yield "collected", moment_text(event.collected_at)
    yield "revision", f"{stored.revision} (erased)" if stored.is_erased else str(stored.revision)
    yield "measure", event.measure.value
    for name in METRIC_NAMES:
        amount: int | None = getattr(event.metrics, name)
        if amount is not None:
            yield name, str(amount)
    yield "project_slug", name_text(event.project_slug)
    for identity in event.identities:
        yield "identity", identity_text(identity)
    yield "context", visible(encode(wire["context"]).decode())
    yield "extra", visible(encode(wire["extra"]).decode())
    yield from described_link(stored.link)


def described_link(link: Link) -> Iterator[tuple[str, str]]:
    """What there is to say about a link."""
    yield "link", state_text(link)
    yield "  user", _found(link.user, link.user_match)
    yield "  project", _found(link.project, link.project_match)
    yield "  allocation", _found(link.allocation, link.allocation_match)
    if link.correction is not None:
        made = link.correction
        yield "  by hand", visible(f"{made.by}, {moment_text(made.at)}: {made.reason}")
    elif link.gaps:
        yield "  sought", f"{name_text(link.sought_project)}; {identity_text(link.sought_identity)}"


def _found(name: str | None, match: str | None) -> str:
    return name_text(name) if match is None else f"{name_text(name)} ({match})"
