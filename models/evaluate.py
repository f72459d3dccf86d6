"""How good a model is: discrimination, calibration and stability, each a plain formula over weighted outcomes.

Weights count rows: a bootstrap resample is the same sample with other weights, so nothing is sorted twice.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import logit, ndtri

from models.calibrate import fit_line
from models.calibrate import log_loss as _log_loss
from models.hmeasure import h_measure as _h_measure

Reals = NDArray[np.float64]

BINS = 10
FARTHEST = 1e-12


@dataclass(frozen=True, slots=True)
class Sample:
    """Outcomes and probabilities, sorted by probability once; `ties` are the starts of equal probabilities.

    Args:
        outcome: 1 for a default, 0 for none.
        probability: The model's word, rising.
        weight: How many rows each stands for.
        order: Where each stood before sorting.
        ties: First place of each distinct probability.
    """

    outcome: Reals
    probability: Reals
    weight: Reals
    order: NDArray[np.intp]
    ties: NDArray[np.intp]

    @classmethod
    def of(
        cls, outcome: NDArray[np.float64], probability: NDArray[np.float64], weight: Reals | None = None
    ) -> "Sample":
        """Sort outcomes and probabilities; without weights every row counts once."""
        order = np.argsort(probability, kind="stable")
        risen = probability[order]
        ties = np.flatnonzero(np.diff(risen, prepend=-1.0) > 0)
        counted = np.ones(len(order)) if weight is None else weight
        return cls(outcome[order].astype(np.float64), risen, counted[order], order, ties)

    @property
    def bad(self) -> float:
        """Give the weight of the defaults."""
        return float(self.weight @ self.outcome)

    @property
    def good(self) -> float:
        """Give the weight of the others."""
        return float(self.weight.sum()) - self.bad

    @property
    def has_both(self) -> bool:
        """Tell whether there are both outcomes, without which nothing can be told apart."""
        return self.bad > 0 and self.good > 0

    def tied(self) -> tuple[Reals, Reals]:
        """Give the weight of defaults and of others at each distinct probability, rising."""
        bad: Reals = np.add.reduceat(self.weight * self.outcome, self.ties)
        all_rows: Reals = np.add.reduceat(self.weight, self.ties)
        return bad, all_rows - bad


def auc(sample: Sample) -> float:
    """Give the chance that a default has a higher probability than a non-default; a tie counts half (Mann-Whitney)."""
    bad, good = sample.tied()
    return float(bad @ (np.cumsum(good) - good / 2) / (sample.bad * sample.good))


def gini(sample: Sample) -> float:
    """Give 2 AUC - 1."""
    return 2 * auc(sample) - 1


def ks(sample: Sample) -> float:
    """Give the largest distance between the distributions of defaults and of others (Kolmogorov-Smirnov)."""
    bad, good = sample.tied()
    return float(np.abs(np.cumsum(bad) / sample.bad - np.cumsum(good) / sample.good).max())


def pr_auc(sample: Sample) -> float:
    """Give the average precision: precision at each cut, weighted by the recall that the cut adds."""
    bad, good = (values[::-1] for values in sample.tied())
    caught = np.cumsum(bad)
    flagged = caught + np.cumsum(good)
    precision = np.divide(caught, flagged, out=np.zeros_like(caught), where=flagged > 0)
    return float(precision @ bad / sample.bad)


def h_measure(sample: Sample) -> float:
    """Give the H-measure over the costs of Hand and Anagnostopoulos (2014), whose mode is the default rate."""
    return _h_measure(*sample.tied())


def captured_at(sample: Sample, share: float) -> float:
    """Give the share of all defaults among the riskiest share of the rows; ties at the cut count in proportion."""
    bad, good = (values[::-1] for values in sample.tied())
    rows = bad + good
    room = share * rows.sum() - (np.cumsum(rows) - rows)
    inside = np.clip(np.divide(room, rows, out=np.zeros_like(rows), where=rows > 0), 0, 1)
    return float(inside @ bad / sample.bad)


def lift_at(sample: Sample, share: float) -> float:
    """Give how many times the whole's default rate the riskiest share of the rows has."""
    return captured_at(sample, share) / share


def brier(sample: Sample) -> float:
    """Give the mean squared distance of probability and outcome."""
    return float(np.average((sample.probability - sample.outcome) ** 2, weights=sample.weight))


def log_loss(sample: Sample) -> float:
    """Give the mean negative log-likelihood of the outcomes."""
    return _log_loss(sample.outcome, sample.probability, sample.weight)


def _bins(sample: Sample, count: int) -> NDArray[np.int64]:
    middle = (np.cumsum(sample.weight) - sample.weight / 2) / sample.weight.sum()
    found: NDArray[np.int64] = np.minimum((middle * count).astype(np.int64), count - 1)
    return found


def wilson(defaults: float, rows: float, level: float = 0.95) -> tuple[float, float]:
    """Give the interval of a default rate (Wilson, Journal of the American Statistical Association 22, 1927).

    >>> [round(end, 4) for end in wilson(5, 100)]
    [0.0215, 0.1118]
    """
    rate, width = defaults / rows, float(ndtri((1 + level) / 2)) ** 2 / rows
    middle = (rate + width / 2) / (1 + width)
    reach = (rate * (1 - rate) * width + width**2 / 4) ** 0.5 / (1 + width)
    return middle - reach, middle + reach


