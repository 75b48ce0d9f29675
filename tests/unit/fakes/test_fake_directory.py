"""What the fake directory does beyond its port."""

from __future__ import annotations

import pytest

from cscs_domain.errors import UpstreamServiceError
from cscs_domain.events.directory import DirectoryQuery, DirectoryUser, KnownDirectory
from cscs_fakes.directory import FakeDirectory

pytestmark = pytest.mark.anyio

ANNA = DirectoryUser(id="u1", username="anna")
BERT = DirectoryUser(id="u2", username="bert")
WANTED = DirectoryQuery(usernames=frozenset({"anna"}))


async def test_it_answers_with_nothing_that_was_not_asked_for() -> None:
    fake = FakeDirectory(KnownDirectory(users=(ANNA, BERT)))

    assert await fake.find(WANTED) == KnownDirectory(users=(ANNA,))
    assert fake.finds == 1


async def test_it_can_be_another_one_later() -> None:
    fake = FakeDirectory()
    assert await fake.find(WANTED) == KnownDirectory()

    fake.known = KnownDirectory(users=(ANNA,))

    assert await fake.find(WANTED) == fake.known


async def test_it_fails_until_it_recovers() -> None:
    fake = FakeDirectory()
    fake.fail_with(UpstreamServiceError("directory", "hung up"))

    with pytest.raises(UpstreamServiceError, match="hung up"):
        await fake.find(WANTED)
    fake.recover()

    assert await fake.find(WANTED) == KnownDirectory()
