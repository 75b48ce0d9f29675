"""A warehouse's bytes to a usage report: DESIGN section 8."""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import orjson

from cscs_domain.usage.aggregation import UsageTally
from cscs_domain.usage.components import Component
from cscs_domain.usage.metering import Metering
from cscs_domain.usage.months import Days
from cscs_domain.usage.reports import UsageReport
from cscs_domain.usage.warehouse import WarehousePage
from cscs_fakes.usage_rows import make_compute_rows
from cscs_json import decode_usage_rows, encode

BAR: Final = 4.0
_ACCOUNTS: Final = 2_000
_USERS: Final = 20
_A_REQUEST: Final = 50
"""Accounts."""
_JULY: Final = Days(date(2025, 7, 1), date(2025, 7, 31))
_AUGUST: Final = Days(date(2025, 8, 1), date(2025, 8, 31))
_BOTH: Final = Days(_JULY.first, _AUGUST.last)
_METERING: Final = Metering(components=(Component(name="nodeHours"),))
_ROUNDS: Final = 4
_MOST_GROWTH_MB: Final = 5.0

_Answer = tuple[frozenset[str], bytes]


def report(_sizes: tuple[int, ...]) -> None:
    """Measure and print; the number of accounts is the one of the bar."""
    answers = list(_answers(_ACCOUNTS, [_JULY]))
    rows = _ACCOUNTS * _USERS * 31
    floor, ours = _measure(answers)
    verdict = "ok" if ours / floor <= BAR else "MISSED"
    megabytes = sum(len(body) for _, body in answers) / 1e6
    print(
        f"Warehouse bytes -> report, {_ACCOUNTS} accounts, {rows} rows of users, {megabytes:.0f} MB"
    )
    print(f"(bar {BAR:.0f} x decoding the same bytes with orjson)")
    print(f"{'floor us':>9} {'ours us':>8} {'ratio':>6}")
    per_row = 1e6 / rows
    print(
        f"{floor * per_row:>9.2f} {ours * per_row:>8.2f} {ours / floor:>6.2f}  {verdict}",
        flush=True,
    )
    del answers
    _report_memory()


def _measure(answers: Sequence[_Answer]) -> tuple[float, float]:
    """The floor and ours by turns, the collector on for both; the best round of each counts."""
    floor = ours = math.inf
    for _ in range(_ROUNDS):
        floor = min(floor, _timed(lambda: _decode(answers)))
        ours = min(ours, _timed(lambda: _add_up(answers, _JULY)))
    if _add_up(answers, _JULY).problems:
        raise RuntimeError("there is something wrong with the invented rows")
    return floor, ours


def _decode(answers: Sequence[_Answer]) -> None:
    for _, body in answers:
        orjson.loads(body)


def _add_up(answers: Iterator[_Answer] | Sequence[_Answer], period: Days) -> UsageReport:
    names = {name: name for number in range(_ACCOUNTS) for name in [_name(number)]}
    tally = UsageTally(_METERING, period, names)
    for asked, body in answers:
        tally.add(WarehousePage(asked, decode_usage_rows(body, "compute")))
    return tally.report()


def _timed(work: Callable[[], object]) -> float:
    gc.collect()
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _answers(accounts: int, periods: Sequence[Days]) -> Iterator[_Answer]:
    """One answer for each request and period: the same rows again under other accounts' names."""
    for period in periods:
        rows = make_compute_rows([*map(_name, range(_A_REQUEST))], period, users=_USERS)
        body = encode({"compute": rows})
        for first in range(0, accounts, _A_REQUEST):
            names = frozenset(_name(first + number) for number in range(_A_REQUEST))
            yield names, body.replace(_group(0).encode(), _group(first).encode())


def _name(number: int) -> str:
    return f"{_group(number)}{number % _A_REQUEST:02}"


def _group(number: int) -> str:
    return f"group{number // _A_REQUEST:03}-"


def _report_memory() -> None:
    few, some, many = (_peak_mb(n, [_JULY]) for n in (_ACCOUNTS // 4, _ACCOUNTS // 2, _ACCOUNTS))
    longer = _peak_mb(_ACCOUNTS, [_JULY, _AUGUST])
    verdict = "GROWS" if longer - many > _MOST_GROWTH_MB else "ok"
    print(
        f"peak memory of {_ACCOUNTS // 4}, {_ACCOUNTS // 2} and {_ACCOUNTS} accounts, 31 days:"
        f" {few:.0f}, {some:.0f} and {many:.0f} MB;"
        f" {_ACCOUNTS} accounts, 62 days: {longer:.0f} MB  {verdict}"
    )


def _peak_mb(accounts: int, periods: Sequence[Days]) -> float:
    """The largest resident memory of a process of its own that forgets answers at once."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as processes:
        return processes.submit(_peak, accounts, periods).result()


def _peak(accounts: int, periods: Sequence[Days]) -> float:
    _add_up(_answers(accounts, periods), _BOTH)
    status = Path("/proc/self/status")
    if not status.exists():
        return float("nan")
    peak = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(peak.split()[1]) / 1024
