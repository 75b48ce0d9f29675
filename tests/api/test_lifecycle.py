"""Start, end and broken connections: what the application does outside plain requests."""

from __future__ import annotations

import pytest
from starlette.types import Message, Receive, Scope, Send
from structlog.testing import capture_logs

from cscs_api.access_log import AccessLog
from cscs_api.app import create_app
from cscs_api.error_answers import domain_error
from cscs_bootstrap.settings import Auth, Settings
from cscs_bootstrap.wiring import DEMO_CONFIG, load_for_server
from cscs_domain.errors import ConfigurationError, CscsError, InvalidValueError, Mistake
from cscs_domain.storage.filters import EVERYTHING
from tests.api.site import DOWN, SETTINGS, resource, site_of

REQUEST: Scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "client": None}


async def nothing() -> Message:
    """The client says nothing."""
    return {"type": "http.disconnect"}


class TestLifespan:
    async def test_the_first_read_begins_before_anybody_asks(self) -> None:
        async with site_of([resource()]) as site:
            app = create_app(SETTINGS, storage=site.service)
            async with app.router.lifespan_context(app):
                await site.service.serve(EVERYTHING)

        assert site.waldur.reads == 1

    async def test_it_starts_though_waldur_is_down(self) -> None:
        async with site_of([resource()]) as site:
            site.waldur.fail_with(DOWN)
            app = create_app(SETTINGS, storage=site.service)
            async with app.router.lifespan_context(app):
                assert (await site.get()).status_code == 502

    async def test_its_end_ends_a_read_under_way(self) -> None:
        async with site_of([resource()]) as site:
            app = create_app(SETTINGS, storage=site.service)
            async with app.router.lifespan_context(app):
                pass

        assert site.service.usual.current is None

    async def test_a_server_without_storage_has_nothing_to_start(self) -> None:
        app = create_app(Settings(auth=Auth(disable_auth=True)))
        async with app.router.lifespan_context(app):
            pass

    async def test_an_application_wires_itself_out_of_settings(self) -> None:
        create_app(load_for_server({}, config=DEMO_CONFIG).settings)


class TestBrokenAnswers:
    async def test_an_answer_that_breaks_off_is_not_made_to_look_whole(self) -> None:
        sent: list[Message] = []

        async def breaks_off(_scope: Scope, _receive: Receive, send: Send) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            raise ZeroDivisionError

        async def send(message: Message) -> None:
            sent.append(message)

        with capture_logs() as lines, pytest.raises(ZeroDivisionError):
            await AccessLog(breaks_off)(dict(REQUEST), nothing, send)

        assert [message["type"] for message in sent] == ["http.response.start"]
        assert [line["event"] for line in lines] == ["request_failed", "request"]

    async def test_a_client_that_is_a_socket_in_the_file_system_has_no_address(self) -> None:
        async def answers(_scope: Scope, _receive: Receive, send: Send) -> None:
            await send({"type": "http.response.start", "status": 204, "headers": []})

        async def send(_message: Message) -> None:
            pass

        with capture_logs() as lines:
            await AccessLog(answers)(dict(REQUEST), nothing, send)

        assert (lines[0]["client"], lines[0]["status"]) == (None, 204)

    async def test_what_is_no_http_request_passes_through_without_a_line(self) -> None:
        seen: list[str] = []

        async def notes(scope: Scope, _receive: Receive, _send: Send) -> None:
            seen.append(scope["type"])

        async def send(_message: Message) -> None:
            pass

        with capture_logs() as lines:
            await AccessLog(notes)({"type": "lifespan"}, nothing, send)

        assert (seen, lines) == (["lifespan"], [])

    async def test_a_websocket_of_another_machine_is_refused_too(self) -> None:
        sent: list[Message] = []
        scope: Scope = {
            "type": "websocket",
            "path": "/api/storage-resources/",
            "headers": [],
            "query_string": b"",
            "client": ("10.0.0.9", 1),
            "extensions": {"websocket.http.response": {}},
        }

        async def send(message: Message) -> None:
            sent.append(message)

        async with site_of([resource()]) as site:
            await create_app(SETTINGS, storage=site.service)(scope, nothing, send)

        assert sent[0]["status"] == 403


class TestDomainErrors:
    def test_settings_that_turn_out_not_to_hold_are_500_by_name(self) -> None:
        mistake = Mistake("waldur_api.access_token", None, "is unreadable.")
        status, body = domain_error(ConfigurationError([mistake]))

        assert (status, body["error"]) == (500, "ConfigurationError")
        assert "access_token" in str(body["detail"])

    @pytest.mark.parametrize("error", [CscsError("s3cret"), InvalidValueError("x", "s3cret", "y")])
    def test_what_no_caller_can_help_is_500_without_details(self, error: CscsError) -> None:
        status, body = domain_error(error)

        assert (status, body["error"]) == (500, "InternalError")
        assert "s3cret" not in str(body)
