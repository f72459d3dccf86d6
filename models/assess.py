"""The assessment: all that is told of a version when it is judged, shown or laid out as a card, as plain values."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models import leakage
from models.evaluate import Sample, by_part, calibration_noise, calibration_table, lift_table, wilson
from models.fairness import by_group
from models.fit import CrossValidation, TrainedModel
from models.grade import Scale
from models.leakage import Finding
from models.matrix import matrix
from models.parameters import FeatureNote
from models.probe import Probe, probe
from models.rows import WEIGHT
from models.scorer import Scorer
from models.stability import feature_shifts, shift
from schemas.hashing import canonical_json

Reals = NDArray[np.float64]
Row = dict[str, Any]
Table = list[Row]

FORMAT = 1
KEYS = ["receivable_id", "as_of"]
RATES = ("row_count", "default_count", "predicted_rate", "observed_rate", "low", "high")
SIDES = {
    "out_of_time": "later days, borrowers that training never saw",
    "cross_validated": "borrowers held out fold by fold, all of training run anew in each fold",
    "out_of_fold": "training days, borrowers held out fold by fold",
}


@dataclass(frozen=True, slots=True)
class Frame:
    """The frame that was trained on, and which of its columns divide it.

    Args:
        rows: As `models.fit.train` takes it, with the columns that are named here.
        parts: What divides the tables: the table's name and the column.
        protected: Attributes whose groups must be treated alike: name and column. The model does not see them.
        history_days: Days of logs before the first day; None where that is not known.
    """

    rows: pd.DataFrame
    parts: Mapping[str, str]
    protected: Mapping[str, str]
    history_days: int | None = None

    def growing(self, notes: Sequence[FeatureNote]) -> set[str]:
        """Name the features that look further back than the logs did on the first day: what they hold grows since."""
        known = self.history_days
        reach = {note.name: note.reach_days for note in notes}
        return {name for name, days in reach.items() if known is not None and (days is None or days > known)}


@dataclass(frozen=True, slots=True)
class Assessment:
    """A version's evidence; every table is a list of rows of plain values, None where something cannot be told.

    Args:
        judged_on: Which rows judge it: out_of_time, cross_validated or out_of_fold.
        rows: Of those.
        days: First and last as-of day of the judging rows, then of the training rows.
        metrics: On the judging rows; bounds of 95 % over borrowers end in `_low`, `_high`; `calibration_error_noise` is
            what a perfectly calibrated model stays under in 95 of 100 samples of these rows.
        calibration: Tenths of risk: predicted and observed rate with its 95 % interval (Wilson 1927).
        lift: From the riskiest tenth down.
        grades: As `calibration`, by grade.
        parts: As `calibration` with AUC, by part: month, product and so on.
        groups: Fairness figures by protected attribute.
        score_shift: How far the probability moved from training rows to judging rows; None without such rows.
        shifts: The same of every feature.
        features: Used ones: direction, share of the gain, AUC alone.
        separation: AUC of telling test rows from training rows, without features that grow too, and those that do it.
        probe: Whether the promised directions hold.
        findings: Of the leakage audit.
    """

    judged_on: str
    rows: int
    days: tuple[str, str, str, str]
    metrics: dict[str, float]
    calibration: Table
    lift: Table
    grades: Table
    parts: dict[str, Table]
    groups: dict[str, Table]
    score_shift: dict[str, float] | None
    shifts: Table
    features: Table
    separation: dict[str, Any] | None
    probe: Probe
    findings: tuple[Finding, ...]

    def to_text(self) -> str:
        """Write it as canonical JSON."""
        return canonical_json({"format": FORMAT, **asdict(self)}) + "\n"

    @classmethod
    def from_text(cls, text: str) -> "Assessment":
        """Read it back."""
        told = json.loads(text)
        told.pop("format")
        seen = told.pop("probe")
        return cls(
            **{
                **told,
                "days": tuple(told["days"]),
                "probe": Probe(seen["features"], seen["rows"], tuple(seen["broken"])),
                "findings": tuple(Finding(**one) for one in told["findings"]),
            }
        )


def assess(
    trained: TrainedModel,
    frame: Frame,
    notes: Sequence[FeatureNote],
    checked: CrossValidation | None = None,
    seen: Sequence[Finding] = (),
) -> Assessment:
    """Gather a trained model's evidence.

    Args:
        trained: The model.
        frame: What it was trained on.
        notes: Its features with their directions.
        checked: Cross-validation, which judges it where too few defaults lie out of time.
        seen: What the audit has found in the features before training.
    """
    side, judged, metrics = _judged(trained, checked)
    keyed = frame.rows.set_index(KEYS)
    training, test = (keyed.loc[_keys(one)] for one in (trained.out_of_fold, trained.out_of_time))
    scorer = Scorer.from_files(trained.files, threads=trained.parameters.booster.threads)
    names, taken = list(scorer.features), frozenset(scorer.features)
    notes = [note for note in notes if note.name in taken]
    sides = (matrix(training, names), matrix(test, names) if len(test) else np.empty((0, len(names))))
    divided = keyed.loc[_keys(judged)]
    sample = _sample(judged, _weight(divided))
    outcome = training["is_default"].to_numpy(dtype=np.float64)
    singles = leakage.single_aucs(sides[0], outcome, names, _weight(training))
    features = _features(trained, notes, singles)
    compared = _compared(scorer, trained, sides, (training, test), frame.growing(notes)) if len(test) else None
    found = _found(trained, f"on {SIDES[side]}", metrics, singles, compared[2] if compared else None)
    return Assessment(
        judged_on=side,
        rows=len(judged),
        days=_days(judged, trained.out_of_fold),
        metrics={**metrics, "calibration_error_noise": calibration_noise(sample)},
        calibration=_rated(calibration_table(sample).rename(columns={"bin": "tenth"}), "tenth"),
        lift=_records(lift_table(sample)) if sample.has_both else [],
        grades=_rated(by_part(_grade(trained, judged), sample, "grade"), "grade"),
        parts={
            name: _by(divided[column].to_numpy(dtype=object), sample, name)
            for name, column in _parts(frame, divided).items()
        },
        groups={name: _groups(divided[column], sample, trained) for name, column in frame.protected.items()},
        score_shift=compared[0] if compared else None,
        shifts=compared[1] if compared else [],
        features=features,
        separation=_separated(compared[2]) if compared else None,
        probe=probe(scorer, sides[0], notes, [row["feature"] for row in features]),
        findings=(*seen, *found),
    )


def _found(
    trained: TrainedModel,
    where: str,
    metrics: Mapping[str, float],
    singles: pd.DataFrame,
    apart: leakage.Separation | None,
) -> list[Finding]:
    bounds = trained.parameters.leakage
    found = leakage.too_good(metrics.get("auc", 0.0), bounds, where)
    found += leakage.single_features(singles, trained.importance, bounds)
    return found + (leakage.separable(apart, bounds) if apart else [])


def _judged(trained: TrainedModel, checked: CrossValidation | None) -> tuple[str, pd.DataFrame, dict[str, float]]:
    if checked:
        return "cross_validated", checked.predictions, dict(checked.metrics)
    side = "out_of_time" if len(trained.out_of_time) else "out_of_fold"
    start = f"{side}_"
    told = {name.removeprefix(start): value for name, value in trained.metrics.items() if name.startswith(start)}
    return side, trained.tested, told


def _keys(rows: pd.DataFrame) -> pd.MultiIndex:
    return pd.MultiIndex.from_frame(rows[KEYS])


def _sample(rows: pd.DataFrame, weight: Reals | None) -> Sample:
    probability = rows["default_probability"].to_numpy(dtype=np.float64)
    return Sample.of(rows["is_default"].to_numpy(dtype=np.float64), probability, weight)


def _weight(rows: pd.DataFrame) -> Reals | None:
    return rows[WEIGHT].to_numpy(dtype=np.float64) if WEIGHT in rows else None


def _days(judged: pd.DataFrame, training: pd.DataFrame) -> tuple[str, str, str, str]:
    first, last, start, end = (str(pd.Timestamp(day).date()) for rows in (judged, training) for day in _ends(rows))
    return first, last, start, end


def _ends(rows: pd.DataFrame) -> tuple[Any, Any]:
    return rows["as_of"].min(), rows["as_of"].max()


def _grade(trained: TrainedModel, judged: pd.DataFrame) -> NDArray[np.object_]:
    return Scale.of(trained.parameters.grades).grade(judged["default_probability"].to_numpy(dtype=np.float64))


def _parts(frame: Frame, divided: pd.DataFrame) -> dict[str, str]:
    divided["month"] = pd.to_datetime(divided.index.get_level_values("as_of")).strftime("%Y-%m")
    return {"month": "month", **frame.parts}


def _by(part: NDArray[np.object_], sample: Sample, name: str) -> Table:
    named = np.where(pd.isna(part), "not said", part).astype(str)
    return _rated(by_part(named, sample, name), name, "auc")


def _rated(table: pd.DataFrame, *names: str) -> Table:
    """Add the observed rate's interval to a table of parts, and keep what people read of it."""
    counted = zip(table["default_count"].tolist(), table["row_count"].tolist(), strict=True)
    ends = [wilson(defaults, rows) for defaults, rows in counted]
    told = table.assign(low=[low for low, _ in ends], high=[high for _, high in ends])
    return _records(told.reindex(columns=[*names[:1], *RATES, *names[1:]]))


