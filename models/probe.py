"""The probe of directions: where a feature may only raise (or lower) the risk, does the finished model obey?"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.parameters import FeatureNote
from models.scorer import Scorer

Reals = NDArray[np.float64]

ROWS = 40
STEPS = 9


@dataclass(frozen=True, slots=True)
class Probe:
    """What the probe saw.

    Args:
        features: How many features with a direction the model uses, and so were probed.
        rows: Receivables that each was tried on.
        broken: Features that went the wrong way on some of them.
    """

    features: int
    rows: int
    broken: tuple[str, ...]


def probe(scorer: Scorer, features: Reals, notes: Sequence[FeatureNote], used: Sequence[str]) -> Probe:
    """Move each directed feature over its own quantiles, all else unchanged, and watch the default probability.

    Args:
        scorer: The model as it would be promoted.
        features: Rows to draw from, in the scorer's order of features; evenly spaced ones are taken.
        notes: Directions that are promised.
        used: Features that the model uses; moving another moves nothing.
    """
    rows = features[np.linspace(0, len(features) - 1, min(ROWS, len(features))).astype(int)]
    places = {name: place for place, name in enumerate(scorer.features)}
    directed = [note for note in notes if note.monotone and note.name in set(used)]
    broken = [note.name for note in directed if not _obeys(scorer, features, rows, places[note.name], note.monotone)]
    return Probe(len(directed), len(rows), tuple(broken))


def _obeys(scorer: Scorer, features: Reals, rows: Reals, place: int, direction: int) -> bool:
    known = features[np.isfinite(features[:, place]), place]
    if not len(known):
        return True
    ladder = np.unique(np.quantile(known, np.linspace(0, 1, STEPS), method="inverted_cdf"))
    moved = np.repeat(rows, len(ladder), axis=0)
    moved[:, place] = np.tile(ladder, len(rows))
    said = scorer.score(moved, explained=False).default_probability.reshape(len(rows), len(ladder))
    return bool((direction * np.diff(said, axis=1) >= 0).all())
