"""Training: recovers known probabilities, is the same twice, keeps its directions, and says what it left out."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from models import blend, evaluate
from models import fit as fit_module
from models.evaluate import Sample
from models.fit import TrainedModel, cross_validate, train
from models.parameters import FeatureNote, GradeBand, TrainingParameters, TuningParameters
from models.scorer import Scorer
from models.split import Folds, folds_of
from schemas.errors import ModelError
from tests.models.known import FEATURES, NAMES, SMALL, World, world


def test_known_probabilities_are_recovered(known: World, trained: TrainedModel) -> None:
    """Out of time the model keeps 90 % of the truth's Gini, and its calibration error is that of a right model."""
    rows = trained.out_of_time.join(known.truth, on="receivable_id")
    outcome = rows["is_default"].to_numpy(dtype=float)
    truth = Sample.of(outcome, rows["truth"].to_numpy())
    assert trained.metrics["out_of_time_gini"] >= 0.9 * evaluate.gini(truth)
    assert np.abs(rows["truth"] - rows["default_probability"]).mean() < 0.03
    assert trained.metrics["out_of_fold_calibration_error"] < 0.02
    assert trained.metrics["out_of_fold_predicted_rate"] == pytest.approx(
        trained.metrics["out_of_fold_observed_rate"], abs=0.005
    )
    assert set(trained.importance["feature"].head(2)) == {"late_days_90d", "login_count_30d"}


def test_the_same_rows_give_the_same_bytes_in_any_order(known: World, trained: TrainedModel) -> None:
    """Neither a second run nor a shuffled frame changes a byte of the model or a number of its measurement."""
    shuffled = known.frame.sample(frac=1, random_state=5)
    again = train(shuffled, SMALL, FEATURES)
    assert dict(again.files) == dict(trained.files)
    assert again.metrics == trained.metrics
    pd.testing.assert_frame_equal(again.out_of_time, trained.out_of_time)


def test_monotone_directions_hold(known: World, trained: TrainedModel) -> None:
    """Raising a +1 feature never lowers a probability; raising a -1 feature never raises one."""
    scorer = Scorer.from_files(trained.files)
    rows = known.frame[list(NAMES)].to_numpy()[:500]
    for place, note in enumerate(FEATURES):
        if note.monotone:
            ladder = []
            for value in np.linspace(-3, 3, 13):
                moved = rows.copy()
                moved[:, place] = value
                ladder.append(scorer.score(moved, explained=False).default_probability)
            assert (note.monotone * np.diff(np.array(ladder), axis=0) >= 0).all(), note.name


def test_no_borrower_crosses_and_all_rows_are_told(known: World, trained: TrainedModel) -> None:
    """Training and test share no borrower; unlabelled rows are left out and counted."""
    assert not set(trained.out_of_fold["borrower_id"]) & set(trained.out_of_time["borrower_id"])
    told = trained.counts
    assert told["training"] == len(trained.out_of_fold)
    assert told["test"] == len(trained.out_of_time)
    frame = known.frame.copy()
    frame.loc[:99, "is_default"] = None
    counts = train(frame, SMALL, FEATURES).counts
    assert counts["unlabelled"] == 100
    assert counts["training"] + counts["test"] + counts["embargo"] + counts["other_side"] == len(frame) - 100


def test_out_of_fold_numbers_never_saw_the_borrower(known: World) -> None:
    """With outcomes that mean nothing, out-of-fold discrimination is a coin's."""
    frame = known.frame.copy()
    frame["is_default"] = np.random.default_rng(2).permutation(frame["is_default"].to_numpy(dtype=bool))
    found = train(frame, SMALL, FEATURES).metrics
    assert abs(found["out_of_fold_auc"] - 0.5) < 0.05
    assert abs(found["out_of_time_auc"] - 0.5) < 0.1


def test_weights_stand_for_rows(known: World) -> None:
    """Non-defaults sampled to a half and weighted by two give about the rates of the whole."""
    kept = known.frame["is_default"].to_numpy(dtype=bool) | (np.arange(len(known.frame)) % 2 == 0)
    frame = known.frame[kept].assign(weight=lambda rows: np.where(rows["is_default"], 1.0, 2.0))
    found = train(frame, SMALL, FEATURES)
    assert found.metrics["out_of_fold_predicted_rate"] == pytest.approx(known.frame["is_default"].mean(), abs=0.01)


