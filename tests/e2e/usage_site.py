"""An emulated site whose usage the real command reports: what it was sent, and what it has then.

What ought to be there is worked out from the warehouse's rows alone, by `figures_of`.
"""

from __future__ import annotations

import json
import socket
import subprocess
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any, Final, TypeAlias

import attrs
import httpx
import yaml

from cscs_bootstrap.emulation import Emulation
from cscs_domain.usage.months import Month
from cscs_fakes.emulators.server import EmulatorServer
from cscs_fakes.emulators.waldur import STAFF_TOKEN
from cscs_fakes.usage_rows import make_compute_rows
from tests.e2e.cli_process import Finished, environment
from tests.e2e.export_process import COMMAND
from tests.e2e.usage_watched import Arrived, WatchedSite
from tests.emulated import killing_if_it_hangs

Rows: TypeAlias = Sequence[Mapping[str, Any]]

AS_STAFF: Final = {"WALDUR_API_TOKEN": STAFF_TOKEN}
"""Variables with which the command may change what was billed."""
SET_USAGE: Final = "/api/marketplace-component-usages/set_usage/"
_RECORDS: Final = "/api/marketplace-component-usages/"
_USERS: Final = "/api/marketplace-component-user-usages/"
_COMPONENT: Final = "nodeHours"
_PATIENCE: Final = 60
"""Seconds after which something is taken for hung. Nothing waits for this long on purpose."""


def this_month() -> Month:
    """The current one, in the zone of `UsageSite.config`."""
    return Month.of(datetime.now(UTC))


# --- figures


@attrs.frozen
class Figures:
    """Totals by account and month, and users' figures by account, month and username."""

    totals: Mapping[tuple[str, str], Decimal]
    users: Mapping[tuple[str, str, str], Decimal]


def figures_of(rows_by_month: Mapping[str, Rows]) -> Figures:
    """What Waldur is to have of these rows: sums in cents, and no users who have used nothing."""
    totals: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    users: defaultdict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for month, rows in rows_by_month.items():
        for row in rows:
            totals[row["account"], month] += row["accountNodeHours"]
            for user in row["users"]:
                users[row["account"], month, user["username"]] += user["nodeHours"]
    return Figures(
        {key: _cents(amount) for key, amount in totals.items()},
        {key: cents for key, amount in users.items() if (cents := _cents(amount))},
    )


def invented(accounts: Sequence[str], *months: Month) -> dict[str, Rows]:
    """What the emulated warehouse says of these accounts, unless it is told otherwise."""
    return {str(month): make_compute_rows(accounts, month) for month in months}


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


# --- the site


