"""The one path by which a receivable is ever scored: a single row, a batch, a model out of the registry."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from models.bounds import GradeBound, upper_probability
from models.calibrate import Calibration
from models.explain import reasons
from models.grade import Scale
from models.matrix import Columns, matrix
from models.points import PointsTable
from schemas.errors import ModelError
from schemas.hashing import canonical_json

Reals = NDArray[np.float64]

MODEL_FILE = "model.json"
POINTS = "points.json"
"""File of the points table, where one is a member; every other member is a booster's text."""
FORMAT = 2
EXPLAINED_ROWS = 8192
"""Rows explained at a time: contributions are as wide as the features."""


@dataclass(frozen=True, slots=True)
class Card:
    """What stands in `model.json`: all that is needed beside the members' texts.

    Args:
        features: Columns in the order that the members take them.
        categories: Of each categorical feature its categories by code; any other is missing.
        members: File of each member and the weight of its score.
        calibration: From score to probability.
        scale: From probability to grade.
        bounds: What held-out rows say of each grade.
        base_values: The training median of each feature that was never missing in training; it stands in where such a
            feature is missing later, since LightGBM would take 0. Other features may be missing.
        horizon_days: Length of the window that the probability speaks of.
    """

    features: tuple[str, ...]
    categories: dict[str, tuple[str, ...]]
    members: tuple[tuple[str, float], ...]
    calibration: Calibration
    scale: Scale
    bounds: dict[str, GradeBound]
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
            raise ModelError(f"{MODEL_FILE}: {error!r}", f"a model card of format {FORMAT}", "train anew") from error


def _card(told: dict[str, Any]) -> Card:
    if told["format"] != FORMAT:
        raise ValueError(f"format {told['format']}")
    line, scale = told["calibration"], told["scale"]
    tables = {"scores": tuple(line["scores"]), "shifts": tuple(line["shifts"])}
    return Card(
        features=tuple(told["features"]),
        categories={name: tuple(each) for name, each in told["categories"].items()},
        members=tuple((name, float(weight)) for name, weight in told["members"]),
        calibration=Calibration(line["method"], line["intercept"], line["slope"], **tables, lean=line["lean"]),
        scale=Scale(tuple(scale["grades"]), tuple(scale["below"])),
        bounds={name: GradeBound(**each) for name, each in told["bounds"].items()},
        base_values=told["base_values"],
        horizon_days=told["horizon_days"],
    )


class Member(Protocol):
    """What gives part of the score, in log-odds, of rows whose base values stand in for what is missing."""

    def score(self, filled: Reals) -> Reals:
        """Give each row's score."""

    def contributions(self, filled: Reals) -> Reals:
        """Give what each feature adds to it, and last the rest."""


class _Trees:
    """A booster."""

    def __init__(self, text: str, card: Card, threads: int) -> None:
        self._booster, self._threads = lgb.Booster(model_str=text), threads
        if tuple(self._booster.feature_name()) != card.features:
            raise ModelError(f"a booster over {self._booster.feature_name()}", f"the features {list(card.features)}")

    def score(self, filled: Reals) -> Reals:
        return self._predicted(filled, raw_score=True)

    def contributions(self, filled: Reals) -> Reals:
        return self._predicted(filled, pred_contrib=True)

    def _predicted(self, filled: Reals, **kind: bool) -> Reals:
        return np.asarray(self._booster.predict(filled, num_threads=self._threads, **kind), dtype=np.float64)


class _Points:
    """A points table."""

    def __init__(self, text: str, card: Card) -> None:
        self._table = PointsTable.from_text(text)
        self._columns = {name: place for place, name in enumerate(card.features)}
        strange = [each.name for each in self._table.features if each.name not in self._columns]
        if strange:
            raise ModelError(f"points for {', '.join(strange)}", f"points for some of {list(card.features)}")

    def score(self, filled: Reals) -> Reals:
        return self._table.score(filled, self._columns)

    def contributions(self, filled: Reals) -> Reals:
        return self._table.contributions(filled, self._columns)


@dataclass(frozen=True, slots=True)
class Scored:
    """The model's word on some rows, in their order.

    Args:
        score: Weighted scores of the members, in log-odds, before calibration.
        default_probability: Calibrated probability of default within the horizon.
        default_probability_upper: Its 95 % upper bound: raised as its grade's default rate may truly lie higher.
        grade: Master-scale grade, A best.
        reasons: Four feature names a row, None where nothing more raised the probability; None if not asked for.
    """

    score: Reals
    default_probability: Reals
    default_probability_upper: Reals
    grade: NDArray[np.object_]
    reasons: NDArray[np.object_] | None


class Scorer:
    """A model ready to score, made from its texts alone."""

    def __init__(self, card: Card, texts: Mapping[str, str], *, threads: int = 1) -> None:
        """Load the members; `threads` never changes a number, only the time."""
        self.card = card
        self._texts = dict(texts)
        self._members: list[tuple[Member, float]] = [
            (_Points(texts[name], card) if name == POINTS else _Trees(texts[name], card, threads), weight)
            for name, weight in card.members
        ]

    @classmethod
    def from_files(cls, files: Mapping[str, str], *, threads: int = 1) -> "Scorer":
        """Make the scorer from the texts that `to_files` gives: one `model.json` and the members' texts it names.

        Raises:
            ModelError: A text is missing or broken, or a member takes other features than the card says.
        """
        if MODEL_FILE not in files:
            raise ModelError(f"files {sorted(files)}", f"a {MODEL_FILE} among them")
        card = Card.from_text(files[MODEL_FILE])
        missing = [name for name, _ in card.members if name not in files]
        if missing or not card.members:
            raise ModelError(f"files {sorted(files)}", f"the members that {MODEL_FILE} names: {missing or 'none'}")
        try:
            return cls(card, {name: files[name] for name, _ in card.members}, threads=threads)
        except lgb.basic.LightGBMError as error:
            raise ModelError(f"a booster text that LightGBM cannot read: {error}", "LightGBM's own text") from error

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
        return matrix(frame, self.features, self.card.categories)

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
        score = self._summed([member.score(filled) for member, _ in self._members] if len(filled) else [])
        probability = self.card.calibration.probability(score)
        grade = self.card.scale.grade(probability)
        upper = upper_probability(probability, grade, self.card.bounds)
        why = self._reasons(filled) if explained else None
        return Scored(score, probability, upper, grade, why)

    def _filled(self, matrix: Reals) -> Reals:
        base = np.array([self.card.base_values.get(name, np.nan) for name in self.features], dtype=np.float64)
        return np.where(np.isfinite(matrix), matrix, base)

    def _summed(self, parts: Sequence[Reals]) -> Reals:
        weighted = [weight * part for (_, weight), part in zip(self._members, parts, strict=False)]
        return sum(weighted[1:], start=weighted[0]) if weighted else np.empty(0)

    def contributions(self, matrix: Reals) -> Reals:
        """Give what each feature adds to each row's score, in log-odds: one column a feature."""
        return self._contributions(self._filled(matrix))

    def _contributions(self, filled: Reals) -> Reals:
        if not len(filled):
            return np.empty((0, len(self.features)))
        return self._summed([member.contributions(filled) for member, _ in self._members])[:, :-1]

    def _reasons(self, filled: Reals) -> NDArray[np.object_]:
        parts = [filled[start : start + EXPLAINED_ROWS] for start in range(0, len(filled), EXPLAINED_ROWS)] or [filled]
        return np.concatenate([reasons(self._contributions(part), self.features) for part in parts])
