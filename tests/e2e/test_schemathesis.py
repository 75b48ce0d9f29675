"""A running server holds what its OpenAPI document says, whatever it is asked."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any, Final

import httpx
import pytest
import requests
import schemathesis
from hypothesis import settings
from schemathesis import Case, CheckFunction
from schemathesis.specs.openapi.checks import positive_data_acceptance

from cscs_api.collector_request import KEY_HEADER
from cscs_api.openapi import document
from cscs_bootstrap.wiring import DEMO_CONFIG
from tests.api.events_site import EVENTS, KEY, PATH, batch
from tests.e2e.conftest import Server, launch, until


def _described() -> dict[str, object]:
    """The document as it holds for a server that has switched tokens off and for a caller who has
    the collector's key. Who is let in otherwise is shown in tests/api.
    """
    found: dict[str, Any] = deepcopy(document())
    del found["components"]["securitySchemes"]
    for item in found["paths"].values():
        for operation in item.values():
            del operation["security"]
    return found


SCHEMA: Final = schemathesis.openapi.from_dict(_described())
ASKED: Final = settings(max_examples=15, derandomize=True, deadline=None)

NOT_ASKED: Final[list[CheckFunction]] = [positive_data_acceptance]
"""Schemas cannot say how parameters go together, nor which names and cursors there are."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The demonstration with usage events in memory, those of the sample among them."""
    folder = tmp_path_factory.mktemp("server")
    variables = {
        "CSCS_ADAPTERS__EVENTS": "fake",
        "CSCS_ADAPTERS__DIRECTORY": "fake",
        "COLLECTOR_API_KEY": KEY,
    }
    running = launch(DEMO_CONFIG, folder / "log", variables)
    until(lambda: _is_ready(running), running)
    with running.client() as client:
        headers = {KEY_HEADER: KEY, "content-type": "application/json"}
        assert client.post(PATH, content=batch(EVENTS), headers=headers).status_code == 201
    yield running
    running.process.kill()
    running.process.wait()


def _is_ready(server: Server) -> bool:
    try:
        return server.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    with requests.Session() as made:
        made.trust_env = False
        yield made


@SCHEMA.parametrize()
@ASKED
def test_every_answer_is_as_documented(
    case: Case[Any], server: Server, session: requests.Session
) -> None:
    response = case.call(base_url=server.url, session=session, headers={KEY_HEADER: KEY})

    case.validate_response(response, excluded_checks=NOT_ASKED)


def test_nothing_unexpected_is_in_the_log(server: Server) -> None:
    """Runs last: a 500 would have left its traceback."""
    assert "Traceback" not in server.log
    assert "request_failed" not in server.log