@attrs.define(eq=False)
class UsageSite:
    """The site, a configuration for it, and a staff member's view of its Waldur."""

    site: WatchedSite
    config: Path
    client: httpx.Client
    resources: Mapping[str, str]
    """The uuids of the accounts' resources, as they are at the start."""

    @property
    def accounts(self) -> tuple[str, ...]:
        """The backend ids of the resources."""
        return self.site.accounts

    # --- the command

    def run(self, *arguments: str | Path, **variables: str) -> Finished:
        """`cscs usage` with these arguments, until it ends."""
        with self.running(*arguments, **variables) as process:
            return finished(process)

    def report(self, *options: str | Path, **variables: str) -> Finished:
        """`cscs usage report`."""
        return self.run("report", *options, **variables)

    def report_json(
        self, *options: str | Path, **variables: str
    ) -> tuple[int, list[dict[str, Any]]]:
        """`cscs usage report --json`: its exit code and its months."""
        done = self.report("--json", *options, **variables)
        return done.code, json.loads(done.out)["months"]

    @contextmanager
    def running(self, *arguments: str | Path, **variables: str) -> Iterator[subprocess.Popen[str]]:
        """`cscs usage` while it runs; it is gone in the end."""
        told = () if "--config" in arguments else ("--config", self.config)
        with subprocess.Popen(
            [*COMMAND, "usage", *arguments, *told],
            env=environment(variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    # --- the warehouse

    def put(self, rows_by_month: Mapping[str, Rows]) -> None:
        """Let the warehouse say these rows of compute, and nothing else of these months."""
        for month, rows in rows_by_month.items():
            self.site.dwdi.put("compute", month, rows)

    # --- Waldur

    def change(self, account: str, **members: object) -> None:
        """Let the resource of an account be different."""
        row = self.site.waldur.resource(self.resources[account])
        self.site.waldur.replace_row({**row, **members})

    def record(self, figures: Figures) -> None:
        """Let Waldur have these figures, all of this month, as if nobody had sent them."""
        for (account, _), amount in figures.totals.items():
            usages = [{"type": _COMPONENT, "amount": str(amount)}]
            self._post(SET_USAGE, {"resource": self.resources[account], "usages": usages})
        records = {each["resource_uuid"]: each["uuid"] for each in self.records()}
        for (account, _, user), amount in figures.users.items():
            place = f"{_RECORDS}{records[self.resources[account]]}/set_user_usage/"
            self._post(place, {"username": user, "usage": str(amount)})
        self.site.sent.clear()

    def _post(self, path: str, body: Mapping[str, object]) -> None:
        self.client.post(path, json=body).raise_for_status()

    def posts(self, path: str = "") -> list[Arrived]:
        """What was sent to Waldur so far, to paths that hold this text."""
        return [request for request in self.site.sent if path in request.path]

    def listed(self, path: str) -> list[dict[str, Any]]:
        """All rows of a list of Waldur's."""
        rows: list[dict[str, Any]] = []
        total = 1
        while len(rows) < total:
            page = str(len(rows) // 300 + 1)
            answer = self.client.get(path, params={"page_size": "300", "page": page})
            rows += answer.raise_for_status().json()
            total = int(answer.headers["x-result-count"])
        return rows

    def records(self) -> list[dict[str, Any]]:
        """All totals that Waldur has."""
        return self.listed(_RECORDS)

    def user_rows(self) -> list[dict[str, Any]]:
        """All users' parts that Waldur has."""
        return self.listed(_USERS)

    def figures(self) -> Figures:
        """What Waldur has. Nothing of it may be there twice."""
        accounts = {uuid: account for account, uuid in self.resources.items()}
        records, parts = self.records(), self.user_rows()
        months = {record["uuid"]: record["billing_period"][:7] for record in records}
        totals = {
            (accounts[each["resource_uuid"]], months[each["uuid"]]): Decimal(each["usage"])
            for each in records
        }
        users = {
            (accounts[each["resource_uuid"]], months[record_of(each)], each["username"]): Decimal(
                each["usage"]
            )
            for each in parts
        }
        assert {each["type"] for each in records} <= {_COMPONENT}
        assert (len(totals), len(users)) == (len(records), len(parts))
        return Figures(totals, users)


def record_of(part: Mapping[str, Any]) -> str:
    """The uuid of the total that a user's part belongs to."""
    return str(part["component_usage"]).rstrip("/").rpartition("/")[2]


def finished(process: subprocess.Popen[str]) -> Finished:
    """How a command ends, when it has."""
    with killing_if_it_hangs(process):
        out, err = process.communicate()
    return Finished(process.returncode, out, err)


@contextmanager
def usage_site(folder: Path, *, mode: str = "8.1", accounts: int = 3) -> Iterator[UsageSite]:
    """Serve a site from a thread; its configuration lies in the folder.

    Months are those of UTC, and the previous one is reported only by those who ask for it, so that
    it does not matter on which day tests are run.
    """
    site = WatchedSite(mode=mode, accounts=accounts)
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        site.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server = EmulatorServer(site.app, let_go=site.faults.let_go)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            with httpx.Client(
                base_url=site.url,
                headers={"Authorization": f"Token {STAFF_TOKEN}"},
                timeout=_PATIENCE,
                trust_env=False,
            ) as client:
                yield _made(site, folder, client)
        finally:
            server.stop()
            thread.join(_PATIENCE)
            assert not thread.is_alive(), "the emulator does not end"


def _made(site: WatchedSite, folder: Path, client: httpx.Client) -> UsageSite:
    settings = yaml.safe_load(Emulation(site).configuration())
    settings |= {"site_timezone": "UTC", "usage": {**settings["usage"], "grace_days": 0}}
    config = folder / "cscs.yaml"
    config.write_text(yaml.safe_dump(settings), encoding="utf-8")
    made = UsageSite(site, config, client, {})
    rows: Iterable[dict[str, Any]] = made.listed("/api/marketplace-provider-resources/")
    made.resources = {row["backend_id"]: row["uuid"] for row in rows}
    return made
