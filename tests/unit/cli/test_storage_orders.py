"""`cscs storage orders` and `cscs storage order` over a dump, in this process."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeAlias
from uuid import UUID

import attrs
import pytest

from cscs_cli.main import main
from cscs_domain.storage.targets import ProjectTarget
from cscs_files.document_folder import DocumentFolder
from cscs_files.document_lock import DocumentLock
from tests.unit.cli.dump_site import DumpSite, Row, changed, dump_site
from tests.unit.cli.orders_of_rows import ORDER, QUIET, ordered

OTHER: Final = UUID("11111111-2222-4333-8444-555555555555")

Said: TypeAlias = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)  # where nothing is configured by accident


@attrs.frozen
class Shop:
    """A site, and the commands about its orders."""

    site: DumpSite
    said: Said

    def orders(self, *options: str | Path) -> int:
        return main(["storage", "orders", "--config", str(self.site.config), *map(str, options)])

    def order(self, order: UUID | str, *options: str | Path) -> int:
        command = ["storage", "order", str(order), "--config", str(self.site.config)]
        return main([*command, *map(str, options)])

    def wire(self, *options: str) -> Any:
        """What `orders --json` prints, without minding the exit code."""
        self.orders("--json", *options)
        return json.loads(self.said.readouterr().out)


MakeShop: TypeAlias = Callable[..., Shop]


@pytest.fixture
def make_shop(tmp_path: Path, capsys: Said) -> MakeShop:
    """Make a shop whose dump has these rows in front of two quiet ones."""

    def made(*rows: Row, settings: str = "") -> Shop:
        every = [*rows, *QUIET[-2:]]
        return Shop(dump_site(tmp_path, rows=every, settings=settings), capsys)

    return made


# --- all orders


@pytest.mark.parametrize("state", ["pending-provider", "executing"])
@pytest.mark.parametrize("kind", ["Create", "Update", "Terminate"])
def test_an_order_that_is_the_providers_turn_gets_its_document(
    make_shop: MakeShop, kind: str, state: str
) -> None:
    shop = make_shop(ordered(kind, state))

    assert shop.orders() == 0
    (name,) = shop.site.files
    assert re.fullmatch(rf"\d{{4}}-\d\d-\d\d-\d\d-\d\d-{kind.lower()}_{ORDER}\.json", name)
    document = shop.site.read(name)
    (row,) = document.rows
    assert document.head.is_order
    assert row.item_id == UUID(str(QUIET[0]["uuid"]))
    said = shop.said.readouterr().out
    assert str(shop.site.out / name) in said
    assert "1 order (1 written); 0 problems" in said


@pytest.mark.parametrize(
    ("kind", "state", "word", "code"),
    [
        ("Create", "pending-consumer", "waiting", 0),
        ("Update", "pending-consumer", "waiting", 0),
        ("Create", "pending-project", "waiting", 0),
        ("Create", "pending-start-date", "waiting", 0),
        ("Create", "a-state-of-tomorrow", "waiting", 3),
        ("Restore", "executing", "no name", 3),
        ("Transfer", "executing", "no name", 3),
    ],
)
def test_an_order_without_document_is_told_with_the_reason(
    make_shop: MakeShop, kind: str, state: str, word: str, code: int
) -> None:
    shop = make_shop(ordered(kind, state))

    assert shop.orders() == code
    assert shop.site.files == []
    said = shop.said.readouterr().out
    assert re.search(rf"^{word} .*{ORDER}", said, re.MULTILINE)
    assert f"1 order (1 {word})" in said


def test_an_order_whose_resource_is_left_out_is_told_with_its_problems(
    make_shop: MakeShop,
) -> None:
    shop = make_shop(ordered(), ordered(order=OTHER, place=3))
    shop.site.let_ids_be({str(QUIET[3]["project_slug"]): 31234})

    assert shop.orders() == 3
    (name,) = shop.site.files
    assert str(OTHER) in name
    said = shop.said.readouterr().out
    assert re.search(rf"^left out .*{ORDER}", said, re.MULTILINE)
    assert "missing_identity" in said
    assert "2 orders (1 written, 1 left out); 1 problem (1 error)" in said


def test_a_resource_that_cannot_be_read_may_hide_an_order(make_shop: MakeShop) -> None:
    """Otherwise an order could be lost without a word."""
    shop = make_shop(changed(ordered(), limits={"storage": -5}))

    assert shop.orders() == 3
    assert "limits.storage is -5" in shop.said.readouterr().out


def test_problems_of_resources_that_nobody_orders_are_not_shown(
    make_shop: MakeShop,
) -> None:
    shop = make_shop(ordered())
    shop.site.let_ids_be({str(QUIET[0]["project_slug"]): 31234})

    assert shop.orders() == 0
    assert "missing_identity" not in shop.said.readouterr().out


def test_a_second_run_writes_nothing_and_says_what_is_there(make_shop: MakeShop) -> None:
    shop = make_shop(ordered())
    shop.orders()
    before = shop.site.files
    shop.said.readouterr()

    assert shop.orders() == 0
    assert shop.site.files == before
    said = shop.said.readouterr().out
    assert re.search(rf"^present .*{before[0]}$", said, re.MULTILINE)


def test_an_order_gets_its_document_when_the_approval_has_come(
    make_shop: MakeShop,
) -> None:
    shop = make_shop(ordered(state="pending-consumer"))
    shop.orders()
    assert shop.site.files == []

    shop.site.let_waldur_have([ordered(state="pending-provider")])

    assert shop.orders() == 0
    assert len(shop.site.files) == 1


def test_no_order_at_all_is_said(make_shop: MakeShop) -> None:
    shop = make_shop()

    assert shop.orders() == 0
    assert shop.said.readouterr().out == "no order is in progress; 0 problems\n"


@pytest.mark.parametrize("command", ["orders", "order"])
def test_a_dry_run_says_what_it_would_write_and_writes_nothing(
    make_shop: MakeShop, command: str
) -> None:
    shop = make_shop(ordered())
    before = shop.site.state

    code = shop.orders("--dry-run") if command == "orders" else shop.order(ORDER, "--dry-run")

    assert code == 0
    assert shop.site.state == before
    said = shop.said.readouterr().out
    assert re.search(rf"^to write .*create_{ORDER}\.json$", said, re.MULTILINE)
    assert said.endswith("Dry run: nothing was written.\n")


def test_json_tells_the_same(make_shop: MakeShop) -> None:
    shop = make_shop(ordered(), ordered("Update", "pending-consumer", order=OTHER, place=1))

    found = shop.wire()

    (name,) = shop.site.files
    assert found["dry_run"] is False
    assert found["problems"] == []
    assert found["counts"] == {
        "written": 1,
        "present": 0,
        "waiting": 1,
        "left_out": 0,
        "unknown_type": 0,
    }
    written = next(order for order in found["orders"] if order["order"] == str(ORDER))
    assert written == {
        "order": str(ORDER),
        "type": "Create",
        "state": "pending-provider",
        "resource": str(UUID(str(QUIET[0]["uuid"]))),
        "outcome": "written",
        "document": str(shop.site.out / name),
    }
    waiting = next(order for order in found["orders"] if order["order"] == str(OTHER))
    assert (waiting["outcome"], waiting["document"]) == ("waiting", None)


def test_paths_follow_the_chosen_mapping(make_shop: MakeShop) -> None:
    shop = make_shop(ordered())

    assert shop.orders("--mapping", "organisation") == 0
    (row,) = shop.site.read(shop.site.files[0]).rows
    levels = (QUIET[0][name] for name in ("customer_slug", "project_slug", "slug"))
    assert str(row.mount_point) == "/lustre/store/" + "/".join(map(str, levels))
    assert isinstance(row.target, ProjectTarget)


def test_another_folder_can_be_named(make_shop: MakeShop, tmp_path: Path) -> None:
    shop = make_shop(ordered())
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()

    assert shop.orders("--output-dir", elsewhere) == 0
    assert shop.site.files == []
    assert len(list(elsewhere.glob("*.json"))) == 1


# --- one order


def test_one_order_gets_its_document_and_the_others_do_not(make_shop: MakeShop) -> None:
    shop = make_shop(ordered(), ordered(order=OTHER, place=1))

    assert shop.order(OTHER.hex) == 0
    (name,) = shop.site.files
    assert name.endswith(f"create_{OTHER}.json")


def test_asked_for_by_name_an_order_is_written_again(make_shop: MakeShop) -> None:
    shop = make_shop(ordered())

    assert (shop.order(ORDER), shop.order(ORDER)) == (0, 0)
    first, second = map(shop.site.read, shop.site.files)
    assert first.rows == second.rows


def test_asked_for_by_name_an_order_still_waits_for_its_approval(make_shop: MakeShop) -> None:
    shop = make_shop(ordered(state="pending-consumer"))

    assert shop.order(ORDER) == 3
    assert shop.site.files == []
    assert "not the provider's turn yet (pending-consumer)" in shop.said.readouterr().out


@pytest.mark.parametrize(
    ("order", "complaint"),
    [(str(OTHER), f"order {OTHER} is absent"), ("5dbb3c0e", "5dbb3c0e"), ("", "order")],
    ids=["unknown", "no uuid", "empty"],
)
def test_an_order_that_nobody_knows_is_one_sentence(
    make_shop: MakeShop, order: str, complaint: str
) -> None:
    shop = make_shop(ordered())

    assert shop.order(order) == 2
    said = shop.said.readouterr()
    assert (said.out, shop.site.files) == ("", [])
    assert complaint in said.err.splitlines()[-1].lower()


# --- what keeps both from writing

both = pytest.mark.parametrize("command", [["orders"], ["order", str(ORDER)]], ids=["all", "one"])


@both
def test_a_folder_that_is_not_there_is_refused_before_anything_is_read(
    make_shop: MakeShop, command: list[str], tmp_path: Path
) -> None:
    shop = make_shop(ordered())
    shop.site.lose_waldur()
    config = str(shop.site.config)

    arguments = ["storage", *command, "--config", config, "--output-dir", str(tmp_path / "no")]

    assert main(arguments) == 2
    assert "--output-dir" in shop.said.readouterr().err
    assert not (tmp_path / "no").exists()


@both
@pytest.mark.parametrize("seconds", ["-1", "soon", "99999999"])
def test_a_wait_that_is_none_is_refused(
    make_shop: MakeShop, command: list[str], seconds: str
) -> None:
    shop = make_shop(ordered())

    assert main(["storage", *command, "--config", str(shop.site.config), "--wait", seconds]) == 2
    assert "--wait" in shop.said.readouterr().err
    assert shop.site.files == []


@both
def test_an_upstream_that_fails_leaves_the_folder_as_it_was(
    make_shop: MakeShop, command: list[str]
) -> None:
    shop = make_shop(ordered())
    shop.site.lose_waldur()

    assert main(["storage", *command, "--config", str(shop.site.config)]) == 1
    assert "dump.json" in shop.said.readouterr().err
    assert shop.site.files == []


@both
def test_another_writer_keeps_orders_out(make_shop: MakeShop, command: list[str]) -> None:
    shop = make_shop(ordered())
    lock = DocumentLock(DocumentFolder(shop.site.out))
    assert lock.enter() is None
    arguments = ["storage", *command, "--config", str(shop.site.config)]
    try:
        assert main(arguments) == 1
    finally:
        lock.leave()

    assert "being written by" in shop.said.readouterr().err
    assert shop.site.files == []
    assert main(arguments) == 0
