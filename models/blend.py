"""From labelled rows to a model: members fitted and weighted, their score calibrated, the grades bounded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.boost import Progress, final, gain_shares, out_of_fold
from models.bounds import grade_bounds
from models.calibrate import Calibration, choose
from models.explain import Hint
from models.grade import Scale
from models.parameters import BoosterParameters, ScorecardParameters, TrainingParameters
from models.points import PointsTable
from models.rows import Rows
from models.scorecard import fit_scorecard
from models.scorer import MODEL_FILE, POINTS, Card, Scorer
from models.select import Selection, stable_features
from models.split import Folds, folds_of
from models.stack import weights

Reals = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Fitted:
    """A model fitted to some rows, with what it said of each of them while they were held out.

    Args:
        files: The model's texts.
        scores: Out-of-fold score of each row, in log-odds; NaN where no fold holds a row out.
        probability: The same, calibrated by the other folds.
        fold: Fold of each row, -1 where none holds it out.
        rounds: Trees in a booster of each shape.
        calibration: The calibration that was chosen.
        importance: feature and its share of what the members make of it, largest first.
        selection: What became of each feature.
    """

    files: Mapping[str, str]
    scores: Reals
    probability: Reals
    fold: NDArray[np.int64]
    rounds: tuple[int, ...]
    calibration: Calibration
    importance: pd.DataFrame
    selection: Selection


@dataclass(slots=True)
class _Members:
    """Members as they are fitted: by file their weight and text."""

    weight: dict[str, float] = field(default_factory=dict)
    text: dict[str, str] = field(default_factory=dict)
    share: list[Reals] = field(default_factory=list)

    def add(self, name: str, weight: float, text: str) -> None:
        self.weight[name], self.text[name] = weight, text


def fit(
    rows: Rows,
    parameters: TrainingParameters,
    progress: Progress = lambda _step, _share: None,
    folds: Folds | None = None,
) -> Fitted:
    """Fit a model to the rows; they are dealt into folds unless the caller has done so.

    Each fold is held out once. Features that too few folds have use for are left out (`models.select`). Early stopping
    tells the number of trees of each shape; what members say of held-out rows tells their weights, and the calibration.
    The members that are kept are then fitted to all rows.

    Raises:
        ModelError: Too few borrowers of either outcome for the folds.
    """
    folds = folds or folds_of(rows.borrowers, rows.as_of, rows.outcome > 0, parameters)
    selection = stable_features(rows, folds, parameters, progress)
    rows = rows.only(selection.kept)
    shapes = (parameters.booster, *parameters.further_boosters)
    tried = [out_of_fold(rows, folds, shape, progress) for shape in shapes]
    scores = [score for score, _ in tried]
    if parameters.scorecard:
        scores.append(_scorecard_scores(rows, folds, parameters.scorecard))
    held = folds.is_held
    told = np.column_stack(scores)
    found = weights(told[held], rows.outcome[held], rows.weight[held])
    score = told @ np.asarray(found)
    calibration, probability = _calibrated(parameters, rows, score, folds)
    progress("all training rows", 0.9)
    rounds = tuple(number for _, number in tried)
    members = _finals(rows, parameters, found, list(zip(shapes, rounds, strict=True)))
    scale = Scale.of(parameters.grades)
    card = Card(
        features=tuple(rows.names),
        categories=dict(rows.categories),
        members=tuple(members.weight.items()),
        calibration=calibration,
        scale=scale,
        bounds=grade_bounds(scale, probability[held], rows.where(held)),
        base_values=_base_values(rows),
        horizon_days=parameters.horizon_days,
        hints=_hints(rows),
    )
    files = {**members.text, MODEL_FILE: card.to_text()}
    importance = _importance(rows.names, members.share)
    return Fitted(files, score, probability, folds.number, rounds, calibration, importance, selection)


def _scorecard_scores(rows: Rows, folds: Folds, parameters: ScorecardParameters) -> Reals:
    found = np.full(len(rows), np.nan)
    columns = {name: place for place, name in enumerate(rows.names)}
    for training, held in folds:
        table = fit_scorecard(rows.where(training), parameters)
        found[held] = table.score(rows.features[held], columns)
    return found


def _calibrated(parameters: TrainingParameters, rows: Rows, score: Reals, folds: Folds) -> tuple[Calibration, Reals]:
    """Choose the calibration on held-out rows; the base rate is shifted last where the configuration asks for it."""
    held = folds.is_held
    calibration, said = choose(
        parameters.calibration, score[held], rows.outcome[held], rows.weight[held], folds.number[held]
    )
    if parameters.central_tendency is not None:
        calibration = calibration.anchored(score[held], rows.weight[held], parameters.central_tendency)
        said = calibration.probability(score[held])
    probability = np.full(len(rows), np.nan)
    probability[held] = said
    return calibration, probability


def _finals(
    rows: Rows,
    parameters: TrainingParameters,
    found: Sequence[float],
    shapes: Sequence[tuple[BoosterParameters, int]],
) -> _Members:
    """Fit every member that has weight to all rows."""
    members = _Members()
    for number, ((shape, rounds), weight) in enumerate(zip(shapes, found, strict=False), start=1):
        if weight:
            boosters = final(rows, rounds, shape)
            for seed, booster in enumerate(boosters, start=1):
                members.add(_name(number, seed), weight / len(boosters), booster.model_to_string())
            members.share.append(weight * gain_shares(boosters))
    if parameters.scorecard and found[-1]:
        table = fit_scorecard(rows, parameters.scorecard)
        members.add(POINTS, float(found[-1]), table.to_text())
        members.share.append(found[-1] * _spread(table, rows))
    return members


def _name(number: int, seed: int) -> str:
    """Name a booster's file: of which shape, by which seed."""
    return "booster.txt" if (number, seed) == (1, 1) else f"booster_{number}_{seed}.txt"


def _spread(table: PointsTable, rows: Rows) -> Reals:
    """Give each feature's share of how much points differ among the rows."""
    told = table.contributions(rows.features, {name: place for place, name in enumerate(rows.names)})[:, :-1].std(
        axis=0
    )
    found: Reals = told / max(float(told.sum()), 1e-300)
    return found


def _importance(names: Sequence[str], shares: Sequence[Reals]) -> pd.DataFrame:
    total = np.sum(shares, axis=0)
    table = pd.DataFrame({"feature": names, "gain": total / max(float(total.sum()), 1e-300)})
    return table.sort_values("gain", ascending=False, kind="stable", ignore_index=True)


def _base_values(rows: Rows) -> dict[str, float]:
    whole = np.isfinite(rows.features).sum(axis=0) == len(rows)
    return {
        note.name: float(np.median(rows.features[:, place]))
        for place, note in enumerate(rows.notes)
        if whole[place] and not note.is_category
    }


def _hints(rows: Rows) -> dict[str, Hint]:
    """Give what reasons need to know of each feature, the usual value among it."""
    found = {}
    for note, values in zip(rows.notes, rows.features.T, strict=True):
        known = values[np.isfinite(values)]
        typical = None if note.is_category or not len(known) else float(np.median(known))
        found[note.name] = Hint(note.theme, note.monotone, typical)
    return found


def predict(files: Mapping[str, str], rows: Rows, threads: int) -> Reals:
    """Give the default probability of some rows by the model's texts, as any later caller would get it."""
    scorer = Scorer.from_files(files, threads=threads)
    kept = rows.only(scorer.features)
    return scorer.score(kept.features, explained=False).default_probability
