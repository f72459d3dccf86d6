"""Benchmark of the model lab on two real platforms: its pipeline beside a plain LightGBM on the same features.

Run by `make bench-real-models`. Few customers, so all are judged by cross-validation grouped by customer: each fold is
held out once, the whole of training (number of trees and calibration with it) runs on the others, and LightGBM as it
comes learns from the very same rows. Intervals are 95 % bootstrap percentiles over customers; the difference of AUC is
DeLong's by customer. Features are kept in the folder: remove it to compute them anew. The last line is JSON.
"""

import argparse
import json
import warnings
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pandas as pd
from platform_sets import rows_of

from models.delong import delong
from models.evaluate import Sample, auc, brier, calibration_error, calibration_line, calibration_noise, interval
from models.fit import cross_validate
from models.matrix import matrix
from models.parameters import TrainingParameters
from pipelines.train import notes

ROOT = Path(__file__).resolve().parents[1]
SETS = ("xente", "berka")
REPLICATES, SEED = 2_000, 1
FIGURES = {
    "auc": auc,
    "brier": brier,
    "calibration_error": calibration_error,
    "slope": lambda sample: calibration_line(sample)[1],
}


def ours(frame: pd.DataFrame, parameters: TrainingParameters, threads: int) -> pd.DataFrame:
    """Give what the lab says of each row while its customer is held out, and the fold."""
    booster = parameters.booster.model_copy(update={"threads": threads})
    told = parameters.model_copy(update={"booster": booster, "bootstrap_replicates": 0})
    said = cross_validate(frame, told, notes()).predictions
    keys = ["receivable_id", "as_of"]
    columns = {"default_probability": "poolwright"}
    return frame.merge(said.rename(columns=columns)[[*keys, "poolwright", "fold"]], on=keys, validate="one_to_one")


def plain(rows: pd.DataFrame, threads: int) -> np.ndarray:
    """Give what LightGBM as it comes says of each row, by the same folds and features."""
    names = [note.name for note in notes()]
    values, outcome, said = matrix(rows, names), rows["is_default"].to_numpy(dtype=int), np.full(len(rows), np.nan)
    for fold in np.unique(rows["fold"]):
        held = (rows["fold"] == fold).to_numpy()
        model = lgb.LGBMClassifier(verbose=-1, n_jobs=threads).fit(values[~held], outcome[~held])
        said[held] = model.predict_proba(values[held])[:, 1]
    return said


def beside(rows: pd.DataFrame) -> dict[str, object]:
    """Measure both models on the same rows."""
    outcome, who = rows["is_default"].to_numpy(dtype=float), rows["borrower_id"].to_numpy(dtype=object)
    said = {name: rows[name].to_numpy() for name in ("poolwright", "lightgbm")}
    found: dict[str, object] = {"rows": len(rows), "customers": len(set(who)), "defaults": int(outcome.sum())}
    for name, each in said.items():
        sample = Sample.of(outcome, each)
        for figure, measure in FIGURES.items():
            ends = interval(measure, sample, who, replicates=REPLICATES, seed=SEED)
            found[f"{name} {figure}"] = [round(value, 4) for value in (measure(sample), *(ends or ()))]
        found[f"{name} error_noise"] = round(calibration_noise(sample), 4)
    apart = delong(outcome, (said["lightgbm"], said["poolwright"]), groups=who)
    found["auc_difference"] = [round(value, 4) for value in (apart.difference, apart.low, apart.high)]
    return found


def main() -> None:
    """Print what docs/benchmarks.md shows and, as the last line, JSON."""
    asked = argparse.ArgumentParser()
    asked.add_argument("folder", type=Path)
    asked.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    asked.add_argument("--sets", default=",".join(SETS))
    asked.add_argument("--threads", type=int, default=2, help="They change no number of ours.")
    told = asked.parse_args()
    warnings.filterwarnings("ignore", module="sklearn|lightgbm")
    told.folder = told.folder.resolve()
    told.folder.mkdir(parents=True, exist_ok=True)
    found = {}
    for name in told.sets.split(","):
        frame, parameters = rows_of(name, told.folder, told.data)
        frame = frame[frame["is_default"].notna()].reset_index(drop=True)
        rows = ours(frame, parameters, told.threads)
        rows["lightgbm"] = plain(rows, told.threads)
        rows.to_parquet(told.folder / f"{name}-said.parquet")
        found[name] = beside(rows)
        is_current = (rows["own__days_past_due"] <= 0).to_numpy()
        if not is_current.all():
            found[f"{name}, not past due"] = beside(rows[is_current])
        for part in list(found)[-2:]:
            print(f"\n{part}\n" + pd.Series(found[part]).to_string(), flush=True)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
