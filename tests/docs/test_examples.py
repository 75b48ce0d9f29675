"""What README and docs print is true: examples run, links lead somewhere, tables are complete."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import unquote

import pytest

import cscs_domain
from cscs_bootstrap.agent_config import load_agent_config
from cscs_bootstrap.settings import Part, describe, load_settings
from cscs_bootstrap.usage_configuration import load_usage
from cscs_domain import ProblemCode, Severity
from cscs_fakes import strategies

ROOT: Final = Path(__file__).parents[2]
DOCS: Final = ROOT / "docs"
PAGES: Final = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])

_FENCE: Final = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK: Final = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING: Final = re.compile(r"^#+ (.+)$", re.MULTILINE)
_CODE: Final = re.compile(r"`([^`]+)`")


def name_of(page: Path) -> str:
    """The page's path inside the repository."""
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of one language."""
    return [text for kind, text in _FENCE.findall(page.read_text("utf-8")) if kind == language]


def prose(page: Path) -> str:
    """The page without its fenced blocks."""
    return _FENCE.sub("", page.read_text("utf-8"))


def anchors(page: Path) -> set[str]:
    """The names under which a page's headings can be linked to."""
    titles = (title.lower().replace("`", "") for title in _HEADING.findall(prose(page)))
    return {re.sub(r"[^\w\- ]", "", title).replace(" ", "-") for title in titles}


def rows(page: Path, heading: str) -> Iterator[list[str]]:
    """The cells of the table under a heading, without its first two lines."""
    section = prose(page).partition(f"# {heading}\n")[2].partition("\n#")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    for line in lines[2:]:
        yield [cell.strip() for cell in line.strip("|").split(" | ")]


# Its examples need a server: test_integrators.py runs them.
NEEDS_A_SITE: Final = DOCS / "integrators.md"

with_python = pytest.mark.parametrize(
    "page",
    [page for page in PAGES if blocks(page, "python") and page != NEEDS_A_SITE],
    ids=name_of,
)


@with_python
def test_examples_run_from_the_top_of_their_page_to_its_end(page: Path) -> None:
    """A page is read downwards, so its blocks share their names."""
    scope: dict[str, object] = {"__name__": "example"}
    for number, text in enumerate(blocks(page, "python"), 1):
        exec(compile(text, f"{name_of(page)}, block {number}", "exec"), scope)


def test_there_are_examples_to_run() -> None:
    assert {"README.md", "docs/library.md"} <= {
        name_of(page) for page in PAGES if blocks(page, "python")
    }


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "yaml")], ids=name_of)
def test_configurations_load(page: Path, tmp_path: Path) -> None:
    for text in blocks(page, "yaml"):
        (tmp_path / "cscs.yaml").write_text(text, "utf-8")

        if "\nusage:" in f"\n{text}" or "cscs-dwdi" in text:
            assert load_usage({}, tmp_path / "cscs.yaml", part=Part.USAGE).offerings
        elif "\nofferings:" in f"\n{text}":
            assert load_agent_config({}, tmp_path / "cscs.yaml").offerings
        else:
            assert load_settings({}, config_path=tmp_path / "cscs.yaml").settings.storage_systems


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    for link in _LINK.findall(prose(page)):
        if "://" in link:
            continue
        path, _, anchor = unquote(link).partition("#")
        target = (page.parent / path).resolve() if path else page

        assert target.exists(), f"{link} leads nowhere"
        assert target.is_relative_to(ROOT), f"{link} leads out of the repository"
        if anchor:
            assert anchor in anchors(target), f"{link}: no such heading"


def test_every_decision_is_in_the_index() -> None:
    listed = set(_LINK.findall((DOCS / "adr" / "README.md").read_text("utf-8")))

    assert {page.name for page in (DOCS / "adr").glob("[0-9]*.md")} == listed


def test_every_page_can_be_reached_from_the_readme() -> None:
    """A page that nothing links to is a page that nobody reads."""
    reached = {ROOT / "README.md"}
    waiting = list(reached)
    while waiting:
        page = waiting.pop()
        links = (link.partition("#")[0] for link in _LINK.findall(prose(page)))
        found = {(page.parent / link).resolve() for link in links if link.endswith(".md")}
        waiting += found - reached
        reached |= found

    assert set(PAGES) <= reached


def test_operators_find_every_problem_with_its_severity() -> None:
    table = {cells[0].strip("`"): cells[1:] for cells in rows(DOCS / "operators.md", "Problems")}

    assert set(table) == {code.value for code in ProblemCode}
    for code, (severities, meaning, remedy) in table.items():
        assert set(severities.split(", ")) <= {each.value for each in Severity}, code
        assert meaning, code
        assert remedy, code


def test_operators_find_every_variable_with_a_name_of_its_own() -> None:
    settings = describe(load_settings({}))
    named = {
        row.key: (row.variable, row.value)
        for row in settings
        if row.variable != "CSCS_" + row.key.upper().replace(".", "__")
        and not row.key.startswith("adapters.")
    }
    told = rows(DOCS / "operators.md", "Variables with a name of their own")
    table = {key.strip("`"): (_CODE.findall(name)[0], default) for key, name, default in told}

    assert named.keys() == table.keys()
    for key, (variable, value) in named.items():
        shown = _CODE.findall(table[key][1])

        assert variable == table[key][0]
        assert [_as_written(value)] == (shown or ["none"]), key


def _as_written(value: object) -> str:
    return (
        "none"
        if value in (None, {})
        else str(value).lower()
        if value in (True, False)
        else str(value)
    )


def test_the_library_page_names_every_strategy() -> None:
    named = set(_CODE.findall(prose(DOCS / "library.md")))

    assert {name for name in strategies.__all__ if name[0].islower()} <= named


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_tests_that_are_named_exist(page: Path) -> None:
    for name in re.findall(r"`((?:tests|src|bench)/[\w/.]+\.py)`", prose(page)):
        assert (ROOT / name).exists(), name


def test_the_change_log_has_this_version() -> None:
    assert f"## [{cscs_domain.__version__}] - " in (ROOT / "CHANGELOG.md").read_text("utf-8")
