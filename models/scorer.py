"""The one path by which a receivable is ever scored: a single row, a batch, a model out of the registry."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

import lightgbm as lgb
import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from models.calibrate import Calibration
from models.explain import reasons
from models.grade import Scale
from schemas.errors import ModelError
from schemas.hashing import canonical_json

Reals = NDArray[np.float64]
Columns: TypeAlias = pd.DataFrame | pa.RecordBatch | pa.Table

MODEL_FILE = "model.json"
FORMAT = 1
EXPLAINED_ROWS = 8192
"""Rows explained at a time: contributions are as wide as the features."""


@dataclass(frozen=True, slots=True)
class Card:
    """What stands in `model.json`: all that is needed beside the booster texts.

    Args:
        features: Columns in the order that the boosters take them.
        boosters: File of each booster and the weight of its score.
        calibration: From score to probability.
        scale: From probability to grade.
        base_values: The training median of each feature that was never missing in training; it stands in where such a
            feature is missing later, since LightGBM would take 0. Other features may be missing.
        horizon_days: Length of the window that the probability speaks of.
    """

    features: tuple[str, ...]
    boosters: tuple[tuple[str, float], ...]
    calibration: Calibration
    scale: Scale
    base_values: dict[str, float]
    horizon_days: int

    def to_text(self) -> str:
        """Write the card as canonical JSON."""
        return canonical_json({"format": FORMAT, **asdict(self)}) + "\n"

    @classmethod
    def from_text(cls, text: str) -> "Card":
        """Read a card back, number for number.

        Raises:
            ModelError: The text is not such a card.
        """
        try:
            return _card(json.loads(text))
        except (ValueError, KeyError, TypeError) as error:
            raise ModelError(f"{MODEL_FILE}: {error!r}", f"a model card of format {FORMAT}") from error


def _card(told: dict[str, Any]) -> Card:
    if told["format"] != FORMAT:
        raise ValueError(f"format {told['format']}")
    line, scale = told["calibration"], told["scale"]
    tables = {"scores": tuple(line["scores"]), "shifts": tuple(line["shifts"])}
    return Card(
        features=tuple(told["features"]),
        boosters=tuple((name, float(weight)) for name, weight in told["boosters"]),
        calibration=Calibration(line["method"], line["intercept"], line["slope"], **tables),
        scale=Scale(tuple(scale["grades"]), tuple(scale["below"])),
        base_values=told["base_values"],
        horizon_days=told["horizon_days"],
    )


@dataclass(frozen=True, slots=True)
class Scored:
    """The model's word on some rows, in their order.

    Args:
        score: Weighted booster scores, in log-odds, before calibration.
        default_probability: Calibrated probability of default within the horizon.
        grade: Master-scale grade, A best.
        reasons: Four feature names a row, None where nothing more raised the probability; None if not asked for.
    """

    score: Reals
    default_probability: Reals
    grade: NDArray[np.object_]
    reasons: NDArray[np.object_] | None


class Scorer:
    """A model ready to score, made from its texts alone."""

    def __init__(self, card: Card, texts: Mapping[str, str], *, threads: int = 1) -> None:
        """Load the boosters; `threads` never changes a number, only the time."""
        self.card = card
        self._texts = dict(texts)
        self._threads = threads
        self._boosters = [(lgb.Booster(model_str=texts[name]), weight) for name, weight in card.boosters]

    @classmethod
    def from_files(cls, files: Mapping[str, str], *, threads: int = 1) -> "Scorer":
        """Make the scorer from the texts that `to_files` gives: one `model.json` and the booster texts it names.

        Raises:
            ModelError: A text is missing or broken, or a booster takes other features than the card says.
        """
        if MODEL_FILE not in files:
            raise ModelError(f"files {sorted(files)}", f"a {MODEL_FILE} among them")
        card = Card.from_text(files[MODEL_FILE])
        missing = [name for name, _ in card.boosters if name not in files]
        if missing or not card.boosters:
            raise ModelError(f"files {sorted(files)}", f"the boosters that {MODEL_FILE} names: {missing or 'none'}")
        try:
            scorer = cls(card, {name: files[name] for name, _ in card.boosters}, threads=threads)
        except lgb.basic.LightGBMError as error:
            raise ModelError(f"a booster text that LightGBM cannot read: {error}", "LightGBM's own text") from error
        for booster, _ in scorer._boosters:
            if tuple(booster.feature_name()) != card.features:
                raise ModelError(f"a booster over {booster.feature_name()}", f"the features {list(card.features)}")
        return scorer

    def to_files(self) -> dict[str, str]:
        """Give the model as texts, by file name: all that is stored, sent to the engine, or promoted."""
        return {**self._texts, MODEL_FILE: self.card.to_text()}

    @property
    def features(self) -> tuple[str, ...]:
        """Give the columns that it needs, in order."""
        return self.card.features

    def matrix(self, frame: Columns) -> Reals:
        """Take the features out of a frame, whatever their number types; null becomes NaN, other columns are ignored.

        Raises:
            ModelError: The frame lacks a feature, or one is not a number.
        """
        return matrix(frame, self.features)

    def score(self, matrix: Reals, *, explained: bool = True) -> Scored:
        """Score rows of features in `features` order; NaN is missing, infinite is taken as missing.

        Args:
            matrix: One row a receivable, as `matrix` gives it.
            explained: Whether to find the reasons, which takes most of the time.

        Raises:
            ModelError: The rows are not as wide as the features.
        """
        if matrix.ndim != 2 or matrix.shape[1] != len(self.features):
            raise ModelError(f"rows of shape {matrix.shape}", f"{len(self.features)} features a row")
        filled = self._filled(matrix)
        score = self._summed(filled, "raw_score")
        probability = self.card.calibration.probability(score)
        why = self._reasons(filled) if explained else None
        return Scored(score, probability, self.card.scale.grade(probability), why)

    def _filled(self, matrix: Reals) -> Reals:
        base = np.array([self.card.base_values.get(name, np.nan) for name in self.features], dtype=np.float64)
        return np.where(np.isfinite(matrix), matrix, base)

    def _summed(self, filled: Reals, kind: str) -> Reals:
        if not len(filled):
            return np.empty(0 if kind == "raw_score" else (0, len(self.features) + 1), dtype=np.float64)
        parts = [
            weight * np.asarray(booster.predict(filled, num_threads=self._threads, **{kind: True}), dtype=np.float64)
            for booster, weight in self._boosters
        ]
        return sum(parts[1:], start=parts[0])

    def contributions(self, matrix: Reals) -> Reals:
        """Give what each feature adds to each row's score, in log-odds: one column a feature."""
        return self._summed(self._filled(matrix), "pred_contrib")[:, :-1]

    def _reasons(self, filled: Reals) -> NDArray[np.object_]:
        parts = [filled[start : start + EXPLAINED_ROWS] for start in range(0, len(filled), EXPLAINED_ROWS)] or [filled]
        return np.concatenate([reasons(self._summed(part, "pred_contrib")[:, :-1], self.features) for part in parts])


def matrix(frame: Columns, features: Sequence[str]) -> Reals:
    """Take columns out of a frame as one float64 matrix in that order; null becomes NaN.

    Raises:
        ModelError: The frame lacks one, or one is not a number.
    """
    names = list(frame.columns) if isinstance(frame, pd.DataFrame) else frame.schema.names
    missing = [name for name in features if name not in names]
    if missing:
        raise ModelError(f"no column {', '.join(missing)}", f"all {len(features)} features of the model")
    if not features:
        raise ModelError("no features", "at least one feature")
    return np.column_stack([_reals(frame[name], name) for name in features])


def _reals(column: Any, name: str) -> Reals:  # noqa: ANN401 - a pandas or an Arrow column
    try:
        values = pa.array(column, from_pandas=True) if isinstance(column, pd.Series) else column
        if pa.types.is_boolean(values.type):
            values = values.cast(pa.int8())
        found: Reals = values.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError) as error:
        raise ModelError(f"column {name}: {error}", "numbers") from error
    return found
