"""What a training run decides beforehand: the model's part of the configuration, and what it knows of a feature."""

from dataclasses import dataclass
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Document(BaseModel):
    """A section of the configuration: frozen, and without unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True, slots=True)
class FeatureNote:
    """What training needs to know of a feature.

    Args:
        name: Column of the feature table.
        is_category: Whether its values are names, not quantities.
        theme: What it is about; features of one theme give one reason together. Empty: a theme of its own.
        monotone: +1 where more of it can only raise the probability, -1 where it can only lower it, 0 where it is free.
        reach_days: Days of logs that it looks back on; 0 for a state of the day, None for all that was ever known.
    """

    name: str
    monotone: Literal[-1, 0, 1] = 0
    is_category: bool = False
    theme: str = ""
    reach_days: int | None = 0


class SplitParameters(Document):
    """Which rows train and which rows test.

    Args:
        out_of_time_share: Share of the as-of dates, the last ones, that test; 0 tests by cross-validation only.
        test_borrower_share: Share of the borrowers, by hash of their id, that only ever test.
        embargo_days: Days from a training date to the first test date; empty means the label horizon, so that every
            training label was known when the first test date came.
        folds: Borrower-grouped folds within the training rows.
        time_blocks: Blocks of later dates that folds hold out one by one, trained on dates an embargo before; 0 for
            folds by borrower alone.
        salt: Changes which borrowers fall where.
    """

    out_of_time_share: float = Field(default=0.25, ge=0, lt=1)
    test_borrower_share: float = Field(default=0.3, gt=0, lt=1)
    embargo_days: int | None = Field(default=None, ge=0)
    folds: int = Field(default=4, ge=2)
    time_blocks: int = Field(default=0, ge=0)
    salt: str = "1"


class BoosterParameters(Document):
    """LightGBM's own parameters, by its names.

    Args:
        rounds: Most trees that early stopping may try.
        patience: Trees without a better fold loss after which it stops.
        threads: Threads of training; part of what makes two runs equal.
        seeds: One booster per seed; their scores are averaged.
        is_constrained: Whether the catalogue's directions bind it.
        is_category_ordered: Whether categories count as numbers in the order of their names, as grades do; else each
            split picks a set of them.
    """

    learning_rate: float = Field(default=0.06, gt=0, le=1)
    num_leaves: int = Field(default=15, ge=2)
    max_depth: int = 5
    min_data_in_leaf: int = Field(default=100, ge=1)
    feature_fraction: float = Field(default=0.5, gt=0, le=1)
    bagging_fraction: float = Field(default=0.8, gt=0, le=1)
    bagging_freq: int = Field(default=1, ge=0)
    lambda_l2: float = Field(default=10.0, ge=0)
    max_bin: int = Field(default=127, ge=2)
    monotone_constraints_method: Literal["basic", "intermediate", "advanced"] = "intermediate"
    rounds: int = Field(default=600, ge=1)
    patience: int = Field(default=40, ge=1)
    threads: int = Field(default=2, ge=1)
    seeds: tuple[int, ...] = Field(default=(1,), min_length=1)
    is_constrained: bool = True
    is_category_ordered: bool = False


class ScorecardParameters(Document):
    """How a scorecard is fitted.

    Args:
        most_features: Features of the highest information value that may have points.
        least_information: Information value under which a feature tells too little.
        ridge: How many rows' worth the weights of evidence are drawn to nothing.
        points_to_double: Points that double the odds of not defaulting.
        base_points: Points at the base odds.
        base_odds: Odds of not defaulting there.
    """

    most_features: int = Field(default=40, ge=1)
    least_information: float = Field(default=0.01, ge=0)
    ridge: float = Field(default=1.0, ge=0)
    points_to_double: float = Field(default=20.0, gt=0)
    base_points: float = 600.0
    base_odds: float = Field(default=50.0, gt=0)


class SelectionParameters(Document):
    """Which features a model is given.

    Args:
        least_folds_share: Share of the folds in which a feature must be of use.
        least_gain_share: Share of the trees' gain in a fold from which it is of use there.
    """

    least_folds_share: float = Field(default=0.5, gt=0, le=1)
    least_gain_share: float = Field(default=0.0005, ge=0, lt=1)


class TuningParameters(Document):
    """How the shape of trees is searched for.

    Args:
        trials: Shapes to try; 0 keeps the configured one.
        seed: Of the search.
        ranges: Lowest and highest value of each of the booster's parameters that is searched.
    """

    trials: int = Field(default=0, ge=0)
    seed: int = 1
    ranges: dict[str, tuple[float, float]] = {
        "num_leaves": (4, 63),
        "max_depth": (2, 10),
        "min_data_in_leaf": (10, 300),
        "feature_fraction": (0.3, 1.0),
        "bagging_fraction": (0.5, 1.0),
        "lambda_l2": (0.1, 100.0),
        "learning_rate": (0.02, 0.1),
    }

    @model_validator(mode="after")
    def _are_parameters(self) -> Self:
        strange = sorted(set(self.ranges) - set(BoosterParameters.model_fields))
        if strange or any(low > high for low, high in self.ranges.values()):
            raise ValueError(f"ranges from low to high of the booster's own parameters; found {strange or self.ranges}")
        return self


class ChallengerParameters(Document):
    """An estimator to measure beside the recipe, never to promote.

    Args:
        estimator: Import path of a class that fits and predicts as scikit-learn's do.
        parameters: What it is made with.
    """

    estimator: str
    parameters: dict[str, Any] = {}


class GradeBand(Document):
    """One step of the master scale: a grade and the probability at which it ends, exclusive."""

    grade: str
    below: float = Field(gt=0, le=1)


MASTER_SCALE = tuple(
    GradeBand(grade=grade, below=below)
    for grade, below in zip("ABCDEFG", (0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 1.0), strict=True)
)


class LeakageBounds(Document):
    """What the leakage audit holds to be too good to be true.

    Args:
        auc: AUC of the model on the rows that judge it. Rule of thumb: above 0.90 it is a leak until proven otherwise.
        single_auc: AUC of one feature alone, on the training rows.
        gain_share: One feature's share of all that the trees gained.
        separation_auc: AUC of telling training rows from test rows.
        separation_rows: Rows of each side that are looked at for it.
        calendar_auc: The same AUC of one feature alone: then the feature carries the calendar.
        hidden_days: Observation days, the latest, whose features are computed again with the later logs hidden.
    """

    auc: float = Field(default=0.90, gt=0.5, le=1)
    single_auc: float = Field(default=0.85, gt=0.5, le=1)
    gain_share: float = Field(default=0.5, gt=0, le=1)
    separation_auc: float = Field(default=0.95, gt=0.5, le=1)
    separation_rows: int = Field(default=20_000, ge=100)
    calendar_auc: float = Field(default=0.95, gt=0.5, le=1)
    hidden_days: int = Field(default=1, ge=0)


class GateBounds(Document):
    """What keeps a version from scoring: what is shown against it beyond chance. Illustrative thresholds.

    A bound on slope and error is broken where the whole 95 % interval over borrowers lies beyond it.

    Args:
        slope_low: Least calibration slope on the judging rows.
        slope_high: Greatest.
        calibration_error: Greatest mean distance of predicted and observed rate over tenths of risk.
        score_stability: Greatest population stability index of the probability, training rows to test rows.
        least_defaults: Least defaults among the judging rows: with fewer, nothing is shown either way.
        accepted_findings: Codes of the leakage audit that are shown and do not keep a version out. Test rows of later
            days are told apart by many features together: histories grow, habits change. That is drift before it is a
            leak. One feature that does it alone is another code, which bars.
        reason_length: Least characters of a written reason.
    """

    slope_low: float = Field(default=0.8, gt=0)
    slope_high: float = Field(default=1.25, gt=0)
    calibration_error: float = Field(default=0.02, gt=0)
    score_stability: float = Field(default=0.25, gt=0)
    least_defaults: int = Field(default=30, ge=1)
    accepted_findings: tuple[str, ...] = ("TEST_ROWS_TELL_THEMSELVES_APART",)
    reason_length: int = Field(default=20, ge=1)


class TrainingParameters(Document):
    """Everything that a training run decides beforehand (`conf/model.yaml`).

    Args:
        horizon_days: Length of the performance window of the labels that it is given.
        split: Which rows train and which test.
        booster: LightGBM's parameters, of the first shape of trees.
        further_boosters: Those of other shapes, blended with it.
        scorecard: A scorecard blended with the boosters; none by default.
        selection: How features are chosen; all of them by default.
        tuning: How the first shape of trees is searched for; by default it is not.
        challengers: Estimators by name to measure on the same folds, beside a scorecard, a logistic regression and
            boosters without constraints; null for none of all these.
        calibration: `auto` takes whichever of the three has the lowest cross-fitted log loss.
        central_tendency: Default rate that the mean prediction of held-out rows is shifted to; none by default.
        grades: Master scale from best to worst; the last band reaches 1 and holds 1 too. Illustrative thresholds.
        loss_given_default: Share of the principal that is lost in default. Illustrative default.
        explained_from: Default probability from which the daily run finds a receivable's reasons, which takes most of
            its time: 0 for everybody's, above 1 for nobody's. It does not change what training gives.
        bootstrap_replicates: Resamples of borrowers behind each 95 % interval.
        bootstrap_seed: Seed of those resamples.
        approval_below: Probability under which a receivable counts as approved in fairness figures. Illustrative.
        leakage: Bounds of the leakage audit.
        gates: Bounds of promotion; they do not change what training gives.
    """

    horizon_days: int = Field(default=180, ge=1)
    split: SplitParameters = SplitParameters()
    booster: BoosterParameters = BoosterParameters()
    further_boosters: tuple[BoosterParameters, ...] = ()
    scorecard: ScorecardParameters | None = None
    selection: SelectionParameters | None = None
    tuning: TuningParameters = TuningParameters()
    challengers: dict[str, ChallengerParameters] | None = None
    calibration: Literal["auto", "isotonic", "sigmoid", "beta"] = "auto"
    central_tendency: float | None = Field(default=None, gt=0, lt=1)
    grades: tuple[GradeBand, ...] = Field(default=MASTER_SCALE, min_length=1)
    loss_given_default: float = Field(default=0.6, ge=0, le=1)
    explained_from: float = Field(default=0.0, ge=0)
    bootstrap_replicates: int = Field(default=200, ge=0)
    bootstrap_seed: int = 1
    approval_below: float = Field(default=0.08, gt=0, le=1)
    leakage: LeakageBounds = LeakageBounds()
    gates: GateBounds = GateBounds()

    @model_validator(mode="after")
    def _scale_rises_to_one(self) -> Self:
        ends = [band.below for band in self.grades]
        names = {band.grade for band in self.grades}
        if ends != sorted(set(ends)) or ends[-1] != 1 or len(names) != len(ends):
            raise ValueError("grades must have different names and rising bounds that end at 1")
        return self

    @property
    def embargo_days(self) -> int:
        """Give the days that lie at least between a training date and the first test date."""
        return self.horizon_days if self.split.embargo_days is None else self.split.embargo_days
