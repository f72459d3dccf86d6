"""How near the model lab comes to the truth of the simulated platform, and how often upper bounds cover it.

Run by `make bench-truth`. Receivables with what is known when they are made; the truth is the probability that their
default was drawn from. Once on a large platform, by the recipe of `conf/env/blend.yaml`: Gini beside the truth's on
borrowers and months that training never saw, and the slope of calibration; both as the defaults came, and as expected
over all draws of defaults. Then on many small ones: whether each grade's 95 % upper bound, made from held-out training
rows, lies above the mean true probability of the same rows. The last line is JSON.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd
from truth_frame import TRUTH, notes, receivables

from models.blend import fit
from models.evaluate import Sample, calibration_line, gini
from models.fit import TrainedModel, train
from models.grade import Scale
from models.parameters import SplitParameters, TrainingParameters
from models.rows import labelled_rows
from models.scorer import Scorer
from runtime.settings import load_settings

CONF = Path(__file__).resolve().parents[1] / "conf"
LARGE, SMALL = 40_000, 5_000
SEEDS = 50
PARAMETERS = TrainingParameters(bootstrap_replicates=0)
"""Of the many small platforms: one booster."""
LIGHT = PARAMETERS.model_copy(
    update={
        "split": SplitParameters(out_of_time_share=0, folds=4),
        "booster": PARAMETERS.booster.model_copy(update={"learning_rate": 0.1, "rounds": 200, "patience": 20}),
    }
)


def recipe(name: str, threads: int) -> TrainingParameters:
    """Give the parameters of an environment's training; threads change no number."""
    told = load_settings(CONF, name).section("training", TrainingParameters)
    first, *others = (each.model_copy(update={"threads": threads}) for each in (told.booster, *told.further_boosters))
    return told.model_copy(update={"booster": first, "further_boosters": tuple(others), "bootstrap_replicates": 0})


def nearness(seed: int, borrowers: int, parameters: TrainingParameters) -> dict[str, float]:
    """Train on a large platform; give how near the model comes to the truth out of time."""
    frame = receivables(seed, borrowers)
    trained = train(frame, parameters, notes(frame))
    outcome, said, true = _beside(trained, frame)
    ours, best = Sample.of(outcome, said), Sample.of(outcome, true)
    line = calibration_line(ours)
    return {
        "training_rows": trained.counts["training"],
        "rows": len(outcome),
        "defaults": int(outcome.sum()),
        "gini": gini(ours),
        "gini_of_truth": gini(best),
        "gini_share": gini(ours) / gini(best),
        "gini_share_expected": gini(_expected(said, true)) / gini(_expected(true, true)),
        "slope": line[1],
        "slope_expected": calibration_line(_expected(said, true))[1],
    }


def _beside(trained: TrainedModel, frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    told = trained.out_of_time.merge(frame[["receivable_id", TRUTH]], on="receivable_id")
    return told["is_default"].to_numpy(float), told["default_probability"].to_numpy(), told[TRUTH].to_numpy()


def _expected(said: np.ndarray, true: np.ndarray) -> Sample:
    """Give every row both outcomes, each with its true probability: what the draw of defaults adds is gone."""
    outcome = np.repeat([1.0, 0.0], len(true))
    return Sample.of(outcome, np.tile(said, 2), np.concatenate([true, 1 - true]))


def coverage(seeds: int, borrowers: int) -> pd.DataFrame:
    """Give of each platform and grade the rows, the mean true probability, the predicted one and the upper bound."""
    found = []
    for seed in range(seeds):
        frame = receivables(1_000 + seed, borrowers)
        rows, _ = labelled_rows(frame, notes(frame))
        fitted = fit(rows, LIGHT)
        true = frame.set_index("receivable_id").loc[rows.keys["receivable_id"], TRUTH].to_numpy()
        grade = Scale.of(LIGHT.grades).grade(fitted.probability)
        for name, bound in Scorer.from_files(fitted.files).card.bounds.items():
            inside = grade == name
            if inside.any():
                told = {"rows": inside.sum(), "defaults": rows.outcome[inside].sum(), "true": true[inside].mean()}
                found.append({"seed": seed, "grade": name, **told, "mean": bound.mean, "upper": bound.upper})
        print(f"platform {seed + 1} of {seeds}", flush=True)
    return pd.DataFrame(found)


def main() -> None:
    """Print both tables and, as the last line, JSON."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--seeds", type=int, default=SEEDS)
    asked.add_argument("--borrowers", type=int, default=LARGE)
    asked.add_argument("--recipe", default="blend", help="An environment of conf/env; empty for conf/model.yaml alone.")
    asked.add_argument("--threads", type=int, default=2, help="They change no number.")
    told = asked.parse_args()
    near = nearness(1, told.borrowers, recipe(told.recipe, told.threads))
    print(near, flush=True)
    if not told.seeds:
        return
    bounds = coverage(told.seeds, SMALL)
    bounds["is_covered"] = bounds["true"] <= bounds["upper"]
    bounds["width"] = bounds["upper"] - bounds["mean"]
    columns = {"rows": "mean", "defaults": "mean", "true": "mean", "mean": "mean", "upper": "mean", "width": "mean"}
    print(bounds.groupby("grade").agg({**columns, "is_covered": "mean"}).round(4).to_string())
    shown = {name: round(value, 4) for name, value in near.items()}
    by_seed = bounds.groupby("seed")["is_covered"].mean()
    shown |= {"coverage": round(float(by_seed.mean()), 4), "width": round(float(bounds["width"].mean()), 4)}
    print(json.dumps(shown | {"platforms": told.seeds}))


if __name__ == "__main__":
    main()
