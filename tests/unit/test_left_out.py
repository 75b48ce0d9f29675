"""What the end of a test run says about the tests that did not run."""

from typing import Final

import pytest

from tests.plugins.left_out import VARIABLE

PLUGIN: Final = ("-p", "tests.plugins.left_out")

SKIPPED = """
    import pytest

    @pytest.mark.skip(reason="the moon is not full")
    def test_moon():
        pass

    def test_day():
        pass
"""


@pytest.fixture(autouse=True)
def not_strict(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)


@pytest.fixture
def strict(monkeypatch: pytest.MonkeyPatch, not_strict: None) -> None:
    monkeypatch.setenv(VARIABLE, "1")


def test_a_skipped_test_is_listed_with_its_reason(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_sky=SKIPPED)

    result = pytester.runpytest(*PLUGIN)

    result.stdout.fnmatch_lines(["*= left out =*", "test_sky.py::test_moon: the moon is not full"])
    assert result.ret == pytest.ExitCode.OK


def test_a_skipped_test_fails_the_run_when_nothing_may_be_left_out(
    pytester: pytest.Pytester, strict: None
) -> None:
    pytester.makepyfile(test_sky=SKIPPED)

    result = pytester.runpytest(*PLUGIN)

    result.stdout.fnmatch_lines([f"{VARIABLE}=1: this run fails*"])
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_a_test_that_skips_itself_while_it_runs_counts_too(
    pytester: pytest.Pytester, strict: None
) -> None:
    pytester.makepyfile("import pytest\ndef test_late():\n    pytest.skip('no wrk here')")

    result = pytester.runpytest(*PLUGIN)

    result.stdout.fnmatch_lines(["*::test_late: no wrk here"])
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_a_module_that_skips_itself_counts_too(pytester: pytest.Pytester, strict: None) -> None:
    pytester.makepyfile(
        test_there="def test_one():\n    pass",
        test_gone="import pytest\npytest.importorskip('no_such_module_at_all')",
    )

    result = pytester.runpytest(*PLUGIN)

    result.stdout.fnmatch_lines(["test_gone.py: could not import 'no_such_module_at_all'*"])
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_an_optin_test_may_be_left_out(pytester: pytest.Pytester, strict: None) -> None:
    pytester.makepyfile(
        "import pytest\n@pytest.mark.optin\n@pytest.mark.skip(reason='no wrk')\n"
        "def test_load():\n    pass"
    )

    result = pytester.runpytest(*PLUGIN)

    result.stdout.fnmatch_lines(["*::test_load [[]optin]: no wrk"])
    assert result.ret == pytest.ExitCode.OK


def test_an_expected_failure_has_run_and_is_not_left_out(
    pytester: pytest.Pytester, strict: None
) -> None:
    pytester.makepyfile("import pytest\n@pytest.mark.xfail\ndef test_bug():\n    assert False")

    result = pytester.runpytest(*PLUGIN)

    result.stdout.fnmatch_lines(["*= left out =*", "nothing"])
    assert result.ret == pytest.ExitCode.OK


def test_a_complete_run_says_that_nothing_was_left_out(
    pytester: pytest.Pytester, strict: None
) -> None:
    pytester.makepyfile("def test_day():\n    pass")

    result = pytester.runpytest(*PLUGIN)

    result.stdout.fnmatch_lines(["*= left out =*", "nothing"])
    assert result.ret == pytest.ExitCode.OK


def test_tests_the_command_line_deselects_are_counted(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_sky=SKIPPED)

    result = pytester.runpytest(*PLUGIN, "-k", "day")

    result.stdout.fnmatch_lines(["*= left out =*", "1 deselected by the command line"])


def test_a_failing_test_stays_the_reason_of_a_failing_run(
    pytester: pytest.Pytester, strict: None
) -> None:
    pytester.makepyfile("def test_night():\n    assert False")

    result = pytester.runpytest(*PLUGIN)

    assert result.ret == pytest.ExitCode.TESTS_FAILED
