"""Fitting a scorecard: optimal bins by optbinning, weights of evidence, a logistic regression, points.

Weight of evidence is the log of a bin's odds of default over the odds of all rows (Siddiqi 2006; the sign is that of
risk here). The regression keeps no negative weight: a bin in which more default never has more points than one in which
fewer do. optbinning works at training only; what is kept is a `PointsTable`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.parameters import FeatureNote, ScorecardParameters
from models.points import HUNDREDTHS, BinnedFeature, PointsTable
from models.regress import regressed
from models.rows import Rows
from schemas.errors import ModelError

Reals = NDArray[np.float64]
Counts = NDArray[np.int64]

TRENDS = {1: "ascending", -1: "descending", 0: "auto"}
SMOOTHING = 0.5
MOST_BINNED = 20_000
"""Bins are found on so many rows at most, every so manieth; weights of evidence are of all rows."""


@dataclass(frozen=True, slots=True)
class _Evidence:
    """One feature's bins, with the weight of evidence of each, the missing bin last.

    Args:
        note: The feature.
        cuts: Where the next bin begins, for a number.
        bins: Bin of each code, for a category.
        woe: By bin, the missing one last.
        place: Bin of each training row.
        information: Information value.
    """

    note: FeatureNote
    cuts: tuple[float, ...]
    bins: tuple[int, ...]
    woe: Reals
    place: Counts
    information: float


def fit_scorecard(rows: Rows, parameters: ScorecardParameters) -> PointsTable:
    """Fit a scorecard to labelled rows.

    Raises:
        ModelError: optbinning is not installed, or no feature tells anything.
    """
    found = [_evidence(rows, place) for place in range(len(rows.notes))]
    telling = [each for each in found if each is not None and each.information >= parameters.least_information]
    chosen = sorted(telling, key=lambda each: (-each.information, each.note.name))[: parameters.most_features]
    if not chosen:
        raise ModelError("no feature that tells default from none", "information values above least_information")
    design = np.column_stack([each.woe[each.place] for each in chosen])
    intercept, weights = regressed(design, rows.outcome, rows.weight, parameters.ridge)
    return _table(rows, chosen, intercept, weights, parameters)


def _evidence(rows: Rows, column: int) -> _Evidence | None:
    """Bin one feature; None where it has one value only."""
    note, values = rows.notes[column], rows.features[:, column]
    known = np.isfinite(values)
    if len(np.unique(values[known])) < 2:
        return None
    splits = _splits(note, values[known], rows.outcome[known])
    if note.is_category:
        bins = _bin_of_codes(splits, len(rows.categories[note.name]))
        cuts: tuple[float, ...] = ()
        number = len(splits)
        place = np.where(known, np.asarray(bins)[np.where(known, values, 0).astype(np.int64)], number)
        place = np.where(place < 0, number, place)
    else:
        cuts, bins = tuple(float(each) for each in splits), ()
        number = len(cuts) + 1
        place = np.where(known, np.searchsorted(cuts, np.where(known, values, 0.0), side="right"), number)
    return _weighed(note, cuts, bins, number, place, rows)


def _weighed(
    note: FeatureNote, cuts: tuple[float, ...], bins: tuple[int, ...], number: int, place: Counts, rows: Rows
) -> _Evidence:
    """Give the weight of evidence of each bin; a bin without rows has none."""
    bad = np.bincount(place, rows.weight * rows.outcome, number + 1)
    good = np.bincount(place, rows.weight * (1 - rows.outcome), number + 1)
    rate = bad.sum() / good.sum()
    woe = np.where(bad + good > 0, np.log((bad + SMOOTHING * rate) / (good + SMOOTHING) / rate), 0.0)
    information = float(np.sum((bad / bad.sum() - good / good.sum()) * woe))
    return _Evidence(note, cuts, bins, woe, place.astype(np.int64), information)


def _splits(note: FeatureNote, values: Reals, outcome: Reals) -> Sequence[Any]:
    """Let optbinning find where bins part: numbers, or groups of codes."""
    try:
        from optbinning import OptimalBinning
    except ImportError as error:
        raise ModelError(
            "optbinning is not installed", "a scorecard among the members", "pip install 'poolwright[lab]'"
        ) from error
    step = -(-len(values) // MOST_BINNED)
    kind = {"dtype": "categorical", "cat_cutoff": 0.01} if note.is_category else {"dtype": "numerical"}
    binning = OptimalBinning(note.name, monotonic_trend=None if note.is_category else TRENDS[note.monotone], **kind)
    binning.fit(values[::step].astype(np.int64) if note.is_category else values[::step], outcome[::step].astype(int))
    return list(binning.splits)


def _bin_of_codes(groups: Sequence[Any], codes: int) -> tuple[int, ...]:
    """Give the bin of each code, -1 for one that training never saw."""
    bins = np.full(codes, -1, dtype=np.int64)
    for number, group in enumerate(groups):
        bins[np.asarray(group, dtype=np.int64)] = number
    return tuple(bins.tolist())


def _table(
    rows: Rows, chosen: Sequence[_Evidence], intercept: float, weights: Reals, parameters: ScorecardParameters
) -> PointsTable:
    """Turn weights of evidence into points; the base is spread evenly over the features that have weight."""
    kept = [(each, float(weight)) for each, weight in zip(chosen, weights, strict=True) if weight > 0]
    empty = PointsTable((), parameters.base_points, parameters.base_odds, parameters.points_to_double)
    base = empty.base_points - empty.factor * (intercept + np.log(empty.base_odds))
    share = base / max(len(kept), 1)
    features = []
    for each, weight in kept:
        points = np.round((share - empty.factor * weight * each.woe) * HUNDREDTHS).astype(np.int64)
        mean = float(np.average(points[each.place], weights=rows.weight))
        told = tuple(points[:-1].tolist())
        features.append(BinnedFeature(each.note.name, each.cuts, each.bins, told, int(points[-1]), mean))
    return PointsTable(tuple(features), parameters.base_points, parameters.base_odds, parameters.points_to_double)
