"""What Waldur has when reports of two years are killed or stopped, and started again.

A report is killed when a request of its arrives that was drawn beforehand, before it is carried
out or after, so that no moment depends on time. `CSCS_CRASH_KILLS=300` kills so many reports
instead of a few (with `pytest -s` it prints during what); `CSCS_CRASH_SEED=…` repeats the draws of
an earlier run.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from decimal import Decimal
from pathlib import Path
from random import Random
from secrets import randbits
from typing import Any, Final

import attrs
import pytest

from cscs_domain.usage.months import Month
from cscs_fakes.usage_rows import users_of
from tests.e2e.usage_site import (
    AS_STAFF,
    SET_USAGE,
    Figures,
    Rows,
    UsageSite,
    figures_of,
    finished,
    this_month,
    usage_site,
)
from tests.e2e.usage_watched import Arrived, Bystander

KILLS: Final = int(os.environ.get("CSCS_CRASH_KILLS", "8"))
SEED: Final = int(os.environ.get("CSCS_CRASH_SEED") or randbits(32))
MONTHS: Final = 24
ACCOUNTS: Final = 6
MOST: Final = 120
"""A kill is at one of the first so many requests; some 500 make a whole report."""
FEW_MONTHS: Final = 4
FEW: Final = 30
"""The same for a report of few months, which takes some 45."""
INTERRUPTED: Final = 130


# --- the warehouse


def awkward_rows(accounts: Sequence[str], months: int, random: Random) -> dict[str, Rows]:
    """Rows of so many months up to this one: accounts in two rows, users in two places, halves of
    cents, people whom Waldur does not know, and now and then an account that has done nothing.
    """
    first = first_month(months)
    return {str(first.plus(number)): _rows(accounts, random) for number in range(months)}


def first_month(months: int) -> Month:
    """The oldest of so many up to this one."""
    return this_month().plus(1 - months)


def _rows(accounts: Sequence[str], random: Random) -> Rows:
    idle = random.choice([*accounts, ""])
    return [
        row
        for account in accounts
        for row in (_idle(account) if account == idle else _busy(account, random))
    ]


def _idle(account: str) -> Rows:
    return [{"account": account, "accountNodeHours": Decimal(0), "users": []}]


def _busy(account: str, random: Random) -> Rows:
    names = [*users_of(account)[:3], f"stranger-{account}"]
    return [_row(account, [*names, names[0]], random) for _cluster in range(2)]


def _row(account: str, names: Sequence[str], random: Random) -> dict[str, Any]:
    amounts = [_amount(random) for _ in names]
    users = [
        {"username": name, "nodeHours": amount} for name, amount in zip(names, amounts, strict=True)
    ]
    total = sum(amounts, start=_amount(random))
    return {"account": account, "accountNodeHours": total, "users": users}


def _amount(random: Random) -> Decimal:
    """A multiple of a quarter of a cent, so that many sums end in a half; or next to nothing."""
    return Decimal(25 * random.choice([1, random.randrange(400_000)])).scaleb(-4)


# --- strikes


@attrs.define
class Strike(Bystander):
    """Sends a signal to a process when its n-th request arrives; `during` says which one that was.

    A kill takes effect before or after the request is carried out, and before it is answered.
    """

    number: int
    how: signal.Signals = signal.SIGKILL
    is_before: bool = True
    during: str = ""
    _seen: int = 0
    _process: Future[subprocess.Popen[str]] = attrs.field(factory=Future, init=False)
    _request: Arrived | None = attrs.field(default=None, init=False)

    def aim_at(self, process: subprocess.Popen[str]) -> None:
        """Say whom to strike."""
        self._process.set_result(process)

    async def comes(self, request: Arrived) -> bool:
        self._seen += 1
        if self._seen != self.number:
            return True
        self._request = request
        self.during = " ".join([request.method, *request.path.split("/")[1:3]])
        if self.is_before:
            await self._strike()
        return not (self.is_before and self.how is signal.SIGKILL)

    async def is_done(self, request: Arrived) -> None:
        if request is self._request and not self.is_before:
            await self._strike()

    async def _strike(self) -> None:
        process = await asyncio.wrap_future(self._process)
        process.send_signal(self.how)
        if self.how is signal.SIGKILL:
            await asyncio.to_thread(process.wait)


def strike(live: UsageSite, months: int, how: Strike, *options: str) -> int:
    """Report so many months, be struck on the way, and return how it ended."""
    live.site.bystander = how
    since = str(first_month(months))
    with live.running("report", "--from", since, *options, **AS_STAFF) as process:
        how.aim_at(process)
        done = finished(process)
    live.site.bystander = Bystander()
    assert "Traceback" not in done.err
    return done.code


def complete(live: UsageSite, months: int, *options: str) -> None:
    """Report what is missing."""
    done = live.report("--from", str(first_month(months)), *options, **AS_STAFF)

    assert (done.code, done.err) == (0, "")


# --- what was sent


def amounts_sent(live: UsageSite) -> dict[tuple[str, ...], list[str]]:
    """Every amount that was sent, by resource, month, component and, for a user's, username."""
    records = {each["uuid"]: each for each in live.records()}
    sent: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for post in live.posts():
        for key, amount in _amounts(post, records):
            sent[key].append(amount)
    return sent


