"""How members are weighted against each other: by what they said of rows that they had not seen."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.regress import regressed

Reals = NDArray[np.float64]

LEAST_WEIGHT = 0.02
"""A member of less weight is left out: it would cost more time than it tells."""
RIDGE = 1.0


def weights(scores: Reals, outcome: Reals, weight: Reals) -> Sequence[float]:
    """Give the weight of each member's score, none negative, by logistic regression of the outcome on all of them.

    Args:
        scores: Out-of-fold scores in log-odds, a column a member.
        outcome: 1 default, 0 none.
        weight: How many rows each stands for.
    """
    if scores.shape[1] == 1:
        return [1.0]
    kept = np.ones(scores.shape[1], dtype=np.bool_)
    while True:
        found = np.zeros(scores.shape[1])
        found[kept] = regressed(scores[:, kept], outcome, weight, RIDGE)[1]
        if not found.any():
            return [1.0 / len(found)] * len(found)
        light = kept & (found < LEAST_WEIGHT)
        if not light.any():
            return [float(each) for each in found]
        kept &= ~light
