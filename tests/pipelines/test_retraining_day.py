"""Before a model is retrained, on one small workspace: monitoring, the audit of later data, the notebooks."""

import json
import runpy
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import matplotlib as mpl
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from matplotlib import pyplot as plt
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from models.leakage import SEES_LATER
from pipelines import later_data
from pipelines.featurize import FEATURES, FEATURIZE
from pipelines.label import LABEL
from pipelines.monitor import Monitored, monitor
from pipelines.monitor_page import laid_out
from pool.ledger import Item, PurchaseList
from runtime.stage import Task, execute
from runtime.workspace import Workspace
from schemas.derived import LABELS, RECEIVABLE_TAGS
from tests.pipelines.calls import Call, on
from tests.pipelines.chain import ALICE, AT, DEAL, MONDAY, Chain, contents
from tests.reports import page

DAY = MONDAY - timedelta(days=50)
"""Its horizon of 45 days is over by Monday."""
LATER = MONDAY - timedelta(days=10)
BOUGHT = 60
NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "notebooks").glob("[0-9]_*.py"))
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def monitored(trained: Chain) -> Monitored:
    """Score a past day, buy of it and of a later one, one receivable that no tag is of, and monitor on Monday."""
    for day in (DAY, LATER):
        trained.day(as_of=day, to="score", deal="")
    trained.enrol()
    earlier, later = (at_risk(trained, day) for day in (DAY, LATER))
    buy(trained, DAY, earlier[:BOUGHT])
    buy(trained, LATER, [*sorted(set(later) - set(earlier))[:5], "nobody's"])
    return look(trained)


def at_risk(chain: Chain, day: date) -> list[str]:
    """Name the receivables that were open and not in default."""
    states = chain.rows("receivable_states", day)
    return [row["receivable_id"] for row in states if row["is_open"] and row["days_past_due"] < 8]


def look(chain: Chain) -> Monitored:
    """Monitor the workspace on Monday."""
    with chain.space.writing():
        return monitor(chain.space, MONDAY)


def buy(chain: Chain, day: date, names: list[str]) -> None:
    """Enter, approve and book a purchase of these receivables at a cut-off."""
    items = tuple(Item(f"key {name}", name, 10_000, 9_900) for name in sorted(names))
    with chain.ledger() as store:
        entered = store.propose(PurchaseList(DEAL, "hash", day, 10_000_000, items), ALICE, AT)
    chain.buy(entered.entry.proposal_id)


def test_the_outcomes_are_those_of_the_labels(trained: Chain, monitored: Monitored) -> None:
    """Predicted and realised of the scored day are its tags beside labels that are made for it; the parts add up."""
    with trained.space.writing():
        execute(LABEL, trained.space, DAY, extras={"data_until": MONDAY}, depends={"data_until": MONDAY.isoformat()})
    labels = trained.space.catalog.arrow(LABELS, {"as_of": DAY})
    tags = trained.space.catalog.arrow(RECEIVABLE_TAGS, {"as_of": DAY}).select(["receivable_id", "default_probability"])
    told = labels.filter(pc.is_valid(labels["is_default"])).join(tags, "receivable_id", join_type="inner")
    (day,) = [one for one in monitored.agreements if one["kind"] == "scoring_day"]
    assert day["part"] == DAY.isoformat()
    assert (day["after_days"], day["horizon_days"], day["is_over"]) == (45, 45, True)
    assert day["row_count"] == told.num_rows > 100
    assert day["default_count"] == pc.sum(told["is_default"].cast(pa.int64())).as_py() > 0
    assert day["expected_defaults"] == pytest.approx(pc.sum(told["default_probability"]).as_py())
    for kind in ("vintage", "grade"):
        rows = [one for one in monitored.agreements if one["kind"] == kind]
        for name in ("row_count", "default_count", "expected_defaults"):
            assert sum(one[name] for one in rows) == pytest.approx(day[name])


def test_the_bought_pool_is_told_at_each_age(monitored: Monitored) -> None:
    """Fifty days on, purchases are told at 30 days and at their horizon of 45; ten days on, at 10; defaults grow."""
    pool = [one for one in monitored.agreements if one["kind"] == "pool"]
    assert [(one["part"], one["after_days"]) for one in pool] == [
        (f"{DEAL} {DAY:%Y-%m}", 30),
        (f"{DEAL} {DAY:%Y-%m}", 45),
        (f"{DEAL} {LATER:%Y-%m}", 10),
    ]
    assert pool[0]["row_count"] == pool[1]["row_count"] <= BOUGHT
    assert pool[0]["default_count"] <= pool[1]["default_count"]
    assert pool[0]["expected_defaults"] == pool[1]["expected_defaults"]


