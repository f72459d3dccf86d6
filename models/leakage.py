"""The leakage audit: signs that a model knew in training what nobody will know when it is used.

A sign is a finding, a row that says what was found, which bound it broke and where to look. It is no error: whoever
promotes the model judges it (`gates`). Bounds are configuration (`training.leakage`).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import lightgbm as lgb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.evaluate import Sample, auc
from models.parameters import LeakageBounds
from models.split import hash_share

Reals = NDArray[np.float64]
Names = NDArray[np.object_]

FindingCode = Literal[
    "AUC_TOO_GOOD",
    "FEATURE_EXPLAINS_ALONE",
    "FEATURE_CARRIES_THE_GAIN",
    "TEST_ROWS_TELL_THEMSELVES_APART",
    "HISTORIES_STILL_GROW",
    "FEATURE_TELLS_THE_CALENDAR",
    "FEATURE_SEES_LATER_DATA",
    "LATER_DATA_CHANGES_THE_ROWS",
]
TOO_GOOD: Final = "AUC_TOO_GOOD"
ALONE: Final = "FEATURE_EXPLAINS_ALONE"
CARRIES: Final = "FEATURE_CARRIES_THE_GAIN"
SEPARABLE: Final = "TEST_ROWS_TELL_THEMSELVES_APART"
GROWING: Final = "HISTORIES_STILL_GROW"
CALENDAR: Final = "FEATURE_TELLS_THE_CALENDAR"
SEES_LATER: Final = "FEATURE_SEES_LATER_DATA"
ROWS_DIFFER: Final = "LATER_DATA_CHANGES_THE_ROWS"

TREES = 40
SHOWN = 5
TELLS = {
    "num_leaves": 8,
    "learning_rate": 0.1,
    "min_data_in_leaf": 20,
    "feature_fraction": 0.5,
    "max_bin": 63,
    "objective": "binary",
    "deterministic": True,
    "force_row_wise": True,
    "seed": 1,
    "verbosity": -1,
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One sign of a leak.

    Args:
        code: Which detector.
        found: What it found, with names and values.
        bound: What it was measured against.
        where: Where to look.
    """

    code: FindingCode
    found: str
    bound: str
    where: str


@dataclass(frozen=True, slots=True)
class Separation:
    """How well test rows can be told from training rows by their features.

    Args:
        auc: Of a small booster told one from the other, on borrowers held out; 0.5 where they look alike.
        features: feature, share of the booster's gain, and AUC of telling them apart by it alone; first ones first.
        alone: feature and that AUC, of every feature, highest first.
        settled_auc: The first AUC without the features that grow with the logs; the same where none does.
    """

    auc: float
    features: pd.DataFrame
    alone: pd.DataFrame
    settled_auc: float


def too_good(discrimination: float, bounds: LeakageBounds, where: str) -> list[Finding]:
    """Find an AUC above what credit scores reach: above 0.90 it is a leak until proven otherwise."""
    if discrimination <= bounds.auc:
        return []
    said = f"AUC {discrimination:.4f} {where}"
    return [Finding(TOO_GOOD, said, f"at most {bounds.auc:g}", "the label's window, and features near its start")]


def single_aucs(features: Reals, outcome: Reals, names: Sequence[str], weight: Reals | None = None) -> pd.DataFrame:
    """Give how well each feature alone ranks the outcome, in whichever direction, highest first.

    A missing value is a value: it stands below all others, or above all, whichever ranks better.
    """
    found = [_alone(features[:, k], outcome, weight) for k in range(len(names))]
    table = pd.DataFrame({"feature": list(names), "auc": found})
    return table.sort_values("auc", ascending=False, kind="stable", ignore_index=True)


def _alone(values: Reals, outcome: Reals, weight: Reals | None) -> float:
    known = np.isfinite(values)
    rank = np.zeros(len(values))
    rank[known] = np.unique(values[known], return_inverse=True)[1] + 1.0
    ways = [rank] if known.all() else [rank, np.where(known, rank, rank.max() + 1)]
    areas = [auc(Sample.of(outcome, way, weight)) for way in ways]
    return max(max(area, 1 - area) for area in areas)


