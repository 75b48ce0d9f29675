"""Reading the warehouse for some accounts: who is asked for, in which way, and what comes of it."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import attrs
import pytest

from cscs_domain.errors import InvalidValueError, UpstreamServiceError
from cscs_domain.problems import ProblemCode, Severity
from cscs_domain.progress import Stage
from cscs_domain.usage.fetch_usage import MeteredAccount, fetch_report
from cscs_domain.usage.metering import UsageKind
from cscs_domain.usage.warehouse import WarehouseQuery
from cscs_fakes.usage_warehouse import FakeUsageWarehouse
from tests.unit.usage.tallying import COSTS, NOVEMBER, SPACE, V1, V2, account_row

ONE = UUID("3c2b7c1a-9d60-4f7f-a1f1-b6a6e1a30207")
PATH = "/capstor/store/cscs/uni-example/g207"


async def test_usage_of_another_cluster_than_was_asked_for_is_held_back() -> None:
    warehouse = FakeUsageWarehouse()
    users = [
        {"username": "anovak", "cluster": "daint", "nodeHours": 5},
        {"username": "bkeller", "cluster": "eiger", "nodeHours": 50},
    ]
    rows = [
        {"account": "g207", "totalNodeHours": 55, "users": users},
        {"account": "g118", "totalNodeHours": 5, "users": users[:1]},
        {"account": "lp05", "totalNodeHours": 1, "cluster": "Daint"},
    ]
    warehouse.put(UsageKind.COMPUTE, NOVEMBER, rows)
    accounts = [MeteredAccount(name, "Daint") for name in ("g207", "g118", "lp05")]

    report = await fetch_report(warehouse, V2, NOVEMBER, accounts)
    of_all = await fetch_report(warehouse, V1, NOVEMBER, accounts)

    held = [name for name, usage in report.accounts.items() if usage.doubts]
    assert held == ["g207"]
    assert [p.code for p in report.problems] == [ProblemCode.OUTSIDE_CLUSTER]
    assert not any(usage.doubts for usage in of_all.accounts.values())


async def test_without_accounts_the_warehouse_is_not_asked() -> None:
    warehouse = FakeUsageWarehouse()

    report = await fetch_report(warehouse, V1, NOVEMBER, [])

    assert not warehouse.queries
    assert (dict(report.accounts), report.problems) == ({}, ())


async def test_accounts_come_in_the_order_of_their_names() -> None:
    warehouse = FakeUsageWarehouse()
    names = ["g207", "g118", "lp05"]
    warehouse.put(UsageKind.COMPUTE, NOVEMBER, [account_row(name, nodeHours=1) for name in names])

    report = await fetch_report(warehouse, V1, NOVEMBER, map(MeteredAccount, [*names, "s1300"]))

    assert list(report.accounts) == ["g118", "g207", "lp05"]
    assert report.unknown == {"s1300"}
    assert report.period == NOVEMBER


async def test_what_is_sent_unasked_is_said_once_and_skipped() -> None:
    warehouse = FakeUsageWarehouse(page_size=1)
    warehouse.answers_everything = True
    rows = [account_row(name, nodeHours=1) for name in ("g118", "g207", "x1", "x2")]
    warehouse.put(UsageKind.COMPUTE, NOVEMBER, rows)

    report = await fetch_report(warehouse, V1, NOVEMBER, map(MeteredAccount, ["g207", "g118"]))

    assert [usage.totals["nodeHours"] for usage in report.accounts.values()] == [1, 1]
    (problem,) = report.problems
    assert problem.code is ProblemCode.UNASKED_ACCOUNT
    assert "(x1, x2)" in problem.message


async def test_the_second_profile_asks_by_cluster() -> None:
    warehouse = FakeUsageWarehouse()
    metering = attrs.evolve(V2, cluster="Eiger")
    accounts = [
        MeteredAccount("g207", "Daint"),
        MeteredAccount("g118", "daint"),
        MeteredAccount("lp05"),
    ]

    await fetch_report(warehouse, metering, NOVEMBER, accounts)

    assert [(query.cluster, set(query.subjects)) for query in warehouse.queries] == [
        ("Eiger", {"lp05"}),
        ("daint", {"g207", "g118"}),
    ]


async def test_the_first_profile_knows_no_clusters() -> None:
    warehouse = FakeUsageWarehouse()
    metering = attrs.evolve(V1, cluster="eiger")

    await fetch_report(
        warehouse, metering, NOVEMBER, [MeteredAccount("g207", "daint"), MeteredAccount("lp05")]
    )

    (query,) = warehouse.queries
    assert (query.cluster, set(query.subjects)) == ("", {"g207", "lp05"})


async def test_storage_is_asked_for_by_path_and_reported_by_backend_id() -> None:
    warehouse = FakeUsageWarehouse()
    metering = attrs.evolve(
        SPACE, storage_paths={"g207": PATH}, filesystem="capstor", data_type="store", cluster="x"
    )
    warehouse.put(
        UsageKind.STORAGE, NOVEMBER, [{"path": PATH, "spaceUsed": 10**9, "inodesUsed": 3}]
    )

    report = await fetch_report(
        warehouse, metering, NOVEMBER, [MeteredAccount("g207"), MeteredAccount("/other")]
    )

    (query,) = warehouse.queries
    assert query.subjects == {PATH, "/other"}
    assert (query.filesystem, query.data_type, query.cluster) == ("capstor", "store", "")
    assert report.accounts["g207"].totals == {"storage": 1, "inodes_usage": 3}
    assert report.unknown == {"/other"}
    assert [problem.resource for problem in report.problems] == ["/other"]


async def test_an_account_without_a_path_is_an_error_and_not_asked_for() -> None:
    warehouse = FakeUsageWarehouse()

    report = await fetch_report(warehouse, SPACE, NOVEMBER, [MeteredAccount("g207")])

    assert not warehouse.queries
    (problem,) = report.problems
    assert (problem.code, problem.severity) == (ProblemCode.MISSING_FIELD, Severity.ERROR)
    assert problem.resource == "g207"
    assert "storage_path_mapping" in problem.hint
    assert not report.accounts
    assert not report.unknown


async def test_accounts_that_share_a_path_are_not_asked_for() -> None:
    warehouse = FakeUsageWarehouse()
    metering = attrs.evolve(SPACE, storage_paths={"g207": PATH})

    report = await fetch_report(
        warehouse, metering, NOVEMBER, [MeteredAccount("g207"), MeteredAccount(PATH)]
    )

    assert not warehouse.queries
    assert [(problem.code, problem.resource) for problem in report.problems] == [
        (ProblemCode.SHARED_ACCOUNT, PATH),
        (ProblemCode.SHARED_ACCOUNT, "g207"),
    ]


async def test_inference_is_asked_for_by_resource() -> None:
    warehouse = FakeUsageWarehouse()
    rows = [{"waldurResourceUuid": ONE.hex, "totalCost": Decimal("17.425")}]
    warehouse.put(UsageKind.INFERENCE, NOVEMBER, rows)
    accounts = [
        MeteredAccount("model-1", resource=ONE),
        MeteredAccount("0" * 32),
        MeteredAccount("model-2"),
    ]

    report = await fetch_report(warehouse, COSTS, NOVEMBER, accounts)

    (query,) = warehouse.queries
    assert query.subjects == {str(ONE), str(UUID(int=0))}
    assert report.accounts["model-1"].totals == {"token_cost": Decimal("17.425")}
    assert report.unknown == {"0" * 32}
    assert [(p.code, p.resource) for p in report.problems] == [
        (ProblemCode.MISSING_FIELD, "model-2"),
        (ProblemCode.MISSING_ACCOUNT, "0" * 32),
    ]


async def test_progress_counts_accounts() -> None:
    told: list[tuple[Stage, int, int | None]] = []
    names = [f"g{number:03}" for number in range(5)]

    await fetch_report(
        FakeUsageWarehouse(page_size=2),
        V1,
        NOVEMBER,
        map(MeteredAccount, names),
        progress=lambda *step: told.append(step),
    )

    assert told == [(Stage.FETCHING, done, 5) for done in (0, 2, 4, 5)]


async def test_a_warehouse_that_does_not_answer_is_an_error() -> None:
    warehouse = FakeUsageWarehouse()
    warehouse.fail_with(UpstreamServiceError("DWDI", "503"))

    with pytest.raises(UpstreamServiceError, match="503"):
        await fetch_report(warehouse, V1, NOVEMBER, [MeteredAccount("g207")])


def test_an_account_has_a_name() -> None:
    with pytest.raises(InvalidValueError, match="is empty"):
        MeteredAccount("")


@pytest.mark.parametrize("subjects", [[], [""], ["g207", ""]], ids=repr)
def test_a_query_about_nobody_would_be_about_everybody(subjects: list[str]) -> None:
    with pytest.raises(InvalidValueError, match="everybody"):
        WarehouseQuery(period=NOVEMBER, subjects=subjects)
