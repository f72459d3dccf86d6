"""The points table: a scorecard as plain numbers, that a person can add up and a file can hold.

Every value of a feature falls into one bin, every bin has points, and the points of a receivable are added up. Points
are in hundredths, and what a receivable scores is worked out from the points alone: adding them up by hand gives the
number that the machine gives. More points are safer: `points_to_double` more of them double the odds of not defaulting.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemas.errors import ModelError
from schemas.hashing import canonical_json

Reals = NDArray[np.float64]

FORMAT = 1
HUNDREDTHS = 100


@dataclass(frozen=True, slots=True)
class BinnedFeature:
    """The bins of one feature.

    Args:
        name: The feature.
        cuts: Where the next bin begins, rising, the first bin from minus infinity; empty for a category.
        bins: For a category the bin of each code, in the order of the card's categories; else empty.
        points: Hundredths of a point of each bin.
        missing: Hundredths of a point where the value is not known, or is a code that training never saw.
        mean: Mean points of the training rows, in hundredths: what contributions are counted from.
    """

    name: str
    cuts: tuple[float, ...]
    bins: tuple[int, ...]
    points: tuple[int, ...]
    missing: int
    mean: float

    def scored(self, values: Reals) -> Reals:
        """Give the hundredths of a point of each value; NaN is not known."""
        known = np.isfinite(values)
        place = np.zeros(len(values), dtype=np.int64)
        if self.bins:
            known &= (values >= 0) & (values < len(self.bins))
            place[known] = np.asarray(self.bins)[values[known].astype(np.int64)]
        else:
            place[known] = np.searchsorted(self.cuts, values[known], side="right")
        known &= place >= 0
        return np.where(known, np.asarray(self.points, dtype=np.float64)[place], float(self.missing))


@dataclass(frozen=True, slots=True)
class PointsTable:
    """A scorecard.

    Args:
        features: Its features with their bins.
        base_points: Points of a receivable of the base odds.
        base_odds: Odds of not defaulting at the base points.
        points_to_double: Points that double the odds.
    """

    features: tuple[BinnedFeature, ...]
    base_points: float
    base_odds: float
    points_to_double: float

    @property
    def factor(self) -> float:
        """Give the points of one unit of log-odds."""
        return self.points_to_double / float(np.log(2))

    def points(self, matrix: Reals, columns: Mapping[str, int]) -> Reals:
        """Give the points of each row, two decimals.

        Args:
            matrix: Rows of features; a category's code, NaN for missing.
            columns: Where each feature stands.
        """
        total = np.zeros(len(matrix))
        for each in self.features:
            total += each.scored(matrix[:, columns[each.name]])
        return total / HUNDREDTHS

    def score(self, matrix: Reals, columns: Mapping[str, int]) -> Reals:
        """Give the log-odds of default of each row: what the points say."""
        return self.log_odds(self.points(matrix, columns))

    def log_odds(self, points: Reals) -> Reals:
        """Give the log-odds of default of points."""
        found: Reals = (self.base_points - points) / self.factor - np.log(self.base_odds)
        return found

    def contributions(self, matrix: Reals, columns: Mapping[str, int]) -> Reals:
        """Give what each column of the matrix adds to the score, counted from the mean training row; last, the rest.

        The rest is the score of the mean training row, so that a line adds up to the score.
        """
        found = np.zeros((len(matrix), len(columns) + 1))
        mean = 0.0
        for each in self.features:
            place = columns[each.name]
            found[:, place] = (each.mean - each.scored(matrix[:, place])) / HUNDREDTHS / self.factor
            mean += each.mean / HUNDREDTHS
        found[:, -1] = self.log_odds(np.array([mean]))[0]
        return found

    def to_text(self) -> str:
        """Write the table as canonical JSON."""
        return canonical_json({"format": FORMAT, **asdict(self)}) + "\n"

    @classmethod
    def from_text(cls, text: str) -> "PointsTable":
        """Read a table back, number for number.

        Raises:
            ModelError: The text is not such a table.
        """
        try:
            return _table(json.loads(text))
        except (ValueError, KeyError, TypeError) as error:
            raise ModelError(f"a points table: {error!r}", f"a points table of format {FORMAT}") from error


def _table(told: dict[str, Any]) -> PointsTable:
    if told.pop("format") != FORMAT:
        raise ValueError("another format")
    features = tuple(_feature(each) for each in told.pop("features"))
    return PointsTable(features, **told)


def _feature(told: dict[str, Any]) -> BinnedFeature:
    lists: dict[str, Any] = {name: tuple(told.pop(name)) for name in ("cuts", "bins", "points")}
    found = BinnedFeature(**lists, **told)
    places = range(len(found.points))
    if list(found.cuts) != sorted(set(found.cuts)) or any(each not in places and each != -1 for each in found.bins):
        raise ValueError(f"bins of {found.name}")
    if not found.bins and len(found.points) != len(found.cuts) + 1:
        raise ValueError(f"{len(found.points)} points for {len(found.cuts) + 1} bins of {found.name}")
    return found
