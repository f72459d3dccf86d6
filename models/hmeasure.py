"""The H-measure: how much of the avoidable cost a ranking avoids, over a stated distribution of costs."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc
from sklearn.isotonic import isotonic_regression

Reals = NDArray[np.float64]
Severity = tuple[float, float]


def class_ratio_severity(bad_share: float) -> Severity:
    """Give the Beta distribution of costs whose mode is the default rate: Beta(1 + bad share, 1 + good share).

    Source: Hand and Anagnostopoulos, "A better Beta for the H measure of classification performance", Pattern
    Recognition Letters 40 (2014). Hand's first proposal (Machine Learning 77, 2009) was Beta(2, 2) for every problem.
    """
    return 1 + bad_share, 2 - bad_share


def h_measure(bad: Reals, good: Reals, severity: Severity | None = None) -> float:
    """Give 1 - L / L of knowing nothing: 1 is perfect, 0 tells no more than the default rate does.

    Flagging a good receivable costs c and missing a bad one 1 - c, where c is drawn from Beta(a, b). L is the expected
    cost at the best cut for each c. At cost c the best cut on the convex hull of the ROC curve flags the pools (of
    adjacent violators) whose default rate exceeds c, so with p the pooled rate of a row
    L = mean over rows of: good * integral of c from 0 to p, bad * integral of 1 - c from p to 1, both under Beta(a, b),
    which are incomplete Beta functions. Source: Hand, Machine Learning 77 (2009), eq. 8 to 13.

    Args:
        bad: Weight of the defaults at each distinct probability, rising.
        good: Weight of the others there.
        severity: a and b; without them those of `class_ratio_severity`.
    """
    rows = bad + good
    kept = rows > 0
    bad, good, rows = bad[kept], good[kept], rows[kept]
    base = np.full(1, bad.sum() / rows.sum())
    shape = severity or class_ratio_severity(float(base[0]))
    pooled = isotonic_regression(bad / rows, sample_weight=rows)
    least = _cost(bad, good, pooled, shape)
    return 1 - least / _cost(bad.sum(keepdims=True), good.sum(keepdims=True), base, shape)


def _cost(bad: Reals, good: Reals, rate: Reals, severity: Severity) -> float:
    a, b = severity
    mean = a / (a + b)
    flagged = mean * betainc(a + 1, b, rate)
    missed = (1 - mean) * (1 - betainc(a, b + 1, rate))
    return float(good @ flagged + bad @ missed)
