"""A site agent's file over a dump, with a folder for each offering's documents."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import attrs

from tests.unit.cli.dump_site import DumpSite, dump_site
from tests.unit.cli.orders_of_rows import QUIET

UUID_OF: Final = {str(row["offering_slug"]): str(row["offering_uuid"]) for row in QUIET}
"""Of the three offerings in the dump."""
NOBODYS: Final = "0" * 32
"""The uuid of an offering that the dump does not have."""
TOKEN: Final = "hunter2-token-of-an-offering"


@attrs.frozen
class AgentSite:
    """Files of a test; `dump.out` is one of the folders for documents."""

    dump: DumpSite

    @property
    def config(self) -> Path:
        """The site agent's file."""
        return self.dump.folder / "agent.yaml"

    def folder(self, name: str) -> DumpSite:
        """A folder for documents, made if it is not there; look at `files`, `read`, ..."""
        out = self.dump.folder / name
        out.mkdir(exist_ok=True)
        return attrs.evolve(self.dump, out=out)

    def write(self, *offerings: Mapping[str, object], **shared: object) -> None:
        """The file; everything in it that is not told comes from the dump."""
        adapters = {
            "waldur": {"kind": "file", "path": "dump.json"},
            "hpc_user": {"kind": "file", "path": "ids.json"},
        }
        text = json.dumps({"adapters": adapters, **shared, "offerings": offerings})
        self.config.write_text(text, encoding="utf-8")


def agent_site(folder: Path) -> AgentSite:
    """A dump of three offerings without any problem."""
    return AgentSite(dump_site(folder, rows=QUIET))


def offering(slug: str, output: str | Path | None = None, **other: Any) -> dict[str, object]:
    """An offering of the dump, as the agent's file has it; by default with a folder of its own."""
    return {
        "name": f"the {slug}",
        "waldur_api_url": "https://waldur.example.com/api/",
        "waldur_api_token": TOKEN,
        "waldur_offering_uuid": UUID_OF.get(slug, NOBODYS),
        "backend_type": "cscs-hpc-storage",
        "backend_settings": {"output_directory": str(output or slug)},
        **other,
    }
