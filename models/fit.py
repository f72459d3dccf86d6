"""Training: from a frame of features and outcomes to a model that is measured on borrowers and dates it never saw."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.blend import Fitted, fit, predict
from models.boost import Progress
from models.calibrate import Calibration
from models.challenge import challenged
from models.measured import measured
from models.parameters import FeatureNote, TrainingParameters
from models.rows import Rows, labelled_rows
from models.select import Selection
from models.split import Folds, folds, folds_of, out_of_time
from models.stability import population_stability
from models.tune import tuned

Reals = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """A model that can be stored and promoted, with all that is known of how good it is.

    Args:
        files: The model's texts: what the registry keeps and the engine gets.
        metrics: `out_of_time_*` (absent without such rows) and `out_of_fold_*`; bounds of 95 % end in `_low`, `_high`;
            `score_stability`: population stability of the model's probabilities, training rows to test rows.
        counts: Rows by what became of them, borrowers, defaults, features, trees.
        out_of_time: receivable_id, borrower_id, as_of, is_default, default_probability, weight of the test rows.
        out_of_fold: The same of the training rows, each by boosters and a calibration that never saw its borrower.
        calibration: From score to probability.
        importance: feature and its share of the gain, largest first.
        parameters: What the run decided beforehand.
        selection: What became of each feature.
        trials: What tuning tried; empty without it.
        challengers: Other models on the same folds; empty without them.
    """

    files: Mapping[str, str]
    metrics: dict[str, float]
    counts: dict[str, int]
    out_of_time: pd.DataFrame
    out_of_fold: pd.DataFrame
    calibration: Calibration
    importance: pd.DataFrame
    parameters: TrainingParameters
    selection: Selection
    trials: pd.DataFrame
    challengers: pd.DataFrame

    @property
    def tested(self) -> pd.DataFrame:
        """Give the rows that the model is judged by: out of time where there are any, else out of fold."""
        return self.out_of_time if len(self.out_of_time) else self.out_of_fold

    @property
    def tables(self) -> dict[str, bytes]:
        """Give what was decided on the way as CSV files: features left out, shapes tried, challengers measured."""
        dropped = pd.DataFrame(
            [{"feature": name, "folds_of_use": count} for name, count in self.selection.dropped.items()]
        )
        told = {"dropped_features": dropped, "tuning": self.trials, "challengers": self.challengers}
        return {f"{name}.csv": table.to_csv(index=False).encode() for name, table in told.items() if len(table)}


@dataclass(frozen=True, slots=True)
class CrossValidation:
    """What grouped cross-validation measured, where there are too few rows to set a test aside.

    Args:
        metrics: By name; bounds of the 95 % interval over borrowers end in `_low` and `_high`.
        counts: Rows, borrowers, defaults, folds, and rows left out for want of an outcome.
        predictions: receivable_id, borrower_id, as_of, is_default, default_probability, weight, fold.
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
    dealt = folds_of(training.borrowers, training.as_of, training.outcome > 0, parameters)
    parameters, trials = _searched(training, dealt, parameters, progress)
    fitted = fit(training, parameters, progress, dealt)
    progress("measuring", 0.95)
    metrics, out_of_fold, tested = _judged(fitted, training, test, parameters)
    counts = {**split.counts, "unlabelled": unlabelled, **_counts("training", training), **_counts("test", test)}
    counts |= {"features": len(fitted.selection.kept), "trees": sum(fitted.rounds), "held_out": len(out_of_fold)}
    return TrainedModel(
        files=fitted.files,
        metrics=metrics,
        counts=counts,
        out_of_time=tested,
        out_of_fold=out_of_fold,
        calibration=fitted.calibration,
        importance=fitted.importance,
        parameters=parameters,
        selection=fitted.selection,
        trials=trials,
        challengers=_challengers(training, dealt, fitted, parameters, progress),
    )


def _judged(
    fitted: Fitted, training: Rows, test: Rows, parameters: TrainingParameters
) -> tuple[dict[str, float], pd.DataFrame, pd.DataFrame]:
    """Measure the model on held-out training rows and on test rows; give its predictions of both too."""
    held = np.isfinite(fitted.probability)
    seen, said = training.where(held), fitted.probability[held]
    tested = _predictions(test, predict(fitted.files, test, parameters.booster.threads))
    metrics = measured("out_of_fold", seen, said, parameters)
    if len(test):
        metrics |= measured("out_of_time", test, tested["default_probability"].to_numpy(), parameters)
        metrics["score_stability"] = population_stability(
            predict(fitted.files, training, parameters.booster.threads),
            tested["default_probability"].to_numpy(),
            (training.weight, test.weight),
        )
    return metrics, _predictions(seen, said), tested


def _searched(
    rows: Rows, dealt: Folds, parameters: TrainingParameters, progress: Progress
) -> tuple[TrainingParameters, pd.DataFrame]:
    """Search for the shape of trees where the configuration asks for it; give the parameters with what was found."""
    if not parameters.tuning.trials:
        return parameters, pd.DataFrame()
    found = tuned(rows, dealt, parameters, progress)
    return parameters.model_copy(update={"booster": found.booster}), found.trials


def _challengers(
    rows: Rows, dealt: Folds, fitted: Fitted, parameters: TrainingParameters, progress: Progress
) -> pd.DataFrame:
    if parameters.challengers is None:
        return pd.DataFrame()
    return challenged(rows, dealt, fitted.probability, parameters, progress)


def _predictions(rows: Rows, probability: Reals) -> pd.DataFrame:
    return rows.keys.assign(is_default=rows.outcome > 0, default_probability=probability, weight=rows.weight)


def _counts(side: str, rows: Rows) -> dict[str, int]:
    return {f"{side}_defaults": int(rows.outcome.sum()), f"{side}_borrowers": len(set(rows.borrowers))}


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
        fitted = fit(rows.where(~inside), parameters)
        probability[inside] = predict(fitted.files, rows.where(inside), parameters.booster.threads)
    metrics = {
        name.removeprefix("out_of_fold_"): value
        for name, value in measured("out_of_fold", rows, probability, parameters).items()
    }
    counts = {"rows": len(rows), "unlabelled": unlabelled, "folds": parameters.split.folds, **_counts("all", rows)}
    return CrossValidation(metrics, counts, _predictions(rows, probability).assign(fold=fold))