def single_features(singles: pd.DataFrame, importance: pd.DataFrame, bounds: LeakageBounds) -> list[Finding]:
    """Find features that explain too much alone: by their own AUC, or by their share of the booster's gain.

    Args:
        singles: What `single_aucs` gave.
        importance: feature and its share of the gain.
        bounds: What is too much.
    """
    alone = [
        Finding(ALONE, f"{row.feature} alone has AUC {row.auc:.4f}", f"at most {bounds.single_auc:g}", _at(row.feature))
        for row in singles[singles["auc"] > bounds.single_auc].itertuples()
    ]
    carrying = [
        Finding(
            CARRIES,
            f"{row.feature} has {row.gain:.1%} of the gain",
            f"at most {bounds.gain_share:.0%}",
            _at(row.feature),
        )
        for row in importance[importance["gain"] > bounds.gain_share].itertuples()
    ]
    return alone + carrying


def _at(feature: object) -> str:
    return f"poolwright features lineage {feature}"


@dataclass(frozen=True, slots=True)
class Sides:
    """Training rows and test rows beside each other, weighing the same.

    Args:
        rows: Features of both.
        is_test: 0 for a training row, 1 for a test row.
        half: One half of the borrowers.
        weight: How much each row counts.
    """

    rows: Reals
    is_test: Reals
    half: NDArray[np.bool_]
    weight: Reals

    @classmethod
    def of(
        cls,
        sides: tuple[Reals, Reals],
        borrowers: tuple[Names, Names],
        most_rows: int,
        weights: tuple[Reals, Reals] | None = None,
    ) -> "Sides":
        """Lay both sides beside each other.

        Args:
            sides: Features of the training and of the test rows.
            borrowers: Borrower of each.
            most_rows: Rows of each side that are looked at; borrowers are taken in the order of their hash.
            weights: How many rows each row stands for, on either side; one without them.
        """
        taken = [_taken(each, most_rows) for each in borrowers]
        rows = np.concatenate([side[kept] for side, kept in zip(sides, taken, strict=True)])
        is_test = np.repeat([0.0, 1.0], [len(kept) for kept in taken])
        who = np.concatenate([each[kept] for each, kept in zip(borrowers, taken, strict=True)])
        half = np.array([hash_share(str(one), "separation") < 0.5 for one in who])
        stands = [np.ones(len(each)) for each in borrowers] if weights is None else weights
        weight = np.concatenate([_balanced(each[kept], len(rows)) for each, kept in zip(stands, taken, strict=True)])
        return cls(rows, is_test, half, weight)

    def told_apart(self, columns: Sequence[int], threads: int) -> tuple[float, Reals]:
        """Tell one side from the other by some features (adversarial validation); give the AUC and each one's gain.

        A small booster learns from one half of the borrowers and is asked about the other, both ways.
        """
        said, gain = np.full(len(self.rows), 0.5), np.zeros(len(columns))
        for inside in (self.half, ~self.half):
            if not inside.any() or len(np.unique(self.is_test[~inside])) < 2:
                continue
            known = self.rows[~inside][:, columns]
            data = lgb.Dataset(known, self.is_test[~inside], weight=self.weight[~inside], params={**TELLS})
            booster = lgb.train({**TELLS, "num_threads": threads}, data, TREES)
            said[inside] = booster.predict(self.rows[inside][:, columns])
            gain += booster.feature_importance("gain")
        return auc(Sample.of(self.is_test, said, self.weight)), gain


