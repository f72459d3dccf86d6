"""Which features a model is given: those that the folds agree on."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from models.boost import Progress, early_stopped, gain_shares
from models.parameters import TrainingParameters
from models.rows import Rows
from models.split import Folds


@dataclass(frozen=True, slots=True)
class Selection:
    """What became of each feature.

    Args:
        kept: Names that stay, in their order.
        dropped: Of each other name in how many folds it was of use.
        folds: How many folds looked.
    """

    kept: tuple[str, ...]
    dropped: Mapping[str, int] = field(default_factory=dict)
    folds: int = 0


def stable_features(rows: Rows, folds: Folds, parameters: TrainingParameters, progress: Progress) -> Selection:
    """Keep the features that trees of most folds gain by; all of them where the configuration asks for no selection.

    A feature is of use in a fold where its share of the gain reaches `least_gain_share`. No feature is kept for what a
    single fold saw in it.
    """
    wanted = parameters.selection
    if wanted is None:
        return Selection(tuple(rows.names))
    useful = np.zeros(len(rows.names), dtype=np.int64)
    for number, (training, held) in enumerate(folds):
        progress(f"features, fold {number + 1} of {len(folds)}", number / len(folds))
        booster = early_stopped(rows, training, held, parameters.booster, parameters.booster.seeds[0])
        useful += gain_shares([booster]) >= wanted.least_gain_share
    is_kept = useful >= wanted.least_folds_share * len(folds)
    if not is_kept.any():
        is_kept = useful >= useful.max()
    told = list(zip(rows.names, is_kept.tolist(), useful.tolist(), strict=True))
    dropped = {name: count for name, kept, count in told if not kept}
    return Selection(tuple(name for name, kept, _ in told if kept), dropped, len(folds))
