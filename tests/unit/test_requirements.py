"""The pinned requirement files: complete, hashed, and free of any address."""

import re
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT: Final = Path(__file__).parents[2]
FILES: Final = sorted((ROOT / "requirements").iterdir())
PIN: Final = re.compile(r"[a-z0-9][a-z0-9-]*(\[[a-z0-9,-]+\])?==[^ ;]+( ; .+)?")
HASH: Final = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def blocks(path: Path) -> list[list[str]]:
    """Split a file into requirements: the pin first, then its options, comments left away."""
    joined = path.read_text(encoding="utf-8").replace("\\\n", "\n")
    lines = [line for line in joined.splitlines() if line.strip() and line.lstrip()[0] != "#"]
    found: list[list[str]] = []
    for line in lines:
        if line[0] == " " and found:
            found[-1].append(line.strip())
        else:
            found.append([line.strip()])
    return found


def pins(name: str) -> dict[str, str]:
    """Map each distribution of a file to its pin, e.g. `attrs` to `==26.1.0`."""
    read = [Requirement(block[0]) for block in blocks(ROOT / "requirements" / name)]
    return {canonicalize_name(each.name): str(each.specifier) for each in read}


def direct(*, groups: bool) -> set[str]:
    """Name what pyproject.toml asks for, our own extras by reference left away."""
    document: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    lists = [document["project"]["dependencies"]]
    lists += document["project"]["optional-dependencies"].values()
    lists += document["dependency-groups"].values() if groups else []
    texts = [text for each in lists for text in each if isinstance(text, str)]
    asked: set[str] = {canonicalize_name(Requirement(text).name) for text in texts}
    return asked - {"cscs-domain"}


def test_these_are_the_files() -> None:
    assert [path.name for path in FILES] == ["build.txt", "dev.txt", "runtime.txt"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_requirement_is_one_exact_pin(path: Path) -> None:
    loose = [block[0] for block in blocks(path) if not PIN.fullmatch(block[0])]

    assert loose == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_requirement_has_hashes_and_no_other_option(path: Path) -> None:
    for block in blocks(path):
        assert len(block) > 1, f"{block[0]} has no hash"
        assert all(HASH.fullmatch(option) for option in block[1:]), block


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
@pytest.mark.parametrize(
    "address", ["://", "file:", "--index", "-i ", "--extra-index", "--find-links", "-f ", "/home/"]
)
def test_no_file_says_from_where_a_package_comes(path: Path, address: str) -> None:
    found = [line for line in path.read_text("utf-8").splitlines() if address in line]

    assert found == []


def test_whatever_pyproject_asks_for_is_pinned() -> None:
    assert direct(groups=True) - pins("dev.txt").keys() == set()
    assert direct(groups=False) - pins("runtime.txt").keys() == set()


@pytest.mark.parametrize("name", ["runtime.txt", "build.txt"])
def test_the_smaller_files_pin_what_the_large_one_pins(name: str) -> None:
    """One environment takes them in any order; `make setup` after `make demo` moves nothing."""
    assert pins(name).items() <= pins("dev.txt").items()
