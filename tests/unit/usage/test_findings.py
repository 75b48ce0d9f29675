"""Findings: counted, told once, and in words that nobody's data can forge."""

from __future__ import annotations

import pytest

from cscs_domain.problems import Problem
from cscs_domain.usage.findings import About, Findings, Oddity

SUBJECT = About("g207", "nodeHours", "anovak")


def same(name: str) -> str:
    return name


@pytest.mark.parametrize("oddity", Oddity)
@pytest.mark.parametrize("times", [1, 31])
def test_a_finding_is_one_problem_however_often(oddity: Oddity, times: int) -> None:
    findings = Findings()
    for _ in range(times):
        findings.add(oddity, SUBJECT, "x")

    (problem,) = findings.problems(same)

    assert (problem.code, problem.severity) == (oddity.code, oddity.severity)
    assert problem.resource == "g207"
    assert "{" not in problem.message
    assert ("31" in problem.message) == (times == 31 and "{count}" in oddity.many)


def test_the_example_does_not_depend_on_the_order() -> None:
    told: list[Problem] = []
    for values in (["b", "a", "c"], ["c", "b", "a"]):
        findings = Findings()
        for value in values:
            findings.add(Oddity.BAD_AMOUNT, SUBJECT, value)
        told += findings.problems(same)

    assert told[0] == told[1]
    assert "'a'" in told[0].message


def test_braces_in_somebodys_data_are_only_text() -> None:
    findings = Findings()
    findings.add(Oddity.BAD_USER, About("{count}"), "{of}")

    (problem,) = findings.problems(same)

    assert "'{of}'" in problem.message
    assert problem.resource == "{count}"


def test_a_name_that_cannot_be_printed_is_shown_otherwise() -> None:
    findings = Findings()
    findings.add(Oddity.NO_USER, About("g207\n"))

    (problem,) = findings.problems(same)

    assert problem.resource == r"'g207\n'"
