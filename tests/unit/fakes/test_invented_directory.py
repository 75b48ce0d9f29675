"""An invented directory: the same for equal arguments, and nothing wrong with it."""

from __future__ import annotations

import pytest

from cscs_domain.events.directory import KnownDirectory
from cscs_domain.events.directory_checks import checked
from cscs_fakes.invented_directory import make_directory


@pytest.mark.parametrize(("users", "projects"), [(0, 0), (5, 0), (0, 5), (2500, 1500)])
def test_nothing_is_wrong_with_an_invented_directory(users: int, projects: int) -> None:
    made = make_directory(users, projects)

    assert (len(made.users), len(made.projects)) == (users, projects)
    assert checked(made) == (made, ())


def test_equal_seeds_make_equal_directories() -> None:
    assert make_directory(9, 9, seed=1) == make_directory(9, 9, seed=1)
    assert make_directory(9, 9, seed=1) != make_directory(9, 9, seed=2)


def test_nobody_is_an_empty_directory() -> None:
    assert make_directory(0, 0) == KnownDirectory()
