"""The whole chain: the same twice, done once, deaf to what came to be known later, and nothing lost on the way."""

import csv
import gzip
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from pipelines.label import LABEL
from pipelines.score import champion
from runtime.stage import execute
from schemas.house import LOG_TABLES
from tests.pipelines.chain import DEAL, MONDAY, Chain, Row, contents, opened
from tests.pipelines.machine import Machine

HANDED_OVER = MONDAY + timedelta(days=5)
LOGS = tuple(table.name for table in LOG_TABLES)
pytestmark = pytest.mark.timeout(900)


def of(rows: list[Row], *names: str) -> set[tuple[Any, ...]]:
    """Take some columns of rows."""
    return {tuple(row[name] for name in names) for row in rows}


def test_every_stage_is_done_once(bought: Chain) -> None:
    """A second call of each stage on the same inputs publishes nothing and says the same."""
    first, second = bought.results["first"], bought.results["second"]
    assert [one.fresh for one in first["day"]] == [True] * 5
    assert [one.fresh for one in second["day"]] == [False] * 5
    assert (first["train"].fresh, second["train"].fresh) == (True, False)
    assert [batch.due for batch in first["ingest"].batches] == [True]
    assert [batch.due for batch in second["ingest"].batches] == [False]
    assert second["ingest"].tables == first["ingest"].tables
    assert second["train"].metrics == first["train"].metrics
    assert second["propose"] == first["propose"]
    assert second["contents"] == first["contents"]


def test_every_row_read_is_accounted_for(bought: Chain) -> None:
    """Read is filtered, merged, published or quarantined, and that many rows stand in the tables."""
    counted = bought.results["first"]["ingest"].tables
    assert set(counted) == set(LOGS)
    for name, one in counted.items():
        assert one["read"] == one["filtered"] + one["merged"] + one["published"] + one["quarantined"], name
        assert one["published"] > 0
        assert sum(one["codes"].values()) == one["quarantined"]
    batch = bought.results["first"]["ingest"].batches[0].name
    for name in LOGS:
        assert len([row for row in bought.rows(name) if row["batch"] == batch]) == counted[name]["published"], name
    rejected = [row for row in bought.rows("quarantine") if row["batch"] == batch]
    assert len(rejected) == sum(one["quarantined"] for one in counted.values())


def test_every_open_receivable_goes_all_the_way(bought: Chain) -> None:
    """Open receivables, feature rows, tags and screenings are the same receivables."""
    states = bought.rows("receivable_states", MONDAY)
    open_ones = {row["receivable_id"] for row in states if row["is_open"]}
    assert 0 < len(open_ones) < len(states)
    for name in ("features", "receivable_tags", "screenings"):
        rows = bought.rows(name, MONDAY)
        assert {row["receivable_id"] for row in rows} == open_ones, name
        assert len(rows) == len(open_ones), name


def test_bought_and_left_are_the_eligible(bought: Chain) -> None:
    """Only eligible receivables are bought, for their whole principal, and the eligible are those without a failure."""
    screenings, failures = bought.results["screened"].values()
    eligible = {row["receivable_id"]: row for row in screenings if row["is_eligible"]}
    lines = bought.rows("proposals", MONDAY)
    left = set(eligible) - {row["receivable_id"] for row in lines}
    assert len(lines) + len(left) == len(eligible)
    assert lines
    assert left
    for row in lines:
        assert row["principal_amount"] == eligible[row["receivable_id"]]["current_principal_amount"]
    failed = {row["receivable_id"] for row in failures}
    assert failed == {row["receivable_id"] for row in screenings} - set(eligible)


def test_the_pool_holds_what_was_proposed(bought: Chain) -> None:
    """The fold of the ledger gives the proposal's rows to the cent, within the cash, and the chain holds."""
    lines = bought.rows("proposals", MONDAY)
    with bought.ledger() as store:
        held, wrong, kinds = store.positions(DEAL), store.verify(), [entry.kind.value for entry in store.history(DEAL)]
    assert wrong is None
    assert kinds == ["PROPOSED", "APPROVED", "BOOKED"]
    assert {(one.receivable_id, one.principal_minor, one.price_minor, one.purchase_id) for one in held} == {
        (row["receivable_id"], int(row["principal_amount"] * 100), int(row["price_amount"] * 100), row["proposal_id"])
        for row in lines
    }
    assert len(held) == len(lines)
    assert sum(row["price_amount"] for row in lines) <= bought.cash


def test_what_the_pool_holds_is_not_bought_again(bought: Chain) -> None:
    """After booking, the same day screens every bought receivable out by the criterion that says so."""
    mine = {one["receivable_id"] for one in bought.rows("proposals", MONDAY)}
    before, after = (
        {row["receivable_id"] for row in rows if row["is_eligible"]}
        for rows in (bought.results["screened"]["screenings"], bought.results["after booking"])
    )
    assert mine
    assert after == before - mine


