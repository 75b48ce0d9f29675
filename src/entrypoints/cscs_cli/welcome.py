"""What `cscs serve --demo` says before it serves: where it is, and lines to paste."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from cscs_bootstrap.wiring import DEMO_COLLECTOR_KEY

_SNAPSHOT: Final = r"""sed 's/.*"snapshot":"\([^"]*\)".*/\1/'"""
_PRETTY: Final = "python3 -m json.tool"
_PROBLEMS: Final = (
    """python3 -c 'import json, sys; [print(p["severity"], p["code"], p["message"], sep=": ")"""
    """ for p in json.load(sys.stdin)["problems"]]'"""
)

_NOVEMBER: Final = "from=2026-11-01&to=2026-11-30"
_BATCH: Final = (
    '{"is_last_batch": true, "events": [{"source": "slurm", "schema_version": "1.0", '
    '"time_window_start": "2026-11-18T00:00:00Z", "time_window_end": "2026-11-19T00:00:00Z", '
    '"collected_at": "2026-11-19T00:05:00Z", "metrics": {"cpu_time_seconds": 86400}, '
    '"identities": [{"scheme": "perun_username", "value": "amueller"}], '
    '"context": {"project": "alpclim"}}]}'
)


def welcome(url: str, system: str) -> str:
    """The text for a server at this URL; `system` is the storage system of the examples."""
    parts = ["The demo serves invented data that needs no other service. To try it:\n"]
    for title, line in examples(url, system):
        parts.append(f"# {title}\n{line}")
    return "\n".join(parts) + "\n"


def examples(url: str, system: str) -> list[tuple[str, str]]:
    """Titles and shell lines."""
    rows = f"{url}/api/storage-resources/"
    usage = f"{url}/usage"
    pinned = f'$(curl -s "{rows}?page_size=10" | {_SNAPSHOT})'
    return [
        ("All rows, the first hundred of them", f"curl -s '{rows}' | {_PRETTY}"),
        (
            "Those of one storage system",
            f"curl -s '{rows}?storage_system={quote(system)}' | {_PRETTY}",
        ),
        (
            "One data type, and only what waits to be made",
            f"curl -s '{rows}?data_type=store&status=pending' | {_PRETTY}",
        ),
        ("The second page of ten", f"curl -s '{rows}?page=2&page_size=10' | {_PRETTY}"),
        (
            "The next page of the same snapshot, whatever has changed since",
            f'curl -s "{rows}?page=2&page_size=10&snapshot={pinned}" | {_PRETTY}',
        ),
        ("What is wrong with the data", f"curl -s '{rows}?page_size=1' | {_PROBLEMS}"),
        (
            "What Waldur sent, beside our configuration",
            f"curl -s '{rows}?debug=true&storage_system={quote(system)}&page_size=1' | {_PRETTY}",
        ),
        ("A usage event, as collectors send it", f"{_sending(url)} | {_PRETTY}"),
        (
            "What its project has used",
            f"curl -s '{usage}/summary?scope=project&id=p-alpclim&{_NOVEMBER}' | {_PRETTY}",
        ),
        ("Events that could not be linked", f"curl -s '{usage}/unresolved' | {_PRETTY}"),
        ("Whether it can answer, and how old its data is", f"curl -s '{url}/readyz' | {_PRETTY}"),
    ]


def _sending(url: str) -> str:
    return (
        f"curl -s '{url}/collector/resource-usage' "
        f"-H 'X-Zeus-Collector-Key: {DEMO_COLLECTOR_KEY}' "
        f"-H 'Content-Type: application/json' -d '{_BATCH}'"
    )
