"""A pool after its purchases: to the cent, beside plain SQL over the stored logs, and by what came to be known."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from pipelines.ingest import ingest, load_source
from pipelines.pool_life import lives
from pipelines.pool_roll import roll_series
from pipelines.pool_watch import STEPS, WATCH_POOL, rows_of, watch_pool
from runtime.iceberg import arrow_schema
from schemas import after_purchase as tables
from schemas import lending
from schemas.derived import RECEIVABLE_STATES
from schemas.errors import CatalogError
from schemas.house import LOG_TABLES
from tests.pipelines.calls import Call
from tests.pipelines.pool_life_world import AS_OF, CUTS, DEAL, RELEASED_ON, REPURCHASED_ON, Life, later, live, statement

ZERO = Decimal("0.00")
Row = dict[str, Any]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


@pytest.fixture(scope="module")
def life(engine: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    """Let a pool live, and watch it once."""
    for one in live(tmp_path_factory.mktemp("life"), engine):
        with one.space.writing():
            watch_pool(one.space, DEAL, AS_OF)
        yield one


@pytest.fixture(scope="module")
def sql(life: Life) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give the stored logs and the tenures to plain SQL; the simulated logs know what they know at once or late."""
    with duckdb.connect() as db:
        cut = f"timestamptz '{AS_OF - timedelta(days=1)} 16:00:00+00'"
        for table in LOG_TABLES:
            db.register(f"{table.name}_all", life.space.catalog.arrow(table))
            names = ", ".join(table.key)
            db.execute(f"""create view {table.name} as select * exclude (place) from (
                select *, row_number() over (partition by {names} order by known_at desc) place from {table.name}_all
                where known_at < {cut} and happened_at < {cut}) where place = 1 and not is_deleted""")
        held = [
            {
                "purchase_id": one.pledge.purchase_id,
                "receivable_id": one.pledge.receivable_id,
                "bought_on": one.pledge.bought_on,
                "until_on": min(one.ended_on or AS_OF, AS_OF),
            }
            for one in lives(life.space, DEAL, AS_OF)
        ]
        db.register("held", pa.Table.from_pylist(held))
        yield db


def of(life: Life, table: Any, as_of: date = AS_OF) -> list[Row]:
    return rows_of(life.space, table, DEAL, as_of)


def total(rows: list[Row], name: str) -> Decimal:
    return sum((row[name] for row in rows), ZERO)


PAID = """select value_on, principal_amount, interest_amount, fee_amount, penalty_amount, h.*
    from repayments r join held h using (receivable_id)
    where reverses_repayment_id is null and value_on < until_on and value_on >= bought_on
        and repayment_id not in (
            select reverses_repayment_id from repayments where reverses_repayment_id is not null)"""


def test_the_cash_of_every_day_is_that_of_plain_sql(life: Life, sql: duckdb.DuckDBPyConnection) -> None:
    """Value day by value day, principal, interest, fees and penalties of what the pool held on it."""
    expected = sql.execute(f"""select value_on, sum(principal_amount), sum(interest_amount), sum(fee_amount),
        sum(penalty_amount) from ({PAID}) group by 1 order by 1""").fetchall()
    names = ("principal_amount", "interest_amount", "fee_amount", "penalty_amount")
    found = [(row["happened_on"], *(row[n] for n in names)) for row in of(life, tables.POOL_COLLECTIONS)]
    assert [row for row in found if any(row[1:])] == [row for row in expected if any(row[1:])]
    assert len(expected) > 50


def test_what_fell_due_is_covered_open_or_gone(life: Life) -> None:
    """By day and by receivable the parts add up, and both say the same whole."""
    days, each = of(life, tables.POOL_COLLECTIONS), of(life, tables.POOL_MATCHES)
    for row in days:
        parts = ("in_time_amount", "late_amount", "fallen_away_amount", "open_amount")
        assert row["due_amount"] == sum((row[name] for name in parts), ZERO)
    for row in each:
        assert row["due_amount"] == row["covered_amount"] + row["fallen_away_amount"] + row["open_amount"]
        met = row["covered_amount"] + row["ahead_amount"] + row["unmatched_amount"]
        assert met == row["cash_amount"] + row["refund_amount"]
    assert total(days, "due_amount") == total(each, "due_amount") > 0
    assert total(days, "open_amount") == total(each, "open_amount") > 0
    assert len(each) == sum(len(one.items) for one in life.bought.values())


