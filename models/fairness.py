"""Fairness figures: how a cut on the default probability treats groups that the model must not tell apart.

They are measured where a protected attribute is mapped; the model never sees it.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.evaluate import Sample, by_part

NOT_RECORDED = "not recorded"


def by_group(group: Sequence[object] | NDArray[np.generic], sample: Sample, cut: float) -> pd.DataFrame:
    """Give each group's approvals, ranking and calibration beside each other; approved is a probability below the cut.

    - `approval_ratio`: approval rate over that of the group approved most; under 0.8 is held to be adverse impact by
      the four-fifths rule (US Uniform Guidelines on Employee Selection Procedures, 29 CFR 1607.4, 1978).
    - `equal_opportunity_difference`: share approved of those who did not default, less that of the group approved most
      (Hardt, Price and Srebro, Equality of Opportunity in Supervised Learning, 2016). None where nobody was good.
    - `auc`, `calibration_error`, `observed_rate`, `predicted_rate` of the group by itself.

    Args:
        group: Group of each row, in the order given to `Sample.of`; None and NaN are a group of their own.
        sample: Outcomes and probabilities.
        cut: Probability from which on a receivable is refused.
    """
    named = np.array([NOT_RECORDED if pd.isna(one) else str(one) for one in np.asarray(group, dtype=object)], object)
    found = by_part(named, sample, "group")
    for column in ("auc", "calibration_error"):
        found[column] = found.get(column, np.nan)
    here = named[sample.order]
    approved = sample.probability < cut
    rates = [_rates(sample, approved, here == one) for one in found["group"]]
    found["approval_rate"] = [one[0] for one in rates]
    found["good_approval_rate"] = [one[1] for one in rates]
    most = found.loc[found["approval_rate"].idxmax()]
    whole = most["approval_rate"] if most["approval_rate"] > 0 else np.nan
    found["approval_ratio"] = found["approval_rate"] / whole
    found["equal_opportunity_difference"] = found["good_approval_rate"] - most["good_approval_rate"]
    return found[list(COLUMNS)]


COLUMNS = (
    "group",
    "row_count",
    "default_count",
    "observed_rate",
    "predicted_rate",
    "calibration_error",
    "auc",
    "approval_rate",
    "approval_ratio",
    "good_approval_rate",
    "equal_opportunity_difference",
)


def _rates(sample: Sample, approved: NDArray[np.bool_], inside: NDArray[np.bool_]) -> tuple[float, float]:
    weight = sample.weight * inside
    good = weight * (1 - sample.outcome)
    share = float(weight @ approved) / float(weight.sum())
    return share, float(good @ approved) / float(good.sum()) if good.sum() > 0 else float("nan")