def _records(table: pd.DataFrame) -> Table:
    return [{str(name): _plain(value) for name, value in row.items()} for row in table.to_dict("records")]


def _plain(value: object) -> object:
    """Give a value as JSON holds it: what is not a finite number is None."""
    plain = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(plain, float) and not isfinite(plain) else plain


def _groups(column: pd.Series, sample: Sample, trained: TrainedModel) -> Table:
    return _records(by_group(column.to_numpy(dtype=object), sample, trained.parameters.approval_below))


def _features(trained: TrainedModel, notes: Sequence[FeatureNote], singles: pd.DataFrame) -> Table:
    directions = {note.name: note.monotone for note in notes}
    used = trained.importance[trained.importance["gain"] > 0].merge(singles, on="feature", how="left")
    return _records(used.assign(direction=used["feature"].map(directions)))


def _compared(
    scorer: Scorer,
    trained: TrainedModel,
    sides: tuple[Reals, Reals],
    rows: tuple[pd.DataFrame, pd.DataFrame],
    growing: Collection[str],
) -> tuple[dict[str, float], Table, leakage.Separation]:
    """Compare the test rows with the training rows: probability, features, and whether they tell themselves apart."""
    threads, most = trained.parameters.booster.threads, trained.parameters.leakage.separation_rows
    first, second = (each["borrower_id"].to_numpy(dtype=object) for each in rows)
    before, after = (_weight(each) for each in rows)
    weights = None if before is None or after is None else (before, after)
    said = [scorer.score(side, explained=False).default_probability for side in sides]
    moved = asdict(shift(said[0], said[1], (first, second), weights=weights))
    names = scorer.features
    told = _records(feature_shifts(sides[0], sides[1], names, (first, second), weights))
    both = leakage.Sides.of(sides, (first, second), most, weights)
    return moved, told, leakage.separation(both, names, growing, threads)


def _separated(told: leakage.Separation) -> dict[str, Any]:
    return {"auc": told.auc, "settled_auc": told.settled_auc, "features": _records(told.features)}
