"""A site whose warehouse is a folder of saved answers and whose Waldur is invented."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from shutil import copyfile
from typing import Final

import attrs

SAMPLES: Final = Path(__file__).parents[2] / "data" / "dwdi"
_SETTINGS: Final = """\
usage:
  offerings: [daint]
  components:
    nodeHours: {measured_unit: node-hours}
adapters:
  dwdi: {kind: file, path: %s}
  waldur: {kind: fake}
"""


@attrs.frozen
class UsageSite:
    """Its configuration and its warehouse."""

    config: Path
    answers: Path

    def put_sample(self, sample: str, name: str) -> None:
        """Save a sample as the answer of this name (`compute-2025-11`)."""
        copyfile(SAMPLES / f"{sample}.json", self.answers / f"{name}.json")

    def put(self, name: str, rows: Iterable[Mapping[str, object]]) -> None:
        """Save rows of compute as the answer of this name."""
        text = json.dumps({"compute": list(rows)})
        (self.answers / f"{name}.json").write_text(text, encoding="utf-8")


def usage_site(folder: Path, settings: str = _SETTINGS) -> UsageSite:
    """A site in this folder, whose warehouse has nothing yet."""
    answers = folder / "answers"
    answers.mkdir()
    config = folder / "cscs.yaml"
    config.write_text(settings % answers, encoding="utf-8")
    return UsageSite(config, answers)


def row(account: str, total: object, **users: object) -> dict[str, object]:
    """A row of compute."""
    return {
        "account": account,
        "accountNodeHours": total,
        "users": [{"username": name, "nodeHours": amount} for name, amount in users.items()],
    }
