"""Calibration: from a booster's score, in log-odds, to a probability that means what it says.

One formula serves every method: `log-odds = intercept + slope * score + lean * tail(score) + shift(score)`. The shift
is read from a table by linear interpolation and is constant beyond its ends; `tail` is the sum of the logs of the
score's probability and its complement.

*Sigmoid* (Platt 1999, with his smoothed targets) has neither lean nor table. *Beta* (Kull and others 2017) is
`a ln s - b ln(1 - s) + c` with a and b not negative: a slope of (a + b) / 2 and a lean of (a - b) / 2. *Isotonic* has
intercept 0, slope 1 and a table whose points are the centres of the pooled blocks, so that it rises between them and
does not stand still: two receivables with different scores keep different probabilities.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit, logit
from sklearn.isotonic import isotonic_regression

from models.regress import regressed

Reals = NDArray[np.float64]
Method = Literal["isotonic", "sigmoid", "beta"]
METHODS: tuple[Method, ...] = ("sigmoid", "beta", "isotonic")

MOST_POINTS = 100
FEWEST_ROWS_PER_POINT = 100
MOST_SHIFT = 30.0
NEWTON_STEPS = 50
CLOSE_ENOUGH = 1e-10


@dataclass(frozen=True, slots=True)
class Calibration:
    """A fitted calibration as plain numbers.

    Args:
        method: How it was fitted.
        intercept: Log-odds at score 0, before the shift.
        slope: Log-odds per unit of score.
        scores: Points of the table, rising; empty but for isotonic.
        shifts: Log-odds to add at those points.
        lean: Log-odds per unit of the tail; 0 but for beta.
    """

    method: Method
    intercept: float
    slope: float
    scores: tuple[float, ...] = ()
    shifts: tuple[float, ...] = ()
    lean: float = 0.0

    def probability(self, score: Reals) -> Reals:
        """Give the default probability of each score. The only place where a score becomes a probability."""
        shift = np.interp(score, self.scores, self.shifts) if self.scores else 0.0
        line = self.intercept + self.slope * score + shift
        found: Reals = expit(line + self.lean * tail(score) if self.lean else line)
        return found

    def anchored(self, score: Reals, weight: Reals, rate: float) -> "Calibration":
        """Give the calibration whose mean probability of some scores is a given rate: all log-odds shifted alike."""
        odds = logit(self.probability(score))

        def excess(shift: float) -> float:
            return float(np.average(expit(odds + shift), weights=weight)) - rate

        return replace(self, intercept=self.intercept + float(brentq(excess, -MOST_SHIFT, MOST_SHIFT, xtol=1e-12)))


def tail(score: Reals) -> Reals:
    """Give ln s + ln(1 - s) of the score's probability s: 0 never, and lower the further the score lies from 0."""
    found: Reals = -np.logaddexp(0, score) - np.logaddexp(0, -score)
    return found


def log_loss(outcome: Reals, probability: Reals, weight: Reals) -> float:
    """Give the mean negative log-likelihood of the outcomes; probabilities are kept 1e-15 away from 0 and 1."""
    kept = np.clip(probability, 1e-15, 1 - 1e-15)
    return float(-np.average(outcome * np.log(kept) + (1 - outcome) * np.log1p(-kept), weights=weight))


def fit_line(score: Reals, target: Reals, weight: Reals) -> tuple[float, float]:
    """Give intercept and slope of the logistic regression of a target (0 to 1) on one score, by Newton's method."""
    design = np.column_stack([np.ones_like(score), score])
    line = np.array([float(logit(np.average(target, weights=weight))), 0.0])
    for _ in range(NEWTON_STEPS):
        fitted = expit(design @ line)
        slope = design.T @ (weight * (target - fitted))
        curve = (design * (weight * fitted * (1 - fitted))[:, None]).T @ design + 1e-9 * np.eye(2)
        step = np.clip(np.linalg.solve(curve, slope), -5, 5)
        line = line + step
        if np.abs(step).max() < CLOSE_ENOUGH:
            break
    return float(line[0]), float(line[1])