def _amounts(
    post: Arrived, records: Mapping[str, Mapping[str, Any]]
) -> Iterator[tuple[tuple[str, ...], str]]:
    body = post.content
    if post.path == SET_USAGE:
        for item in body["usages"]:
            yield (body["resource"], body["date"][:7], item["type"]), item["amount"]
        return
    record = records[post.path.split("/")[3]]
    place = (record["resource_uuid"], record["billing_period"][:7], record["type"])
    for item in body["usages"]:
        yield (*place, item["username"]), item["usage"]


def check(live: UsageSite, wanted: Figures) -> None:
    """Waldur has just what the warehouse says, and was never told anything else."""
    assert live.figures() == wanted
    sent = amounts_sent(live)
    assert [key for key, amounts in sent.items() if len(set(amounts)) > 1] == []
    # Whatever Waldur has carried out is not sent again, though nobody was told of it any more.
    # Totals of zero are: they are set once more after their users, in case Waldur added those up.
    handled = Counter(
        (post.path, post.body)
        for post in live.posts()
        if post.is_handled and not _is_zero_total(post)
    )
    assert [post for post, times in handled.items() if times > 1] == []


def _is_zero_total(post: Arrived) -> bool:
    is_total = post.path == SET_USAGE
    return is_total and all(Decimal(item["amount"]) == 0 for item in post.content["usages"])


# --- killed


def test_two_years_killed_again_and_again_end_in_the_warehouses_figures(tmp_path: Path) -> None:
    print(f"CSCS_CRASH_SEED={SEED}")
    random = Random(SEED)
    deaths: Counter[str] = Counter()
    while (killed := deaths.total()) < KILLS:
        with usage_site(tmp_path, accounts=ACCOUNTS) as live:
            rows = awkward_rows(live.accounts, MONTHS, random)
            live.put(rows)
            while deaths.total() < KILLS:
                how = Strike(random.randint(1, MOST), is_before=random.random() < 0.5)
                if strike(live, MONTHS, how) != -signal.SIGKILL:
                    break  # it was too quick
                deaths[how.during] += 1
            complete(live, MONTHS)
            check(live, figures_of(rows))
            assert deaths.total() > killed
    print(f"{KILLS} kills: {dict(deaths)}")


def test_a_correction_that_is_killed_ends_in_the_corrected_figures(tmp_path: Path) -> None:
    """Figures rise and fall; accounts and users that are gone become zero."""
    print(f"CSCS_CRASH_SEED={SEED}")
    random = Random(SEED)
    options = ("--reconcile", "--allow-decrease")
    with usage_site(tmp_path, accounts=4) as live:
        live.put(awkward_rows(live.accounts, FEW_MONTHS, random))
        complete(live, FEW_MONTHS)
        before = live.figures()
        live.site.sent.clear()
        rows = {
            month: _without_some(found, random)
            for month, found in awkward_rows(live.accounts, FEW_MONTHS, random).items()
        }
        live.put(rows)
        for _ in range(max(2, KILLS // 8)):
            how = Strike(random.randint(3, FEW), is_before=random.random() < 0.5)
            strike(live, FEW_MONTHS, how, *options)
        complete(live, FEW_MONTHS, *options)

        check(live, _with_zeros(figures_of(rows), before))


def _without_some(rows: Rows, random: Random) -> Rows:
    """The same without one account and without one user of each other account."""
    gone = random.choice(sorted({row["account"] for row in rows}))
    return [
        {**row, "users": [user for user in row["users"] if user["username"] != _first_user(row)]}
        for row in rows
        if row["account"] != gone
    ]


def _first_user(row: Mapping[str, Any]) -> str:
    return users_of(row["account"])[0]


def _with_zeros(figures: Figures, before: Figures) -> Figures:
    """Zero is what is left of everything that was there before."""
    return Figures(
        {**dict.fromkeys(before.totals, Decimal(0)), **figures.totals},
        {**dict.fromkeys(before.users, Decimal(0)), **figures.users},
    )


# --- stopped


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT], ids=lambda how: how.name)
def test_a_report_that_is_stopped_says_so_and_is_completed_by_the_next(
    tmp_path: Path, how: signal.Signals
) -> None:
    print(f"CSCS_CRASH_SEED={SEED}")
    random = Random(SEED)
    with usage_site(tmp_path, accounts=3) as live:
        rows = awkward_rows(live.accounts, FEW_MONTHS, random)
        live.put(rows)
        code = strike(live, FEW_MONTHS, Strike(random.randint(10, FEW), how=how))
        some = live.figures()
        complete(live, FEW_MONTHS)
        check(live, figures_of(rows))

    assert code == INTERRUPTED
    assert len(some.totals) < len(figures_of(rows).totals)