def separation(sides: Sides, names: Sequence[str], growing: Collection[str] = (), threads: int = 1) -> Separation:
    """Tell training rows from test rows, by all features and without those that grow with the logs.

    Args:
        sides: Both.
        names: Of the features.
        growing: Features that look further back than the logs did on the first training day.
        threads: Of the boosters; they change no number.
    """
    every = list(range(len(names)))
    found, gain = sides.told_apart(every, threads)
    settled = [place for place in every if names[place] not in growing]
    without = sides.told_apart(settled, threads)[0] if 0 < len(settled) < len(every) else found
    first = np.argsort(-gain, kind="stable")[:SHOWN]
    first = first[gain[first] > 0]
    table = pd.DataFrame({"feature": [names[k] for k in first], "gain": gain[first] / max(float(gain.sum()), 1e-300)})
    alone = single_aucs(sides.rows, sides.is_test, names, sides.weight)
    return Separation(found, table.merge(alone, on="feature", how="left"), alone, without)


def _balanced(weight: Reals, total: int) -> Reals:
    """Scale the weights of a side so that it weighs as much as the other."""
    found: Reals = total / weight.sum() * weight
    return found


def _taken(borrowers: Names, most_rows: int) -> NDArray[np.intp]:
    if len(borrowers) <= most_rows:
        return np.arange(len(borrowers))
    kept, place = np.unique(borrowers.astype(str), return_inverse=True)
    shares = np.array([hash_share(str(one), "separation rows") for one in kept])
    return np.sort(np.argsort(shares[place], kind="stable")[:most_rows])


def separable(told: Separation, bounds: LeakageBounds) -> list[Finding]:
    """Find features that alone tell test rows from training rows, and test rows that many of them together tell apart.

    The first carry the calendar: their level names the as-of day. The second says that the test judges on another
    population; or only that histories grow, where it takes features that were not full on the first training day.
    """
    clocks = [
        Finding(
            CALENDAR,
            f"{row.feature} alone tells training and test rows apart with AUC {row.auc:.4f}",
            f"at most {bounds.calendar_auc:g}",
            _at(row.feature),
        )
        for row in told.alone[told.alone["auc"] > bounds.calendar_auc].itertuples()
    ]
    if told.auc <= bounds.separation_auc:
        return clocks
    first = ", ".join(f"{row.feature} (alone {row.auc:.2f})" for row in told.features.head(3).itertuples())
    said = f"training and test rows are told apart with AUC {told.auc:.4f}, by {first}"
    bound = f"at most {bounds.separation_auc:g}"
    if told.settled_auc > bounds.separation_auc:
        return [*clocks, Finding(SEPARABLE, said, bound, "features that grow with time")]
    said += f"; {told.settled_auc:.4f} without the features that look further back than the logs did at first"
    return [*clocks, Finding(GROWING, said, bound, "observation.history_days: more logs before the first day")]


def sees_later(whole: pd.DataFrame, hidden: pd.DataFrame, keys: Sequence[str], day: str) -> list[Finding]:
    """Find features of one as-of day whose value changes when the logs from that day on are hidden.

    Args:
        whole: The day's features, computed with all logs there.
        hidden: The same, computed with the later logs hidden.
        keys: Columns that name a row; all others are features. Missing equals missing.
        day: The as-of day, for the words.
    """
    names, one, other = list(keys), whole.set_index(list(keys)), hidden.set_index(list(keys))
    both = one.index.intersection(other.index)
    apart = len(one.index.symmetric_difference(other.index))
    found = []
    if apart or set(one.columns) != set(other.columns):
        odd = sorted(set(one.columns) ^ set(other.columns))
        said = f"{apart} rows and {len(odd)} columns on one side only" + (f": {', '.join(odd[:SHOWN])}" if odd else "")
        found.append(Finding(ROWS_DIFFER, said, f"the same {', '.join(names)} and columns", f"as of {day}"))
    for feature in (name for name in one.columns if name in other.columns):
        before, after = one.loc[both, feature], other.loc[both, feature]
        changed = ~(before.eq(after).fillna(value=False) | (before.isna() & after.isna())).astype(bool)
        if changed.any():
            place = changed.idxmax()
            said = f"{feature} of {int(changed.sum())} rows changes, as {before[place]} to {after[place]} of {place}"
            found.append(Finding(SEES_LATER, said, f"nothing from {day} on is seen", _at(feature)))
    return found
