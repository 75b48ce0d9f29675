"""Secrets that a function gives: whatever the function does, no error tells what they are."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cscs_client import AsyncStorageClient, OidcLogin, Result, StorageClient, reconcile
from cscs_domain import CscsError, InvalidValueError, UpstreamServiceError
from tests.unit.client.directories import WALDUR, answer_of, directory
from tests.unit.client.rounds import Disks

SECRET = "s3cret-of-the-site"


def fails() -> str:
    raise KeyError(SECRET)


def is_nowhere() -> str:
    return Path("/nowhere/token").read_text()


def ends_oddly() -> str:
    raise OSError(SECRET)


def gives_nothing() -> Any:
    return None


def gives_bytes() -> Any:
    return SECRET.encode()


WHY: dict[Callable[[], str], tuple[type[CscsError], str]] = {
    fails: (UpstreamServiceError, "function that gives it failed (KeyError)"),
    is_nowhere: (UpstreamServiceError, "(FileNotFoundError: No such file or directory)"),
    ends_oddly: (UpstreamServiceError, "function that gives it failed (OSError)"),
    gives_nothing: (InvalidValueError, "is no text"),
    gives_bytes: (InvalidValueError, "is no text"),
}
every_function = pytest.mark.parametrize("function", WHY, ids=lambda function: function.__name__)


def told(error: BaseException) -> str:
    """Everything that a log would have of an error."""
    return "".join(traceback.format_exception(error)) + repr(error)


@every_function
async def test_a_token_that_cannot_be_had_is_an_error_without_it(
    function: Callable[[], str],
) -> None:
    kind, reason = WHY[function]
    login = OidcLogin(token_url="http://id.invalid/t", client_id="c", client_secret=function)
    for token in (function, login):
        async with AsyncStorageClient("http://storage.invalid", token=token) as client:
            with pytest.raises(kind) as caught:
                await client.read()
        assert reason in str(caught.value)
        assert SECRET not in told(caught.value)


@every_function
def test_a_proxy_that_cannot_be_had_is_an_error_without_it(function: Callable[[], str]) -> None:
    kind, reason = WHY[function]
    with pytest.raises(kind) as caught:
        AsyncStorageClient("http://storage.invalid", proxy=function)

    assert reason in str(caught.value)
    assert SECRET not in told(caught.value)


@every_function
def test_a_token_for_waldur_that_cannot_be_had_leaves_every_row_for_the_next_round(
    function: Callable[[], str],
) -> None:
    disks = Disks()
    with StorageClient("http://storage", waldur_url=WALDUR, waldur_token=function) as client:
        steps = reconcile(client, disks, answer=answer_of(directory(), directory()))

    assert [step.result for step in steps] == [Result.UNREPORTED] * 2
    assert all(WHY[function][1] in step.reason for step in steps)
    assert disks.done == []
