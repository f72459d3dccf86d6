"""Benchmark of the term structure: expected defaults by months on book beside what came to pass.

Run by `make bench-term`. On the simulated platform a model is trained as of one day, and what it says of every
receivable that is open then is compared with the months after. On the Ally tape, which has no applicants to train a
model on, the contract's rate is the score: hazards are learned from the first 24 months and compared with the months
after. Nothing that was known after the day of training is used. Workspaces stay in the folder, so that a second run
computes no state anew; remove it to measure all again. The last line is JSON.

What is a default on the tape? It tells balances and payments by month, and write-offs by the balance that goes; it
does not tell when the servicer moved a due date. By the first schedule a payment that was let rest stays past due until
it is made up for, and in 2020 payments were let rest by the hundred. So default is the write-off (`ally`); 60 days past
due by the first schedule is told beside it, and `skipped` shows why it is not what is meant.
"""

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from functools import partial
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
from runtime.settings import Environment, Settings, load_settings
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
ALLY_DAYS = {"ally": None, "ally_60_days_late": 60}
"""Days past due from which a loan of the tape is in default; none: its environment says, by write-off alone."""
CHARGED_OFF_DAYS = 120
"""How late a loan is when it is written off, as rule: so long after its last due day it may still be."""
SKIPPED, WITHIN = 3, 6
STRETCHES = ("to May 2019", "June 2019 to Feb 2020", "March to Sept 2020", "Oct to Dec 2020")
NEVER, CENT = 10_000, 0.005
PROMISED = 0.85


@contextmanager
def opened(home: Path, settings: Settings) -> Iterator[Workspace]:
    """Open a workspace for writing."""
    with Workspace(home, settings) as space, space.writing():
        space.environment = Environment(pseudonym_secret=SecretStr("for-simulated-people-only"))
        yield space


def simulation(folder: Path) -> pd.DataFrame:
    """Train on a simulated platform; give expected and realised defaults by months on book."""
    raw = folder / "raw"
    if not (raw / "truth").exists():
        simulate(raw, BORROWERS, (LAST - FIRST).days, SEED, FIRST)
    settings = load_settings(ROOT / "conf", "", ["observation.every=month"])
    with opened(folder / "simulation", settings) as space:
        ingest(space, load_source(ROOT / "conf", "simulated"), raw)
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


def ally(folder: Path, data: Path, late: int | None) -> pd.DataFrame:
    """Learn from the tape's first 24 months; give expected and realised defaults by months on book."""
    settings = load_settings(ROOT / "conf", "ally", [f"labels.default_days_past_due={late}"] if late else [])
    definition = settings.section("labels", LabelDefinition)
    with opened(folder / "ally", settings) as space:
        ingest(space, load_source(ROOT / "conf", "ally"), data / "ally_2017_3_used")
        rows = tape(space, month_starts(ALLY_FIRST, ALLY_TRAINED), definition.default_days_past_due)
        seen = rows[rows["as_of"] < ALLY_TRAINED].reset_index(drop=True)
        now = rows[rows["as_of"] == ALLY_TRAINED].reset_index(drop=True)
        learned, came = ends(space, seen, ALLY_TRAINED), ends(space, now, ALLY_LAST)
    model = fit_term(standing(seen), learned, definition.horizon_days, late or CHARGED_OFF_DAYS)
    return beside(model, standing(now), None, came)


def tape(space: Workspace, days: Sequence[date], default_days: int) -> pd.DataFrame:
    """Give the loans that were open and not in default at the start of each day, with contract and state."""
    told = space.catalog.arrow(
        lending.RECEIVABLES, columns=["receivable_id", "known_at", "originated_on", "annual_rate"]
    )
    contracts = told.sort_by("known_at").to_pandas().drop_duplicates("receivable_id", keep="first")
    names = ["receivable_id", "as_of", "is_open", "days_past_due", "final_due_on", "next_due_on"]
    for day in days:
        execute(STATES, space, day)
    states = pd.concat([space.catalog.arrow(RECEIVABLE_STATES, {"as_of": day}, names).to_pandas() for day in days])
    states = states[states["is_open"] & (states["days_past_due"] < default_days)]
    return states.merge(contracts.drop(columns="known_at"), on="receivable_id")


