"""Benchmark of the term structure: expected defaults by months on book beside what came to pass.

Run by `make bench-term`. On the simulated platform a model is trained as of one day, and what it says of every
receivable that is open then is compared with the months after. On the Ally tape, which has no applicants to train a
model on, the contract's rate is the score: hazards are learned from the first 24 months and compared with the months
after. Nothing that was known after the day of training is used. The last line is JSON.
"""

import argparse
import json
import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from pydantic import SecretStr
from scipy.special import logit
from scipy.stats import beta

from features.labels import LabelDefinition
from models.hazard import Ends, fit_term
from models.scorer import Scorer
from models.term import PERIOD_DAYS, TERM_FILE, Standing, TermModel, standing_of
from pipelines.featurize import FEATURES, FEATURIZE
from pipelines.ingest import ingest, load_source
from pipelines.score import champion
from pipelines.states import STATES
from pipelines.sweep import Sweep
from pipelines.term import ends
from pipelines.train import train
from runtime.settings import Environment, load_settings
from runtime.stage import execute
from runtime.workspace import Workspace
from schemas import lending
from schemas.derived import RECEIVABLE_STATES
from schemas.moments import month_starts
from simulate.platform import simulate

ROOT = Path(__file__).resolve().parents[1]
FIRST, TRAINED, LAST = date(2023, 7, 1), date(2025, 1, 1), date(2025, 10, 1)
BORROWERS, SEED = 7_000, 11
ALLY_FIRST, ALLY_TRAINED, ALLY_LAST = date(2017, 6, 1), date(2019, 6, 1), date(2021, 1, 1)
PROMISED = 0.85


def simulation(folder: Path) -> pd.DataFrame:
    """Train on a simulated platform; give expected and realised defaults by months on book."""
    simulate(folder / "raw", BORROWERS, (LAST - FIRST).days, SEED, FIRST)
    settings = load_settings(ROOT / "conf", "", ["observation.every=quarter"])
    with Workspace(folder / "workspace", settings) as space:
        space.environment = Environment(pseudonym_secret=SecretStr("for-simulated-people-only"))
        ingest(space, load_source(ROOT / "conf", "simulated"), folder / "raw")
        files = champion(space, train(space, TRAINED).version).files
        with space.scratch("term-bench") as scratch:
            execute(STATES, space, TRAINED)
            execute(FEATURIZE, space, TRAINED, extras={"sweep": Sweep(space, [TRAINED], scratch)})
        rows: pd.DataFrame = space.catalog.arrow(FEATURES, {"as_of": TRAINED}).to_pandas()
        definition = settings.section("labels", LabelDefinition)
        rows = rows[rows["own__days_past_due"] < definition.default_days_past_due].reset_index(drop=True)
        scorer = Scorer.from_files(files)
        said = scorer.score(scorer.matrix(rows), explained=False).default_probability
        came = ends(space, rows, LAST)
    return beside(TermModel.from_text(files[TERM_FILE]), standing_of(rows, logit(said)), said, came)


def ally(folder: Path, data: Path) -> pd.DataFrame:
    """Learn from the tape's first 24 months; give expected and realised defaults by months on book."""
    settings = load_settings(ROOT / "conf", "ally")
    with Workspace(folder / "workspace", settings) as space:
        ingest(space, load_source(ROOT / "conf", "ally"), data / "ally_2017_3_used")
        definition = settings.section("labels", LabelDefinition)
        days = [*month_starts(ALLY_FIRST, ALLY_TRAINED)]
        rows = tape(space, days, definition.default_days_past_due)
        seen = rows[rows["as_of"] < ALLY_TRAINED].reset_index(drop=True)
        now = rows[rows["as_of"] == ALLY_TRAINED].reset_index(drop=True)
        learned, came = ends(space, seen, ALLY_TRAINED), ends(space, now, ALLY_LAST)
    model = fit_term(standing(seen), learned, definition.horizon_days, definition.default_days_past_due)
    return beside(model, standing(now), None, came)


