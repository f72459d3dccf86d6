"""The one path by which a receivable is ever scored: a single row, a batch, a model out of the registry."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, Protocol

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from models.bounds import GradeBound, upper_probability
from models.calibrate import Calibration
from models.explain import REASONS, Explanation, Guide, Hint, explanation, reasons
from models.forest import Forest
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
        hints: What reasons need to know of each feature; one without is a reason of its own, whatever its value.
    """

    features: tuple[str, ...]
    categories: dict[str, tuple[str, ...]]
    members: tuple[tuple[str, float], ...]
    calibration: Calibration
    scale: Scale
    bounds: dict[str, GradeBound]
    base_values: dict[str, float]
    horizon_days: int
    hints: dict[str, Hint] = field(default_factory=dict)

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
        hints={name: Hint(**each) for name, each in told.get("hints", {}).items()},
    )


class Member(Protocol):
    """What gives part of the score, in log-odds, of rows whose values may be missing or infinite."""

    def score(self, values: Reals) -> Reals:
        """Give each row's score."""

    def contributions(self, values: Reals) -> Reals:
        """Give what each feature adds to it, and last the rest."""


class _Trees:
    """A booster: its own bits from the compiled walk, its contributions from LightGBM."""

    def __init__(self, text: str, card: Card, threads: int) -> None:
        self._text, self._card, self._threads = text, card, threads
        self._forest = Forest.from_text(text, card.base_values)
        if self._forest.features != card.features:
            raise ModelError(f"a booster over {list(self._forest.features)}", f"the features {list(card.features)}")

    def score(self, values: Reals) -> Reals:
        return self._forest.score(values, threads=self._threads)

    def contributions(self, values: Reals) -> Reals:
        filled = _filled(values, self._card.features, self._card)
        return np.asarray(self._booster.predict(filled, num_threads=self._threads, pred_contrib=True), dtype=np.float64)

    @cached_property
    def _booster(self) -> Any:  # noqa: ANN401 - LightGBM carries no types
        return lgb.Booster(model_str=self._text)


class _Points:
    """A points table: it takes a few of the features."""

    def __init__(self, text: str, card: Card) -> None:
        self._table, self._card = PointsTable.from_text(text), card
        self._names = [each.name for each in self._table.features]
        places = {name: place for place, name in enumerate(card.features)}
        strange = [name for name in self._names if name not in places]
        if strange:
            raise ModelError(f"points for {', '.join(strange)}", f"points for some of {list(card.features)}")
        self._places = [places[name] for name in self._names]
        self._own = {name: place for place, name in enumerate(self._names)}

    def score(self, values: Reals) -> Reals:
        return self._table.score(self._taken(values), self._own)

    def contributions(self, values: Reals) -> Reals:
        own = self._table.contributions(self._taken(values), self._own)
        found = np.zeros((len(values), len(self._card.features) + 1))
        found[:, [*self._places, -1]] = own
        return found

    def _taken(self, values: Reals) -> Reals:
        return _filled(values[:, self._places], self._names, self._card)


def _filled(values: Reals, features: Sequence[str], card: Card) -> Reals:
    """Let base values stand in for what is not finite, NaN where there is none."""
    base = np.array([card.base_values.get(name, np.nan) for name in features], dtype=np.float64)
    return np.where(np.isfinite(values), values, base)


@dataclass(frozen=True, slots=True)
class Scored:
    """The model's word on some rows, in their order.

    Args:
        score: Weighted scores of the members, in log-odds, before calibration.
        default_probability: Calibrated probability of default within the horizon.
        default_probability_upper: Its 95 % upper bound: raised as its grade's default rate may truly lie higher.
        grade: Master-scale grade, A best.
        reasons: Four feature names a row, None where nothing more raised the probability or the row was not to be
            explained; None if not asked for.
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
        self.guide = Guide(card.features, card.hints)
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
        return cls(card, {name: files[name] for name, _ in card.members}, threads=threads)

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

    def score(self, matrix: Reals, *, explained: bool = True, explained_from: float = 0.0) -> Scored:
        """Score rows of features in `features` order; NaN is missing, infinite is taken as missing.

        Args:
            matrix: One row a receivable, as `matrix` gives it.
            explained: Whether to find the reasons, which takes nearly all of the time.
            explained_from: Default probability from which to find them.

        Raises:
            ModelError: The rows are not as wide as the features.
        """
        if matrix.ndim != 2 or matrix.shape[1] != len(self.features):
            raise ModelError(f"rows of shape {matrix.shape}", f"{len(self.features)} features a row")
        score = self._summed([member.score(matrix) for member, _ in self._members] if len(matrix) else [])
        probability = self.card.calibration.probability(score)
        grade = self.card.scale.grade(probability)
        upper = upper_probability(probability, grade, self.card.bounds)
        why = self._reasons(matrix, probability >= explained_from) if explained else None
        return Scored(score, probability, upper, grade, why)

    def _summed(self, parts: Sequence[Reals]) -> Reals:
        weighted = [weight * part for (_, weight), part in zip(self._members, parts, strict=False)]
        return sum(weighted[1:], start=weighted[0]) if weighted else np.empty(0)

    def contributions(self, matrix: Reals) -> Reals:
        """Give what each feature adds to each row's score, in log-odds: one column a feature."""
        return self._explained(matrix)[:, :-1]

    def explain(self, row: Reals) -> Explanation:
        """Explain one row: what every theme adds to the score of the average training row, and the reasons."""
        return explanation(self._explained(row[None])[0], row, self.guide)

    def _explained(self, matrix: Reals) -> Reals:
        if not len(matrix):
            return np.empty((0, len(self.features) + 1))
        return self._summed([member.contributions(matrix) for member, _ in self._members])

    def _reasons(self, matrix: Reals, is_wanted: NDArray[np.bool_]) -> NDArray[np.object_]:
        found = np.full((len(matrix), REASONS), None, dtype=np.object_)
        places = np.flatnonzero(is_wanted)
        for start in range(0, len(places), EXPLAINED_ROWS):
            part = places[start : start + EXPLAINED_ROWS]
            found[part] = reasons(self.contributions(matrix[part]), matrix[part], self.guide)
        return found
