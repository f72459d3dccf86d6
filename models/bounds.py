"""How high the default rate of a grade may truly be: the upper end of a one-sided 95 % interval.

Clopper and Pearson's exact bound (1934) for a binomial rate, on as many rows as the rows are worth: defaults of one
borrower come together, so the rows of a grade are divided by their design effect (Kish 1965), the variance of the
borrowers' summed misses over that of independent rows, at least 1. Of the grade's own effect, which is its true one but
uncertain, and that of all grades together, the larger counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit
from scipy.stats import beta

from models.grade import Scale
from models.rows import Rows

Reals = NDArray[np.float64]

LEVEL = 0.95
LEAST_MEAN = 1e-6


@dataclass(frozen=True, slots=True)
class GradeBound:
    """What held-out rows say of a grade.

    Args:
        mean: Mean predicted probability; of a grade without rows where its band begins.
        upper: Upper bound of the true rate.
    """

    mean: float
    upper: float


def grade_bounds(scale: Scale, probability: Reals, rows: Rows) -> dict[str, GradeBound]:
    """Give the upper bound of each grade's default rate, from rows that were held out when they were scored.

    A grade without rows takes the bound of all worse grades together (the most prudent estimate of Pluto and Tasche
    2005, who hold that worse grades default no less), and 1 where there are none.
    """
    grade = scale.grade(probability)
    pooled = _effect(probability, rows, grade)
    found: dict[str, GradeBound] = {}
    for name, begin in zip(scale.grades, (0.0, *scale.below), strict=False):
        inside = grade == name
        mean = float(np.average(probability[inside], weights=rows.weight[inside])) if inside.any() else begin
        if not inside.any():
            inside = np.isin(grade, scale.grades[scale.grades.index(name) :])
        within = rows.where(inside)
        effect = max(pooled, _effect(probability[inside], within, grade[inside]))
        upper = upper_bound(float(within.weight @ within.outcome), float(within.weight.sum()), effect)
        found[name] = GradeBound(max(mean, LEAST_MEAN), upper)
    return found


def upper_probability(probability: Reals, grade: NDArray[np.object_], bounds: Mapping[str, GradeBound]) -> Reals:
    """Give each receivable's upper bound: its log-odds raised as far as its grade's bound lies above the grade's mean.

    Never below the probability itself.
    """
    lift = {name: float(logit(bound.upper) - logit(bound.mean)) for name, bound in bounds.items()}
    raised: Reals = expit(logit(probability) + np.array([lift[name] for name in grade], dtype=np.float64))
    return np.maximum(probability, raised)


def upper_bound(defaults: float, rows: float, effect: float = 1.0, level: float = LEVEL) -> float:
    """Give the rate that, if true, would show so few defaults with a chance of `1 - level` only.

    >>> round(upper_bound(0, 100), 4), round(upper_bound(5, 100), 4), upper_bound(0, 0)
    (0.0295, 0.1023, 1.0)
    """
    if rows <= 0 or defaults >= rows:
        return 1.0
    return float(beta.ppf(level, defaults / effect + 1, (rows - defaults) / effect))


def _effect(probability: Reals, rows: Rows, grade: NDArray[np.object_]) -> float:
    return design_effect(rows.outcome - probability, rows.weight, probability, rows.borrowers, grade)


def design_effect(
    miss: Reals, weight: Reals, probability: Reals, borrowers: NDArray[np.object_], grade: NDArray[np.object_]
) -> float:
    """Give how many rows are worth one independent row: 1 where borrowers have one row each, or default alone.

    Sums are by borrower and grade: what a borrower has in another grade tells of that grade.
    """
    _, place = np.unique([f"{one}\t{other}" for one, other in zip(borrowers, grade, strict=True)], return_inverse=True)
    together = np.bincount(place, weight * miss)
    alone = float((weight**2 * probability * (1 - probability)).sum())
    return max(1.0, float((together**2).sum()) / max(alone, 1e-300))
