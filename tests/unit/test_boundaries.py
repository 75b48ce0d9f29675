"""The walls: what each package may import, and what the domain may not even call.

import-linter draws the walls between our packages; here every import is held against a list, so
that a library nobody thought of forbidding does not slip in.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

SRC: Final = Path(__file__).parents[2] / "src"
DOMAIN: Final = SRC / "cscs_domain"

# What lets the outside in (files, environment, clocks, chance), floats where quantities must be
# exact, and the built-in hash, which differs from process to process.
FORBIDDEN_CALLS: Final = {"open", "float", "hash", "print", "input", "eval", "exec"}
FORBIDDEN_NAMES: Final = {
    "os.environ",
    "os.getenv",
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "date.today",
    "time.time",
    "time.monotonic",
    "uuid.uuid1",
    "uuid.uuid4",
}

DOMAIN_LIBRARIES: Final = {"attrs", "attr", "cattrs", "cattr"}
JSON: Final = DOMAIN_LIBRARIES | {"msgspec"}
FILES: Final = JSON | {"yaml"}
HTTP: Final = JSON | {"cryptography", "httpx", "httpx_socks", "joserfc", "socksio", "stamina"}
SQL: Final = JSON | {"alembic", "psycopg", "sqlalchemy"}
BOOTSTRAP: Final = FILES | {"stamina", "structlog"}
# The third-party modules of each package: those of its extra in pyproject.toml.
LIBRARIES_OF: Final = {
    SRC / "cscs_domain": DOMAIN_LIBRARIES,
    SRC / "adapters" / "cscs_json": JSON,
    SRC / "adapters" / "cscs_files": FILES,
    SRC / "adapters" / "cscs_fakes": JSON
    | {"cryptography", "hypothesis", "joserfc", "starlette", "uvicorn"},
    SRC / "adapters" / "cscs_http": HTTP,
    SRC / "adapters" / "cscs_sql": SQL,
    SRC / "adapters" / "cscs_client": HTTP,
    SRC / "entrypoints" / "cscs_bootstrap": BOOTSTRAP,
    SRC / "entrypoints" / "cscs_api": BOOTSTRAP | {"starlette", "uvicorn", "uvloop", "httptools"},
    # `serve` imports uvicorn when it runs, and says in one sentence if its extra is missing.
    SRC / "entrypoints" / "cscs_cli": BOOTSTRAP | {"cyclopts", "rich", "uvicorn"},
}


def trees(package: Path) -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(package.rglob("*.py")):
        yield path.relative_to(SRC), ast.parse(path.read_text(encoding="utf-8"))


def imported(tree: ast.Module) -> Iterator[str]:
    """Name the top-level module of every absolute import; a relative one stays in its package."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield (node.module or "").partition(".")[0]


def dotted(node: ast.expr) -> str:
    """Write an attribute chain as text: `dt.datetime.now`, or nothing for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (before := dotted(node.value)):
        return f"{before}.{node.attr}"
    return ""


def forbidden_uses(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and dotted(node.func) in FORBIDDEN_CALLS:
            yield f"line {node.lineno}: {dotted(node.func)}()"
        elif isinstance(node, ast.Attribute):
            last_two = ".".join(dotted(node).split(".")[-2:])
            if last_two in FORBIDDEN_NAMES:
                yield f"line {node.lineno}: {last_two}"
        elif isinstance(node, ast.ImportFrom):
            names = (f"{node.module}.{alias.name}" for alias in node.names)
            yield from (f"line {node.lineno}: {name}" for name in names if name in FORBIDDEN_NAMES)


def test_every_package_has_its_list_of_libraries() -> None:
    packages = {init.parent for init in SRC.glob("**/cscs_*/__init__.py")}

    assert set(LIBRARIES_OF) == packages


@pytest.mark.parametrize("package", LIBRARIES_OF, ids=lambda path: path.name)
def test_a_package_imports_only_what_its_extra_installs(package: Path) -> None:
    ours = {path.name for path in LIBRARIES_OF} if package != DOMAIN else {"cscs_domain"}
    allowed = LIBRARIES_OF[package] | ours | sys.stdlib_module_names

    found = {(path, name) for path, tree in trees(package) for name in imported(tree)}

    assert [f"{path}: {name}" for path, name in sorted(found) if name not in allowed] == []


def test_the_domain_asks_neither_machine_nor_clock_nor_chance() -> None:
    found = [f"{path} {use}" for path, tree in trees(DOMAIN) for use in forbidden_uses(tree)]

    assert found == []


@pytest.mark.parametrize(
    "code",
    [
        "open('x')",
        "x = float('1.5')",
        "hash('slug')",
        "import os\nos.environ['A']",
        "from os import environ",
        "from datetime import datetime\ndatetime.now(UTC)",
        "import datetime as dt\ndt.datetime.now(dt.UTC)",
        "import time\nstart = time.time",
    ],
)
def test_a_forbidden_use_is_seen(code: str) -> None:
    assert list(forbidden_uses(ast.parse(code))) != []


@pytest.mark.parametrize(
    "code",
    ["clock.now()", "isinstance(x, float)", "row.open()", "self.hash(x)", "timedelta(days=1)"],
)
def test_an_honest_line_is_not(code: str) -> None:
    assert list(forbidden_uses(ast.parse(code))) == []


@pytest.mark.parametrize(
    ("code", "module"),
    [
        ("import httpx", "httpx"),
        ("import yaml.reader as r", "yaml"),
        ("def f():\n    from sqlalchemy.orm import Session", "sqlalchemy"),
    ],
)
def test_an_import_is_seen_wherever_it_stands(code: str, module: str) -> None:
    assert list(imported(ast.parse(code))) == [module]