def test_drift_is_of_what_the_model_uses_at_risk_today(trained: Chain, monitored: Monitored) -> None:
    """The score comes first; the rows are the open receivables that are not in default."""
    assert monitored.drifts[0]["subject"] == "score"
    assert {one["row_count"] for one in monitored.drifts} == {len(at_risk(trained, MONDAY))}
    assert all(one["subject"] in FEATURES.names for one in monitored.drifts[1:])
    assert len(monitored.drifts) > 2


@pytest.mark.fires("POOL_WITHOUT_TAG")
def test_the_untagged_purchase_raises_its_alarm(monitored: Monitored) -> None:
    """The receivable that nobody scored is counted."""
    (told,) = [one for one in monitored.alarms if one["code"] == "POOL_WITHOUT_TAG"]
    assert told["value"] == 1


def test_monitoring_again_changes_nothing(trained: Chain, monitored: Monitored) -> None:
    """The run is left alone, and the tables stand as they are."""
    kept = contents(trained.space, "drifts", "agreements", "alarms")
    again = look(trained)
    assert not again.outcome.fresh
    assert replace(again, outcome=monitored.outcome) == monitored
    assert contents(trained.space, "drifts", "agreements", "alarms") == kept


def test_the_page_says_what_the_tables_say(trained: Chain, monitored: Monitored) -> None:
    """It is whole, loads nothing, and holds the figures of the scored day and of each alarm."""
    html = laid_out(trained.space, MONDAY, monitored)
    assert html == laid_out(trained.space, MONDAY, monitored)
    assert not any(word in html for word in ("http:", "https:", "<script", "<img", "<link", "@import"))
    told = page.read(html)
    (day,) = [one for one in monitored.agreements if one["kind"] == "scoring_day"]
    (row,) = page.table(told, "By scoring day")[1:]
    assert row[:3] == [DAY.isoformat(), f"{day['row_count']:,}", str(day["default_count"])]
    assert len(page.table(told, "Each with the table")) == len(monitored.alarms) + 1


def test_the_command_tells_the_same_and_fails_on_a_grave_alarm(
    call: Call, trained: Chain, monitored: Monitored, tmp_path: Path
) -> None:
    """Exit 1 where an alarm that stops fired, else 0; the page lies where it was asked to."""
    asked = ("monitor", "--as-of", MONDAY.isoformat(), "--out", str(tmp_path / "page.html"), *on(trained))
    answer = call(*asked, "--json")
    told = json.loads(answer.out)
    assert answer.code == int(monitored.must_stop)
    assert [one["code"] for one in told["alarms"]] == [one["code"] for one in monitored.alarms]
    assert (tmp_path / "page.html").read_text("utf-8").startswith("<!doctype html>")
    grave = call(*asked, "--set", "monitoring.pool_without_tag.severity=stop")
    assert grave.code == 1
    assert "POOL_WITHOUT_TAG" in grave.out


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_of_retraining_day_runs(
    path: Path,
    trained: Chain,
    monitored: Monitored,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """On the workspace that the environment names, without an engine, and it has something to say."""
    assert monitored.drifts
    monkeypatch.setenv("POOLWRIGHT_HOME", str(trained.space.home))
    monkeypatch.setattr(Workspace, "session", property(lambda _: pytest.fail("a notebook started an engine")))
    mpl.use("Agg")
    runpy.run_path(str(path))
    plt.close("all")
    assert len(capsys.readouterr().out.splitlines()) > 10


def leaky(task: Task) -> Mapping[str, DataFrame]:
    """Build the features, one of which counts all receivables that the logs hold, whenever they were made."""
    (features,) = FEATURIZE.run(task).values()
    return {FEATURES.name: features.withColumn("own__age_days", F.lit(float(task.inputs["receivables"].count())))}


@pytest.mark.slow
@pytest.mark.quiet("FEATURE_SEES_LATER_DATA", "LATER_DATA_CHANGES_THE_ROWS")
def test_the_features_of_the_house_see_nothing_later(call: Call, trained: Chain) -> None:
    """Forty days of later logs change no value of any feature; the command says so and exits 0."""
    answer = call("features", "audit", "--as-of", (DAY + timedelta(days=10)).isoformat(), *on(trained), "--json")
    assert (answer.code, json.loads(answer.out)) == (0, [])


@pytest.mark.slow
@pytest.mark.fires("FEATURE_SEES_LATER_DATA")
def test_a_feature_that_counts_what_is_to_come_is_named(
    call: Call, trained: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It alone of all features is found, with a value before and after, and the command exits 1."""
    day = (DAY + timedelta(days=10)).isoformat()
    monkeypatch.setattr(later_data, "FEATURIZE", replace(FEATURIZE, name="featurize_with_a_leak", run=leaky))
    answer = call("features", "audit", "--as-of", day, *on(trained), "--json")
    (found,) = json.loads(answer.out)
    assert (answer.code, found["code"]) == (1, SEES_LATER)
    assert found["found"].startswith("own__age_days of ")
    assert day in found["bound"]
