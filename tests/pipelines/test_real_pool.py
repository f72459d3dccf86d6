"""A pool on Ally's tape, month by month: what our stages say is what plain SQL over the raw tape says, to the cent."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from pipelines.deals import read_deal
from pipelines.pool_life import lives
from pipelines.pool_roll import roll_pool
from pipelines.pool_triggers import standing
from pipelines.pool_watch import STEPS, rows_of
from pipelines.states import STATES
from pool.ledger import Item, PurchaseList
from pool.people import Credentials, Role
from pool.store import LedgerStore
from pool.triggers import IN_FORCE, Phase, follow
from runtime.stage import execute
from runtime.workspace import Workspace
from schemas import after_purchase as tables
from schemas.derived import RECEIVABLE_STATES
from schemas.moments import day_start, month_starts
from tests.pipelines.test_real import CONF, FOLDERS, bring, opened
from tests.pool.purchases import as_it_stands

DEAL = "ally_auto"
CUTS = (date(2017, 7, 1), date(2018, 1, 1))
"""Cut-offs: after one and after seven months of the tape."""
LAST = date(2021, 1, 1)
MONTHS = month_starts(date(2017, 8, 1), LAST)
LOOKED_AT = MONTHS[::3]
"""Month starts at which states are computed, a pass over the tape each; the other tables tell every month at once."""
ALICE, BOB, ROOT = (Credentials(name, f"secret of {name}") for name in ("alice", "bob", "root"))
COLUMNS = ("opening", "scheduled", "paid", "prepaid", "yield", "written_off", "corrected", "recovered", "closing")
BLOCKS = (Path(__file__).resolve().parents[1] / "oracles" / "ally_pool.sql").read_text("utf-8").split("-- name: ")[1:]
QUERIES = {name: text.strip().rstrip(";") for name, _, text in (block.partition("\n") for block in BLOCKS)}
pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.timeout(1500)]


@pytest.fixture(scope="module")
def pool(engine: SparkSession, real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """Buy two halves of the tape, half a year apart: what is less than 30 days late on its day."""
    with opened(tmp_path_factory.mktemp("ally"), "ally", engine) as space:
        bring(space, "ally", real_data)
        store = LedgerStore(space.ledger_url)
        at = day_start(CUTS[0], "America/New_York") + timedelta(hours=12)
        store.add_person(ROOT, frozenset({Role.ADMIN}), at)
        store.add_person(ALICE, frozenset({Role.PROPOSER}), at, ROOT)
        store.add_person(BOB, frozenset({Role.APPROVER}), at, ROOT)
        for half, cut in enumerate(CUTS):
            with space.writing():
                execute(STATES, space, cut)
            bought = PurchaseList(
                DEAL, read_deal(CONF, DEAL, CUTS[0]).hash, cut, 10**12, tuple(items(space, cut, half))
            )
            review, settlement = as_it_stands(store.propose(bought, ALICE, at).entry)
            store.approve(bought.proposal_id, BOB, at, review)
            store.book(bought.proposal_id, BOB, at, settlement)
        store.close()
        yield space


def items(space: Workspace, cut: date, half: int) -> Iterator[Item]:
    """Draw half of what is open and less than 30 days late, by the receivables' keys."""
    rows = space.catalog.arrow(RECEIVABLE_STATES, {"as_of": cut}).to_pylist()
    for row in sorted(rows, key=lambda one: str(one["receivable_key"])):
        is_mine = int(row["receivable_key"][:8], 16) % 2 == half
        if is_mine and row["is_open"] and row["days_past_due"] < 30:
            principal = int(row["current_principal_amount"] * 100)
            yield Item(row["receivable_key"], row["receivable_id"], principal, principal)


