"""The real sources: what refining publishes against independent counts in plain SQL over the raw files."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest
from pyspark.sql import SparkSession

from runtime.mapping_plan import load_mapping
from runtime.refine import Accounting, refine
from runtime.refine_shape import Delivery

SOURCES = Path(__file__).parents[2] / "conf" / "sources"
pytestmark = pytest.mark.real
Told = tuple[dict[str, Accounting], duckdb.DuckDBPyConnection]


@contextmanager
def refined(engine: SparkSession, name: str, folder: Path, work: Path) -> Iterator[Told]:
    """Refine a source and give its accounting, with every published table as a view of a SQL connection."""
    done = list(refine(engine, Delivery(load_mapping(SOURCES / f"{name}.yaml"), folder), work, "real", {}))
    with duckdb.connect() as sql:
        for refined_table in done:
            sql.register(refined_table.table.name, refined_table.published.toArrow())
        yield {refined_table.table.name: refined_table.accounting for refined_table in done}, sql


def one(sql: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    """Give the single row of a query."""
    row = sql.execute(query).fetchone()
    assert row is not None
    return row


def hold(accounts: dict[str, Accounting]) -> None:
    """Check the identity of every table."""
    for account in accounts.values():
        assert account.read == account.filtered + account.merged + account.published + account.quarantined


def test_xente(engine: SparkSession, real_data: Path, tmp_path: Path) -> None:
    """Loans, borrowers, amounts, repayments and the platform's own defaults, counted twice."""
    folder = real_data / "xente"
    with refined(engine, "xente", folder, tmp_path) as (accounts, sql):
        hold(accounts)
        sql.execute(f"create view train as from '{folder}/Train.parquet'")
        files = [f"'{folder}/{name}.parquet'" for name in ("Train", "Test", "unlinked_masked_final")]
        sql.execute(f"create view every as from read_parquet([{', '.join(files)}], union_by_name=true)")
        loans = one(
            sql,
            """select count(*), count(distinct c), sum(v)::bigint, sum(d) from (
            select LoanId, any_value(CustomerId) c, max(Value) v, max(IsDefaulted = '1')::int d
            from train where TransactionStatus = 1 group by LoanId)""",
        )
        assert loans[0] == 1159
        assert loans[3] == 71
        ours = one(
            sql,
            """select count(*), count(distinct borrower_id), sum(original_principal_amount)::bigint,
            (select count(*) from reported_states where reported_days_past_due > 0) from receivables""",
        )
        assert ours == loans
        paid = one(
            sql,
            """select count(*), sum(a)::bigint from (select distinct PayBackId, AmountLoan::double a from train
            where TransactionStatus = 1)""",
        )
        assert one(sql, "select count(*), sum(principal_amount + fee_amount)::bigint from repayments") == paid
        over = """select sum(principal_amount) - max(v) from repayments
            join (select receivable_id, original_principal_amount v"""
        assert (
            one(
                sql, f"select max(x) from ({over} from receivables) using (receivable_id) group by receivable_id) t(x)"
            )[0]
            <= 0
        )
        borrowers = one(sql, "select count(distinct CustomerId), count(distinct ProviderId) from every")
        assert (accounts["borrowers"].published, accounts["merchants"].published) == borrowers
        orders = one(
            sql,
            "select count(*) from (select distinct TransactionId, TransactionStartTime, CustomerId, Value from every)",
        )
        assert accounts["orders"].published == orders[0]
        assert one(sql, "select count(*) from train where TransactionStatus = 1 and DueDate = 'NA'")[0] == 2
        assert accounts["instalments"].codes == {"REQUIRED_MISSING": 2}


def test_berka(engine: SparkSession, real_data: Path, tmp_path: Path) -> None:
    """Loans, clients, transactions, the repayments that the file has, and loans in debt at the end."""
    folder = real_data / "berka"
    with refined(engine, "berka", folder, tmp_path) as (accounts, sql):
        hold(accounts)
        sql.execute(f"create view loan as from '{folder}/loan.parquet'")
        sql.execute(f"create view trans as from read_parquet('{folder}/trans_*.parquet')")
        loans = one(sql, "select count(*), sum(amount), sum((status in ('B', 'D'))::int) from loan")
        assert (loans[0], loans[2]) == (682, 76)
        ours = one(
            sql,
            """select count(*), sum(original_principal_amount)::bigint,
            (select count(*) from reported_states where reported_days_past_due > 0) from receivables""",
        )
        assert ours == loans
        moved = one(
            sql, "select count(*), round(sum(amount), 1), count(*) filter (type in ('PRIJEM', 'credit')) from trans"
        )
        assert moved == one(
            sql,
            """select count(*), round(sum(event_amount)::double, 1), count(*) filter (event_type = 'ACCOUNT_CREDIT')
            from behaviour_events""",
        )
        paid = one(sql, "select count(*), sum(round(amount))::bigint from trans where k_symbol = 'UVER'")
        assert one(sql, "select count(*), sum(principal_amount)::bigint from repayments") == paid
        assert accounts["borrowers"].published == one(sql, f"select count(*) from '{folder}/client.parquet'")[0]
        assert accounts["instalments"].published == one(sql, "select sum(duration) from loan")[0]
        late = "select min(value_on - due_on) from repayments r join instalments i using (receivable_id)"
        first = """i.period_number = 1 and r.value_on =
            (select min(value_on) from repayments x where x.receivable_id = r.receivable_id)"""
        assert one(sql, f"{late} where {first}")[0] == 0


