"""Training: from a frame of features and outcomes to a model that is measured on borrowers and dates it never saw."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models import evaluate
from models.boost import Fitted, Progress, Rows, fit, labelled_rows
from models.calibrate import Calibration
from models.evaluate import Sample
from models.parameters import FeatureNote, TrainingParameters
from models.scorer import Scorer
from models.split import folds, out_of_time
from models.stability import population_stability

Reals = NDArray[np.float64]
Metric = Callable[[Sample], float]

WITH_INTERVAL: Mapping[str, Metric] = {
    "auc": evaluate.auc,
    "ks": evaluate.ks,
    "brier": evaluate.brier,
    "calibration_error": evaluate.calibration_error,
    "calibration_slope": lambda sample: evaluate.calibration_line(sample)[1],
    "h_measure": evaluate.h_measure,
    "captured_top_10": lambda sample: evaluate.captured_at(sample, 0.10),
}


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """A model that can be stored and promoted, with all that is known of how good it is.

    Args:
        files: The model's texts: what the registry keeps and the engine gets.
        metrics: `out_of_time_*` (absent without such rows) and `out_of_fold_*`; bounds of 95 % end in `_low`, `_high`;
            `score_stability`: population stability of the model's probabilities, training rows to test rows.
        counts: Rows by what became of them, borrowers, defaults, features, trees.
        out_of_time: receivable_id, borrower_id, as_of, is_default, default_probability of the test rows.
        out_of_fold: The same of the training rows, each by boosters and a calibration that never saw its borrower.
        calibration: From score to probability.
        importance: feature and its share of the gain, largest first.
        parameters: What the run decided beforehand.
    """

    files: Mapping[str, str]
    metrics: dict[str, float]
    counts: dict[str, int]
    out_of_time: pd.DataFrame
    out_of_fold: pd.DataFrame
    calibration: Calibration
    importance: pd.DataFrame
    parameters: TrainingParameters

    @property
    def tested(self) -> pd.DataFrame:
        """Give the rows that the model is judged by: out of time where there are any, else out of fold."""
        return self.out_of_time if len(self.out_of_time) else self.out_of_fold


@dataclass(frozen=True, slots=True)
class CrossValidation:
    """What grouped cross-validation measured, where there are too few rows to set a test aside.

    Args:
        metrics: By name; bounds of the 95 % interval over borrowers end in `_low` and `_high`.
        counts: Rows, borrowers, defaults, folds, and rows left out for want of an outcome.
        predictions: receivable_id, borrower_id, as_of, is_default, default_probability, fold.
    """

    metrics: dict[str, float]
    counts: dict[str, int]
    predictions: pd.DataFrame


def _silent(_step: str, _share: float) -> None: ...


def train(
    frame: pd.DataFrame,
    parameters: TrainingParameters,
    features: Sequence[FeatureNote],
    progress: Progress = _silent,
) -> TrainedModel:
    """Train, calibrate and measure a model; the same rows give the same bytes, in whatever order they come.

    Args:
        frame: One row a receivable and day: receivable_id, borrower_id, as_of, is_default (null: not known, left out),
            the features as numbers (null: missing), and optionally weight (rows that each stands for).
        parameters: What is decided beforehand.
        features: Which columns to learn from, in which order, and which way each may point.
        progress: Told the step at hand and the share that is done.

    Raises:
        ModelError: A column is missing, only one outcome is there, or a side of the split is empty.
    """
    rows, unlabelled = labelled_rows(frame, features)
    split = out_of_time(rows.borrowers, rows.as_of, parameters)
    training, test = rows.where(split.training), rows.where(split.test)
    fitted = fit(training, parameters, features, progress)
    progress("measuring", 0.95)
    out_of_fold = _predictions(training, fitted.probability)
    tested = _predictions(test, _scored(fitted, test, parameters))
    metrics = _measured("out_of_fold", training, fitted.probability, parameters)
    if len(test):
        metrics |= _measured("out_of_time", test, tested["default_probability"].to_numpy(), parameters)
        metrics["score_stability"] = population_stability(
            _scored(fitted, training, parameters),
            tested["default_probability"].to_numpy(),
            (training.weight, test.weight),
        )
    counts = {**split.counts, "unlabelled": unlabelled, **_counts("training", training), **_counts("test", test)}
    counts |= {"features": len(features), "trees": fitted.rounds}
    return TrainedModel(
        files=fitted.files,
        metrics=metrics,
        counts=counts,
        out_of_time=tested,
        out_of_fold=out_of_fold,
        calibration=fitted.calibration,
        importance=fitted.importance,
        parameters=parameters,
    )


def _scored(fitted: Fitted, rows: Rows, parameters: TrainingParameters) -> Reals:
    scorer = Scorer.from_files(fitted.files, threads=parameters.booster.threads)
    return scorer.score(rows.features, explained=False).default_probability


def _predictions(rows: Rows, probability: Reals) -> pd.DataFrame:
    return rows.keys.assign(is_default=rows.outcome > 0, default_probability=probability)


def _counts(side: str, rows: Rows) -> dict[str, int]:
    return {f"{side}_defaults": int(rows.outcome.sum()), f"{side}_borrowers": len(set(rows.borrowers))}


def _measured(name: str, rows: Rows, probability: Reals, parameters: TrainingParameters) -> dict[str, float]:
    sample = Sample.of(rows.outcome, probability, rows.weight)
    found = {f"{name}_{metric}": value for metric, value in evaluate.measure(sample).items()}
    for metric, measure in WITH_INTERVAL.items():
        bounds = evaluate.interval(
            measure,
            sample,
            rows.borrowers,
            replicates=parameters.bootstrap_replicates,
            seed=parameters.bootstrap_seed,
        )
        if bounds:
            found |= {f"{name}_{metric}_low": bounds[0], f"{name}_{metric}_high": bounds[1]}
    return found


def cross_validate(
    frame: pd.DataFrame,
    parameters: TrainingParameters,
    features: Sequence[FeatureNote],
    progress: Progress = _silent,
) -> CrossValidation:
    """Measure how good a model from so few rows is, without setting any aside for good.

    Each fold of borrowers is held out once, and the whole of training (number of trees, calibration, boosters) runs on
    the others, so that nothing about the held-out borrowers is ever used. The interval resamples borrowers.

    Raises:
        ModelError: As `train`.
    """
    rows, unlabelled = labelled_rows(frame, features)
    fold = folds(rows.borrowers, rows.outcome > 0, parameters.split.folds, f"outer {parameters.split.salt}")
    probability = np.empty(len(rows))
    for number in range(parameters.split.folds):
        progress(f"fold {number + 1} of {parameters.split.folds}", number / parameters.split.folds)
        inside = np.equal(fold, number)
        fitted = fit(rows.where(~inside), parameters, features)
        probability[inside] = _scored(fitted, rows.where(inside), parameters)
    metrics = {
        name.removeprefix("out_of_fold_"): value
        for name, value in _measured("out_of_fold", rows, probability, parameters).items()
    }
    counts = {"rows": len(rows), "unlabelled": unlabelled, "folds": parameters.split.folds, **_counts("all", rows)}
    return CrossValidation(metrics, counts, _predictions(rows, probability).assign(fold=fold))
