"""The promises of `TokenVerifier`, kept by every adapter in `token_verifier_adapters`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from cscs_domain.callers import Caller
from cscs_domain.errors import AuthenticationError, UpstreamServiceError
from tests.contract.token_verifier_adapters import (
    TOKEN_VERIFIER_ADAPTERS,
    Issued,
    TokenVerifierAdapter,
)

pytestmark = pytest.mark.anyio

ANNA = Caller(subject="7f1c", username="anna", roles=frozenset({"reader", "operator"}))
NED = Caller(subject="0000", username="ned")


@pytest.fixture(params=TOKEN_VERIFIER_ADAPTERS, ids=lambda adapter: adapter.name)
async def issued(request: pytest.FixtureRequest) -> AsyncIterator[Issued]:
    adapter: TokenVerifierAdapter = request.param
    async with adapter.issuing() as made:
        yield made


async def test_a_token_tells_its_caller_each_time(issued: Issued) -> None:
    anna, ned = issued.token_of(ANNA), issued.token_of(NED)

    for _ in range(3):
        assert await issued.verifier.verify(anna) == ANNA
        assert await issued.verifier.verify(ned) == NED


async def test_many_at_once_are_not_mixed_up(issued: Issued) -> None:
    callers = [Caller(subject=str(n), username=f"user{n}") for n in range(20)]
    tokens = [issued.token_of(caller) for caller in callers]

    assert callers == await asyncio.gather(*map(issued.verifier.verify, tokens))


@pytest.mark.parametrize(
    "token", ["", " ", "a", "a.b.c", "a.b.c.d", "null", "\x00", "é", "\ud800", "x" * 10**6]
)
async def test_garbage_is_not_believed(issued: Issued, token: str) -> None:
    """A verifier that raised anything else would turn a bad token into a broken server."""
    with pytest.raises(AuthenticationError):
        await issued.verifier.verify(token)


async def test_somebody_elses_token_is_not_believed(issued: Issued) -> None:
    for _ in range(2):
        with pytest.raises(AuthenticationError):
            await issued.verifier.verify(issued.foreign)


@pytest.mark.parametrize("cut", [1, 3, 30])
async def test_a_cut_token_is_not_believed_though_the_whole_one_was(
    issued: Issued, cut: int
) -> None:
    """What is remembered must be the whole token."""
    token = issued.token_of(ANNA)
    await issued.verifier.verify(token)

    with pytest.raises(AuthenticationError):
        await issued.verifier.verify(token[:-cut])
    with pytest.raises(AuthenticationError):
        await issued.verifier.verify(token + "A" * cut)


async def test_no_refusal_quotes_the_token(issued: Issued) -> None:
    """It would stand in logs, and might be a good one somewhere else."""
    with pytest.raises(AuthenticationError) as caught:
        await issued.verifier.verify(issued.foreign)

    assert issued.foreign not in repr(caught.value)
    assert issued.foreign.rpartition(".")[2] not in repr(caught.value)


async def test_where_keys_cannot_be_had_it_says_so_and_refuses_nobody(issued: Issued) -> None:
    """A 401 would send a provisioner looking for a new token, which would not help."""
    token = issued.token_of(ANNA)
    issued.break_down()

    with pytest.raises(UpstreamServiceError) as caught:
        await issued.verifier.verify(token)

    assert caught.value.service == "OIDC"
    assert token not in str(caught.value)


async def test_after_closing_it_may_be_closed_again(issued: Issued) -> None:
    await issued.verifier.close()
