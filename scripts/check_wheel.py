"""Refuse a wheel whose top level holds anything but packages of this project.

A file laid into src/adapters or src/entrypoints lands at the top level of site-packages, next to
everybody else's packages. Usage: python scripts/check_wheel.py WHEEL
"""

import sys
import zipfile
from pathlib import Path


def top_level_names(wheel: Path) -> set[str]:
    """Name what the wheel puts into site-packages, its `.dist-info` included."""
    with zipfile.ZipFile(wheel) as archive:
        return {name.partition("/")[0] for name in archive.namelist()}


def strangers(names: set[str]) -> list[str]:
    """List the names that are neither a `cscs_…` package nor the one metadata folder."""
    return sorted(
        name
        for name in names
        if not (name.isidentifier() and name.startswith("cscs_"))
        and not (name.startswith("cscs_domain-") and name.endswith(".dist-info"))
    )


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print("usage: python scripts/check_wheel.py WHEEL", file=sys.stderr)
        return 2
    names = top_level_names(Path(arguments[0]))
    if found := strangers(names):
        print(f"{arguments[0]} would put {', '.join(found)} into site-packages", file=sys.stderr)
        return 1
    print(f"{Path(arguments[0]).name} holds {', '.join(sorted(names))}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
