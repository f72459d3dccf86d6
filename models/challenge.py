"""Challengers: other models on the same folds, to see whether the one that would be promoted is any better.

They are measured and thrown away. Only what the recipe gives (boosters and points tables) can be kept and promoted; an
estimator of the configuration's own is imported at training and nowhere else.
"""

from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, logit
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from models.boost import Progress, final, out_of_fold
from models.delong import delong
from models.evaluate import Sample, measure
from models.parameters import ChallengerParameters, ScorecardParameters, TrainingParameters
from models.rows import Rows
from models.scorecard import fit_scorecard
from models.split import Folds, folds_of
from schemas.errors import ModelError

Reals = NDArray[np.float64]
Flags = NDArray[np.bool_]
Fit: TypeAlias = Callable[[Rows, Rows], Reals]
"""From rows to train on and rows to speak of, to the latter's default probability."""

SMALLEST = 1e-9
FIGURES = ("auc", "brier", "calibration_error", "log_loss")


def challenged(
    rows: Rows, folds: Folds, ours: Reals, parameters: TrainingParameters, progress: Progress
) -> pd.DataFrame:
    """Measure every challenger beside the recipe on the rows that folds hold out.

    Args:
        rows: The training rows.
        folds: Who trains and who is held out, the same for all.
        ours: The recipe's out-of-fold probability of each row; NaN where no fold holds one out.
        parameters: The configuration, with its challengers.
        progress: Told the step at hand.

    Returns:
        A row a model, the recipe first: model, auc, brier, calibration_error, log_loss; and how far its AUC lies from
        the recipe's, with 95 % interval and two-sided p-value, clustered by borrower (`models.delong`).
    """
    held = folds.is_held
    found: dict[str, Reals] = {"recipe": ours}
    for name, fit in _models(parameters).items():
        progress(f"challenger {name}", 0.9)
        found[name] = _crossed(rows, folds, fit)
    apart = [each for name, each in found.items() if name != "recipe"]
    found["average"] = expit(np.mean([logit(np.clip(each, SMALLEST, 1 - SMALLEST)) for each in apart], axis=0))
    return pd.DataFrame([_told(name, each, ours, rows, held) for name, each in found.items()])


def _told(name: str, probability: Reals, ours: Reals, rows: Rows, held: Flags) -> dict[str, Any]:
    sample = Sample.of(rows.outcome[held], probability[held], rows.weight[held])
    figures = measure(sample)
    row: dict[str, Any] = {"model": name, **{each: figures[each] for each in FIGURES}}
    if name != "recipe":
        both = (ours[held], probability[held])
        beside = delong(rows.outcome[held], both, weight=rows.weight[held], groups=rows.borrowers[held])
        row |= {"auc_gap": beside.difference, "gap_low": beside.low, "gap_high": beside.high, "p_value": beside.p_value}
    return row


def _crossed(rows: Rows, folds: Folds, fit: Fit) -> Reals:
    found = np.full(len(rows), np.nan)
    for training, held in folds:
        found[held] = fit(rows.where(training), rows.where(held))
    return found


def _models(parameters: TrainingParameters) -> Mapping[str, Fit]:
    free = parameters.booster.model_copy(update={"is_constrained": False})
    told = parameters.model_copy(update={"booster": free})
    known: dict[str, Fit] = {
        "scorecard": lambda training, held: scorecard(training, held, parameters.scorecard or ScorecardParameters()),
        "logistic": lambda training, held: _estimated(logistic(training), training, held),
        "unconstrained": lambda training, held: boosted(training, held, told),
    }
    return known | {name: partial(_named, told=one) for name, one in (parameters.challengers or {}).items()}


def _named(training: Rows, held: Rows, told: ChallengerParameters) -> Reals:
    return _estimated(_made(told), training, held)


def scorecard(training: Rows, held: Rows, parameters: ScorecardParameters) -> Reals:
    """Give the default probability by a scorecard alone."""
    table = fit_scorecard(training, parameters)
    found: Reals = expit(table.score(held.features, {name: place for place, name in enumerate(held.names)}))
    return found


def boosted(training: Rows, held: Rows, parameters: TrainingParameters) -> Reals:
    """Give the default probability by boosters of one shape, their number of trees from folds within."""
    inner = folds_of(training.borrowers, training.as_of, training.outcome > 0, parameters)
    _, rounds = out_of_fold(training, inner, parameters.booster, lambda _step, _share: None)
    said = [booster.predict(held.features) for booster in final(training, rounds, parameters.booster)]
    found: Reals = np.mean(said, axis=0)
    return found


def logistic(rows: Rows) -> Any:  # noqa: ANN401 - scikit-learn carries no types
    """Make a logistic regression: medians for what is missing, standardised; categories one by one."""
    named = [place for place, note in enumerate(rows.notes) if note.is_category]
    plain = [place for place, note in enumerate(rows.notes) if not note.is_category]
    numbers = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    codes = make_pipeline(SimpleImputer(strategy="constant", fill_value=-1.0), OneHotEncoder(handle_unknown="ignore"))
    return make_pipeline(make_column_transformer((numbers, plain), (codes, named)), LogisticRegression(max_iter=2000))


def _made(told: ChallengerParameters) -> Any:  # noqa: ANN401 - whatever the configuration names
    """Make the estimator that a line of configuration names.

    Raises:
        ModelError: There is no such class, or it cannot be asked for probabilities.
    """
    module, _, name = told.estimator.rpartition(".")
    try:
        estimator = getattr(import_module(module), name)(**told.parameters)
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise ModelError(
            f"challenger {told.estimator}: {error!r}", "a class of an installed package, and parameters that it takes"
        ) from error
    if not hasattr(estimator, "predict_proba"):
        raise ModelError(f"{told.estimator} without predict_proba", "an estimator that gives probabilities")
    return estimator


def _estimated(estimator: Any, training: Rows, held: Rows) -> Reals:  # noqa: ANN401 - scikit-learn carries no types
    found: Reals = estimator.fit(training.features, training.outcome.astype(int)).predict_proba(held.features)[:, 1]
    return found