def _sigmoid(score: Reals, outcome: Reals, weight: Reals) -> Calibration:
    bad, good = float(weight @ outcome), float(weight @ (1 - outcome))
    target = np.where(outcome > 0, (bad + 1) / (bad + 2), 1 / (good + 2))
    intercept, slope = fit_line(score, target, weight)
    if slope > 0:
        return Calibration("sigmoid", intercept, slope)
    return Calibration("sigmoid", float(logit((bad + 1) / (bad + good + 2))), 0.0)


def _sums(values: Reals, starts: NDArray[np.intp]) -> Reals:
    found: Reals = np.add.reduceat(values, starts)
    return found


def _isotonic(score: Reals, outcome: Reals, weight: Reals) -> Calibration:
    order = np.argsort(score, kind="stable")
    score, bad, weight = score[order], (outcome * weight)[order], weight[order]
    points = max(1, min(MOST_POINTS, len(score) // FEWEST_ROWS_PER_POINT))
    starts = np.unique(np.searchsorted(score, score[np.linspace(0, len(score), points, endpoint=False).astype(int)]))
    rows, bads, centres = _sums(weight, starts), _sums(bad, starts), _sums(score * weight, starts)
    pooled = isotonic_regression(bads / rows, sample_weight=rows)
    blocks = np.flatnonzero(np.diff(pooled, prepend=-1.0) > 0)
    rows, bads, centres = _sums(rows, blocks), _sums(bads, blocks), _sums(centres, blocks)
    base = bad.sum() / weight.sum()
    rate = np.maximum.accumulate((bads + base) / (rows + 1))
    places = centres / rows
    return Calibration("isotonic", 0.0, 1.0, tuple(places.tolist()), tuple((logit(rate) - places).tolist()))


def _beta(score: Reals, outcome: Reals, weight: Reals) -> Calibration:
    log_bad, log_good = -np.logaddexp(0, -score), np.logaddexp(0, score)
    intercept, (first, second) = regressed(np.column_stack([log_bad, log_good]), outcome, weight, ridge=1.0)
    return Calibration("beta", intercept, (first + second) / 2, lean=(first - second) / 2)


_FITS: dict[Method, Callable[[Reals, Reals, Reals], Calibration]] = {
    "sigmoid": _sigmoid,
    "beta": _beta,
    "isotonic": _isotonic,
}


def calibrate(method: Method, score: Reals, outcome: Reals, weight: Reals) -> Calibration:
    """Fit one method to out-of-fold scores.

    The isotonic table has at most 100 points of at least 100 rows; each block's rate is drawn by one row's worth toward
    the base rate, so that no probability is 0 or 1. Under sigmoid, scores that do not rise with default give everybody
    the base rate.
    """
    return _FITS[method](score, outcome, weight)


def cross_fitted(method: Method, score: Reals, outcome: Reals, weight: Reals, fold: NDArray[np.int64]) -> Reals:
    """Give the probability of each row by a calibration that was fitted to the other folds."""
    found = np.empty_like(score)
    for number in np.unique(fold):
        inside = fold == number
        fitted = calibrate(method, score[~inside], outcome[~inside], weight[~inside])
        found[inside] = fitted.probability(score[inside])
    return found


def choose(
    method: Literal["auto", "isotonic", "sigmoid", "beta"],
    score: Reals,
    outcome: Reals,
    weight: Reals,
    fold: NDArray[np.int64],
) -> tuple[Calibration, Reals]:
    """Fit the method with the lowest cross-fitted log loss; give it with the cross-fitted probabilities.

    A tie goes to sigmoid, the simpler one.
    """
    tried = METHODS if method == "auto" else (method,)
    probabilities = {name: cross_fitted(name, score, outcome, weight, fold) for name in tried}
    best = min(tried, key=lambda name: log_loss(outcome, probabilities[name], weight))
    return calibrate(best, score, outcome, weight), probabilities[best]
