"""A site in one folder: a dump of Waldur, a list of Unix ids, a configuration, an output folder."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import attrs

from cscs_domain.storage.documents import StorageDocument
from cscs_fakes.waldur_rows import make_gids, make_rows, make_users
from cscs_files import read_document

ROWS: Final = make_rows(12)
"""Without any problem."""
NAMES: Final = ("capstor", "vast", "iopsstor")

Row = Mapping[str, object]


@attrs.frozen
class DumpSite:
    """What `cscs storage export` needs. Files of the output folder are named without it."""

    folder: Path
    config: Path
    out: Path

    def let_waldur_have(self, rows: Iterable[Row]) -> None:
        """Replace the dump."""
        self.folder.joinpath("dump.json").write_text(json.dumps(list(rows)), encoding="utf-8")

    def let_ids_be(self, gids: Mapping[str, int]) -> None:
        """Replace the list of ids."""
        ids = {"projects": dict(gids), "users": make_users(ROWS)}
        self.folder.joinpath("ids.json").write_text(json.dumps(ids), encoding="utf-8")

    def lose_waldur(self) -> None:
        """Let Waldur not answer any more."""
        self.folder.joinpath("dump.json").unlink()

    def arguments(self, *more: str | Path) -> list[str]:
        """Of the command."""
        return ["storage", "export", "--config", str(self.config), *map(str, more)]

    @property
    def files(self) -> list[str]:
        """Everything in the output folder that is not hidden."""
        return sorted(path.name for path in self.out.iterdir() if path.name[0] != ".")

    @property
    def documents(self) -> list[str]:
        """The documents of all rows among them, without links and lists of problems."""
        return [name for name in self.files if name[0] == "2" and "problems" not in name]

    @property
    def state(self) -> Mapping[str, tuple[int, int]]:
        """Everything that writing to the folder would change."""
        paths = [self.out, *self.out.iterdir()]
        stats = {path.name: path.lstat() for path in paths}
        return {name: (stat.st_mtime_ns, stat.st_ino) for name, stat in stats.items()}

    def linked(self, link: str = "latest.json") -> str:
        """The name of the document that a link leads to."""
        return self.out.joinpath(link).readlink().name

    def read(self, name: str = "latest.json") -> StorageDocument:
        """A document of the output folder."""
        return read_document(self.out / name)


def dump_site(folder: Path, *, rows: Sequence[Row] = ROWS, settings: str = "") -> DumpSite:
    """Make a site; `settings` is YAML that comes on top."""
    site = DumpSite(folder, folder / "cscs.yaml", folder / "out")
    site.out.mkdir()
    site.let_waldur_have(rows)
    site.let_ids_be(make_gids(rows))
    site.config.write_text(
        f"""
storage_systems: {{{", ".join(f"{name}: {name}" for name in NAMES)}}}
adapters:
  waldur: {{kind: file, path: dump.json}}
  hpc_user: {{kind: file, path: ids.json}}
backend_settings: {{output_directory: out}}
callback_base_url: "https://waldur.example.com/api/"
{settings}
""",
        encoding="utf-8",
    )
    return site


def changed(row: Row, **members: object) -> dict[str, object]:
    """A row with other members."""
    return {**row, **members}
