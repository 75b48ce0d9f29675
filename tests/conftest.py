"""What all tests share: the event loop, how hard hypothesis looks, and what a run left out."""

import os

import pytest
import stamina
from hypothesis import settings

pytest_plugins = ["pytester", "tests.plugins.left_out"]

# No deadlines: a slow machine is not a wrong answer, and `make bench` watches speed.
settings.register_profile("ci", derandomize=True, deadline=None, max_examples=60)
settings.register_profile("dev", deadline=None)
settings.register_profile("soak", deadline=None, max_examples=5_000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))


# As in the running program, where `upstream_call` tells of every attempt.
stamina.instrumentation.set_on_retry_hooks(())


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run async tests on asyncio alone, the loop that the entrypoints use."""
    return "asyncio"
