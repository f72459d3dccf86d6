"""Two versions on the same rows: who ranks better, who is better calibrated, how far their probabilities differ."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.delong import AucDifference, delong
from models.evaluate import Sample, measure
from models.grade import Scale
from models.rows import WEIGHT
from models.stability import Shift, shift
from schemas.errors import ModelError

Reals = NDArray[np.float64]

COMPARED: tuple[str, ...] = ("auc", "gini", "ks", "h_measure", "captured_top_10", "pr_auc", "brier", "log_loss")
COMPARED += ("calibration_error", "calibration_slope", "calibration_intercept", "predicted_rate", "observed_rate")


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two models said of the same rows.

    Args:
        first: Version of the first model.
        second: Version of the second.
        rows: Rows that both were asked about, neither having learned from them.
        borrowers: Of those.
        defaults: Of those.
        source: Where both models' words come from.
        auc: DeLong's test by borrower; the difference is second - first.
        metrics: Each metric of both, by name.
        shift: How far the second's probabilities lie from the first's.
        grades: Rows by the first model's grade (down) and the second's (across).
    """

    first: str
    second: str
    rows: int
    borrowers: int
    defaults: int
    source: str
    auc: AucDifference
    metrics: dict[str, tuple[float, float]]
    shift: Shift
    grades: dict[str, dict[str, int]]

    def told(self) -> dict[str, Any]:
        """Give it as plain values."""
        return asdict(self)


def compare(rows: pd.DataFrame, versions: tuple[str, str], scale: Scale, source: str) -> Comparison:
    """Compare two versions on rows that both were asked about.

    Args:
        rows: borrower_id, is_default, first, second: the probability that each version gave; and weight, how many rows
            each stands for (one without it).
        versions: The versions' numbers.
        scale: By which both are graded.
        source: Where the probabilities come from, in words.

    Raises:
        ModelError: Not both outcomes are among the rows.
    """
    outcome = rows["is_default"].to_numpy(dtype=np.float64)
    if len(np.unique(outcome)) < 2:
        raise ModelError(
            f"{len(rows)} common rows of versions {versions[0]} and {versions[1]} with {int(outcome.sum())} defaults",
            "rows of both outcomes that neither version learned from",
            "train both on days that leave common test rows",
        )
    said: tuple[Reals, Reals] = (rows["first"].to_numpy(np.float64), rows["second"].to_numpy(np.float64))
    who = rows["borrower_id"].to_numpy(dtype=object)
    weight = rows[WEIGHT].to_numpy(np.float64) if WEIGHT in rows else np.ones(len(rows))
    one, other = (measure(Sample.of(outcome, each, weight)) for each in said)
    grades = [scale.grade(each) for each in said]
    moved = pd.crosstab(pd.Series(grades[0]), pd.Series(grades[1]))
    return Comparison(
        first=versions[0],
        second=versions[1],
        rows=len(rows),
        borrowers=len(set(who)),
        defaults=int(outcome.sum()),
        source=source,
        auc=delong(outcome, said, weight=weight, groups=who),
        metrics={name: (one[name], other[name]) for name in COMPARED},
        shift=shift(said[0], said[1], (who, who), weights=(weight, weight)),
        grades={str(a): {str(b): int(moved.loc[a, b]) for b in moved.columns} for a in moved.index},
    )