def overpaid(life: Life) -> Decimal:
    """Sum the balances below zero of what was bought: the borrower paid on after the refund."""
    keys = {one.receivable_key for each in life.bought.values() for one in each.items}
    states = life.space.catalog.arrow(RECEIVABLE_STATES, {"as_of": AS_OF}).to_pylist()
    below = [row["current_principal_amount"] for row in states if row["receivable_key"] in keys]
    return sum((min(one, ZERO) for one in below), ZERO)


def test_the_roll_forward_closes_to_the_cent(life: Life) -> None:
    """From before the first purchase to the day, and within the month: nothing moved without a name."""
    whole, month = of(life, tables.POOL_ROLL_FORWARDS)
    assert (whole["opened_on"], month["opened_on"]) == (CUTS[0] - timedelta(days=1), AS_OF.replace(day=1))
    assert whole["difference_amount"] == month["difference_amount"] == ZERO
    assert whole["opening_amount"] == ZERO
    assert whole["bought_amount"] == Decimal(sum(one.payload["principal_minor"] for one in life.bought.values())) / 100
    assert (whole["released_count"], whole["repurchased_count"]) == (3, 2)
    assert whole["closing_count"] == whole["bought_count"] - 5
    unpaid = total(of(life, tables.POOL_DELINQUENCIES), "unpaid_amount")
    assert whole["closing_amount"] == month["closing_amount"] == unpaid + overpaid(life)
    assert whole["collected_amount"] > 0 < whole["written_off_amount"] + whole["refunded_amount"]


def test_a_series_of_months_hangs_together(life: Life) -> None:
    """What one month closes with the next opens with; purchases and leavings stand in their month."""
    with life.space.writing():
        rows = roll_series(life.space, DEAL, AS_OF, None, "month")
    series = [row for row in rows if row["opened_on"] >= CUTS[0] or row["as_of"] < AS_OF]
    assert [row["as_of"] for row in series] == [date(2024, month, 1) for month in (7, 8, 9, 10, 11)] + [AS_OF]
    assert all(row["difference_amount"] == ZERO for row in rows)
    for before, after in pairwise(series):
        assert before["closing_amount"] == after["opening_amount"]
        assert before["closing_count"] == after["opening_count"]
    assert [row["bought_count"] > 0 for row in series] == [True, False, True, False, False, False]
    assert [row["released_count"] for row in series] == [0, 0, 0, 3, 0, 0]
    assert [row["repurchased_count"] for row in series] == [0, 0, 0, 0, 2, 0]
    assert (RELEASED_ON.month, REPURCHASED_ON.month) == (9, 10)


def test_static_pools_add_up_to_the_roll_forward(life: Life, sql: duckdb.DuckDBPyConnection) -> None:
    """All months of all purchases are what moved since the first; paid by month is that of plain SQL."""
    rows, whole = of(life, tables.STATIC_POOLS), of(life, tables.POOL_ROLL_FORWARDS)[0]
    for mine, theirs in (("paid", "collected"), ("refunded", "refunded"), ("written_off", "written_off")):
        assert total(rows, f"{mine}_amount") == whole[f"{theirs}_amount"]
    assert total(rows, "left_amount") == whole["released_amount"] + whole["repurchased_amount"]
    for name in {row["purchase_id"] for row in rows}:
        months = [row for row in rows if row["purchase_id"] == name]
        assert [row["month_number"] for row in months] == list(range(1, len(months) + 1))
        assert months[0]["opening_amount"] == months[0]["bought_amount"]
        assert all(b["closing_amount"] == a["opening_amount"] for b, a in pairwise(months))
        assert [row["is_over"] for row in months] == [True] * (len(months) - 1) + [False]
    paid = sql.execute(f"""select purchase_id, datesub('month', bought_on, value_on) + 1, sum(principal_amount)
        from ({PAID}) group by 1, 2 order by 1, 2""").fetchall()
    found = [(row["purchase_id"], row["month_number"], row["paid_amount"]) for row in rows if row["paid_amount"]]
    assert found == [row for row in paid if row[2]]
    assert sum(row["defaulted_count"] for row in rows) > 0


