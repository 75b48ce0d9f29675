"""A pytest plugin that says what a run left out, and can make leaving out a failure.

A skipped test looks green from afar. At the end each one is listed with its reason under the
heading "left out"; with CSCS_FAIL_ON_LEFT_OUT=1 the run fails unless the test is marked `optin`,
so that continuous integration cannot lose a test because a tool has gone missing.
"""

import os
from collections.abc import Generator

import attrs
import pytest

VARIABLE = "CSCS_FAIL_ON_LEFT_OUT"


@attrs.frozen
class LeftOut:
    """One test, or one module of tests, that did not run."""

    where: str
    reason: str
    optional: bool

    def __str__(self) -> str:
        marker = " [optin]" if self.optional else ""
        return f"{self.where}{marker}: {self.reason}"


@attrs.define
class Findings:
    """What one session has left out so far."""

    skipped: list[LeftOut] = attrs.Factory(list)
    deselected: int = 0

    def are_a_failure(self) -> bool:
        asked = os.environ.get(VARIABLE) == "1"
        return asked and any(not left_out.optional for left_out in self.skipped)


FINDINGS = pytest.StashKey[Findings]()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "optin: leaving this test out never fails a run")
    config.stash[FINDINGS] = Findings()


def pytest_deselected(items: list[pytest.Item]) -> None:
    if items:
        items[0].config.stash[FINDINGS].deselected += len(items)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Note a module that skipped itself while it was imported; its markers are not known yet."""
    report = yield
    if report.skipped:
        left_out = LeftOut(report.nodeid, _reason(report.longrepr), optional=False)
        collector.config.stash[FINDINGS].skipped.append(left_out)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    # An expected failure is reported as skipped too, but it did run.
    if report.skipped and not hasattr(report, "wasxfail"):
        optional = item.get_closest_marker("optin") is not None
        left_out = LeftOut(report.nodeid, _reason(report.longrepr), optional)
        item.config.stash[FINDINGS].skipped.append(left_out)
    return report


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    findings = session.config.stash[FINDINGS]
    if session.exitstatus == pytest.ExitCode.OK and findings.are_a_failure():
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    findings = config.stash[FINDINGS]
    terminalreporter.section("left out")
    for left_out in findings.skipped:
        terminalreporter.line(str(left_out))
    if findings.deselected:
        terminalreporter.line(f"{findings.deselected} deselected by the command line")
    if not findings.skipped and not findings.deselected:
        terminalreporter.line("nothing")
    if findings.are_a_failure():
        terminalreporter.line(f"{VARIABLE}=1: this run fails because tests were left out")


def _reason(longrepr: object) -> str:
    """A skip is described by (file, line, reason)."""
    text = str(longrepr[2]) if isinstance(longrepr, tuple) else str(longrepr)
    return text.removeprefix("Skipped: ")
