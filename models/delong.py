"""Is one model better than another on the same rows? The DeLong test, with borrowers as the independent units."""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from schemas.errors import ModelError

Reals = NDArray[np.float64]
Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class AucDifference:
    """Two AUCs on the same rows and how far apart they are.

    Args:
        first: AUC of the first model.
        second: AUC of the second.
        difference: second - first.
        standard_error: Of the difference.
        low: Lower end of its interval.
        high: Upper end.
        p_value: Two-sided: chance of so large a difference if there were none.
    """

    first: float
    second: float
    difference: float
    standard_error: float
    low: float
    high: float
    p_value: float


def influence(outcome: Reals, probability: Reals, weight: Reals) -> tuple[float, Reals]:
    """Give the AUC and how far each row moves it: DeLong's structural components, centred, as a share of their side.

    A default's component is the share of non-defaults below it, a non-default's the share of defaults above it; a tie
    counts half. One sorting finds all of them, as midranks do (Sun and Xu, IEEE Signal Processing Letters 21, 2014).
    """
    bad_weight, good_weight = weight * outcome, weight * (1 - outcome)
    levels, place = np.unique(probability, return_inverse=True)
    bad = np.bincount(place, weights=bad_weight, minlength=len(levels))
    good = np.bincount(place, weights=good_weight, minlength=len(levels))
    all_bad, all_good = bad.sum(), good.sum()
    if all_bad == 0 or all_good == 0:
        raise ModelError(f"{all_bad:g} defaults among {all_bad + all_good:g} rows", "both outcomes, to compare AUCs")
    good_below = ((np.cumsum(good) - good / 2) / all_good)[place]
    bad_above = (1 - (np.cumsum(bad) - bad / 2) / all_bad)[place]
    found = float(bad_weight @ good_below / all_bad)
    return found, bad_weight * (good_below - found) / all_bad + good_weight * (bad_above - found) / all_good


def _variance(moves: Reals, outcome: Reals, group: Places) -> float:
    """Sum squares over groups, each side and their product with its own small-sample factor I / (I - 1)."""
    count = int(group.max()) + 1
    parts, seen = [], []
    for side in (outcome > 0, outcome <= 0):
        parts.append(np.bincount(group[side], weights=moves[side], minlength=count))
        seen.append(len(np.unique(group[side])))
    bad, good = parts
    either = len(np.unique(group))
    products = (float(bad @ bad), float(good @ good), 2 * float(bad @ good))
    sizes = (seen[0], seen[1], either)
    return sum(product * size / max(size - 1, 1) for product, size in zip(products, sizes, strict=True))


def delong(
    outcome: Reals,
    probabilities: tuple[Reals, Reals],
    *,
    weight: Reals | None = None,
    groups: NDArray[np.object_] | None = None,
    level: float = 0.95,
) -> AucDifference:
    """Compare two models' AUCs on the same rows.

    Without groups every row stands for itself: DeLong, DeLong and Clarke-Pearson, Biometrics 44 (1988). With groups
    (borrowers), whose rows go together, the components are summed by group first: Obuchowski, Biometrics 53 (1997).
    The difference is taken as normal. A weighted row is one draw that stands for several rows, not several draws.

    Args:
        outcome: 1 for a default, 0 for none.
        probabilities: What the first and the second model said of each row.
        weight: How many rows each stands for.
        groups: Group of each row.
        level: Of the interval.

    Raises:
        ModelError: Only one outcome is there.
    """
    counted = np.ones(len(outcome)) if weight is None else weight
    kept = counted > 0
    outcome, counted = outcome[kept].astype(np.float64), counted[kept]
    (first, one), (second, other) = (influence(outcome, each[kept], counted) for each in probabilities)
    names = np.arange(len(outcome)) if groups is None else groups[kept].astype(str)
    place: Places = np.unique(names, return_inverse=True)[1]
    error = sqrt(max(_variance(other - one, outcome, place), 0.0))
    apart = second - first
    half = float(norm.ppf((1 + level) / 2)) * error
    return AucDifference(first, second, apart, error, apart - half, apart + half, _two_sided(apart, error))


def _two_sided(apart: float, error: float) -> float:
    """Give the chance of so large a difference; without any spread it is 1 for none and 0 for some."""
    return float(2 * norm.sf(abs(apart) / error)) if error > 0 else float(apart == 0)
