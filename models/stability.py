"""Stability: how far a score or feature has moved between two samples, in bins that the first one fixed.

The population stability index is the sum over bins of (other share - base share) * ln(other share / base share)
(Lewis, An Introduction to Credit Scoring, 1994; twice the symmetrised Kullback-Leibler divergence of Jeffreys 1946).
Missing is a bin of its own. Half a row is added to every bin, so that an empty one does not make it infinite.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import chi2, norm

Reals = NDArray[np.float64]
Places = NDArray[np.int64]

BINS = 10
HALF_ROW = 0.5
LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Bins:
    """Bins of one value, fixed by the base sample: equal counts where ties allow, and one more for missing.

    Args:
        edges: Where one bin ends and the next begins, rising; a value on an edge is in the upper bin.
    """

    edges: tuple[float, ...]

    @classmethod
    def of(cls, base: Reals, count: int = BINS) -> "Bins":
        """Cut the known values of the base sample into bins of about equal counts."""
        known = base[np.isfinite(base)]
        if not len(known):
            return cls(())
        edges = np.unique(np.quantile(known, np.linspace(0, 1, count + 1)[1:-1], method="inverted_cdf"))
        return cls(tuple(edges[edges > known.min()].tolist()))

    def __len__(self) -> int:
        """Count the bins, that of missing among them."""
        return len(self.edges) + 2

    def place(self, values: Reals) -> Places:
        """Give the bin of each value; missing and infinite ones are in the last."""
        found: Places = np.searchsorted(np.array(self.edges), values, side="right").astype(np.int64)
        found[~np.isfinite(values)] = len(self) - 1
        return found


@dataclass(frozen=True, slots=True)
class Shift:
    """How far a value has moved between two samples.

    Args:
        index: Population stability index. Rule of thumb: under 0.1 fine, over 0.25 act.
        low: Lower end of its 95 % interval, not below 0.
        high: Upper end.
        noise: The index that stays unexceeded in 95 of 100 cases where nothing has moved.
        effect_size: Cohen's w, the root of the sum of (other share - base share)^2 / base share: 0.1 small, 0.3 medium,
            0.5 large, however many rows there are.
        missing_before: Share of missing values in the base sample.
        missing_after: The same in the other sample.
    """

    index: float
    low: float
    high: float
    noise: float
    effect_size: float
    missing_before: float
    missing_after: float


def _shares(place: Places, count: int, used: NDArray[np.bool_]) -> Reals:
    rows = (np.bincount(place, minlength=count) + HALF_ROW)[used]
    found: Reals = np.asarray(rows / rows.sum(), dtype=np.float64)
    return found


def _spread(slope: Reals, place: Places, groups: Places) -> float:
    """Give the variance of a linear figure of bin shares, whose independent units are groups of rows."""
    moves = slope[place] - slope[place].mean()
    sums = np.bincount(groups, weights=moves) / len(place)
    return float(sums @ sums) * len(sums) / max(len(sums) - 1, 1)


def shift(
    base: Reals,
    other: Reals,
    groups: tuple[NDArray[np.generic], NDArray[np.generic]] | None = None,
    bins: Bins | None = None,
    level: float = LEVEL,
) -> Shift:
    """Measure how far a value has moved from the base sample to the other.

    The interval is analytic: the index is linearised in the bin shares (delta method) and the linear figure's variance
    is taken over groups, so that many rows of one borrower are one witness. Where nothing has moved that variance
    vanishes, so `noise` is told beside it: (1/n + 1/m) times the chi-squared point with one degree of freedom less than
    bins, for n and m groups (Yurdakul and Naranjo, Journal of Risk Model Validation 14, 2020).

    Args:
        base: Values that fix the bins; NaN is missing.
        other: Values to compare.
        groups: Borrower of each row, for base and other; without them every row stands for itself.
        bins: Bins that were fixed before; without them those of the base.
        level: Of the interval and of the noise.
    """
    return _moved(base, other, _units(groups, (len(base), len(other))), bins or Bins.of(base), level)


def _moved(base: Reals, other: Reals, units: tuple[Places, Places], cut: Bins, level: float) -> Shift:
    places = (cut.place(base), cut.place(other))
    used = np.bincount(np.concatenate(places), minlength=len(cut)) > 0
    before, after = (_shares(place, len(cut), used) for place in places)
    gap, ratio = after - before, np.log(after / before)
    slopes = [np.zeros(len(cut)), np.zeros(len(cut))]
    slopes[0][used], slopes[1][used] = 1 - ratio - after / before, 1 + ratio - before / after
    spread = sum(_spread(slope, place, unit) for slope, place, unit in zip(slopes, places, units, strict=True))
    index, half = float(gap @ ratio), float(norm.ppf((1 + level) / 2)) * spread**0.5
    witnesses = sum(1 / (int(unit.max()) + 1) for unit in units)
    missing = [float(np.mean(place == len(cut) - 1)) for place in places]
    noise = float(chi2.ppf(level, max(int(used.sum()) - 1, 1))) * witnesses
    effect = float(np.sqrt((gap**2 / before).sum()))
    return Shift(index, max(index - half, 0.0), index + half, noise, effect, missing[0], missing[1])


def _units(
    groups: tuple[NDArray[np.generic], NDArray[np.generic]] | None, rows: tuple[int, int]
) -> tuple[Places, Places]:
    """Number the groups of either sample from 0; without groups every row is one."""
    if groups is None:
        return np.arange(rows[0]), np.arange(rows[1])
    first, second = (np.unique(each.astype(str), return_inverse=True)[1].astype(np.int64) for each in groups)
    return first, second


def population_stability(base: Reals, other: Reals) -> float:
    """Give the population stability index of a score between two samples, over ten equal-count bins of the base."""
    return shift(base, other).index


def feature_shifts(
    base: Reals, other: Reals, names: Sequence[str], groups: tuple[NDArray[np.generic], NDArray[np.generic]]
) -> pd.DataFrame:
    """Give the shift of every feature between two matrices of the same columns, largest first."""
    units = _units(groups, (len(base), len(other)))
    columns = zip(names, base.T, other.T, strict=True)
    found = [
        {"feature": name, **asdict(_moved(before, after, units, Bins.of(before), LEVEL))}
        for name, before, after in columns
    ]
    return pd.DataFrame(found).sort_values("index", ascending=False, kind="stable", ignore_index=True)
