"""Metrics of a training run: on some rows, with the interval over borrowers where one is asked for."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from models import evaluate
from models.evaluate import Sample
from models.parameters import TrainingParameters
from models.rows import Rows

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


def measured(name: str, rows: Rows, probability: Reals, parameters: TrainingParameters) -> dict[str, float]:
    """Give every metric of some rows' probabilities under that name; bounds of 95 % end in `_low` and `_high`."""
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
