"""Boosting: LightGBM fitted to labelled rows, its number of trees found on held-out borrowers, calibrated."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import lightgbm as lgb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.calibrate import Calibration, choose
from models.grade import Scale
from models.parameters import FeatureNote, TrainingParameters
from models.scorer import MODEL_FILE, Card, Scorer, matrix
from models.split import folds
from schemas.errors import ModelError

Reals = NDArray[np.float64]
Progress = Callable[[str, float], None]
Booster: TypeAlias = Any
"""LightGBM carries no types."""

KEYS = ("receivable_id", "borrower_id", "as_of", "is_default")
WEIGHT = "weight"
SMALLEST_LEAF_SHARE = 0.02
"""No leaf is asked to hold more than this share of the rows, so that small platforms can be trained at all."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Labelled rows ready for training, sorted by date and receivable, so that their given order means nothing."""

    keys: pd.DataFrame
    features: Reals
    outcome: Reals
    weight: Reals

    def __len__(self) -> int:
        """Give the number of rows."""
        return len(self.outcome)

    @property
    def borrowers(self) -> NDArray[np.object_]:
        """Give the borrower of each row."""
        return self.keys["borrower_id"].to_numpy(dtype=object)

    @property
    def as_of(self) -> NDArray[np.datetime64]:
        """Give the as-of day of each row."""
        return self.keys["as_of"].to_numpy().astype("datetime64[D]")

    def where(self, kept: NDArray[np.bool_]) -> "Rows":
        """Keep some of the rows."""
        return Rows(self.keys[kept].reset_index(drop=True), self.features[kept], self.outcome[kept], self.weight[kept])


@dataclass(frozen=True, slots=True)
class Fitted:
    """A model fitted to some rows, with what it said of each of them while they were held out.

    Args:
        files: The model's texts.
        scores: Out-of-fold score of each row, in log-odds.
        probability: The same, calibrated by the other folds.
        fold: Fold of each row.
        rounds: Trees in each booster: the mean of what early stopping found in the folds.
        calibration: The calibration that was chosen.
        importance: Gain of each feature, summed over the trees, largest first.
    """

    files: Mapping[str, str]
    scores: Reals
    probability: Reals
    fold: NDArray[np.int64]
    rounds: int
    calibration: Calibration
    importance: pd.DataFrame


def labelled_rows(frame: pd.DataFrame, features: Sequence[FeatureNote]) -> tuple[Rows, int]:
    """Take the rows whose outcome is known, in one order; give them with the count of those left out.

    Raises:
        ModelError: A column is missing, a key stands twice, or there are not both outcomes.
    """
    missing = [name for name in KEYS if name not in frame.columns]
    if missing:
        raise ModelError(f"no column {', '.join(missing)} in the training frame", f"the columns {', '.join(KEYS)}")
    known = frame[frame["is_default"].notna()].sort_values(["as_of", "receivable_id"], kind="stable", ignore_index=True)
    twice = int(known.duplicated(["as_of", "receivable_id"]).sum())
    if twice:
        raise ModelError(f"{twice} rows whose receivable_id and as_of stand twice", "one row a receivable and day")
    outcome: Reals = known["is_default"].to_numpy(dtype=np.float64)
    if len(np.unique(outcome)) < 2:
        raise ModelError(f"{len(known)} labelled rows with {int(outcome.sum())} defaults", "both outcomes")
    weight = known[WEIGHT].to_numpy(dtype=np.float64) if WEIGHT in known else np.ones(len(known))
    rows = Rows(known[list(KEYS[:3])], matrix(known, [note.name for note in features]), outcome, weight)
    return rows, len(frame) - len(known)


def _settings(parameters: TrainingParameters, features: Sequence[FeatureNote], rows: int, seed: int) -> dict[str, Any]:
    wanted = parameters.booster.model_dump(exclude={"rounds", "patience", "threads", "seeds"})
    directions = [note.monotone for note in features]
    if not any(directions):
        del wanted["monotone_constraints_method"]
    return {
        **wanted,
        **({"monotone_constraints": directions} if any(directions) else {}),
        "min_data_in_leaf": max(1, min(parameters.booster.min_data_in_leaf, int(rows * SMALLEST_LEAF_SHARE))),
        "objective": "binary",
        "metric": "binary_logloss",
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": parameters.booster.threads,
        "verbosity": -1,
    }


def _data(rows: Rows, settings: Mapping[str, Any], features: Sequence[FeatureNote]) -> Booster:
    names = [note.name for note in features]
    return lgb.Dataset(rows.features, rows.outcome, weight=rows.weight, feature_name=names, params=dict(settings))


def _early_stopped(
    rows: Rows,
    inside: NDArray[np.bool_],
    parameters: TrainingParameters,
    features: Sequence[FeatureNote],
    seed: int,
) -> Booster:
    settings = _settings(parameters, features, len(rows), seed)
    training = _data(rows.where(~inside), settings, features)
    held_out = training.create_valid(rows.features[inside], rows.outcome[inside], weight=rows.weight[inside])
    stop = lgb.early_stopping(parameters.booster.patience, verbose=False)
    return lgb.train(settings, training, parameters.booster.rounds, valid_sets=[held_out], callbacks=[stop])


def _out_of_fold(
    rows: Rows,
    fold: NDArray[np.int64],
    parameters: TrainingParameters,
    features: Sequence[FeatureNote],
    progress: Progress,
) -> tuple[Reals, int]:
    seeds = parameters.booster.seeds
    tried: list[tuple[NDArray[np.bool_], Booster]] = []
    for number in range(parameters.split.folds):
        progress(f"fold {number + 1} of {parameters.split.folds}", number / (parameters.split.folds + 1))
        inside = np.equal(fold, number)
        tried += [(inside, _early_stopped(rows, inside, parameters, features, seed)) for seed in seeds]
    rounds = max(1, round(float(np.mean([booster.best_iteration for _, booster in tried]))))
    scores = np.zeros(len(rows))
    for inside, booster in tried:
        scores[inside] += booster.predict(rows.features[inside], raw_score=True, num_iteration=rounds) / len(seeds)
    return scores, rounds


def _final(rows: Rows, rounds: int, parameters: TrainingParameters, features: Sequence[FeatureNote]) -> list[Booster]:
    found = []
    for seed in parameters.booster.seeds:
        settings = _settings(parameters, features, len(rows), seed)
        found.append(lgb.train(settings, _data(rows, settings, features), rounds))
    return found


def _importance(boosters: Sequence[Booster], features: Sequence[FeatureNote]) -> pd.DataFrame:
    gain = np.sum([booster.feature_importance("gain") for booster in boosters], axis=0)
    table = pd.DataFrame({"feature": [note.name for note in features], "gain": gain / max(float(gain.sum()), 1e-300)})
    return table.sort_values("gain", ascending=False, kind="stable", ignore_index=True)


def _base_values(rows: Rows, features: Sequence[FeatureNote]) -> dict[str, float]:
    whole = np.isfinite(rows.features).sum(axis=0) == len(rows)
    return {note.name: float(np.median(rows.features[:, k])) for k, note in enumerate(features) if whole[k]}


def fit(
    rows: Rows,
    parameters: TrainingParameters,
    features: Sequence[FeatureNote],
    progress: Progress = lambda _step, _share: None,
) -> Fitted:
    """Fit boosters and calibration to the rows.

    Each fold of borrowers is held out once: early stopping there tells the number of trees (the mean over folds and
    seeds), and the scores that all folds' boosters give at that number fit the calibration. The boosters that are kept
    are then fitted to all rows with that number of trees.

    Raises:
        ModelError: Too few borrowers of either outcome for the folds.
    """
    fold = folds(rows.borrowers, rows.outcome > 0, parameters.split.folds, parameters.split.salt)
    scores, rounds = _out_of_fold(rows, fold, parameters, features, progress)
    calibration, probability = choose(parameters.calibration, scores, rows.outcome, rows.weight, fold)
    progress("all training rows", parameters.split.folds / (parameters.split.folds + 1))
    boosters = _final(rows, rounds, parameters, features)
    names = ["booster.txt", *(f"booster_{number}.txt" for number in range(2, len(boosters) + 1))]
    card = Card(
        features=tuple(note.name for note in features),
        boosters=tuple((name, 1 / len(boosters)) for name in names),
        calibration=calibration,
        scale=Scale.of(parameters.grades),
        base_values=_base_values(rows, features),
        horizon_days=parameters.horizon_days,
    )
    texts = {name: booster.model_to_string() for name, booster in zip(names, boosters, strict=True)}
    files = {**texts, MODEL_FILE: card.to_text()}
    return Fitted(files, scores, probability, fold, rounds, calibration, _importance(boosters, features))


def predict(files: Mapping[str, str], rows: Rows, threads: int) -> Reals:
    """Give the default probability of some rows by the model's texts, as any later caller would get it."""
    return Scorer.from_files(files, threads=threads).score(rows.features, explained=False).default_probability