def test_ally(engine: SparkSession, real_data: Path, tmp_path: Path) -> None:
    """Loans, balances by month, and a roll-forward that closes to the cent with every movement named."""
    folder = real_data / "ally_2017_3_used"
    with refined(engine, "ally", folder, tmp_path) as (accounts, sql):
        hold(accounts)
        months = " union all ".join(
            f"""select assetNumber a, {n} n, BAL{n} balance,
            {f"BAL{n - 1}" if n > 1 else "reportingPeriodActualEndBalanceAmount"} before,
            PRC{n} principal, PMT{n} paid, try_cast(REC{n}::varchar as double) recovered, D
            from '{folder}/aart2171_2017.parquet'"""
            for n in range(1, 44)
        )
        sql.execute(f"create table month as {months}")
        assert one(sql, "select count(*) from receivables") == (2171,)
        states = one(sql, "select count(*), round(sum(balance), 2) from month where balance is not null")
        assert states[0] == 65119
        assert states == one(
            sql,
            """select count(*), round(sum(reported_principal_amount)::double, 2) from reported_states
            where reported_on > '2017-05-31'""",
        )
        paid = one(sql, "select count(*), round(sum(paid), 2), round(sum(principal), 2) from month where paid > 0")
        assert paid == one(
            sql,
            """select count(*), round(sum(principal_amount + interest_amount)::double, 2),
            round(sum(principal_amount)::double, 2) from repayments where value_on > '2017-05-31'""",
        )
        breaks = one(
            sql, "select count(*), sum((n > 1)::int) from month where abs(before - principal - balance) > 0.004"
        )
        assert breaks == (133, 128)
        gone = one(sql, "select count(*) from month where before > 0 and balance is null")[0]
        kinds = dict(sql.execute("select adjustment_kind, count(*) from adjustments group by 1").fetchall())
        assert kinds == {
            "WRITE_OFF": one(sql, "select count(*) from month where before - principal > balance + 0.004")[0] + gone,
            "CORRECTION": one(sql, "select count(*) from month where before - principal < balance - 0.004")[0],
            "RECOVERY": one(sql, "select count(*) from month where recovered <> 0")[0],
        }
        assert kinds["WRITE_OFF"] + kinds["CORRECTION"] == 133 + 13
        assert _open_ends(sql) == 0
        charged_off = "select count(distinct receivable_id) from adjustments where adjustment_kind = 'WRITE_OFF'"
        assert (
            one(sql, charged_off)[0]
            == gone + one(sql, "select count(distinct a) from month where before - principal > balance + 0.004")[0]
        )


def _open_ends(sql: duckdb.DuckDBPyConnection) -> int:
    """Count the loan-months whose opening, less principal paid, written off and corrected, is not their closing."""
    return int(
        one(
            sql,
            """with state as (select receivable_id, reported_on, reported_principal_amount b,
              lag(reported_principal_amount) over (partition by receivable_id order by reported_on) opening
              from reported_states),
            paid as (select receivable_id, value_on d, sum(principal_amount) p from repayments group by all),
            moved as (select receivable_id, (happened_at - interval 4 hour)::date d, sum(adjustment_amount) m
              from adjustments where adjustment_kind <> 'RECOVERY' group by all)
            select count(*) from state s
            left join paid p on p.receivable_id = s.receivable_id and p.d = s.reported_on
            left join moved m on m.receivable_id = s.receivable_id and m.d = s.reported_on
            where opening is not null and opening - coalesce(p, 0) - coalesce(m, 0) <> b""",
        )[0]
    )


def test_lending_club(engine: SparkSession, real_data: Path, tmp_path: Path) -> None:
    """Loans, amounts, cash to date, charge-offs and recoveries."""
    folder = real_data / "lending_club_2007_2011"
    with refined(engine, "lending_club", folder, tmp_path) as (accounts, sql):
        hold(accounts)
        sql.execute(f"create view tape as from read_parquet('{folder}/*.parquet', union_by_name=true)")
        loans = one(sql, "select count(*), sum(funded_amnt), sum((loan_status like '%Charged Off')::int) from tape")
        assert (loans[0], loans[2]) == (42535, 6431)
        ours = one(
            sql,
            """select count(*), sum(original_principal_amount)::bigint,
            (select count(*) from adjustments where adjustment_kind = 'WRITE_OFF') from receivables""",
        )
        assert ours == loans
        cash = "round(sum(total_rec_prncp), 0), round(sum(total_rec_int), 0), round(sum(total_rec_late_fee), 0)"
        assert one(sql, f"select {cash}, (select count(*) from tape where recoveries > 0) from tape") == one(
            sql,
            """select round(sum(principal_amount)::double, 0), round(sum(interest_amount)::double, 0),
            round(sum(penalty_amount)::double, 0),
            (select count(*) from adjustments where adjustment_kind = 'RECOVERY') from repayments""",
        )
        assert accounts["borrowers"].published == 42535