def test_dilution_is_what_was_refunded_after_the_sale(life: Life, sql: duckdb.DuckDBPyConnection) -> None:
    """Receivable by receivable, as plain SQL over the adjustments has it."""
    expected = sql.execute("""select receivable_id, sum(adjustment_amount), min(day) from (
        select h.*, adjustment_amount, (happened_at at time zone 'Asia/Shanghai')::date as day from adjustments
        join held h using (receivable_id) where adjustment_kind = 'REFUND') where day >= bought_on and day < until_on
        group by 1 order by 1""").fetchall()
    found = [row for row in of(life, tables.POOL_DILUTIONS) if row["refunded_amount"]]
    told = sorted((row["receivable_id"], row["refunded_amount"], row["refunded_on"]) for row in found)
    assert told == expected
    assert expected
    assert total(found, "refunded_amount") == of(life, tables.POOL_ROLL_FORWARDS)[0]["refunded_amount"]


def test_the_outlook_spreads_the_unpaid_principal(life: Life) -> None:
    """What is overdue and what falls due is what is owed of open receivables, to the cent."""
    owed = [row for row in of(life, tables.POOL_DELINQUENCIES) if row["bucket"] != "written off"]
    ahead = of(life, tables.POOL_OUTLOOKS)
    assert total(ahead, "scheduled_amount") == total(owed, "unpaid_amount")
    assert all(row["scheduled_amount"] >= 0 for row in ahead)
    assert {row["bucket"] for row in owed} > {"0"}


def test_a_second_batch_is_compared_with_the_first(life: Life) -> None:
    """Drawn by the hash of the key a few weeks apart: region differs less than noise; no tag, no line of it."""
    rows = {row["trait"]: row for row in of(life, tables.BATCH_DRIFTS)}
    assert set(rows) == {"annual_rate", "remaining_periods", "region"}
    assert {row["bought_on"] for row in rows.values()} == {CUTS[1]}
    assert rows["region"]["stability_index"] < rows["region"]["noise"]
    counts = [len(life.bought[cut].items) for cut in CUTS]
    assert [rows["region"]["first_count"], rows["region"]["batch_count"]] == counts


def test_nothing_is_done_twice(life: Life) -> None:
    """A second watch of the same day publishes nothing."""
    before = {table.name: life.space.catalog.snapshot(table.name) for table in tables.AFTER_PURCHASE}
    with life.space.writing():
        assert not watch_pool(life.space, DEAL, AS_OF).fresh
    assert {table.name: life.space.catalog.snapshot(table.name) for table in tables.AFTER_PURCHASE} == before
    assert WATCH_POOL.per_deal


def test_before_its_first_purchase_a_pool_has_no_life(life: Life) -> None:
    """There is nothing to follow, and the message says what to do."""
    with pytest.raises(CatalogError, match="bought nothing"):
        STEPS["collections"](life.space, DEAL, CUTS[0] - timedelta(days=1))


