"""Laws of independence: the answer depends on what was read, not on how, nor on bad neighbours."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cscs_domain.problems import Problem, Severity
from cscs_domain.storage.hierarchy import Hierarchy, build_hierarchy, in_order
from cscs_domain.storage.hierarchy_draft import HierarchyDraft
from cscs_domain.storage.intake import Intake
from cscs_domain.storage.rows import ListedRow
from cscs_domain.storage.waldur_rows import WaldurRow
from cscs_fakes.strategies import Site, bad_rows, pages, shuffled, sites, untidy_sites


def built(site: Site, rows: list[WaldurRow] | None = None) -> Hierarchy:
    chosen = site.waldur_rows if rows is None else rows
    return build_hierarchy(chosen, site.identities, site.policy)


@given(untidy_sites(), st.data())
def test_the_answer_does_not_depend_on_the_order_of_the_rows(
    site: Site, data: st.DataObject
) -> None:
    rows = data.draw(shuffled(site.waldur_rows))

    assert built(site, rows) == built(site)


@given(untidy_sites(), st.data())
def test_the_answer_does_not_depend_on_pages_nor_on_the_steps_of_building(
    site: Site, data: st.DataObject
) -> None:
    intake = Intake(site.policy)
    for page in data.draw(pages(data.draw(shuffled(site.waldur_rows)))):
        intake.take(page)
    draft = HierarchyDraft(site.policy, site.identities)
    for portion in data.draw(pages(intake.resources)):
        draft.place(portion)
    listed = tuple(ListedRow(*pair) for pair in draft.settle())
    problems = in_order([*intake.problems, *draft.problems])

    assert Hierarchy(listed, problems, draft.orders(listed)) == built(site)


@given(untidy_sites(), st.data())
def test_the_answer_does_not_depend_on_rows_that_come_twice(
    site: Site, data: st.DataObject
) -> None:
    rows = list(site.waldur_rows)
    again = data.draw(st.lists(st.sampled_from(rows))) if rows else []

    assert built(site, data.draw(shuffled([*rows, *again]))) == built(site)


@given(sites(), st.data())
def test_one_bad_resource_changes_no_other_row_and_adds_an_error(
    site: Site, data: st.DataObject
) -> None:
    bad = data.draw(bad_rows(site))
    before = built(site)

    after = built(site, [*site.waldur_rows, WaldurRow.from_mapping(bad.row)])

    assert after.listed == before.listed
    added = set(after.problems) - set(before.problems)
    assert any(problem.severity is Severity.ERROR for problem in added)
    assert set(before.problems) <= set(after.problems)


@given(untidy_sites())
def test_problems_come_once_and_the_most_urgent_first(site: Site) -> None:
    problems = built(site).problems
    rank = [list(Severity).index(problem.severity) for problem in problems]

    assert len(set(problems)) == len(problems)
    assert rank == sorted(rank)
    assert all(isinstance(problem, Problem) for problem in problems)


@given(untidy_sites())
def test_without_terminated_ones_the_rest_is_as_if_they_had_not_come(site: Site) -> None:
    """Copies of one uuid aside: there the newest decides whether the resource still exists."""
    newest: dict[str, list[WaldurRow]] = {}
    for row in site.waldur_rows:
        newest.setdefault(str(row.uuid).replace("-", "").lower(), []).append(row)
    single = [rows[0] for rows in newest.values() if len(rows) == 1]
    living = [row for row in single if row.state != "Terminated"]

    answer = build_hierarchy(single, site.identities, site.policy, include_terminated=False)

    assert answer.listed == built(site, living).listed
