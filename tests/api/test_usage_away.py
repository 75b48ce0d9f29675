"""What /usage answers while the directory cannot be asked."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from cscs_domain.errors import UpstreamServiceError
from tests.api.events_site import EVENTS, GUARDED, EventsSite, events_site

EVENT = EVENTS[0]["extra"]["event_id"]
ASKING = (
    ("GET", "summary?scope=project&id=207", None, "operator"),
    ("GET", "summary?scope=user", None, "anovak"),
    ("GET", "events", None, "anovak"),
    ("GET", f"events/{EVENT}", None, "anovak"),
    ("GET", f"events/{EVENT}/link", None, "anovak"),
    ("PUT", f"events/{EVENT}/link", {"reason": "x", "user": "u2"}, "operator"),
    ("DELETE", f"events/{EVENT}/link", None, "operator"),
)
AWAY = UpstreamServiceError("the directory", "refused at db.example:5432")
BROKEN = UpstreamServiceError("the directory", "/srv/directory.yaml is no YAML", retryable=False)


@pytest.fixture
async def site() -> AsyncIterator[EventsSite]:
    """A site with tokens and the events of the sample."""
    async with events_site(settings=GUARDED) as made:
        await made.send_sample()
        yield made


@pytest.mark.parametrize(("method", "path", "body", "who"), ASKING)
async def test_where_it_helps_to_wait_it_is_503(
    site: EventsSite, method: str, path: str, body: object, who: str
) -> None:
    site.directory.fail_with(AWAY)
    with capture_logs() as lines:
        response = await site.change(method, path, body, who)
    site.directory.recover()

    assert response.status_code == 503
    assert response.headers["retry-after"] == "5"
    assert response.json() == {
        "detail": "the directory cannot be reached; try again in 5 seconds.",
        "error": "UpstreamServiceError",
        "request_id": response.headers["x-request-id"],
    }
    assert lines[-1]["reason"] == str(AWAY)
    assert (await site.change(method, path, body, who)).status_code == 200


@pytest.mark.parametrize(("method", "path", "body", "who"), ASKING)
async def test_where_somebody_must_mend_it_it_is_502(
    site: EventsSite, method: str, path: str, body: object, who: str
) -> None:
    site.directory.fail_with(BROKEN)
    with capture_logs() as lines:
        response = await site.change(method, path, body, who)

    assert response.status_code == 502
    assert "retry-after" not in response.headers
    assert response.json()["detail"] == "the directory did not give a usable answer."
    assert "/srv" not in response.text
    assert lines[-1]["reason"] == str(BROKEN)


async def test_operators_read_what_needs_no_directory(site: EventsSite) -> None:
    site.directory.fail_with(AWAY)

    for path in ("events", f"events/{EVENT}", f"events/{EVENT}/link", "unresolved"):
        await site.answer(path, "operator")