@pytest.fixture(scope="module")
def sql(pool: Workspace, real_data: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Read the raw tape in plain SQL: its months, its scheduled payments, and which of them the cash has met when."""
    with duckdb.connect() as db:
        held = [
            {name: getattr(one.pledge, name) for name in ("purchase_id", "bought_on")}
            | {"asset": one.pledge.receivable_id}
            for one in lives(pool, DEAL, LAST)
        ]
        db.register("held", pa.Table.from_pylist(held))
        db.execute(f"create table raw as select * from '{real_data / FOLDERS['ally'] / 'aart2171_2017.parquet'}'")
        db.execute(f"create table long as {' union all '.join(month(n) for n in range(1, 44))}")
        for name in ("month", "loan", "line", "cash", "payoff", "met", "loss", "bought"):
            db.execute(QUERIES[name])
        yield db


def month(n: int) -> str:
    """Write the SELECT of one month of the wide tape."""
    before = f"BAL{n - 1}" if n > 1 else "reportingPeriodActualEndBalanceAmount"
    return f"""select assetNumber::varchar as asset, {n} as n, last_day(date '2017-05-01' + to_months({n})) as ends_on,
        coalesce({before}, 0)::decimal(18,2) as opening, coalesce(BAL{n}, 0)::decimal(18,2) as closing,
        coalesce(PRC{n}, 0)::decimal(18,2) as principal, greatest(coalesce(PMT{n}, 0)::decimal(18,2), 0) as paid,
        coalesce(nullif(REC{n}::double, 'nan'::double), 0)::decimal(18,2) as recovered from raw"""


def asked(db: duckdb.DuckDBPyConnection, name: str, **given: date) -> list[tuple[Any, ...]]:
    """Ask one of the queries; those over `states` are asked of the states of `$day`."""
    query = QUERIES[name].replace("from states", f"from ({QUERIES['states']}) as states")
    return db.execute(query, given).fetchall()


def test_delinquency_and_triggers_are_those_of_plain_sql(pool: Workspace, sql: duckdb.DuckDBPyConnection) -> None:
    """At month starts over the whole tape: every bucket by count and principal, both triggers' values and states."""
    deal = read_deal(CONF, DEAL, CUTS[0])
    shown, wanted = [], []
    for day in LOOKED_AT:
        with pool.writing():
            execute(STATES, pool, day)
            STEPS["delinquency"](pool, DEAL, day)
        rows = rows_of(pool, tables.POOL_DELINQUENCIES, DEAL, day)
        assert [(r["bucket"], r["receivable_count"], r["unpaid_amount"]) for r in rows] == asked(
            sql, "delinquency", day=day
        )
        with pool.writing():
            shown.append(standing(pool, deal, day, lives(pool, DEAL, day), None))
        wanted += asked(sql, "triggers", day=day)
    for place, each in enumerate(deal.triggers):
        states = follow(deal, each, shown)
        assert [float(one.value or 0) for one in states] == pytest.approx([row[place] for row in wanted], rel=1e-12)
        beyond = [row[place] > float(each.bound) for row in wanted]
        assert [one.phase in IN_FORCE for one in states] == beyond
        assert [one.phase for one in states if one.phase is Phase.CURED] == [Phase.CURED] * sum(
            not now and any(beyond[:at]) for at, now in enumerate(beyond)
        )
    assert len(LOOKED_AT) == 14
    assert any(row[place] > float(each.bound) for row in wanted for place, each in enumerate(deal.triggers))


def test_static_pools_are_those_of_plain_sql(pool: Workspace, sql: duckdb.DuckDBPyConnection) -> None:
    """42 and 36 months of two purchases: every amount of every month, and what was in default when, to the cent."""
    with pool.writing():
        STEPS["static"](pool, DEAL, LAST)
    rows = rows_of(pool, tables.STATIC_POOLS, DEAL, LAST)
    key = ("purchase_id", "month_number", "opening_count")
    found = [(*(row[name] for name in key), *(row[f"{name}_amount"] for name in COLUMNS)) for row in rows]
    assert found == asked(sql, "static")
    assert sorted(row["month_number"] for row in rows) == sorted([*range(1, 43), *range(1, 37)])
    names = ("purchase_id", "month_number", "defaulted_count", "defaulted_amount")
    bad = [tuple(row[name] for name in names) for row in rows if row["defaulted_count"]]
    assert bad == asked(sql, "defaulted", day=LAST)
    assert sum(row["defaulted_count"] for row in rows) > 100
    assert all(row["bought_amount"] == row["opening_amount"] for row in rows if row["month_number"] == 1)


def test_the_roll_forward_of_the_pool_is_that_of_plain_sql(pool: Workspace, sql: duckdb.DuckDBPyConnection) -> None:
    """From before the first purchase, and from the middle, to the end: no cent without a name."""
    with pool.writing():
        roll_pool(pool, DEAL, LAST, (date(2019, 1, 1),))
    rows = rows_of(pool, tables.POOL_ROLL_FORWARDS, DEAL, LAST)
    assert [row["opened_on"] for row in rows] == [date(2017, 6, 30), date(2019, 1, 1)]
    names = ("opening", "bought", "collected", "written_off", "corrected", "closing", "difference")
    for row in rows:
        told = tuple(row[f"{name}_amount"] for name in names)
        assert [told] == asked(sql, "roll", first=row["opened_on"], last=LAST)


def test_collections_are_those_of_plain_sql(pool: Workspace, sql: duckdb.DuckDBPyConnection) -> None:
    """Every month's cash, and at the end what is open of what fell due, and of how many loans."""
    with pool.writing():
        STEPS["collections"](pool, DEAL, LAST)
    rows = [row for row in rows_of(pool, tables.POOL_COLLECTIONS, DEAL, LAST) if row["collected_amount"]]
    names = ("happened_on", "collected_amount", "principal_amount", "recovered_amount")
    assert [tuple(row[name] for name in names) for row in rows] == asked(sql, "cash_by_month")
    each = rows_of(pool, tables.POOL_MATCHES, DEAL, LAST)
    late = [row["open_amount"] for row in each if row["open_amount"] > 0]
    assert [(len(late), sum(late, Decimal(0)))] == asked(sql, "open", day=LAST)
    for row in each:
        assert row["due_amount"] == row["covered_amount"] + row["fallen_away_amount"] + row["open_amount"]
