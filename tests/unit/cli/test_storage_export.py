"""`cscs storage export` over a dump, called in this process: files, output, exit codes."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import pytest

from cscs_bootstrap.settings import Part
from cscs_bootstrap.wiring import load
from cscs_cli.document_options import DocumentOptions, destination_for
from cscs_cli.main import main
from cscs_cli.storage_export import ExportOptions, run_export
from cscs_domain.storage.documents import DocumentFormat
from cscs_fakes.clock import FixedClock
from tests.unit.cli.dump_site import ROWS, DumpSite, changed, dump_site

VAST: Final = next(row for row in ROWS if row["offering_slug"] == "vast")
VAST_UUID: Final = str(VAST["offering_uuid"])
PROJECT: Final = next(row for row in ROWS if row["slug"] == "clim0001-vast-store")
BROKEN: Final = changed(ROWS[1], limits={"storage": -5})


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith(("CSCS_", "WALDUR_", "HPC_USER_", "STORAGE_", "DISABLE_")):
            monkeypatch.delenv(name)


@pytest.fixture
def site(tmp_path: Path) -> DumpSite:
    """A site without problems."""
    return dump_site(tmp_path)


def export(site: DumpSite, *options: str | Path) -> int:
    return main(site.arguments(*options))


def exported(
    site: DumpSite, capsys: pytest.CaptureFixture[str], *options: str | Path
) -> dict[str, Any]:
    """What `--json` prints."""
    export(site, *options, "--json")
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


# --- what is written


def test_an_export_writes_the_document_leads_the_link_to_it_and_says_so(
    site: DumpSite, capsys: pytest.CaptureFixture[str]
) -> None:
    code = export(site)

    (name,) = site.documents
    assert code == 0
    assert site.files == [name, "latest.json"]
    assert site.linked() == name
    assert len(site.read().rows) == 22
    assert capsys.readouterr().out.splitlines() == [
        f"Document: {site.out / name}",
        f"Link:     {site.out / 'latest.json'}",
        "22 rows (21 active, 1 updating); 0 problems",
    ]


@pytest.mark.parametrize("form", DocumentFormat)
def test_every_format_is_written_with_the_same_rows(site: DumpSite, form: DocumentFormat) -> None:
    assert export(site) == 0
    assert export(site, "--format", form.value) == 0

    link = f"latest.{form.suffix}"
    assert site.read(link).head.format is form
    assert site.read(link).rows == site.read(site.documents[0]).rows


@pytest.mark.parametrize(
    ("mapping", "path"),
    [
        ("provider", "/vast/store/alpine-data/zsee-clim-1/clim0001"),
        ("organisation", "/lustre/store/zsee-clim-1/clim0001/clim0001-vast-store"),
        ("organisation-legacy", "/vast/store/zsee-clim-1/clim0001/clim0001-vast-store"),
    ],
)
def test_the_mapping_decides_about_paths(site: DumpSite, mapping: str, path: str) -> None:
    export(site, "--mapping", mapping)

    assert path in [row.mount_point.text for row in site.read().rows]


def test_the_option_for_the_folder_wins_over_the_configuration(
    site: DumpSite, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()

    assert export(site, "--output-dir", other) == 0
    assert site.files == []
    assert (other / "latest.json").exists()


async def named_at(site: DumpSite, moment: datetime) -> str:
    """The name of the document of an export at this moment."""
    settings = load({}, config=site.config, parts=frozenset({Part.STORAGE})).settings
    options = DocumentOptions()
    goal = destination_for(settings, options)
    clock = FixedClock(moment)
    output = await run_export(settings, options, ExportOptions(), goal, clock=clock)
    assert output.report.name is not None
    return output.report.name.text


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("UTC", "2026-12-31-11-30-all.json"),
        ("Europe/Zurich", "2026-12-31-12-30-all.json"),
        ("Pacific/Kiritimati", "2027-01-01-01-30-all.json"),
    ],
)
async def test_the_name_has_the_minute_in_the_zone_of_the_site(
    tmp_path: Path, zone: str, expected: str
) -> None:
    site = dump_site(tmp_path, settings=f"site_timezone: {zone}")

    assert await named_at(site, datetime(2026, 12, 31, 11, 30, 59, tzinfo=UTC)) == expected
    meta = site.read().head.meta
    assert meta is not None
    assert f"{meta.date:%Y-%m-%d-%H-%M}-all.json" == expected


async def test_nothing_is_overwritten_within_a_minute(site: DumpSite) -> None:
    moment = datetime(2026, 11, 21, 14, 5, tzinfo=UTC)

    names = [await named_at(site, moment + timedelta(seconds=10 * n)) for n in range(3)]

    assert names == [f"2026-11-21-14-05-all{copy}.json" for copy in ("", ".2", ".3")]
    assert site.linked() == names[-1]


# --- some systems only


@pytest.mark.parametrize(
    "chosen",
    [
        ["--storage-system", "vast"],
        ["--offering-uuid", VAST_UUID],
        ["--offering-uuid", str(UUID(VAST_UUID)), "--storage-system", "vast"],
    ],
    ids=["name", "uuid", "both"],
)
def test_a_document_of_some_systems_never_becomes_latest_json(
    site: DumpSite, chosen: list[str]
) -> None:
    export(site)
    whole = site.linked()

    assert export(site, *chosen) == 0
    assert site.linked() == whole
    assert {row.system.key for row in site.read("latest-vast.json").rows} == {"vast"}
    assert {row.system.key for row in site.read().rows} == {"capstor", "vast", "iopsstor"}


def test_names_and_uuids_are_chosen_together(site: DumpSite) -> None:
    export(site, "--offering-uuid", VAST_UUID, "--storage-system", "iopsstor")

    assert site.files[1:] == ["latest-iopsstor+vast.json"]


def test_all_systems_by_name_are_the_whole(site: DumpSite) -> None:
    names = (f"--storage-system={name}" for name in ("vast", "capstor", "iopsstor"))

    assert export(site, *names) == 0
    assert site.files[1:] == ["latest.json"]


def test_rows_of_other_systems_are_not_told_as_removed(
    site: DumpSite, capsys: pytest.CaptureFixture[str]
) -> None:
    export(site)
    capsys.readouterr()

    found = exported(site, capsys, "--storage-system", "vast", "--diff")

    assert found["changes"]["summary"] == dict.fromkeys(
        ("created", "removed", "changed", "dangerous"), 0
    )


# --- changes


def test_a_dry_run_shows_the_changes_says_that_it_wrote_nothing_and_touches_nothing(
    site: DumpSite, capsys: pytest.CaptureFixture[str]
) -> None:
    export(site)
    before = site.state
    site.let_waldur_have(
        [changed(row, limits={"storage": 20}) if row is PROJECT else row for row in ROWS]
    )
    capsys.readouterr()

    code = export(site, "--dry-run")

    lines = capsys.readouterr().out.splitlines()
    assert code == 0
    assert site.state == before
    assert lines[1].split("  ")[-1] == ("quota 10 TB, 13.3/20 M inodes -> 20 TB, 26.6/40 M inodes")
    assert lines[2:] == [
        f"Against {site.documents[0]}: 0 created, 0 removed, 1 changed.",
        "",
        f"Dry run: nothing was written to {site.out}.",
        "22 rows (21 active, 1 updating); 0 problems",
    ]


def test_a_dry_run_in_a_folder_of_no_documents_makes_no_file_at_all(site: DumpSite) -> None:
    before = site.state

    assert export(site, "--dry-run") == 0
    assert site.state == before
    assert list(site.out.iterdir()) == []


def test_a_new_gid_is_dangerous(site: DumpSite, capsys: pytest.CaptureFixture[str]) -> None:
    export(site)
    gids = {str(row["project_slug"]): 30_000 for row in ROWS}
    site.let_ids_be(gids)
    capsys.readouterr()

    found = exported(site, capsys, "--diff")

    summary = found["changes"]["summary"]
    assert summary["dangerous"] == summary["changed"] > 0
    assert {field["field"] for row in found["changes"]["changed"] for field in row["fields"]} == {
        "gid"
    }


def test_any_document_can_be_compared_with(
    site: DumpSite, capsys: pytest.CaptureFixture[str]
) -> None:
    export(site, "--format", "ndjson")
    earlier = site.out / site.linked("latest.ndjson")
    site.let_waldur_have(row for row in ROWS if row is not PROJECT)
    capsys.readouterr()

    found = exported(site, capsys, "--against", earlier)

    assert found["against"] == str(earlier)
    assert [row["mountPoint"]["default"] for row in found["changes"]["removed"]] == [
        "/vast/store/alpine-data/zsee-clim-1/clim0001"
    ]
    assert found["written"] is True


def test_the_first_document_has_nothing_to_be_compared_with(
    site: DumpSite, capsys: pytest.CaptureFixture[str]
) -> None:
    export(site, "--diff")

    assert capsys.readouterr().out.splitlines()[0] == (
        "No earlier document to compare with: all rows are new."
    )


def test_an_earlier_document_that_cannot_be_read_keeps_no_new_one_from_being_written(
    site: DumpSite, capsys: pytest.CaptureFixture[str]
) -> None:
    earlier = site.out / "2020-01-01-00-00-all.json"
    earlier.write_text('{"status": "half a docu', encoding="utf-8")

    code = export(site, "--diff")

    told = capsys.readouterr().err.splitlines()
    assert code == 0
    assert [line for line in told if line.startswith("Notice: ") and earlier.name in line]
    assert site.linked() == site.documents[-1] != earlier.name


# --- problems


def test_problems_are_listed_beside_the_good_rows_with_code_3(
    site: DumpSite, capsys: pytest.CaptureFixture[str]
) -> None:
    site.let_waldur_have([BROKEN, *ROWS[2:]])

    code = export(site)

    said = capsys.readouterr().out
    (name,) = site.documents
    beside = name.replace(".json", ".problems.json")
    assert code == 3
    assert site.files == [name, beside, "latest.json"]
    listed = json.loads((site.out / beside).read_text(encoding="utf-8"))["problems"]
    assert [problem["code"] for problem in listed] == ["malformed_record"]
    assert "limits.storage is -5" in said
    assert f"Problems: {site.out / beside}" in said


def test_a_strict_export_with_problems_writes_nothing_and_names_them(
    site: DumpSite, capsys: pytest.CaptureFixture[str]
) -> None:
    export(site)
    before = site.files
    site.let_waldur_have([BROKEN, *ROWS[2:]])
    capsys.readouterr()

    code = export(site, "--strict")

    said = capsys.readouterr().out
    assert code == 3
    assert site.files == before
    assert "limits.storage is -5" in said
    assert "Nothing was written: --strict takes no problems (1 problem (1 error))." in said


def test_a_strict_export_without_problems_writes(site: DumpSite) -> None:
    assert export(site, "--strict") == 0
    assert site.documents


@pytest.mark.parametrize(
    ("rows", "gids", "written"),
    [([BROKEN, *ROWS[2:]], True, True), (ROWS, False, False)],
    ids=["malformed", "missing identities"],
)
def test_a_strict_site_minds_missing_identities_alone(
    tmp_path: Path, rows: list[dict[str, object]], gids: bool, written: bool
) -> None:
    site = dump_site(tmp_path, settings="strict: true")
    site.let_waldur_have(rows)
    if not gids:
        site.let_ids_be({})

    assert export(site) == 3
    assert bool(site.documents) is written


def test_long_lists_are_cut_unless_everything_is_wanted(
    site: DumpSite, capsys: pytest.CaptureFixture[str]
) -> None:
    site.let_waldur_have(
        changed(ROWS[1], uuid=f"{number:032x}", limits={"storage": -number})
        for number in range(1, 61)
    )

    export(site, "--dry-run")
    cut = capsys.readouterr().out.splitlines()
    export(site, "--dry-run", "--verbose")
    whole = capsys.readouterr().out.splitlines()

    (more,) = (int(line.split()[2]) for line in cut if line.endswith("; --verbose shows all"))
    assert more >= 10
    assert len(whole) == len(cut) + more - 1
    assert not [line for line in whole if "more problems" in line]


# --- no rows at all


def test_a_document_without_rows_does_not_replace_one_that_has_some(
    site: DumpSite, capsys: pytest.CaptureFixture[str]
) -> None:
    """A wrong slug, or a token that lost its rights, would look like that."""
    export(site)
    before = site.files
    site.let_waldur_have([])
    capsys.readouterr()

    code = export(site)

    said = capsys.readouterr().out
    assert (code, site.files) == (1, before)
    assert said.splitlines()[1].startswith("error     vanished_system")
    assert "empty_system" in said  # which says more about the reason
    assert f"and {site.documents[-1]} has" in said


@pytest.mark.parametrize(
    ("more", "link"),
    [
        ([], "latest.json"),
        (["--storage-system", "vast"], "latest-vast.json"),
        (["--format", "ndjson"], "latest.ndjson"),
    ],
    ids=["all", "some systems", "another format"],
)
def test_a_document_without_rows_is_written_if_that_is_wanted(
    site: DumpSite, more: list[str], link: str
) -> None:
    export(site)
    export(site, *more)
    site.let_waldur_have([])

    export(site, "--allow-empty", *more)

    assert site.read(link).rows == ()


def test_objections_of_two_kinds_are_both_told(
    site: DumpSite, capsys: pytest.CaptureFixture[str]
) -> None:
    export(site)
    site.let_waldur_have([BROKEN])
    capsys.readouterr()

    assert export(site, "--strict", "--dry-run") == 1
    said = capsys.readouterr().out
    assert "Nothing would be written: no row of" in said
    assert "Nothing would be written: --strict takes no problems" in said


# --- JSON


def test_json_tells_what_was_written_and_what_was_found(
    site: DumpSite, capsys: pytest.CaptureFixture[str]
) -> None:
    site.let_waldur_have([BROKEN, *ROWS[2:]])

    found = exported(site, capsys)

    (name,) = site.documents
    problems = found.pop("problems")
    date = datetime.fromisoformat(found.pop("date"))
    assert [problem["severity"] for problem in problems] == ["error"]
    assert date.utcoffset() == timedelta(0)
    assert found == {
        "written": True,
        "dry_run": False,
        "document": str(site.out / name),
        "link": str(site.out / "latest.json"),
        "problems_file": str(site.out / name.replace(".json", ".problems.json")),
        "pruned": [],
        "rows": 18,
        "statuses": {"active": 18},
        "objections": [],
        "against": None,
        "unreadable": None,
        "changes": None,
        "trouble": None,
    }


def test_json_of_a_dry_run_names_no_file(
    site: DumpSite, capsys: pytest.CaptureFixture[str]
) -> None:
    found = exported(site, capsys, "--dry-run", "--strict")

    files = ("document", "link", "problems_file")
    assert (found["dry_run"], found["written"]) == (True, False)
    assert [found[name] for name in files] == [None, None, None]
    assert found["changes"]["summary"]["created"] == found["rows"] == 22


# --- old documents


def test_only_so_many_documents_are_kept(
    site: DumpSite, capsys: pytest.CaptureFixture[str]
) -> None:
    order = "2020-01-01-00-00-create_5dbb3c0e-6b41-4a6e-a6b6-7a6ee2a4bd5c.json"
    old = [f"2020-01-0{day}-00-00-all.json" for day in (1, 2, 3)]
    for name in (order, *old):
        (site.out / name).write_text("[]", encoding="utf-8")

    found = exported(site, capsys, "--keep", "2")

    assert found["pruned"] == [str(site.out / name) for name in old[:2]]
    assert site.files[:2] == [order, old[2]]
    assert site.linked() == site.documents[-1]


# --- failures


def test_without_waldur_no_file_is_written_and_no_link_moved(
    site: DumpSite, capsys: pytest.CaptureFixture[str]
) -> None:
    export(site)
    before = site.files, site.linked()
    site.lose_waldur()
    capsys.readouterr()

    code = export(site, "--keep", "1")

    said = capsys.readouterr()
    assert (code, said.out) == (1, "")
    assert len(said.err.splitlines()) == 1
    assert (site.files, site.linked()) == before


BAD: Final = {
    "unknown system": (["--storage-system", "nope"], "'nope' is none of capstor, vast"),
    "unknown offering": (["--offering-uuid", "0" * 32], "offering 00000000-0000"),
    "no uuid": (["--offering-uuid", "nope"], "--offering-uuid"),
    "folder missing": (["--output-dir", "missing"], "/missing' does not exist. Make the folder"),
    "folder is a file": (["--output-dir", "cscs.yaml"], "/cscs.yaml' is not a folder."),
    "folder unset": (["--output-dir", ""], "--output-dir: it is empty"),
    "folder blank": (["--output-dir= "], "--output-dir: it is empty"),
    "against unset": (["--against", ""], "--against: it is empty"),
    "against nothing": (
        ["--against", "missing.json"],
        "--against missing.json cannot be read: does not exist",
    ),
    "against a folder": (
        ["--against", "out"],
        "--against out cannot be read: is not a regular file",
    ),
    "against a dump": (
        ["--against", "dump.json"],
        "dump.json has to be a document of storage rows, ",
    ),
    "against YAML": (
        ["--against", "cscs.yaml"],
        "cscs.yaml has to be a document of storage rows, ",
    ),
    "against another object": (["--against", "ids.json"], "its status is None, not 'success'."),
    "keep nothing": (["--keep", "0"], '"0" for --keep. Must be >= 1.'),
    "keep less": (["--keep", "-1"], '"-1" for --keep. Must be >= 1.'),
    "wait for less than nothing": (["--wait", "-1"], '"-1" for --wait. Must be >= 0.'),
    "wait for ever": (["--wait", "99999999"], '"99999999" for --wait. Must be <= 604800.'),
    "unknown mapping": (["--mapping", "x"], "organisation-legacy"),
    "unknown format": (["--format", "pdf"], "ndjson"),
    "demo and more": (["--demo"], "--demo brings its own configuration"),
}


@pytest.mark.parametrize(("options", "sentence"), BAD.values(), ids=BAD)
def test_bad_input_is_one_sentence_with_code_2_and_nothing_is_written(
    site: DumpSite,
    options: list[str],
    sentence: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(site.folder)

    code = export(site, *options)

    said = capsys.readouterr()
    lines = [line for line in said.err.splitlines() if line != "The configuration does not hold:"]
    assert (code, said.out) == (2, "")
    assert len(lines) == 1
    assert sentence in lines[0]
    assert list(site.out.iterdir()) == []


@pytest.mark.parametrize(
    ("yaml", "sentence"),
    [
        ("storage_systems: [", "cscs.yaml"),
        ("- a list", "cscs.yaml"),
        ("storage_systems: {capstor: capstor}\nstrict: perhaps", "strict"),
        (None, "cscs.yaml"),
    ],
    ids=["no YAML", "no mapping", "wrong value", "missing"],
)
def test_a_wrong_configuration_is_told_with_code_2(
    site: DumpSite, yaml: str | None, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    site.config.unlink()
    if yaml is not None:
        site.config.write_text(yaml, encoding="utf-8")

    code = export(site)

    said = capsys.readouterr()
    assert (code, said.out) == (2, "")
    assert sentence in said.err
    assert list(site.out.iterdir()) == []


def test_a_configured_folder_that_is_missing_is_named_by_key_and_variable(
    site: DumpSite, capsys: pytest.CaptureFixture[str]
) -> None:
    site.out.rmdir()

    assert export(site) == 2
    told = capsys.readouterr().err
    assert "backend_settings.output_directory" in told
    assert "CSCS_BACKEND_SETTINGS__OUTPUT_DIRECTORY" in told
    assert f"'{site.out}' does not exist. Make the folder, or name another one with " in told
    assert told.endswith("--output-dir.\n")
    assert not site.out.exists()


def test_the_demonstration_can_be_exported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["storage", "export", "--demo", "--output-dir", str(tmp_path), "--json"])

    found = json.loads(capsys.readouterr().out)
    assert code == 3
    assert found["rows"] > 100
    assert Path(found["link"]).resolve() == Path(found["document"])


def test_documents_may_be_kept_nowhere_at_all(
    site: DumpSite, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    site.out.rmdir()
    monkeypatch.setenv("CSCS_ADAPTERS__DOCUMENTS", "fake")

    assert export(site) == 0
    assert "-all.json (in memory)" in capsys.readouterr().out
