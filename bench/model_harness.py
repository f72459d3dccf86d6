"""Benchmark of the model lab: its pipeline beside public models, on public credit data, the same folds for all.

Run by `make bench-models`. What a model says of a set is kept in the folder, so that a run that was cut goes on; remove
the folder to measure all anew. AUC is the mean over the folds, Brier score and calibration error (ten equal-count bins)
are of all test rows together. The last line is JSON.
"""

import argparse
import json
import time
import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from model_peers import PEERS, THREADS
from model_sets import SETS, CreditSet, load
from sklearn.metrics import brier_score_loss, roc_auc_score

from models.blend import fit, predict
from models.evaluate import Sample, calibration_error
from models.parameters import SplitParameters, TrainingParameters
from runtime.settings import load_settings

ROOT = Path(__file__).resolve().parents[1]
RECIPE = "blend"
"""The configuration that is measured: conf/env/blend.yaml."""
BAND_DRAWS = 400
Said = dict[str, np.ndarray]


def poolwright(each: CreditSet, parameters: TrainingParameters) -> np.ndarray:
    """Give what the model lab's own training says of each test row."""
    rows, found = each.rows(), np.full(len(each.outcome), np.nan)
    for training, test in each.folds:
        inside, outside = (np.isin(np.arange(len(rows)), part) for part in (training, test))
        fitted = fit(rows.where(inside), parameters)
        found[test] = predict(fitted.files, rows.where(outside), THREADS)
    return found


def peer(each: CreditSet, name: str) -> np.ndarray:
    """Give what a peer says of each test row."""
    found = np.full(len(each.outcome), np.nan)
    for training, test in each.folds:
        found[test] = PEERS[name](each.frame.iloc[training], each.outcome[training], each.frame.iloc[test])
    return found


def kept(folder: Path, each: CreditSet, name: str, parameters: TrainingParameters) -> np.ndarray:
    """Give what a model said of a set, from the folder where it is there."""
    path = folder / f"{each.name}.{name}.npy"
    if not path.exists():
        started = time.perf_counter()
        found = poolwright(each, parameters) if name == "poolwright" else peer(each, name)
        np.save(path, found)
        print(f"{each.name} {name}: {time.perf_counter() - started:.0f} s", flush=True)
    return np.load(path)


def measured(each: CreditSet, said: np.ndarray) -> Mapping[str, float]:
    """Give the figures of a model on a set."""
    rows = each.tested
    outcome = each.outcome[rows].astype(float)
    return {
        "auc": float(np.mean([roc_auc_score(each.outcome[test], said[test]) for _, test in each.folds])),
        "brier": float(brier_score_loss(outcome, said[rows])),
        "calibration_error": calibration_error(Sample.of(outcome, said[rows])),
    }


def band(each: CreditSet, said: np.ndarray) -> float:
    """Give the calibration error that a perfectly calibrated model of that size stays under in 95 of 100 draws."""
    rng, probability = np.random.default_rng(0), said[each.tested]
    drawn = (rng.random(len(probability)) < probability for _ in range(BAND_DRAWS))
    return float(np.quantile([calibration_error(Sample.of(one.astype(float), probability)) for one in drawn], 0.95))


def recipe(threads: int) -> TrainingParameters:
    """Give the configuration that is measured: no row is set aside, five folds within the training rows."""
    told = load_settings(ROOT / "conf", RECIPE).section("training", TrainingParameters)
    first, *others = (each.model_copy(update={"threads": threads}) for each in (told.booster, *told.further_boosters))
    split = SplitParameters(out_of_time_share=0, folds=5)
    return told.model_copy(update={"split": split, "booster": first, "further_boosters": tuple(others)})


def table(figures: Mapping[str, Mapping[str, Mapping[str, float]]], bands: Mapping[str, float]) -> None:
    """Print what docs/benchmarks.md shows."""
    for figure in ("auc", "brier", "calibration_error"):
        print(f"\n| {figure} | " + " | ".join(figures) + " |")
        print("|---|" + "---|" * len(figures))
        for model in ("poolwright", *PEERS):
            told = (figures[name].get(model, {}).get(figure) for name in figures)
            print(f"| {model} | " + " | ".join("-" if one is None else f"{one:.4f}" for one in told) + " |")
    print("\n95 % of perfectly calibrated models of that size stay under: " + str(bands))


def main() -> None:
    """Measure the sets and models asked for; print tables and, as the last line, JSON."""
    asked = argparse.ArgumentParser()
    asked.add_argument("folder", type=Path)
    asked.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    asked.add_argument("--sets", default=",".join(SETS))
    asked.add_argument("--models", default=",".join(("poolwright", *PEERS)))
    asked.add_argument("--threads", type=int, default=THREADS, help="Of ours; they change no number.")
    told = asked.parse_args()
    warnings.filterwarnings("ignore", module="sklearn|lightgbm")
    told.folder.mkdir(parents=True, exist_ok=True)
    figures, bands, parameters = {}, {}, recipe(told.threads)
    for name in told.sets.split(","):
        each = load(name, told.data)
        said = {model: kept(told.folder, each, model, parameters) for model in told.models.split(",")}
        figures[name] = {model: measured(each, one) for model, one in said.items()}
        if "poolwright" in said:
            bands[name] = round(band(each, said["poolwright"]), 5)
    table(figures, bands)
    kinds = ("auc", "brier", "calibration_error")
    print(json.dumps({kind: {n: {m: f[kind] for m, f in by.items()} for n, by in figures.items()} for kind in kinds}))


if __name__ == "__main__":
    main()
