"""Boosting: LightGBM of one shape fitted to labelled rows, its number of trees found on held-out borrowers."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from models.parameters import BoosterParameters
from models.rows import Rows
from models.split import Folds

Reals = NDArray[np.float64]
Flags = NDArray[np.bool_]
Progress = Callable[[str, float], None]
Booster: TypeAlias = Any
"""LightGBM carries no types."""

OWN = {"rounds", "patience", "seeds", "threads", "monotone_constraints_method", "is_constrained", "is_category_ordered"}
"""Parameters that are ours, or that LightGBM is told otherwise."""
SMALLEST_LEAF_SHARE = 0.02
"""No leaf is asked to hold more than this share of the rows, so that small platforms can be trained at all."""


def early_stopped(rows: Rows, training: Flags, held: Flags, shape: BoosterParameters, seed: int) -> Booster:
    """Fit to some rows until the loss on the held-out ones no longer falls."""
    settings = _settings(shape, rows, seed)
    data = _data(rows.where(training), shape, settings)
    held_out = data.create_valid(rows.features[held], rows.outcome[held], weight=rows.weight[held])
    stop = lgb.early_stopping(shape.patience, verbose=False)
    return lgb.train(settings, data, shape.rounds, valid_sets=[held_out], callbacks=[stop])


def out_of_fold(rows: Rows, folds: Folds, shape: BoosterParameters, progress: Progress) -> tuple[Reals, int]:
    """Give each held-out row's score by boosters that never saw its borrower, and the number of trees.

    The number of trees is the mean of what early stopping found over the folds; all scores are of that number. The
    first seed tells: others are for the boosters that are kept. Rows that no fold holds out score NaN.
    """
    tried: list[tuple[Flags, Booster]] = []
    for number, (training, held) in enumerate(folds):
        progress(f"fold {number + 1} of {len(folds)}", number / len(folds))
        tried.append((held, early_stopped(rows, training, held, shape, shape.seeds[0])))
    rounds = max(1, round(float(np.mean([booster.best_iteration for _, booster in tried]))))
    scores = np.full(len(rows), np.nan)
    for held, booster in tried:
        scores[held] = booster.predict(rows.features[held], raw_score=True, num_iteration=rounds)
    return scores, rounds


def final(rows: Rows, rounds: int, shape: BoosterParameters) -> list[Booster]:
    """Fit to all rows, a booster a seed."""
    found = []
    for seed in shape.seeds:
        settings = _settings(shape, rows, seed)
        found.append(lgb.train(settings, _data(rows, shape, settings), rounds))
    return found


def gain_shares(boosters: list[Booster]) -> Reals:
    """Give each feature's share of all that some boosters' trees gained."""
    gain = np.sum([booster.feature_importance("gain") for booster in boosters], axis=0)
    found: Reals = gain / max(float(gain.sum()), 1e-300)
    return found


def _settings(shape: BoosterParameters, rows: Rows, seed: int) -> Mapping[str, Any]:
    wanted = shape.model_dump(exclude=OWN)
    directions = [note.monotone for note in rows.notes]
    constraints = {
        "monotone_constraints": directions,
        "monotone_constraints_method": shape.monotone_constraints_method,
    }
    return {
        **wanted,
        **(constraints if shape.is_constrained and any(directions) else {}),
        "min_data_in_leaf": max(1, min(shape.min_data_in_leaf, int(len(rows) * SMALLEST_LEAF_SHARE))),
        "objective": "binary",
        "metric": "binary_logloss",
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": shape.threads,
        "verbosity": -1,
    }


def _data(rows: Rows, shape: BoosterParameters, settings: Mapping[str, Any]) -> Booster:
    named = [note.name for note in rows.notes if note.is_category and not shape.is_category_ordered]
    return lgb.Dataset(
        rows.features,
        rows.outcome,
        weight=rows.weight,
        feature_name=rows.names,
        categorical_feature=named,
        params=dict(settings),
    )