def tape(space: Workspace, days: Sequence[date], default_days: int) -> pd.DataFrame:
    """Give the loans that were open and not in default at the start of each day, with contract and state."""
    told = space.catalog.arrow(
        lending.RECEIVABLES, columns=["receivable_id", "known_at", "originated_on", "annual_rate"]
    )
    contracts = told.sort_by("known_at").to_pandas().drop_duplicates("receivable_id", keep="first")
    names = ["receivable_id", "as_of", "is_open", "days_past_due", "final_due_on"]
    for day in days:
        execute(STATES, space, day)
    states = pd.concat([space.catalog.arrow(RECEIVABLE_STATES, {"as_of": day}, names).to_pandas() for day in days])
    states = states[states["is_open"] & (states["days_past_due"] < default_days)]
    return states.merge(contracts.drop(columns="known_at"), on="receivable_id")


def standing(rows: pd.DataFrame) -> Standing:
    """Give how loans of the tape stand; the rate is the score."""
    day = pd.to_datetime(rows["as_of"])
    age = (day - pd.to_datetime(rows["originated_on"])).dt.days / PERIOD_DAYS
    left = (pd.to_datetime(rows["final_due_on"]) - day).dt.days / PERIOD_DAYS
    score, late = (rows[name].to_numpy(dtype=np.float64) for name in ("annual_rate", "days_past_due"))
    return Standing(score, age.to_numpy(dtype=np.float64), left.to_numpy(dtype=np.float64), late)


def beside(model: TermModel, stands: Standing, said: np.ndarray | None, came: Ends) -> pd.DataFrame:
    """Lay expected defaults beside realised ones, by months on book; the interval is Clopper and Pearson's."""
    months = int(came.seen.max())
    expected = model.curves(stands, said, months).default
    book = np.floor(stands.age[:, None] + np.arange(months)[None, :]).astype(int) + 1
    is_bad = (came.default > 0) & ((came.payoff == 0) | (came.default <= came.payoff)) & (came.default <= months)
    rows = np.flatnonzero(is_bad)
    realised = np.bincount(book[rows, came.default[rows] - 1], minlength=book.max() + 1)
    table = pd.DataFrame(
        {
            "expected": np.bincount(book.ravel(), expected.ravel(), book.max() + 1),
            "realised": realised,
            "looked_at": np.bincount(book.ravel(), minlength=book.max() + 1),
        }
    )
    table = table[table["looked_at"] > 0]
    table.loc["total"] = [expected.sum(), realised.sum(), len(stands.score)]
    return interval(table)


def interval(table: pd.DataFrame) -> pd.DataFrame:
    """Add the 95 % binomial interval of the realised number."""
    bad, number = table["realised"], table["looked_at"]
    low = np.where(bad > 0, beta.ppf(0.025, bad, number - bad + 1), 0.0) * number
    high = np.where(bad < number, beta.ppf(0.975, bad + 1, number - bad), 1.0) * number
    within = (table["expected"] >= low) & (table["expected"] <= high)
    return table.assign(low=low, high=high, is_within=within)


def summary(table: pd.DataFrame) -> dict[str, object]:
    """Give what was promised: the share of months within, and the total."""
    months = table.drop(index="total")
    share = float(months["is_within"].mean())
    total = table.loc["total"]
    told = {"expected": round(float(total["expected"]), 1), "realised": int(total["realised"])}
    return {
        "months": len(months),
        "months_within": round(share, 4),
        "cumulative_within": bool(total["is_within"]),
        **told,
    }


def main() -> None:
    """Print both tables and, as the last line, JSON."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    asked.add_argument("--only", choices=("simulation", "ally"))
    told, found = asked.parse_args(), {}
    for name in ("simulation", "ally"):
        if told.only in (None, name):
            with tempfile.TemporaryDirectory() as folder:
                table = simulation(Path(folder)) if name == "simulation" else ally(Path(folder), told.data)
            print(f"\n{name}\n{table.round(2).to_string()}")
            found[name] = summary(table)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
