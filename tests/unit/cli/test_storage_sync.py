"""`waldur_cscs_storage_sync` over a dump, in this process."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from cscs_bootstrap.agent_config import load_agent_config
from cscs_cli.export_report import ExportOutput
from cscs_cli.storage_sync import export_every
from cscs_cli.sync_main import main
from cscs_cli.sync_offerings import OfferingExport, Task, tasks_for
from cscs_domain import __version__
from cscs_domain.storage.states import Status
from tests.unit.cli.agent_site import NOBODYS, TOKEN, UUID_OF, AgentSite, agent_site, offering
from tests.unit.cli.dump_site import Row, changed
from tests.unit.cli.orders_of_rows import QUIET

Said: TypeAlias = pytest.CaptureFixture[str]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AgentSite:
    """A site whose folders are relative to where the command runs, as in the agent's own file."""
    for name in os.environ:
        if name.startswith(("CSCS_", "WALDUR_", "HPC_USER_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    made = agent_site(tmp_path)
    for slug in UUID_OF:
        made.folder(slug)
    return made


def sync(site: AgentSite, *options: str) -> int:
    return main(["--config", str(site.config), *options])


def rows_of(slug: str) -> list[Row]:
    return [row for row in QUIET if row["offering_slug"] == slug]


def path_of(row: Row) -> str:
    """As spec 002 prints it."""
    return f"/lustre/store/{row['customer_slug']}/{row['project_slug']}/{row['slug']}"


# --- what is written


def test_every_offering_gets_a_document_of_its_rows(site: AgentSite, capsys: Said) -> None:
    site.write(offering("capstor"), offering("vast"))

    assert sync(site) == 0
    for slug in ("capstor", "vast"):
        folder = site.folder(slug)
        document = folder.read("latest.json")
        paths = sorted(str(row.mount_point) for row in document.rows)
        assert folder.files == [folder.linked(), "latest.json"]
        assert paths == sorted(map(path_of, rows_of(slug)))
        assert {row.parent_item_id for row in document.rows} == {None}
    said = capsys.readouterr()
    assert said.out.index("the capstor:") < said.out.index("the vast:")
    assert "Notice" not in said.err


@pytest.mark.parametrize("same", ["shared", "./shared/../shared", "link"])
def test_offerings_that_share_a_folder_have_links_of_their_own(
    site: AgentSite, capsys: Said, same: str
) -> None:
    """Whoever follows `latest.json` would take the rows of the other offering for gone."""
    shared = site.folder("shared")
    Path("link").symlink_to("shared")
    site.write(offering("capstor", "shared"), offering("vast", same), offering("iopsstor"))

    assert sync(site) == 0
    assert len(shared.documents) == 2
    for slug in ("capstor", "vast"):
        assert len(shared.read(f"latest-{slug}.json").rows) == len(rows_of(slug))
    assert "latest.json" not in shared.files
    assert "latest.json" in site.folder("iopsstor").files
    assert "latest-<slug of the offering>.json" in capsys.readouterr().err


def test_one_offering_can_be_chosen_and_still_leaves_latest_alone_in_a_shared_folder(
    site: AgentSite,
) -> None:
    shared = site.folder("shared")
    site.write(offering("capstor", "shared"), offering("vast", "shared"))

    assert sync(site, "--offering-uuid", str(UUID(UUID_OF["vast"]))) == 0
    assert shared.files == [shared.linked("latest-vast.json"), "latest-vast.json"]


def test_two_offerings_of_one_slug_do_not_take_each_others_link(
    site: AgentSite, capsys: Said
) -> None:
    """Two Waldurs may well give the same slug."""
    site.dump.let_waldur_have(
        [*rows_of("vast"), *(changed(row, offering_uuid=NOBODYS) for row in rows_of("vast"))]
    )
    shared = site.folder("shared")
    site.write(offering("vast", "shared"), offering("other", "shared"))

    assert sync(site) == 1
    assert len(shared.documents) == 1
    assert "latest-vast.json is that of 'the vast'" in capsys.readouterr().err


def test_a_second_run_is_one_more_document(site: AgentSite) -> None:
    site.write(offering("capstor"))

    assert (sync(site), sync(site)) == (0, 0)
    folder = site.folder("capstor")
    assert len(folder.documents) == 2
    assert folder.linked() == max(folder.documents, key=lambda name: (len(name), name))


def test_a_dry_run_shows_what_would_change_and_writes_nothing(
    site: AgentSite, capsys: Said
) -> None:
    site.write(offering("capstor"))
    sync(site)
    capsys.readouterr()
    folder = site.folder("capstor")
    before = folder.state
    first, *others = rows_of("capstor")
    site.dump.let_waldur_have([changed(first, state="Erred"), *others])

    assert sync(site, "--dry-run") == 0
    assert folder.state == before
    said = capsys.readouterr().out
    assert path_of(first) in said
    assert "1 changed" in said
    assert "Dry run: nothing was written" in said

    assert sync(site) == 0
    statuses = [row.status for row in folder.read().rows]
    assert statuses.count(Status.ERROR) == 1


def test_offerings_of_other_types_are_passed_over_and_named_if_that_is_wanted(
    site: AgentSite, capsys: Said
) -> None:
    slurm = {"name": "Daint", "backend_type": "slurm", "backend_settings": [[["anything"]]]}
    site.write(slurm, offering("capstor"))

    assert sync(site) == 0
    assert "Daint" not in capsys.readouterr().err
    assert sync(site, "-v") == 0
    assert "Daint" in capsys.readouterr().err


# --- what does not go well


@pytest.mark.parametrize("order", [("ghost", "capstor"), ("capstor", "ghost")], ids=" ".join)
def test_an_offering_that_fails_is_told_by_name_and_the_others_are_written(
    site: AgentSite, capsys: Said, order: tuple[str, str]
) -> None:
    site.folder("ghost")
    site.write(*map(offering, order))

    assert sync(site) == 1
    assert site.folder("ghost").files == []
    assert len(site.folder("capstor").documents) == 1
    said = capsys.readouterr().err
    assert f"the ghost: offering {UUID(NOBODYS)} has no resources" in said
    assert "1 of 2 offerings failed" in said


def test_a_folder_that_fails_at_the_last_moment_fails_its_offering_alone(
    site: AgentSite, capsys: Said
) -> None:
    """Such as one on a disk without room. Here something stands where the lock has to be."""
    site.folder("capstor").out.joinpath(".cscs-documents.lock").mkdir()
    site.write(offering("capstor"), offering("vast"))

    assert sync(site) == 1
    assert site.folder("capstor").files == []
    assert "latest.json" in site.folder("vast").files
    assert "the capstor: documents: folder" in capsys.readouterr().err


@pytest.mark.parametrize("odd_one", ["the capstor", "the vast"])
async def test_an_error_that_nobody_thought_of_fails_its_offering_alone(
    site: AgentSite, capsys: Said, odd_one: str
) -> None:
    site.write(offering("capstor"), offering("vast"))
    offerings = load_agent_config({}, site.config).offerings
    export = OfferingExport(rehearse=False, verbose=False)

    async def export_or_break(task: Task) -> ExportOutput:
        if task.offering.name == odd_one:
            raise ZeroDivisionError("of somebody else's")
        return await export(task)

    with capture_logs() as lines:
        code = await export_every(tasks_for(offerings, offerings), export_or_break)

    assert code == 1
    written = [name for name in ("capstor", "vast") if site.folder(name).documents]
    assert [f"the {name}" for name in written] == [
        name for name in ("the capstor", "the vast") if name != odd_one
    ]
    said = capsys.readouterr().err
    assert f"{odd_one}: ended in an error of this program (ZeroDivisionError)" in said
    assert [(line["event"], line["exc_info"]) for line in lines] == [("offering_crashed", True)]


def test_an_offering_without_rows_keeps_the_document_that_has_some(
    site: AgentSite, capsys: Said
) -> None:
    """As where the identity service has forgotten everybody."""
    site.write(offering("capstor"))
    sync(site)
    before = site.folder("capstor").files
    site.dump.let_ids_be({})

    assert sync(site) == 1
    assert site.folder("capstor").files == before
    assert "Nothing was written: no row of" in capsys.readouterr().out

    assert sync(site, "--allow-empty") == 3
    assert site.folder("capstor").files != before


def test_a_slug_that_cannot_be_part_of_a_path_fails_its_offering(
    site: AgentSite, capsys: Said
) -> None:
    rows = [changed(row, offering_slug="../etc") for row in rows_of("vast")]
    site.dump.let_waldur_have([*rows, *rows_of("capstor")])
    site.write(offering("vast"), offering("capstor"))

    assert sync(site) == 1
    assert site.folder("vast").files == []
    assert len(site.folder("capstor").documents) == 1
    assert "the vast: offering slug" in capsys.readouterr().err


def test_problems_are_listed_beside_the_document_and_end_with_3(
    site: AgentSite, capsys: Said
) -> None:
    site.dump.let_ids_be({str(rows_of("capstor")[0]["project_slug"]): 31234})
    site.write(offering("capstor"))

    assert sync(site) == 3
    folder = site.folder("capstor")
    assert folder.linked().replace(".json", ".problems.json") in folder.files
    assert "missing_identity" in capsys.readouterr().out


def test_a_failure_outweighs_problems(site: AgentSite) -> None:
    site.folder("ghost")
    site.dump.let_ids_be({})
    site.write(offering("capstor"), offering("ghost"))

    assert sync(site) == 1


def test_a_strict_site_writes_nothing_where_ids_are_missing(site: AgentSite, capsys: Said) -> None:
    project = str(rows_of("vast")[0]["project_slug"])
    ids = {str(row["project_slug"]): 31234 for row in QUIET if row["project_slug"] != project}
    site.dump.let_ids_be(ids)
    others = [row for row in rows_of("capstor") if row["project_slug"] != project]
    site.dump.let_waldur_have([*rows_of("vast"), *others])
    site.write(offering("vast"), offering("capstor"), strict=True)

    assert sync(site) == 3
    assert site.folder("vast").files == []
    assert "latest.json" in site.folder("capstor").files
    assert "strict is on" in capsys.readouterr().out


# --- bad input: one clear sentence, code 2, nothing written


def test_every_folder_is_looked_at_before_anything_is_written(
    site: AgentSite, capsys: Said
) -> None:
    Path("a-file").write_text("", encoding="utf-8")
    site.write(offering("capstor"), offering("vast", "missing"), offering("iopsstor", "a-file"))

    assert sync(site) == 2
    assert site.folder("capstor").files == []
    said = capsys.readouterr().err
    assert "offerings[1] (" in said
    assert "missing' does not exist" in said
    assert "offerings[2] (" in said
    assert "a-file' is not a folder" in said


def test_a_folder_of_an_offering_that_is_not_chosen_does_not_matter(site: AgentSite) -> None:
    site.write(offering("capstor"), offering("vast", "missing"))

    assert sync(site, "--offering-uuid", UUID_OF["capstor"]) == 0


def test_an_offering_that_is_not_in_the_file_is_refused_with_those_that_are(
    site: AgentSite, capsys: Said
) -> None:
    site.write(offering("capstor"))

    assert sync(site, "--offering-uuid", UUID_OF["vast"]) == 2
    assert site.folder("capstor").files == []
    said = capsys.readouterr().err
    assert f"--offering-uuid {UUID(UUID_OF['vast'])}" in said
    assert f"the capstor ({UUID(UUID_OF['capstor'])})" in said
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "--config"),
        (["--config", "missing.yaml"], "missing.yaml"),
        (["--config", "broken.yaml"], "broken.yaml"),
        (["--config", "ours.yaml"], "cscs storage export"),
        (["--config", "good.yaml", "--offering-uuid", "capstor"], "--offering-uuid"),
        (["--config", "good.yaml", "--mapping", "provider"], "--mapping"),
        (["--config", "good.yaml", "stray"], "stray"),
    ],
    ids=" ".join,
)
def test_wrong_usage_is_told_with_code_2(
    site: AgentSite, capsys: Said, arguments: list[str], complaint: str
) -> None:
    Path("broken.yaml").write_text("offerings: [", encoding="utf-8")
    Path("ours.yaml").write_text("storage_systems: {a: b}", encoding="utf-8")
    site.write(offering("capstor"))
    site.config.rename("good.yaml")

    assert main(arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert complaint in said.err
    assert site.folder("capstor").files == []


@pytest.mark.parametrize(
    "other",
    [
        {"backend_settings": {"inode_hard_coefficient": "many"}},
        {"waldur_offering_uuid": TOKEN},
        {"waldur_api_url": f"https://{TOKEN}@waldur.example.com/"},
        {"backend_type": "slurm"},
    ],
    ids=lambda other: next(iter(other)),
)
def test_no_token_is_shown_whatever_is_wrong(
    site: AgentSite, capsys: Said, other: Mapping[str, object]
) -> None:
    site.write({**offering("capstor"), **other})

    assert sync(site, "-v") == 2
    said = capsys.readouterr()
    assert TOKEN not in said.out + said.err


def test_what_the_file_says_reaches_no_terminal_as_controls(site: AgentSite, capsys: Said) -> None:
    site.write(offering("capstor", name="a\x1b[31mb"))

    assert sync(site) == 2
    assert "\x1b" not in capsys.readouterr().err


# --- the command itself


def test_the_version_is_that_of_the_package(capsys: Said) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"waldur_cscs_storage_sync {__version__}\n"


def test_the_help_teaches_examples_variables_and_exit_codes(capsys: Said) -> None:
    assert main(["--help"]) == 0

    text = capsys.readouterr().out
    words = ("Usage: waldur_cscs_storage_sync", "Examples:", "Variables:", "Exit codes:")
    assert all(word in text for word in words)
    assert all(f"{option} " in text for option in ("-c", "--dry-run", "--offering-uuid", "-v"))
