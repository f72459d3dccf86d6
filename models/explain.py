"""Reasons: which features raised a receivable's probability most, from exact tree contributions."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

REASONS = 4


def reasons(contributions: NDArray[np.float64], features: Sequence[str]) -> NDArray[np.object_]:
    """Give, for each row, the names of the four features that raise its score most, largest first.

    Contributions are Shapley values of the trees in log-odds (Lundberg 2018), one column a feature: what the
    receivable's own value adds to the score of the average training row. Features that lower the score or leave it are
    no reason: their place is None. Equal contributions keep the features' order.

    >>> reasons(np.array([[0.5, -1.0, 0.2, 0.0, 0.9]]), ["a", "b", "c", "d", "e"]).tolist()
    [['e', 'a', 'c', None]]
    """
    first = np.argsort(-contributions, axis=1, kind="stable")[:, :REASONS]
    named = np.array(features, dtype=np.object_)[first]
    named[np.take_along_axis(contributions, first, axis=1) <= 0] = None
    found = np.full((len(contributions), REASONS), None, dtype=np.object_)
    found[:, : first.shape[1]] = named
    return found
