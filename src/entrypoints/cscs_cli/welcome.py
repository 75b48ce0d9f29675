"""What `cscs serve --demo` says before it serves: where it is, and lines to paste."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

_SNAPSHOT: Final = r"""sed 's/.*"snapshot":"\([^"]*\)".*/\1/'"""
_PRETTY: Final = "python3 -m json.tool"
_PROBLEMS: Final = (
    """python3 -c 'import json, sys; [print(p["severity"], p["code"], p["message"], sep=": ")"""
    """ for p in json.load(sys.stdin)["problems"]]'"""
)


def welcome(url: str, system: str) -> str:
    """The text for a server at this URL; `system` is the storage system of the example."""
    parts = ["The demo serves invented data that needs no other service. To try it:\n"]
    for title, line in examples(url, system):
        parts.append(f"# {title}\n{line}")
    return "\n".join(parts) + "\n"


def examples(url: str, system: str) -> list[tuple[str, str]]:
    """Titles and shell lines."""
    rows = f"{url}/api/storage-resources/"
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
        ("Whether it can answer, and how old its data is", f"curl -s '{url}/readyz' | {_PRETTY}"),
    ]
