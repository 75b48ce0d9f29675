"""`python -m bench [--part in-process|...|usage|events] [--sizes 1000,10000]`."""

from __future__ import annotations

import argparse
import os
import platform

from bench import events, export, in_process, live, pages, steps, usage

_PARTS = {
    "in-process": in_process.report,
    "steps": steps.report,
    "pages": pages.report,
    "live": live.report,
    "export": export.report,
    "usage": usage.report,
    "events": events.report,
}


def main() -> None:
    """Run the parts one after the other."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--part", choices=sorted(_PARTS), help="only this part")
    parser.add_argument("--sizes", default="1000,10000,100000", help="numbers of resources")
    arguments = parser.parse_args()
    sizes = tuple(int(size) for size in arguments.sizes.split(","))
    print(f"Python {platform.python_version()}, {os.cpu_count()} CPUs, load {os.getloadavg()[0]}\n")
    for name, report in _PARTS.items():
        if arguments.part in {None, name}:
            report(sizes)
            print()


if __name__ == "__main__":
    main()
