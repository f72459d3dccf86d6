"""Real logs through the stages: every row accounted for, Xente trained and run, Ally's tape rolled and screened."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from pyspark.sql import SparkSession

from models.versions import Decision
from pipelines.daily import plan, run_day
from pipelines.ingest import ingest, load_source
from pipelines.roll_forward import roll, series
from pipelines.score import registry
from pipelines.train import Trained, train
from runtime.settings import load_settings
from runtime.workspace import Workspace
from schemas.derived import LABELS, RECEIVABLE_TAGS, SCREENINGS
from schemas.house import QUARANTINE, TABLES
from schemas.moments import month_starts

CONF = Path(__file__).resolve().parents[2] / "conf"
FOLDERS = {
    "xente": "xente",
    "berka": "berka",
    "ally": "ally_2017_3_used",
    "lending_club": "lending_club_2007_2011",
}
READ = {
    "xente": {
        **dict.fromkeys(("borrowers", "merchants", "orders"), ("*.parquet", 1)),
        **dict.fromkeys(("receivables", "instalments", "repayments", "reported_states"), ("Train.parquet", 1)),
    },
    "berka": {
        "borrowers": ("client.parquet", 1),
        **dict.fromkeys(("behaviour_events", "repayments"), ("trans_*.parquet", 1)),
        **dict.fromkeys(("receivables", "reported_states"), ("loan.parquet", 1)),
        "instalments": ("loan.parquet", 60),
    },
    "ally": {
        **dict.fromkeys(("borrowers", "credit_reports", "receivables"), ("*.parquet", 1)),
        **dict.fromkeys(("repayments", "reported_states"), ("*.parquet", 44)),
        "adjustments": ("*.parquet", 86),
        "instalments": ("*.parquet", 85),
    },
    "lending_club": {
        **dict.fromkeys(("borrowers", "credit_reports", "receivables"), ("*.parquet", 1)),
        **dict.fromkeys(("repayments", "reported_states"), ("*.parquet", 1)),
        "adjustments": ("*.parquet", 2),
    },
}
"""Raw files behind each table, and how many rows each raw row is read as: months of a wide row, kinds of movement."""
TRAINED_AS_OF = date(2019, 7, 17)
SCREENED_AS_OF = date(2019, 4, 1)
MONTHS = month_starts(date(2017, 6, 1), date(2021, 1, 1))
POOL_AS_OF = date(2018, 1, 1)
NAMES = ("opening", "paid", "written_off", "corrected", "closing")
pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.timeout(1200)]


@contextmanager
def opened(home: Path, source: str, engine: SparkSession) -> Iterator[Workspace]:
    """Open a workspace with the settings of a source, on an engine that stands already."""
    there = (CONF / "env" / f"{source}.yaml").is_file()
    with Workspace(home, load_settings(CONF, source if there else "")) as space:
        space.__dict__["session"] = engine
        yield space


def bring(space: Workspace, source: str, real_data: Path) -> dict[str, dict[str, Any]]:
    """Ingest a source; give where its rows went."""
    with space.writing():
        return ingest(space, load_source(CONF, source), real_data / FOLDERS[source]).tables


def rows_of(files: Path) -> int:
    """Count the rows of Parquet files."""
    return int(duckdb.sql(f"select count(*) from read_parquet('{files}', union_by_name=true)").fetchall()[0][0])


@pytest.fixture(scope="module")
def xente(engine: SparkSession, real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """Give a workspace with Xente's logs."""
    with opened(tmp_path_factory.mktemp("xente"), "xente", engine) as space:
        bring(space, "xente", real_data)
        yield space


@pytest.fixture(scope="module")
def trained(xente: Workspace) -> Trained:
    """Train on all of Xente's logs, and let the model score."""
    with xente.writing():
        done = train(xente, TRAINED_AS_OF)
    registry(xente).decide(done.version, Decision("promote", "bob", "the only model of Xente", f"{TRAINED_AS_OF}"))
    return done


@pytest.fixture(scope="module")
def ally(engine: SparkSession, real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """Give a workspace with Ally's tape."""
    with opened(tmp_path_factory.mktemp("ally"), "ally", engine) as space:
        bring(space, "ally", real_data)
        yield space


@pytest.mark.parametrize("source", list(FOLDERS))
def test_every_raw_row_is_accounted_for(source: str, engine: SparkSession, real_data: Path, tmp_path: Path) -> None:
    """Rows read are those of the files; what is said of them is what the tables hold; a second ingest does nothing."""
    with opened(tmp_path / source, source, engine) as space:
        told = bring(space, source, real_data)
        folder = real_data / FOLDERS[source]
        assert {name: one["read"] for name, one in told.items()} == {
            name: rows_of(folder / files) * many for name, (files, many) in READ[source].items()
        }
        for name, one in told.items():
            assert one["read"] == one["filtered"] + one["merged"] + one["published"] + one["quarantined"]
            assert one["quarantined"] == sum(one["codes"].values())
            assert space.catalog.arrow(TABLES[name]).num_rows == one["published"]
        assert space.catalog.arrow(QUARANTINE).num_rows == sum(one["quarantined"] for one in told.values())
        before = {name: space.catalog.snapshot(name) for name in told}
        assert bring(space, source, real_data) == told
        assert {name: space.catalog.snapshot(name) for name in told} == before


def test_the_command_prints_the_accounting(real_data: Path, tmp_path: Path) -> None:
    """`poolwright ingest --json` prints the accounting alone on standard output, with no setting of the environment."""
    asked = ["ingest", "--source", "xente", "--from", str(real_data / "xente"), "--json", "--home", str(tmp_path)]
    command = [sys.executable, "-m", "pipelines", *asked]
    done = subprocess.run(command, cwd=CONF.parent, capture_output=True, text=True, check=True)  # noqa: S603
    told = json.loads(done.stdout)["tables"]
    assert set(told) == set(READ["xente"])
    promised = {"read": 2100, "filtered": 612, "merged": 329, "published": 1159, "quarantined": 0, "codes": {}}
    assert told["receivables"] == promised


LOANS = """create table loan as
    with row_ as (
        select distinct LoanId, PayBackId, CustomerId, Value, AmountLoan::double amount,
            PaidOnDate::timestamp::date paid_on, IssuedDateLoan::timestamp::date issued_on,
            try_cast(DueDate as timestamp)::date due_on
        from '{train}' where TransactionStatus = 1),
    so_far as (select *, sum(amount) over (partition by LoanId order by paid_on) total from row_)
    select LoanId, any_value(CustomerId) borrower, any_value(issued_on) issued_on, any_value(due_on) due_on,
        min(case when total >= Value then paid_on end) covered_on
    from so_far group by LoanId"""


@pytest.fixture
def loans(real_data: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Fold Train's rows into loans in plain SQL: when each was made, fell due and was covered."""
    with duckdb.connect() as sql:
        sql.execute(LOANS.format(train=real_data / "xente" / "Train.parquet"))
        yield sql


def test_xente_labels_are_those_of_plain_sql(
    xente: Workspace, trained: Trained, loans: duckdb.DuckDBPyConnection
) -> None:
    """On every observation day: the loans open and less than 30 days late, and which became so within 60 days.

    Two loans have no due day and were paid in the end: no default.
    """
    assert trained.version
    labels = xente.catalog.arrow(LABELS).select(["receivable_id", "as_of", "is_default"])
    loans.register("label", labels)
    days = loans.execute("select distinct as_of from label order by 1").fetchall()
    assert len(days) >= 20
    expected = loans.execute("""select LoanId, as_of,
        case when due_on is not null then least(coalesce(covered_on, date '2099-01-01'), as_of + 59) - due_on >= 30
            when covered_on is not null then false end
        from loan, (select distinct as_of from label)
        where issued_on < as_of and coalesce(covered_on >= as_of, true) and coalesce(as_of - due_on < 30, true)
        order by 2, 1""").fetchall()
    assert loans.execute("select receivable_id, as_of, is_default from label order by 2, 1").fetchall() == expected


def test_xente_model_is_measured_with_an_interval(trained: Trained) -> None:
    """Cross-validation grouped by borrower gives an AUC whose 95 % interval lies above chance; it is not perfect."""
    measured = trained.metrics
    low, middle, high = (measured[f"cross_validated_auc{end}"] for end in ("_low", "", "_high"))
    assert 0.5 < low < middle < high < 1
    assert not any(name.startswith("out_of_time") for name in measured)


def test_xente_day_tags_and_screens_every_open_loan(
    xente: Workspace, trained: Trained, loans: duckdb.DuckDBPyConnection
) -> None:
    """A run gives every open loan a probability by the trained model and an outcome of every criterion."""
    with xente.writing():
        run_day(xente, SCREENED_AS_OF, "xente_paylater", plan("xente_paylater"))
    still = "issued_on < $day and coalesce(covered_on >= $day, true)"
    found = loans.execute(f"select LoanId from loan where {still} order by 1", {"day": SCREENED_AS_OF}).fetchall()
    tags = xente.catalog.arrow(RECEIVABLE_TAGS, {"as_of": SCREENED_AS_OF}).sort_by("receivable_id").to_pylist()
    assert [(row["receivable_id"],) for row in tags] == found
    assert {row["model_version"] for row in tags} == {trained.version}
    assert all(0 < row["default_probability"] < 1 for row in tags)
    screened = xente.catalog.arrow(SCREENINGS, {"as_of": SCREENED_AS_OF, "deal": "xente_paylater"}).to_pylist()
    assert sorted((row["receivable_id"],) for row in screened) == found
    eligible = {row["receivable_id"] for row in screened if row["is_eligible"]}
    late = loans.execute(
        f"""select LoanId from loan where {still} and borrower in
        (select borrower from loan where {still} and due_on < $day)""",
        {"day": SCREENED_AS_OF},
    ).fetchall()
    assert eligible
    assert not eligible & {loan for (loan,) in late}


def test_ally_roll_forward_closes_to_the_cent(ally: Workspace, real_data: Path) -> None:
    """43 months: opening less movements is closing, as plain SQL over the tape has them and as was reported."""
    with ally.writing():
        roll(ally, MONTHS)
    found = series(ally, MONTHS)
    assert [row["as_of"] for row in found] == MONTHS[1:]
    zero = Decimal("0.00")
    for row in found:
        assert row["difference_amount"] == row["reported_difference_amount"] == zero
        assert row["added_amount"] == row["refunded_amount"] == zero
        assert row["reported_amount"] == row["closing_amount"]
        assert row["reported_unequal_count"] == 0
    with duckdb.connect() as sql:
        tape = real_data / FOLDERS["ally"] / "aart2171_2017.parquet"
        expected = [sql.execute(movements(tape, month)).fetchone() for month in range(1, len(MONTHS))]
    assert [tuple(row[f"{name}_amount"] for name in NAMES) for row in found] == expected
    assert sum(row[2] != zero for row in expected if row) > 30
    assert any(row[3] != zero for row in expected if row)


def movements(tape: Path, month: int) -> str:
    """Write the SQL that sums one month of the tape: what left without being paid is a loss where nothing is left."""
    before = f"BAL{month - 1}" if month > 1 else "reportingPeriodActualEndBalanceAmount"
    return f"""with loan as (
            select coalesce({before}, 0)::decimal(18,2) opening, coalesce(PRC{month}, 0)::decimal(18,2) paid,
                coalesce(BAL{month}, 0)::decimal(18,2) closing from '{tape}'),
        moved as (select *, opening - paid - closing gone from loan)
        select sum(opening), sum(paid), coalesce(sum(gone) filter (closing = 0), 0)::decimal(18,2),
            coalesce(sum(gone) filter (closing > 0), 0)::decimal(18,2), sum(closing) from moved"""


def test_ally_pool_is_screened_without_a_model(ally: Workspace, real_data: Path) -> None:
    """A deal that asks for no probability is screened with no model: every loan with a balance, and a part passes."""
    with ally.writing():
        done = run_day(ally, POOL_AS_OF, "ally_auto", plan("ally_auto"))
    assert [one.manifest.stage for one in done] == ["states", "reconcile", "featurize", "screen"]
    screened = ally.catalog.arrow(SCREENINGS, {"as_of": POOL_AS_OF, "deal": "ally_auto"}).to_pylist()
    tape = real_data / FOLDERS["ally"] / "*.parquet"
    open_ = f"select count(*), sum(BAL7::decimal(18,2)) from '{tape}' where BAL7 > 0"
    owed = sum(row["current_principal_amount"] for row in screened)
    assert duckdb.sql(open_).fetchall() == [(len(screened), owed)]
    assert 0 < sum(row["is_eligible"] for row in screened) < len(screened)
