"""When keys are read: cold, old, unknown, changed, and when nobody answers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import httpx
import pytest

from cscs_domain.errors import AuthenticationError, UpstreamServiceError
from cscs_fakes.emulators.oidc import KeyName
from cscs_fakes.emulators.oidc_keys import rsa_key
from tests.unit.http.realms import ANNA, Realm, realm

pytestmark = pytest.mark.anyio


@pytest.fixture
def here() -> Iterator[Realm]:
    with realm() as made:
        yield made


@pytest.fixture
async def warm(here: Realm) -> Realm:
    """A realm whose keys were read a minute ago or longer."""
    await here.name(here.oidc.mint())
    here.advance(minutes=5)
    here.wire.paths.clear()
    return here


def unknown(here: Realm, number: int = 0) -> str:
    """A token that names a key that nobody has."""
    return here.oidc.mint({"jti": number}, key=rsa_key(-1), header={"kid": f"unknown-{number}"})


class TestCold:
    async def test_nothing_is_read_before_the_first_token(self, here: Realm) -> None:
        assert here.wire.paths == []

    async def test_many_at_once_cause_one_read(self, here: Realm) -> None:
        tokens = [here.oidc.mint({"jti": str(number)}) for number in range(20)]
        names = await asyncio.gather(*map(here.name, tokens))

        assert names == [ANNA] * 20
        assert here.fetches == 1

    async def test_one_who_goes_away_does_not_take_the_read_along(self, here: Realm) -> None:
        here.wire.gate.clear()
        first = asyncio.create_task(here.name(here.oidc.mint()))
        second = asyncio.create_task(here.name(here.oidc.mint({"jti": "2"})))
        await here.background()
        first.cancel()
        here.wire.gate.set()

        assert await second == ANNA
        assert here.fetches == 1

    async def test_without_an_answer_nobody_can_tell(self, here: Realm) -> None:
        here.wire.down = True

        assert (await here.failure(here.oidc.mint())).startswith("OIDC: ")

    async def test_it_is_tried_again_after_a_short_pause(self, here: Realm) -> None:
        here.wire.down = True
        await here.failure(here.oidc.mint())
        here.wire.down = False
        here.advance(seconds=1.9)
        await here.failure(here.oidc.mint())
        assert len(here.wire.paths) == 1

        here.advance(seconds=0.1)
        assert await here.name(here.oidc.mint()) == ANNA

    async def test_a_storm_of_unknown_keys_causes_one_read(self, here: Realm) -> None:
        storm = [here.outcome(unknown(here, number)) for number in range(50)]
        outcomes = await asyncio.gather(*storm)
        for number in range(50, 100):
            outcomes.append(await here.outcome(unknown(here, number)))

        assert {type(outcome) for outcome in outcomes} == {AuthenticationError}
        assert here.fetches == 1


class TestUnknownKeys:
    async def test_a_new_key_is_known_at_once(self, warm: Realm) -> None:
        for keep_old in (True, False):
            warm.oidc.rotate(keep_old=keep_old)
            warm.advance(minutes=1)

            assert await warm.name(warm.oidc.mint()) == ANNA

    async def test_the_other_algorithm_may_be_new(self, warm: Realm) -> None:
        warm.oidc.rotate(algorithm="ES256")

        assert await warm.name(warm.oidc.mint()) == ANNA

    async def test_many_with_a_new_key_cause_one_read_and_are_all_believed(
        self, warm: Realm
    ) -> None:
        warm.oidc.rotate()
        tokens = [warm.oidc.mint({"jti": str(number)}) for number in range(20)]

        assert await asyncio.gather(*map(warm.name, tokens)) == [ANNA] * 20
        assert warm.fetches == 1

    async def test_a_storm_causes_one_read_a_minute(self, warm: Realm) -> None:
        for number in range(300):
            assert "not known" in await warm.refusal(unknown(warm, number))
            warm.advance(seconds=1)

        assert warm.fetches == 5

    async def test_good_tokens_do_not_wait_while_a_storm_rages(self, warm: Realm) -> None:
        warm.wire.gate.clear()
        storm = [asyncio.create_task(warm.outcome(unknown(warm, n))) for n in range(20)]
        await warm.background()

        assert await warm.name(warm.oidc.mint()) == ANNA
        warm.wire.gate.set()
        await asyncio.gather(*storm)

    async def test_while_nobody_answers_it_cannot_be_told_and_is_asked_once_a_minute(
        self, warm: Realm
    ) -> None:
        warm.wire.down = True
        for number in range(120):
            await warm.failure(unknown(warm, number))
            warm.advance(seconds=1)

        assert len(warm.wire.paths) == 2
        assert await warm.name(warm.oidc.mint()) == ANNA, "known keys are used meanwhile"

    async def test_a_wrong_signature_or_algorithm_asks_nobody(self, warm: Realm) -> None:
        name = warm.oidc.key(KeyName.RS256).kid
        await warm.refusal(warm.oidc.mint(key=rsa_key(-1), header={"kid": name}))
        await warm.refusal(warm.oidc.mint(key=KeyName.ES256, header={"kid": name}))

        assert warm.wire.paths == []


class TestKeysThatAreGone:
    async def test_their_tokens_are_believed_no_more_though_they_were_known(
        self, warm: Realm
    ) -> None:
        old = warm.oidc.mint()
        assert await warm.name(old) == ANNA
        warm.oidc.rotate(keep_old=False)
        await warm.name(warm.oidc.mint())
        warm.advance(minutes=1)

        assert "not known" in await warm.refusal(old)

    async def test_those_of_kept_keys_stay_known(self, warm: Realm) -> None:
        old = warm.oidc.mint()
        caller = await warm.verifier.verify(old)
        warm.oidc.rotate(keep_old=True)
        await warm.name(warm.oidc.mint())

        assert await warm.verifier.verify(old) is caller

    async def test_another_key_of_the_same_name_is_another_key(self, here: Realm) -> None:
        token = here.oidc.mint()
        await here.name(token)
        name = here.oidc.keys[0].kid
        here.oidc.keys = here.oidc.keys[1:]
        here.oidc.extra_jwks = [rsa_key(7).jwk() | {"kid": name}]
        await here.refusal(unknown(here))

        assert "signature" in await here.refusal(token)


class TestAge:
    async def test_keys_of_six_hours_are_read_again_behind_the_callers_back(
        self, warm: Realm
    ) -> None:
        warm.advance(hours=5, minutes=54)
        await warm.name(warm.oidc.mint())
        await warm.background()
        assert warm.fetches == 0

        warm.advance(minutes=1)
        warm.wire.gate.clear()
        assert await warm.name(warm.oidc.mint()) == ANNA, "without waiting"
        warm.wire.gate.set()
        await warm.background()
        assert warm.fetches == 1

    async def test_a_token_that_is_known_has_them_read_again_too(self, warm: Realm) -> None:
        now = int(warm.clock.now().timestamp())
        token = warm.oidc.mint({"exp": now + 10**6})
        await warm.name(token)
        warm.oidc.rotate(keep_old=False)
        warm.advance(hours=6)
        await warm.name(token)
        await warm.background()

        assert "not known" in await warm.refusal(token)

    async def test_while_nobody_answers_old_keys_are_kept_and_it_is_tried_once_a_minute(
        self, warm: Realm
    ) -> None:
        warm.advance(hours=6)
        warm.wire.down = True
        for _ in range(120):
            assert await warm.name(warm.oidc.mint()) == ANNA
            await warm.background()
            warm.advance(seconds=1)

        assert len(warm.wire.paths) == 2

    async def test_after_a_day_they_are_believed_no_more(self, warm: Realm) -> None:
        now = int(warm.clock.now().timestamp())
        token = warm.oidc.mint({"exp": now + 10**6})
        await warm.name(token)
        warm.wire.down = True
        warm.advance(hours=23, minutes=54)
        assert await warm.name(token) == ANNA
        await warm.background()

        warm.advance(minutes=1)
        await warm.failure(token)
        warm.wire.down = False
        warm.advance(seconds=2)
        assert await warm.name(token) == ANNA


BROKEN = {
    "an error": httpx.Response(500, text="oops"),
    "a log-in page": httpx.Response(200, html="<html><title>Log in</title></html>"),
    "half an answer": httpx.Response(200, json={}),
    "another shape": httpx.Response(200, json=["keys"]),
    "no JSON": httpx.Response(200, content=b"{", headers={"content-type": "application/json"}),
    "a redirect": httpx.Response(302, headers={"location": "http://evil.example/"}),
    "too much": httpx.Response(200, json={"issuer": "x" * 2**20}),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_a_broken_answer_is_no_answer(here: Realm, name: str) -> None:
    here.wire.answer = BROKEN[name]

    assert isinstance(await here.outcome(here.oidc.mint()), UpstreamServiceError)


@pytest.mark.parametrize("name", BROKEN)
async def test_a_broken_answer_does_not_replace_keys(warm: Realm, name: str) -> None:
    warm.wire.answer = BROKEN[name]
    warm.advance(hours=6)
    await warm.name(warm.oidc.mint())
    await warm.background()

    assert await warm.name(warm.oidc.mint()) == ANNA


async def test_closing_ends_a_read_under_way(here: Realm) -> None:
    here.wire.gate.clear()
    waiting = asyncio.create_task(here.name(here.oidc.mint()))
    await here.background()
    await here.verifier.close()

    with pytest.raises(asyncio.CancelledError):
        await waiting
