"""Labelled rows: what training is given, in one order, whatever order it came in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.matrix import Categories, matrix, texts
from models.parameters import FeatureNote
from schemas.errors import ModelError

Reals = NDArray[np.float64]
Flags = NDArray[np.bool_]

KEYS = ("receivable_id", "borrower_id", "as_of", "is_default")
WEIGHT = "weight"


@dataclass(frozen=True, slots=True)
class Rows:
    """Labelled rows ready for training, sorted by date and receivable, so that their given order means nothing.

    Args:
        keys: receivable_id, borrower_id, as_of.
        features: A column a feature; a category's code, NaN for missing.
        notes: What training is told of each feature.
        categories: Of each categorical feature its categories by code.
        outcome: 1 default, 0 none.
        weight: How many rows each stands for.
    """

    keys: pd.DataFrame
    features: Reals
    notes: tuple[FeatureNote, ...]
    categories: Mapping[str, tuple[str, ...]]
    outcome: Reals
    weight: Reals

    def __len__(self) -> int:
        """Give the number of rows."""
        return len(self.outcome)

    @property
    def names(self) -> list[str]:
        """Give the names of the features."""
        return [note.name for note in self.notes]

    @property
    def borrowers(self) -> NDArray[np.object_]:
        """Give the borrower of each row."""
        return self.keys["borrower_id"].to_numpy(dtype=object)

    @property
    def as_of(self) -> NDArray[np.datetime64]:
        """Give the as-of day of each row."""
        return self.keys["as_of"].to_numpy().astype("datetime64[D]")

    def where(self, kept: Flags) -> "Rows":
        """Keep some of the rows."""
        keys = self.keys[kept].reset_index(drop=True)
        return Rows(keys, self.features[kept], self.notes, self.categories, self.outcome[kept], self.weight[kept])

    def only(self, names: Sequence[str]) -> "Rows":
        """Keep some of the features, in their order."""
        kept = [place for place, note in enumerate(self.notes) if note.name in set(names)]
        notes = tuple(self.notes[place] for place in kept)
        told = {note.name: self.categories[note.name] for note in notes if note.is_category}
        return Rows(self.keys, self.features[:, kept], notes, told, self.outcome, self.weight)


def labelled_rows(frame: pd.DataFrame, features: Sequence[FeatureNote]) -> tuple[Rows, int]:
    """Take the rows whose outcome is known, in one order; give them with the count of those left out.

    Raises:
        ModelError: A column is missing, a key stands twice, or there are not both outcomes.
    """
    missing = [name for name in KEYS if name not in frame.columns]
    if missing:
        raise ModelError(f"no column {', '.join(missing)} in the training frame", f"the columns {', '.join(KEYS)}")
    known = frame[frame["is_default"].notna()].sort_values(["as_of", "receivable_id"], kind="stable", ignore_index=True)
    twice = int(known.duplicated(["as_of", "receivable_id"]).sum())
    if twice:
        raise ModelError(f"{twice} rows whose receivable_id and as_of stand twice", "one row a receivable and day")
    outcome: Reals = known["is_default"].to_numpy(dtype=np.float64)
    if len(np.unique(outcome)) < 2:
        raise ModelError(f"{len(known)} labelled rows with {int(outcome.sum())} defaults", "both outcomes")
    weight = known[WEIGHT].to_numpy(dtype=np.float64) if WEIGHT in known else np.ones(len(known))
    categories = _categories(known, features)
    values = matrix(known, [note.name for note in features], categories)
    rows = Rows(known[list(KEYS[:3])], values, tuple(features), categories, outcome, weight)
    return rows, len(frame) - len(known)


def _categories(known: pd.DataFrame, features: Sequence[FeatureNote]) -> Categories:
    """List the categories of each categorical feature, in order of their texts."""
    return {
        note.name: tuple(sorted(texts(known[note.name]).unique().drop_null().to_pylist()))
        for note in features
        if note.is_category and note.name in known
    }
