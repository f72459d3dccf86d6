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
Groups = tuple[NDArray[np.generic], NDArray[np.generic]]

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
    def of(cls, base: Reals, count: int = BINS, weight: Reals | None = None) -> "Bins":
        """Cut the known values of the base sample into bins of about equal counts, or of equal weight."""
        held = np.isfinite(base) if weight is None else np.isfinite(base) & (weight > 0)
        if not held.any():
            return cls(())
        order = np.argsort(base[held], kind="stable")
        known = base[held][order]
        reached = np.cumsum(np.ones(len(known)) if weight is None else weight[held][order])
        ends = np.searchsorted(reached, np.linspace(0, 1, count + 1)[1:-1] * reached[-1], side="left")
        edges = np.unique(known[ends])
        return cls(tuple(edges[edges > known[0]].tolist()))

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


@dataclass(frozen=True, slots=True)
class _Side:
    """One of the two samples: its rows that have weight, the group of each, numbered from 0, and their weight."""

    kept: NDArray[np.bool_]
    unit: Places
    weight: Reals

    @classmethod
    def of(cls, rows: int, groups: NDArray[np.generic] | None, weight: Reals | None) -> "_Side":
        """Without groups every row is one; without weights every row counts once."""
        kept = np.ones(rows, bool) if weight is None else weight > 0
        named = np.arange(rows)[kept] if groups is None else groups[kept].astype(str)
        unit = np.unique(named, return_inverse=True)[1].astype(np.int64)
        return cls(kept, unit, np.ones(rows) if weight is None else weight[kept])

    def count(self, place: Places, bins: int) -> Reals:
        found: Reals = np.bincount(place, weights=self.weight, minlength=bins).astype(np.float64)
        return found

    def shares(self, place: Places, bins: int, used: NDArray[np.bool_]) -> Reals:
        rows = (self.count(place, bins) + HALF_ROW)[used]
        found: Reals = rows / rows.sum()
        return found

    def spread(self, slope: Reals, place: Places) -> float:
        """Give the variance of a linear figure of bin shares, whose independent units are groups of rows."""
        moves = slope[place] - np.average(slope[place], weights=self.weight)
        sums = np.bincount(self.unit, weights=self.weight * moves) / self.weight.sum()
        return float(sums @ sums) * len(sums) / max(len(sums) - 1, 1)


def _sides(rows: tuple[int, int], groups: Groups | None, weights: tuple[Reals, Reals] | None) -> tuple[_Side, _Side]:
    names, shares = groups or (None, None), weights or (None, None)
    return _Side.of(rows[0], names[0], shares[0]), _Side.of(rows[1], names[1], shares[1])


def shift(
    base: Reals,
    other: Reals,
    groups: Groups | None = None,
    bins: Bins | None = None,
    level: float = LEVEL,
    weights: tuple[Reals, Reals] | None = None,
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
        weights: How many rows of its group each row stands for, in base and other; one without them.
    """
    cut = bins or Bins.of(base, weight=weights[0] if weights else None)
    return _moved(base, other, _sides((len(base), len(other)), groups, weights), cut, level)


def _moved(base: Reals, other: Reals, sides: tuple[_Side, _Side], cut: Bins, level: float) -> Shift:
    count = len(cut)
    places = (cut.place(base[sides[0].kept]), cut.place(other[sides[1].kept]))
    used = np.bincount(np.concatenate(places), minlength=count) > 0
    before, after = (side.shares(place, count, used) for side, place in zip(sides, places, strict=True))
    gap, ratio = after - before, np.log(after / before)
    slopes = [np.zeros(count), np.zeros(count)]
    slopes[0][used], slopes[1][used] = 1 - ratio - after / before, 1 + ratio - before / after
    spread = sum(side.spread(slope, place) for side, slope, place in zip(sides, slopes, places, strict=True))
    index, half = float(gap @ ratio), float(norm.ppf((1 + level) / 2)) * spread**0.5
    witnesses = sum(1 / (int(side.unit.max()) + 1) for side in sides)
    missing = [
        float(side.count(place, count)[-1] / side.weight.sum()) for side, place in zip(sides, places, strict=True)
    ]
    noise = float(chi2.ppf(level, max(int(used.sum()) - 1, 1))) * witnesses
    effect = float(np.sqrt((gap**2 / before).sum()))
    return Shift(index, max(index - half, 0.0), index + half, noise, effect, missing[0], missing[1])


def population_stability(base: Reals, other: Reals, weights: tuple[Reals, Reals] | None = None) -> float:
    """Give the population stability index of a score between two samples, over ten equal-count bins of the base."""
    return shift(base, other, weights=weights).index


def feature_shifts(
    base: Reals,
    other: Reals,
    names: Sequence[str],
    groups: Groups | None = None,
    weights: tuple[Reals, Reals] | None = None,
) -> pd.DataFrame:
    """Give the shift of every feature between two matrices of the same columns, largest first; the rest as `shift`."""
    sides = _sides((len(base), len(other)), groups, weights)
    weight = weights[0] if weights else None
    columns = zip(names, base.T, other.T, strict=True)
    found = [
        {"feature": name, **asdict(_moved(before, after, sides, Bins.of(before, weight=weight), LEVEL))}
        for name, before, after in columns
    ]
    return pd.DataFrame(found).sort_values("index", ascending=False, kind="stable", ignore_index=True)
