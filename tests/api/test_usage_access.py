"""Who sees whose usage, with tokens on. DESIGN section 9."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from cscs_domain.events.directory import DirectoryUser, KnownDirectory
from tests.api.events_site import EVENTS, GUARDED, EventsSite, events_site

OWN = EVENTS[0]["extra"]["event_id"]
OTHERS = EVENTS[1]["extra"]["event_id"]
PATHS = (*("summary?scope=user", "events", f"events/{OWN}", f"events/{OWN}/link", "unresolved"),)


@pytest.fixture
async def site() -> AsyncIterator[EventsSite]:
    """A site with tokens and the events of the sample."""
    async with events_site(settings=GUARDED) as made:
        await made.send_sample()
        yield made


@pytest.mark.parametrize("path", [*PATHS, "nothing-here"])
async def test_without_a_token_everything_is_401(site: EventsSite, path: str) -> None:
    response = await site.get(path)

    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"


async def test_a_collectors_key_opens_nothing_else(site: EventsSite) -> None:
    response = await site.get("events", x_zeus_collector_key="the-key-of-pbs1-0123456789")

    assert response.status_code == 401


async def test_operators_see_everything(site: EventsSite) -> None:
    for path in PATHS[1:]:
        await site.answer(path, "operator")
    assert len((await site.answer("events", "operator"))["events"]) == 22
    await site.answer("summary?scope=project&id=207", "operator")
    await site.answer("summary?scope=user&id=u2", "operator")


async def test_an_operator_who_is_no_user_has_no_usage_of_their_own(site: EventsSite) -> None:
    assert (await site.get("summary?scope=user", "operator")).status_code == 403


async def test_others_see_their_own_sums_with_their_id_or_without(site: EventsSite) -> None:
    days = "from=2025-11-01&to=2025-11-30"
    own = await site.answer(f"summary?scope=user&{days}", "anovak")

    assert (own["id"], own["name"]) == ("u1", "anovak")
    assert own["totals"]["events"] > 0
    assert await site.answer(f"summary?scope=user&id=u1&{days}", "anovak") == own


@pytest.mark.parametrize(
    "path",
    [
        *("summary?scope=user&id=u2", "summary?scope=project&id=207"),
        *("summary?scope=allocation&id=a207-2025", "events?user=u2", "unresolved"),
    ],
)
async def test_and_nothing_of_others(site: EventsSite, path: str) -> None:
    response = await site.get(path, "anovak")

    assert response.status_code == 403
    assert response.json()["error"] == "PermissionDenied"
    assert response.json()["help"]


async def test_their_listing_has_their_events_alone_in_every_form(site: EventsSite) -> None:
    events = (await site.answer("events", "anovak"))["events"]
    filtered = (await site.answer("events?user=u1", "anovak"))["events"]
    lines = await site.get("events", "anovak", accept="application/x-ndjson")

    assert {event["link"]["user"] for event in events} == {"u1"}
    assert filtered == events
    assert len(lines.text.splitlines()) == len(events)


async def test_an_event_of_somebody_else_is_as_if_it_were_not_there(site: EventsSite) -> None:
    assert (await site.get(f"events/{OWN}", "anovak")).status_code == 200
    assert (await site.get(f"events/{OWN}/link", "anovak")).status_code == 200
    for path in (f"events/{OTHERS}", f"events/{OTHERS}/link"):
        hidden = await site.get(path, "anovak")
        absent = await site.get(path.replace(OTHERS, "0" * 32), "anovak")
        assert hidden.status_code == absent.status_code == 404
        assert set(hidden.json()) == set(absent.json())


FORMS = ("application/json", "application/x-ndjson", "text/csv")


async def shown_to(site: EventsSite, who: str) -> str:
    """All that somebody can read of events, in every form."""
    texts = [(await site.get("events?limit=1000", who, accept=form)).text for form in FORMS]
    texts += [(await site.get("events", who, accept=form)).text for form in FORMS]
    for key in site.store.book.events:
        for path in (f"events/{key.event_id}", f"events/{key.event_id}/link"):
            response = await site.get(path, who)
            texts.append(response.text if response.status_code == 200 else "")
    return "".join(texts)


async def test_of_other_people_in_their_events_they_see_nothing(site: EventsSite) -> None:
    """An OpenStack event of the sample names all contacts of its project."""
    seen, all_there_is = await shown_to(site, "anovak"), await shown_to(site, "operator")

    assert "alena.novakova@uni.example.org" in seen
    for person in ("beat.keller@inst.example.org", "bkeller", "cmueller"):
        assert person in all_there_is
        assert person not in seen


async def test_of_identities_they_see_the_one_by_which_they_were_found(site: EventsSite) -> None:
    events = (await site.answer("events", "anovak"))["events"]

    assert events
    for event in events:
        assert event["identities"] == [event["link"]["sought_identity"]]


async def test_of_a_link_by_hand_they_see_that_it_is_one(site: EventsSite) -> None:
    """Whose name was looked for before is nobody's business, nor who corrected it and why."""
    path = f"events/{OTHERS}"
    body = {"reason": "borrowed by mallory", "user": "u1"}
    taken = await site.change("PUT", f"{path}/link", body, "operator")
    seen = await shown_to(site, "anovak")
    (event,) = (await site.answer(path, "anovak"))["events"]
    (link,) = (await site.answer(f"{path}/link", "anovak"))["links"]

    assert taken.status_code == 200
    assert event["identities"] == []
    assert (event["link"]["is_manual"], event["link"]["correction"]) == (True, None)
    assert (link["sought_identity"], link["is_manual"], link["correction"]) == (None, True, None)
    assert "mallory" not in seen
    assert "olga" not in seen
    assert event["context"] == (await site.answer(path, "operator"))["events"][0]["context"]


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_only_operators_correct(site: EventsSite, method: str) -> None:
    body = {"reason": "mine", "user": "u1"} if method == "PUT" else None
    refused = await site.change(method, f"events/{OTHERS}/link", body, "anovak")
    taken = await site.change(method, f"events/{OTHERS}/link", body, "operator")

    assert refused.status_code == 403
    assert taken.status_code == 200


async def test_a_correction_has_the_name_of_the_operator(site: EventsSite) -> None:
    body = {"reason": "because", "user": "u1"}
    response = await site.change("PUT", f"events/{OTHERS}/link", body, "operator")

    assert response.json()["links"][0]["correction"]["by"] == "olga"


@pytest.mark.parametrize(
    "users",
    [
        (),
        (DirectoryUser(id="1", external_id="NOBODY"),),
        (DirectoryUser(id="1", external_id="nobody"), DirectoryUser(id="2", external_id="nobody")),
    ],
    ids=["absent", "other case", "twice"],
)
async def test_whom_the_directory_does_not_know_sees_nothing(
    site: EventsSite, users: tuple[DirectoryUser, ...]
) -> None:
    site.directory.known = KnownDirectory(users=users)
    for path in PATHS:
        assert (await site.get(path, "stranger")).status_code == 403
