"""What the in-memory twin of `TokenVerifier` offers to tests beyond its port."""

from __future__ import annotations

import pytest

from cscs_domain.callers import Caller
from cscs_domain.errors import AuthenticationError, UpstreamServiceError
from cscs_fakes.token_verifier import FakeTokenVerifier

pytestmark = pytest.mark.anyio

ANNA = Caller(subject="7f1c", username="anna")


async def test_a_token_is_believed_until_it_is_forgotten() -> None:
    fake = FakeTokenVerifier()
    fake.believe("t", ANNA)
    assert await fake.verify("t") == ANNA

    fake.forget("t")
    fake.forget("never known")

    with pytest.raises(AuthenticationError):
        await fake.verify("t")
    assert fake.checked == 2


async def test_a_failure_lasts_until_recovery() -> None:
    fake = FakeTokenVerifier({"t": ANNA})
    fake.fail_with(UpstreamServiceError("OIDC", "is down"))
    for _ in range(2):
        with pytest.raises(UpstreamServiceError):
            await fake.verify("t")

    fake.recover()

    assert await fake.verify("t") == ANNA