def skipped(data: Path) -> pd.DataFrame:
    """Count the loans of the tape that first skipped three payments in a row, and what became of them, by stretch."""
    told = pd.read_parquet(next((data / "ally_2017_3_used").glob("*.parquet")))

    def monthly(name: str) -> np.ndarray:
        columns = told[[f"{name}{month}" for month in range(1, 44)]]
        return np.nan_to_num(columns.apply(pd.to_numeric, errors="coerce").to_numpy(dtype=float))

    first = pd.to_numeric(told["reportingPeriodActualEndBalanceAmount"]).to_numpy(dtype=float)
    paid, after = monthly("PMT"), monthly("BAL")
    before = np.column_stack([first, after[:, :-1]])
    is_lost = (after == 0) & (before > 0) & (np.abs(before - monthly("PRC")) > CENT)
    lost = np.where(is_lost.any(axis=1), is_lost.argmax(axis=1) + 1, NEVER)
    is_skipped = (paid <= 0) & (before > 0)
    run = np.logical_and.reduce([is_skipped[:, place : 43 - SKIPPED + 1 + place] for place in range(SKIPPED)])
    third = np.where(run.any(axis=1), run.argmax(axis=1) + SKIPPED, 0)
    paid_again = (paid * (np.arange(1, 44)[None, :] > third[:, None])).any(axis=1)
    table = pd.DataFrame(
        {"third": third, "lost_soon": lost <= third + WITHIN, "lost": lost < NEVER, "again": paid_again}
    )
    stretch = pd.cut(table["third"], [0, 24, 33, 40, 43], labels=list(STRETCHES))
    return table.groupby(stretch, observed=True).agg(
        loans=("third", "size"),
        lost_soon=("lost_soon", "sum"),
        lost_by_the_end=("lost", "sum"),
        paid_again=("again", "sum"),
    )


def standing(rows: pd.DataFrame) -> Standing:
    """Give how loans of the tape stand; the rate is the score."""
    day = pd.to_datetime(rows["as_of"])
    age = (day - pd.to_datetime(rows["originated_on"])).dt.days / PERIOD_DAYS
    left = (pd.to_datetime(rows["final_due_on"]) - day).dt.days / PERIOD_DAYS
    score = rows["annual_rate"].to_numpy(dtype=np.float64)
    coming = (pd.to_datetime(rows["next_due_on"]) - day).dt.days.fillna(0).to_numpy(dtype=np.float64)
    return Standing(score, age.to_numpy(dtype=np.float64), left.to_numpy(dtype=np.float64), coming)


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


def contenders(folder: Path, data: Path) -> dict[str, Callable[[], pd.DataFrame]]:
    """Give what is measured, by name."""
    return {
        "simulation": partial(simulation, folder),
        **{name: partial(ally, folder, data, late) for name, late in ALLY_DAYS.items()},
    }


def main() -> None:
    """Print the tables and, as the last line, JSON."""
    asked = argparse.ArgumentParser()
    asked.add_argument("folder", type=Path)
    asked.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    asked.add_argument("--only", choices=("simulation", "ally"))
    told, found = asked.parse_args(), {}
    folder = told.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in contenders(folder, told.data).items():
        if told.only is None or name.startswith(told.only):
            found[name] = make()
            print(f"\n{name}\n{found[name].round(2).to_string()}", flush=True)
    if told.only != "simulation":
        print(f"\nfirst skipped three payments in a row\n{skipped(told.data).to_string()}")
    print(json.dumps({name: summary(table) for name, table in found.items()}))


if __name__ == "__main__":
    main()
