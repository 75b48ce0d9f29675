"""An emulated centre for commands that write documents: two quiet offerings and a folder."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import attrs
import httpx

from cscs_fakes.emulators.site import EmulatedSite
from cscs_fakes.emulators.waldur import AGENT_TOKEN
from cscs_fakes.emulators.waldur.auth import CONSUMER_TOKEN
from cscs_fakes.waldur_row_catalogue import OFFERINGS
from tests.e2e.centre import configuration
from tests.emulated import running_site
from tests.unit.cli.orders_of_rows import QUIET

UUID_OF: Final = {offering.slug: offering.uuid for offering in OFFERINGS}
CLIMATE: Final[Mapping[str, Any]] = {
    "offering_slug": "capstor",
    "customer_slug": "university",
    "project_slug": "physics-dept",
    "slug": "climate-sim",
    "limits": {"storage": 12},
    "attributes": {"storage_data_type": "store", "permissions": "2770"},
}
"""What spec 002 takes for its example."""
GID: Final = 31234


@attrs.frozen
class DocumentSite:
    """Waldur and the identity service behind real sockets, and one folder for everything else."""

    site: EmulatedSite
    folder: Path

    @property
    def out(self) -> Path:
        """Where documents go by default."""
        return self.folder / "out"

    @property
    def names(self) -> list[str]:
        """What consumers see there."""
        return sorted(path.name for path in self.out.iterdir() if path.name[0] != ".")

    @property
    def identities(self) -> Mapping[str, str]:
        """How the identity service is reached."""
        found: Any = configuration(self.site.url, {})["hpc_user_api"]
        return dict(found)

    def config(self) -> Path:
        """A file for `cscs storage ...`."""
        path = self.folder / "cscs.yaml"
        settings = configuration(self.site.url, {}) | {"backend_settings": self.backend()}
        path.write_text(json.dumps(settings))
        return path

    def agent_config(self, *offerings: Mapping[str, object], **shared: object) -> Path:
        """A file for `waldur_cscs_storage_sync`."""
        path = self.folder / "agent.yaml"
        shared = {"hpc_user_api": self.identities, **shared}
        path.write_text(json.dumps({**shared, "offerings": offerings}))
        return path

    def offering(self, slug: str, **other: object) -> dict[str, object]:
        """An offering of the agent's file."""
        return {
            "name": slug.title(),
            "waldur_api_url": f"{self.site.url}/api/",
            "waldur_api_token": AGENT_TOKEN,
            "waldur_offering_uuid": UUID_OF[slug],
            "backend_type": "cscs-hpc-storage",
            "backend_settings": self.backend(),
            **other,
        }

    def backend(self, folder: str = "out") -> dict[str, str]:
        """The settings that name a folder, which is made."""
        out = self.folder / folder
        out.mkdir(exist_ok=True)
        return {"output_directory": str(out)}

    def order_climate(self, *, approved: bool = True) -> str:
        """Order what spec 002 takes for its example; return the order's uuid."""
        return self.site.waldur.order_create(**CLIMATE, approved=approved)

    def consumer(self, order: str, action: str) -> None:
        """Do something about an order as its customer."""
        self._post(order, action, CONSUMER_TOKEN)

    def provider(self, order: str, *actions: str) -> None:
        """Do something about an order as a provisioner."""
        for action in actions:
            self._post(order, action, AGENT_TOKEN)

    def _post(self, order: str, action: str, token: str) -> None:
        answer = httpx.post(
            f"{self.site.url}/api/marketplace-orders/{order}/{action}/",
            headers={"Authorization": f"Token {token}"},
            trust_env=False,
        )
        answer.raise_for_status()


@contextmanager
def document_site(folder: Path) -> Iterator[DocumentSite]:
    """Run it; nobody has ordered anything, and the project of `CLIMATE` has its id."""
    with running_site(rows=QUIET) as site:
        site.hpc_user.set_gid(CLIMATE["project_slug"], GID)
        made = DocumentSite(site, folder)
        made.backend()
        yield made
