"""Tuning: Optuna looks for the shape of trees whose held-out loss is least, and gives up early on poor ones."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from models.boost import Progress, early_stopped
from models.calibrate import log_loss
from models.parameters import BoosterParameters, TrainingParameters
from models.rows import Rows
from models.split import Folds
from schemas.errors import ModelError

WARM_TRIALS = 8
"""Trials that run all folds before any is given up: the first ones, drawn at random."""


@dataclass(frozen=True, slots=True)
class Tuned:
    """What tuning found.

    Args:
        booster: The shape with the least held-out loss; the configured one where none was better.
        trials: number, state, loss (null where given up) and the parameters of every trial.
    """

    booster: BoosterParameters
    trials: pd.DataFrame


def tuned(rows: Rows, folds: Folds, parameters: TrainingParameters, progress: Progress) -> Tuned:
    """Search for the shape of trees; the configured one is the first trial, so that nothing worse is taken.

    The loss is the mean log loss over the held-out rows of all folds, each at the number of trees that stopped it. A
    trial whose folds so far are worse than the median of the trials before is given up. One seed, one order: the same
    rows give the same search.

    Raises:
        ModelError: Optuna is not installed.
    """
    optuna = _optuna()
    wanted = parameters.tuning
    start = parameters.booster
    study = optuna.create_study(
        direction="minimize",
        sampler=optuna.samplers.TPESampler(seed=wanted.seed, n_startup_trials=WARM_TRIALS),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=WARM_TRIALS),
    )
    study.enqueue_trial({name: getattr(start, name) for name in wanted.ranges})

    def loss(trial: Any) -> float:  # noqa: ANN401 - Optuna's
        progress(f"trial {trial.number + 1} of {wanted.trials}", trial.number / wanted.trials)
        shape = start.model_copy(update=_drawn(trial, wanted.ranges))
        found, weights = [], []
        for number, (training, held) in enumerate(folds):
            booster = early_stopped(rows, training, held, shape, shape.seeds[0])
            found.append(log_loss(rows.outcome[held], booster.predict(rows.features[held]), rows.weight[held]))
            weights.append(float(rows.weight[held].sum()))
            trial.report(float(np.average(found, weights=weights)), number)
            if trial.should_prune():
                raise optuna.TrialPruned
        return float(np.average(found, weights=weights))

    study.optimize(loss, n_trials=wanted.trials)
    return Tuned(start.model_copy(update=study.best_params), _table(study))


def _drawn(trial: Any, ranges: Mapping[str, tuple[float, float]]) -> dict[str, Any]:  # noqa: ANN401 - Optuna's
    """Draw a value of each parameter: whole numbers and scales on a logarithm, shares evenly."""
    drawn: dict[str, Any] = {}
    for name, (low, high) in ranges.items():
        if isinstance(getattr(BoosterParameters(), name), int):
            drawn[name] = trial.suggest_int(name, int(low), int(high), log=low > 0)
        else:
            drawn[name] = trial.suggest_float(name, low, high, log=low > 0 and high / low > 10)
    return drawn


def _table(study: Any) -> pd.DataFrame:  # noqa: ANN401 - Optuna's
    rows = [{"number": one.number, "state": one.state.name, "loss": one.value, **one.params} for one in study.trials]
    return pd.DataFrame(rows)


def _optuna() -> Any:  # noqa: ANN401 - imported when it is needed
    try:
        import optuna
    except ImportError as error:
        raise ModelError("optuna is not installed", "tuning.trials above 0", "pip install 'poolwright[lab]'") from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna
