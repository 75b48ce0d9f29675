"""GET, PUT, DELETE /usage/events/{event_id}/link: corrections by hand."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest

from cscs_domain.events.erase_person import erase_person
from cscs_domain.events.stored import Person
from tests.api.events_site import EVENTS, EventsSite, Json, batch, changed, events_site
from tests.events_site import NOW

GHOST = EVENTS[6]["extra"]["event_id"]
LINK = f"events/{GHOST}/link"
WHY = {"reason": "ticket 17"}


@pytest.fixture
async def site() -> AsyncIterator[EventsSite]:
    """A site with the events of the sample."""
    async with events_site() as made:
        await made.send_sample()
        yield made


async def put(site: EventsSite, **members: object) -> Json:
    """The link after a correction."""
    response = await site.change("PUT", LINK, {**WHY, **members})
    assert response.status_code == 200, response.text
    (link,) = response.json()["links"]
    found: Json = link
    return found


async def test_a_link_tells_what_was_sought(site: EventsSite) -> None:
    answer = await site.answer(LINK)
    (link,) = answer["links"]

    assert answer["event_id"] == GHOST
    assert link["time_window_start"] == "2025-11-18T23:00:00Z"
    assert (link["state"], link["is_manual"], link["correction"]) == ("unresolved", False, None)
    assert link["sought_identity"]["value"] == "ghost01"


async def test_a_correction_is_remembered_with_who_when_and_why(site: EventsSite) -> None:
    link = await put(site, user="u2", project="207")

    assert (link["user"], link["project"], link["state"]) == ("u2", "207", "resolved")
    assert link["allocation"] is not None
    assert link["correction"] == {
        "by": "local",
        "at": "2026-11-21T08:00:00Z",
        "reason": "ticket 17",
    }
    assert (await site.answer(LINK))["links"] == [link]


async def test_names_are_taken_for_ids(site: EventsSite) -> None:
    link = await put(site, user="beat.keller@inst.example.org", project="Alpine Climate")

    assert (link["user"], link["project"]) == ("u2", "207")


async def test_what_is_left_out_stays_and_null_removes(site: EventsSite) -> None:
    await put(site, user="u2", project="207")
    kept = await put(site, user=None)

    assert (kept["user"], kept["project"]) == (None, "207")


async def test_summaries_follow_at_once(site: EventsSite) -> None:
    path = "summary?scope=project&id=118&from=2025-11-19&to=2025-11-19"
    before = (await site.answer(path))["totals"]["events"]
    await put(site, project="118")

    assert (await site.answer(path))["totals"]["events"] == before + 1


async def test_a_correction_stays_when_the_event_is_sent_again(site: EventsSite) -> None:
    link = await put(site, user="u2")
    newer = changed(EVENTS[6], collected_at="2025-11-21T00:00:00Z")
    await site.send(batch([newer]))

    assert (await site.answer(LINK))["links"] == [link]


async def test_taken_back_the_link_is_automatic_again(site: EventsSite) -> None:
    before = (await site.answer(LINK))["links"]
    await put(site, user="u2", project="207")
    response = await site.change("DELETE", f"{LINK}?reason=was%20wrong")

    assert response.status_code == 200
    assert response.json()["links"] == before
    assert site.store.book.corrections[-1].reason == "was wrong"


async def test_a_reason_to_take_it_back_is_welcome_and_not_asked_for(site: EventsSite) -> None:
    await put(site, user="u2")

    assert (await site.change("DELETE", LINK)).status_code == 200
    assert (await site.change("DELETE", f"{LINK}?reason=")).status_code == 422


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({}, ["body", "reason"]),
        ({"reason": ""}, ["body", "reason"]),
        ({"reason": "  "}, ["body", "reason"]),
        ({"reason": 1}, ["body", "reason"]),
        ({"reason": "x" * 2000}, ["body", "reason"]),
        ({**WHY, "user": 1}, ["body", "user"]),
        ({**WHY, "user": ""}, ["body", "user"]),
        ({**WHY, "user": "a\0b"}, ["body", "user"]),
        ({**WHY, "user": "nobody"}, ["body", "user"]),
        ({**WHY, "project": "nothing"}, ["body", "project"]),
        ({**WHY, "project": ["207"]}, ["body", "project"]),
        ({**WHY, "allocation": "a118-open", "project": "207"}, ["body", "allocation"]),
        ({**WHY, "projekt": "207"}, ["body", "projekt"]),
        ([], ["body"]),
        (None, ["body"]),
    ],
)
async def test_mistakes_are_422_and_change_nothing(
    site: EventsSite, body: object, where: list[str]
) -> None:
    response = await site.client.put(
        f"/usage/{LINK}",
        content=json.dumps(body),
        headers={"content-type": "application/json"},
    )

    assert response.status_code == 422, response.text
    (detail,) = response.json()["detail"]
    assert detail["loc"] == where
    assert detail["msg"]
    assert not site.store.book.corrections


@pytest.mark.parametrize("body", [b"", b"{", b'{"reason": "a", "reason": "b"}', b"\xff"])
async def test_a_body_that_is_no_json_is_422(site: EventsSite, body: bytes) -> None:
    headers = {"content-type": "application/json"}
    response = await site.client.put(f"/usage/{LINK}", content=body, headers=headers)

    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["body"]


async def test_other_content_is_415_and_a_large_body_413(site: EventsSite) -> None:
    plain = {"content-type": "text/plain"}
    other = await site.client.put(f"/usage/{LINK}", content=b"{}", headers=plain)
    large = await site.change("PUT", LINK, {"reason": "x" * 70_000})

    assert (other.status_code, other.json()["error"]) == (415, "UnsupportedMediaType")
    assert (large.status_code, large.json()["error"]) == (413, "PayloadTooLarge")


async def test_an_unknown_event_is_404(site: EventsSite) -> None:
    path = f"events/{'0' * 32}/link"

    assert (await site.change("PUT", path, WHY)).status_code == 404
    assert (await site.change("DELETE", path)).status_code == 404


async def test_other_methods_are_405(site: EventsSite) -> None:
    response = await site.change("POST", LINK, WHY)

    assert response.status_code == 405
    assert set(response.headers["allow"].split(", ")) == {"GET", "HEAD", "PUT", "DELETE"}


async def test_whom_was_erased_is_not_linked_again(site: EventsSite) -> None:
    person = Person(identities=frozenset({"ghost01"}))
    await erase_person(person, store=site.store, by="op", at=NOW, reason="asked for")

    named = await site.change("PUT", LINK, {**WHY, "user": "u2"})
    taken_back = await site.change("DELETE", LINK)
    elsewhere = await site.change("PUT", LINK, {**WHY, "project": "207"})

    assert (named.status_code, taken_back.status_code) == (422, 422)
    assert "erased" in named.json()["detail"][0]["msg"]
    assert elsewhere.status_code == 200
