"""What `cscs emulate` says before it serves: a configuration, and lines to paste."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from cscs_bootstrap.emulation import Emulation

_ROWS: Final = "http://127.0.0.1:8080/api/storage-resources/?page_size=5"
_FAULT: Final = '{"service": "waldur", "fault": "503:times=2"}'
_DEFAULT_FILE: Final = Path("emulated.yaml")


def emulate_welcome(emulation: Emulation, mode: str, written: Path | None) -> str:
    """The text; `written` is the file that the configuration went to, if it did."""
    parts = [f"It plays Waldur {mode}, the HPC User API, DWDI and an OIDC provider.\n"]
    if written is None:
        parts += [f"# Put this into {_DEFAULT_FILE}", emulation.configuration()]
    for title, line in lines_to_paste(emulation, written or _DEFAULT_FILE):
        parts.append(f"# {title}\n{line}")
    return "\n".join(parts) + "\n"


def lines_to_paste(emulation: Emulation, config: Path) -> list[tuple[str, str]]:
    """Titles and shell lines."""
    token, control = emulation.caller_token(), emulation.control_url
    usage = f"cscs usage report --config {shlex.quote(str(config))} --dry-run"
    return [
        ("Let our API ask the emulator", f"cscs serve --config {shlex.quote(str(config))}"),
        (
            "Ask our API, with a token of somebody who may read and operate (12 hours)",
            f"curl -s -H 'Authorization: Bearer {token}' '{_ROWS}'",
        ),
        *([("What would be reported of this month's usage", usage)] if emulation.has_usage else ()),
        ("Another token", f"curl -s -X POST '{control}/oidc/mint'"),
        ("Let Waldur fail twice", f"curl -s -d '{_FAULT}' '{control}/faults/add'"),
        ("What there is, and what was asked", f"curl -s '{control}/'"),
    ]
