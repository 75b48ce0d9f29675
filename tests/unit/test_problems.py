"""Problems: their names, their sentences and their order."""

from __future__ import annotations

import re

from cscs_domain.problems import Problem, ProblemCode, Severity, by_urgency


def test_codes_are_stable_snake_case_names() -> None:
    assert all(re.fullmatch("[a-z_]+", code.value) for code in ProblemCode)
    assert all(code.value == code.name.lower() for code in ProblemCode)


def test_a_problem_reads_as_a_line() -> None:
    problem = Problem(ProblemCode.BAD_IDENTITY, Severity.ERROR, "is 0.", "Correct it.", "u1")

    assert str(problem) == "error bad_identity: u1: is 0. Correct it."


def test_a_problem_of_the_whole_answer_has_no_place_and_maybe_no_hint() -> None:
    problem = Problem(ProblemCode.UPSTREAM_TOO_OLD, Severity.WARNING, "too old")

    assert str(problem) == "warning upstream_too_old: too old"


def test_errors_come_before_warnings_and_those_before_information() -> None:
    problems = [
        Problem(ProblemCode.BAD_IDENTITY, severity, "m", resource=resource)
        for severity in (Severity.INFO, Severity.WARNING, Severity.ERROR)
        for resource in ("b", None)
    ]

    ordered = sorted(problems, key=by_urgency)

    assert [(p.severity.value, p.resource) for p in ordered] == [
        ("error", None),
        ("error", "b"),
        ("warning", None),
        ("warning", "b"),
        ("info", None),
        ("info", "b"),
    ]