def test_the_servicer_is_timed(life: Life, tmp_path: Path) -> None:
    """Without a statement nobody knows; with one, the cash that is later than the deal's days raises the alarm."""
    assert [row["code"] for row in of(life, tables.POOL_ALARMS) if row["code"].startswith("TURN")] == [
        "TURNOVER_UNKNOWN"
    ]
    cash = {row["collected_on"]: row["collected_amount"] for row in of(life, tables.POOL_TURNOVERS)}
    held_back = sorted(cash)[-8]
    entries = {day + timedelta(days=2): amount for day, amount in cash.items() if day < held_back}
    with life.space.writing():
        ingest(
            life.space,
            load_source(life.space.settings.folder, "pool_account"),
            statement(tmp_path / "account", entries),
        )
        watch_pool(life.space, DEAL, AS_OF)
    rows = {row["collected_on"]: row for row in of(life, tables.POOL_TURNOVERS)}
    assert all(row["turned_over_on"] == day + timedelta(days=2) for day, row in rows.items() if day < held_back)
    late = [day for day, row in rows.items() if row["outstanding_amount"] > 0 and row["late_days"] > 0]
    assert late == [
        day for day in sorted(cash) if held_back <= day and day + timedelta(days=3) < AS_OF - timedelta(days=1)
    ]
    assert rows[held_back]["late_days"] == (AS_OF - timedelta(days=1) - held_back - timedelta(days=3)).days
    (alarm,) = [row for row in of(life, tables.POOL_ALARMS) if row["code"] == "CASH_NOT_TURNED_OVER"]
    assert alarm["severity"] == "stop"
    assert str(held_back) in alarm["found"]


def test_a_breach_that_came_to_be_known_later_is_found(life: Life) -> None:
    """A payment before the cut-off is voided months later: the receivable was overdue when sold, with evidence."""
    before = {(row["receivable_id"], row["code"]) for row in of(life, tables.WARRANTY_BREACHES)}
    bought = [item.receivable_id for item in life.bought[CUTS[0]].items[5:]]
    payments = [
        row
        for row in life.space.catalog.arrow(lending.REPAYMENTS).to_pylist()
        if row["receivable_id"] in bought and row["value_on"] < CUTS[0] - timedelta(days=2) and not row["is_deleted"]
        and row["reverses_repayment_id"] is None and row["receivable_id"] not in {name for name, _ in before}
    ]  # fmt: skip
    payment = max(payments, key=lambda row: (row["principal_amount"], row["repayment_id"]))
    voiding = later(
        payment, date(2024, 10, 1), repayment_id="late voiding", reverses_repayment_id=payment["repayment_id"]
    )
    space = life.space
    frame = space.session.createDataFrame(pa.Table.from_pylist([voiding], arrow_schema(lending.REPAYMENTS)))
    with space.writing():
        space.catalog.publish(lending.REPAYMENTS, frame, {"batch": "late"}, "late")
        watch_pool(space, DEAL, AS_OF)
    found = [row for row in of(life, tables.WARRANTY_BREACHES) if row["receivable_id"] == payment["receivable_id"]]
    assert {"E20"} <= {row["code"] for row in found}
    (overdue,) = [row for row in found if row["code"] == "E20"]
    assert overdue["observed"].startswith("state.days_past_due=")
    assert overdue["observed"] != "state.days_past_due=0"
    assert overdue["threshold"] == "state.days_past_due = 0"
    assert "repayments 2024-10-01" in overdue["learned_from"]
    assert (overdue["outcome"], overdue["is_held"]) == ("F", True)
    assert overdue["clause"] == next(one.clause for one in life.deal.criteria if one.code == "E20")
    alarms = [row for row in of(life, tables.POOL_ALARMS) if row["code"] == "WARRANTY_BREACHED"]
    assert len(alarms) == 1


def test_each_part_has_its_command(life: Life, call: Call) -> None:
    """The commands print what is stored, and their exit codes say whether something must be done."""
    named = (
        "--home",
        str(life.space.home),
        "--conf",
        str(life.space.settings.folder),
        "--as-of",
        str(AS_OF),
        "--deal",
        DEAL,
    )
    codes = {}
    for step in STEPS:
        answer = call("pool", step, *named, "--json")
        codes[step] = answer.code
        for name, rows in json.loads(answer.out).items():
            assert len(rows) == len(of(life, next(one for one in tables.AFTER_PURCHASE if one.name == name))), name
    assert codes == {**dict.fromkeys(STEPS, 0), "turnover": 1, "warranties": 1}
    watched = call("pool", "watch", *named)
    assert watched.code == 1
    assert "CASH_NOT_TURNED_OVER" in watched.out