def calibration_table(sample: Sample, count: int = BINS) -> pd.DataFrame:
    """Give rows, predicted and observed default rate of equal-count bins by probability, lowest first."""
    bins = _bins(sample, count)
    rows = np.bincount(bins, weights=sample.weight, minlength=count)
    bad = np.bincount(bins, weights=sample.weight * sample.outcome, minlength=count)
    predicted = np.bincount(bins, weights=sample.weight * sample.probability, minlength=count)
    kept = rows > 0
    return pd.DataFrame(
        {
            "bin": np.arange(1, count + 1)[kept],
            "row_count": rows[kept],
            "default_count": bad[kept],
            "predicted_rate": predicted[kept] / rows[kept],
            "observed_rate": bad[kept] / rows[kept],
        }
    )


def calibration_error(sample: Sample) -> float:
    """Give the mean distance of predicted and observed default rate over ten equal-count bins, weighted by rows."""
    table = calibration_table(sample)
    return float(np.average((table["predicted_rate"] - table["observed_rate"]).abs(), weights=table["row_count"]))


def calibration_noise(sample: Sample, replicates: int = 200, seed: int = 1, level: float = 0.95) -> float:
    """Give the calibration error that a perfectly calibrated model stays under in 95 of 100 samples of these rows.

    Outcomes are drawn from the probabilities themselves, each row by itself.
    """
    draw = np.random.default_rng(seed)
    drawn = (draw.random(len(sample.probability)) < sample.probability for _ in range(replicates))
    errors = [calibration_error(replace(sample, outcome=outcome.astype(np.float64))) for outcome in drawn]
    return float(np.quantile(errors, level))


def calibration_line(sample: Sample) -> tuple[float, float]:
    """Give intercept and slope of the outcomes' logistic regression on the predicted log-odds; 0 and 1 are perfect."""
    odds = logit(np.clip(sample.probability, FARTHEST, 1 - FARTHEST))
    return fit_line(odds, sample.outcome, sample.weight)


METRICS: Mapping[str, Callable[[Sample], float]] = {
    "auc": auc,
    "gini": gini,
    "ks": ks,
    "pr_auc": pr_auc,
    "h_measure": h_measure,
    "captured_top_05": lambda sample: captured_at(sample, 0.05),
    "captured_top_10": lambda sample: captured_at(sample, 0.10),
    "captured_top_20": lambda sample: captured_at(sample, 0.20),
    "lift_top_10": lambda sample: lift_at(sample, 0.10),
    "brier": brier,
    "log_loss": log_loss,
    "calibration_error": calibration_error,
    "calibration_intercept": lambda sample: calibration_line(sample)[0],
    "calibration_slope": lambda sample: calibration_line(sample)[1],
    "observed_rate": lambda sample: float(np.average(sample.outcome, weights=sample.weight)),
    "predicted_rate": lambda sample: float(np.average(sample.probability, weights=sample.weight)),
}
NEED_BOTH = frozenset(METRICS) - {
    "brier",
    "log_loss",
    "calibration_error",
    "observed_rate",
    "predicted_rate",
}


def measure(sample: Sample) -> dict[str, float]:
    """Give every metric that these outcomes allow: with one outcome only, those that need both are left out."""
    return {name: metric(sample) for name, metric in METRICS.items() if sample.has_both or name not in NEED_BOTH}


def interval(
    metric: Callable[[Sample], float],
    sample: Sample,
    groups: NDArray[np.object_],
    *,
    replicates: int,
    seed: int,
    level: float = 0.95,
) -> tuple[float, float] | None:
    """Give a bootstrap percentile interval, resampling whole groups (borrowers) with replacement.

    Args:
        metric: What to measure.
        sample: On which rows.
        groups: Group of each row, in the order in which the rows were given to `Sample.of`.
        replicates: How many resamples; those without both outcomes are left out.
        seed: Of the resampling.
        level: Share of resamples within the interval.

    Returns:
        The interval, or None where no resample can be measured.
    """
    _, place = np.unique(groups.astype(str), return_inverse=True)
    place = place[sample.order]
    count = int(place.max()) + 1 if len(place) else 0
    draw = np.random.default_rng(seed)
    found = []
    for _ in range(replicates):
        times = np.bincount(draw.integers(0, count, count), minlength=count)
        resample = replace(sample, weight=sample.weight * times[place])
        if resample.has_both:
            found.append(metric(resample))
    if not found:
        return None
    low, high = np.quantile(found, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def lift_table(sample: Sample, count: int = BINS) -> pd.DataFrame:
    """Give, from the riskiest bin down, observed rate, lift over the whole and share of all defaults caught so far."""
    table = calibration_table(sample, count).iloc[::-1].reset_index(drop=True)
    whole = table["default_count"].sum() / table["row_count"].sum()
    table["lift"] = table["observed_rate"] / whole
    table["captured_share"] = table["default_count"].cumsum() / table["default_count"].sum()
    return table


def by_part(part: Sequence[object] | NDArray[np.generic], sample: Sample, name: str) -> pd.DataFrame:
    """Measure each part of the rows (a month, a grade) by itself; `part` is in the order given to `Sample.of`."""
    parts = np.asarray(part)[sample.order]
    found = []
    for value in np.unique(parts):
        inside = parts == value
        inner = Sample.of(sample.outcome[inside], sample.probability[inside], sample.weight[inside])
        rows = float(inner.weight.sum())
        found.append({name: value, "row_count": rows, "default_count": inner.bad, **measure(inner)})
    return pd.DataFrame(found)