def test_labels_wait_for_the_end_of_the_window(bought: Chain) -> None:
    """Labels of the training days are known; with the window open by a day, they are all null."""
    days = sorted({row["as_of"] for row in bought.rows("labels")})
    known = bought.rows("labels", days[-1])
    assert days[-1] < MONDAY
    assert any(row["is_default"] for row in known)
    assert any(row["is_default"] is False for row in known)
    until = known[0]["window_ends_on"]
    kept = bought.rows("labels", days[-1])
    open_still = label(bought, days[-1], until)
    assert {row["is_default"] for row in open_still} == {None}
    assert of(open_still, "receivable_id") == of(known, "receivable_id")
    assert label(bought, days[-1], MONDAY) == kept


def label(chain: Chain, as_of: date, until: date) -> list[Row]:
    """Label a day anew with what was known up to another one."""
    depends = {"data_until": until.isoformat()}
    execute(LABEL, chain.space, as_of, extras={"data_until": until}, depends=depends)
    return chain.rows("labels", as_of)


def test_a_late_correction_leaves_the_past_as_it_was(bought: Chain, tmp_path: Path) -> None:
    """States and features of a day stay; a day after the correction sees it."""
    before = contents(bought.space, *AS_OF_TABLES, as_of=MONDAY)
    corrected = deliver_correction(bought.raw, tmp_path / "raw")
    late = Chain(bought.space, tmp_path / "raw")
    assert [batch.due for batch in late.ingest(HANDED_OVER + timedelta(days=1)).batches] == [False, True]
    again = late.day(MONDAY, to="featurize", deal="")
    assert [one.fresh for one in again] == [True, True, True]
    assert contents(bought.space, *AS_OF_TABLES, as_of=MONDAY) == before
    later = HANDED_OVER + timedelta(days=1)
    late.day(later, to="states", deal="")
    paid = {
        day: {row["receivable_id"]: row["paid_principal_amount"] for row in late.rows("receivable_states", day)}
        for day in (MONDAY, later)
    }
    assert paid[later][corrected] < paid[MONDAY][corrected]


AS_OF_TABLES = ("receivable_states", "features")


def deliver_correction(raw: Path, folder: Path) -> str:
    """Add a delivery that takes back a repayment of a month ago; give its receivable."""
    folder.mkdir()
    for day in raw.iterdir():
        (folder / day.name).symlink_to(day)
    name = "repay_flow.csv.gz"
    month_ago = sorted(path for path in raw.glob(f"*/{name}") if path.parent.name < MONDAY.isoformat())[-30]
    with gzip.open(month_ago, "rt", encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    row = next(one for one in rows if int(one["prin"]) > 0 and not one["orig_flow_no"] and one["del"] == "0")
    row |= {"post_time": f"{HANDED_OVER} 08:00:00", "del": "1"}
    (folder / HANDED_OVER.isoformat()).mkdir()
    with gzip.open(folder / HANDED_OVER.isoformat() / name, "wt", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, list(row))
        writer.writeheader()
        writer.writerow(row)
    return row["loan_no"]


@pytest.mark.slow
def test_the_chain_twice_gives_the_same_tables(bought: Chain, conf: Path, engine: SparkSession, tmp_path: Path) -> None:
    """Ingest to proposal in another workspace: every table's content, the model and the proposal are equal."""
    with opened(tmp_path / "second", conf, engine) as space:
        second = Chain(space, bought.raw)
        second.enrol()
        found, first = second.all_the_way(), bought.results["first"]
        assert found["contents"] == first["contents"]
        assert found["propose"] == first["propose"]
        assert found["train"].metrics == first["train"].metrics
        assert dict(champion(space).files) == dict(champion(bought.space).files)


@pytest.mark.spark
@pytest.mark.slow
@pytest.mark.timeout(3000)
def test_both_engines_give_the_same_tables(bought: Chain, conf: Path, engine: SparkSession, tmp_path: Path) -> None:
    """The same raw files on Apache Spark, in processes of their own: every table, and the proposal, equal Sail's."""
    machine = Machine(tmp_path / "spark", conf)
    on_spark = ("--engine", "spark")
    on_spark += tuple(f"--set=engine.{one}" for one in ("master=local[2]", "memory=3g", "partitions=2"))
    with opened(machine.home, conf, engine) as space:
        Chain(space, bought.raw).enrol()
        machine.run("ingest", "--source", "simulated", "--from", str(bought.raw), "--until", f"{MONDAY}", *on_spark)
        machine.run("train", "--as-of", f"{MONDAY}", *on_spark)
        why = ("--reason", "the only model of the chain", "--override", "so small a world shows nothing")
        machine.run("models", "promote", "1", *why, "--as", "bob", by="bob")
        cash = ("--cash", f"{bought.cash}", "--as", "alice")
        machine.run("propose", "--as-of", f"{MONDAY}", "--deal", DEAL, *cash, *on_spark)
        assert {one.engine for one in space.runs.all()} == {"spark"}
        found, expected = contents(space), bought.results["first"]["contents"]
        assert {name for name in {*found, *expected} if found.get(name) != expected.get(name)} == set()