def test_predictions_keep_the_weight_of_their_rows(known: World) -> None:
    """So that whoever compares or draws them later counts rows as training did."""
    weight = pd.Series(np.arange(len(known.frame)) % 3 + 1.0, index=known.frame["receivable_id"])
    found = train(known.frame.assign(weight=weight.to_numpy()), SMALL, FEATURES)
    for rows in (found.out_of_time, found.out_of_fold):
        assert rows["weight"].tolist() == weight[rows["receivable_id"]].tolist()


def test_folds_are_dealt_once_a_training(known: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The search, the recipe and the challengers share the folds that were dealt first."""
    dealt = []

    def counted(*told: Any) -> Folds:
        dealt.append(len(told[0]))
        return folds_of(*told)

    for module in (fit_module, blend):
        monkeypatch.setattr(module, "folds_of", counted)
    wanted = {"tuning": TuningParameters(trials=2, ranges={"num_leaves": (4, 15)}), "bootstrap_replicates": 0}
    found = train(known.frame.head(3000), SMALL.model_copy(update=wanted), FEATURES)
    assert (dealt, len(found.trials)) == ([found.counts["training"]], 2)


def test_seeds_are_averaged(known: World) -> None:
    """Two seeds give two boosters of half the weight, and their mean score."""
    two = SMALL.model_copy(update={"booster": SMALL.booster.model_copy(update={"seeds": (1, 2)})})
    files = train(known.frame, two, FEATURES).files
    scorer = Scorer.from_files(files)
    assert scorer.card.members == (("booster.txt", 0.5), ("booster_1_2.txt", 0.5))
    assert files["booster.txt"] != files["booster_1_2.txt"]


def test_cross_validation_of_few_rows() -> None:
    """Every row is predicted once by a model that never saw its borrower; the interval holds the figure."""
    few = world(borrowers=150, dates=3)
    found = cross_validate(few.frame, SMALL, FEATURES)
    assert len(found.predictions) == len(few.frame)
    assert found.predictions.groupby("borrower_id")["fold"].nunique().max() == 1
    assert found.metrics["auc_low"] < found.metrics["auc"] < found.metrics["auc_high"]
    assert found.metrics["auc"] > 0.65


@pytest.mark.parametrize("missing", ["receivable_id", "borrower_id", "as_of", "is_default", "utilisation_now"])
def test_a_missing_column_is_named(known: World, missing: str) -> None:
    """The error says which column is not there."""
    with pytest.raises(ModelError, match=missing):
        train(known.frame.drop(columns=missing), SMALL, FEATURES)


def test_one_outcome_and_doubled_rows_are_refused(known: World) -> None:
    """There is nothing to learn without defaults, and a receivable has one row a day."""
    with pytest.raises(ModelError, match="both outcomes"):
        train(known.frame[~known.frame["is_default"]], SMALL, FEATURES)
    with pytest.raises(ModelError, match="stand twice"):
        train(pd.concat([known.frame, known.frame.head(3)]), SMALL, FEATURES)


def test_the_configuration_parses_and_refuses_a_broken_scale(pytestconfig: pytest.Config) -> None:
    """`conf/model.yaml` holds the defaults; unknown keys and falling grades are refused."""
    told = yaml.safe_load((pytestconfig.rootpath / "conf" / "model.yaml").read_text(encoding="utf-8"))
    assert TrainingParameters.model_validate(told) == TrainingParameters()
    with pytest.raises(ValueError, match="extra"):
        TrainingParameters.model_validate({**told, "horizon": 3})
    falling = (GradeBand(grade="A", below=0.5), GradeBand(grade="B", below=0.1), GradeBand(grade="C", below=1))
    with pytest.raises(ValueError, match="rising"):
        TrainingParameters(grades=falling)


def test_features_without_directions_train(known: World) -> None:
    """Monotone constraints are optional."""
    free = [FeatureNote(name) for name in NAMES]
    assert train(known.frame.head(3000), SMALL, free).metrics["out_of_fold_auc"] > 0.6
