"""A small world whose true default probabilities are known."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.parameters import BoosterParameters, FeatureNote, SplitParameters, TrainingParameters

FEATURES = (
    FeatureNote("late_days_90d", 1),
    FeatureNote("login_count_30d", -1),
    FeatureNote("utilisation_now", 1),
    FeatureNote("noise_a"),
    FeatureNote("noise_b"),
)
NAMES = tuple(note.name for note in FEATURES)
SMALL = TrainingParameters(
    horizon_days=30,
    split=SplitParameters(folds=3),
    booster=BoosterParameters(learning_rate=0.15, rounds=60, patience=10, min_data_in_leaf=50, threads=1),
    bootstrap_replicates=20,
)


@dataclass(frozen=True)
class World:
    """A training frame and the true probability of each of its rows."""

    frame: pd.DataFrame
    truth: pd.Series


def world(borrowers: int = 1500, dates: int = 6, seed: int = 7) -> World:
    """Make receivables whose log-odds of default are a plain formula of three features and a hidden borrower effect."""
    draw = np.random.default_rng(seed)
    rows = borrowers * dates
    borrower, date = np.repeat(np.arange(borrowers), dates), np.tile(np.arange(dates), borrowers)
    level = draw.normal(size=borrowers)[borrower]
    features = draw.normal(size=(rows, len(NAMES)))
    features[:, 0] = level + 0.5 * features[:, 0]
    odds = -2.6 + 0.9 * features[:, 0] - 0.6 * features[:, 1] + 0.4 * np.maximum(features[:, 2], 0)
    features[draw.random(rows) < 0.1, 3] = np.nan
    truth = 1 / (1 + np.exp(-odds))
    frame = pd.DataFrame(features, columns=list(NAMES)).assign(
        receivable_id=[f"R{number:06d}" for number in range(rows)],
        borrower_id=[f"B{number:05d}" for number in borrower],
        as_of=pd.Timestamp("2025-01-01") + pd.to_timedelta(date * 30, "D"),
        is_default=pd.array(draw.random(rows) < truth, dtype="boolean"),
    )
    return World(frame, pd.Series(truth, index=frame["receivable_id"], name="truth"))
