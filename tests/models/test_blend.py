"""The blend: members and their weights, features that folds agree on, searches, challengers, folds by time."""

import json
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from models.blend import fit, predict
from models.fit import TrainedModel, train
from models.parameters import (
    ChallengerParameters,
    ScorecardParameters,
    SelectionParameters,
    SplitParameters,
    TrainingParameters,
    TuningParameters,
)
from models.rows import Rows, labelled_rows
from models.scorer import MODEL_FILE, POINTS, Scorer
from models.select import stable_features
from models.split import folds_of
from models.stack import weights
from schemas.errors import ModelError
from tests.models.known import FEATURES, SMALL, World


def quiet(_step: str, _share: float) -> None: ...


@pytest.fixture(scope="module")
def rows(known: World) -> Rows:
    """Give the rows whose truth is known."""
    return labelled_rows(known.frame, FEATURES)[0]


@pytest.fixture(scope="module")
def everything(known: World) -> TrainedModel:
    """Train with a second shape, a scorecard, a selection, a search and challengers."""
    shallow = SMALL.booster.model_copy(update={"num_leaves": 3, "seeds": (1, 2)})
    update = {
        "further_boosters": (shallow,),
        "scorecard": ScorecardParameters(),
        "selection": SelectionParameters(),
        "tuning": TuningParameters(trials=3, ranges={"num_leaves": (3, 15), "lambda_l2": (0.1, 50.0)}),
        "challengers": {"bayes": ChallengerParameters(estimator="sklearn.naive_bayes.GaussianNB")},
    }
    frame = known.frame.assign(**{note.name: known.frame[note.name].fillna(0.0) for note in FEATURES})
    return train(frame, SMALL.model_copy(update=update), FEATURES)


def test_a_blend_is_a_weighted_sum_of_its_members(known: World, everything: TrainedModel) -> None:
    """Each member alone, in its file; what is kept is text."""
    scorer = Scorer.from_files(everything.files)
    assert POINTS in everything.files
    assert len(scorer.card.members) >= 2
    matrix = scorer.matrix(known.frame)[:300]
    card = json.loads(everything.files[MODEL_FILE])
    alone = []
    for name, weight in card["members"]:
        single = json.dumps({**card, "members": [[name, 1.0]]})
        alone.append(weight * Scorer.from_files({**everything.files, MODEL_FILE: single}).score(matrix).score)
    np.testing.assert_allclose(scorer.score(matrix).score, np.sum(alone, axis=0), rtol=0, atol=1e-12)


def test_contributions_of_a_blend_add_up(known: World, everything: TrainedModel) -> None:
    """All that features add, and one number for all rows, make the score."""
    scorer = Scorer.from_files(everything.files)
    matrix = scorer.matrix(known.frame)[:300]
    rest = scorer.score(matrix).score - scorer.contributions(matrix).sum(axis=1)
    assert np.ptp(rest) < 1e-9


def test_the_upper_bound_lies_above_and_keeps_the_order_within_a_grade(known: World, everything: TrainedModel) -> None:
    """Of every receivable."""
    scorer = Scorer.from_files(everything.files)
    said = scorer.score(scorer.matrix(known.frame), explained=False)
    assert (said.default_probability_upper >= said.default_probability).all()
    assert (said.default_probability_upper <= 1).all()
    for grade in np.unique(said.grade):
        inside = said.grade == grade
        order = np.argsort(said.default_probability[inside], kind="stable")
        assert (np.diff(said.default_probability_upper[inside][order]) >= 0).all()


def test_a_search_takes_nothing_worse_than_what_was_configured(everything: TrainedModel) -> None:
    """The configured shape is the first trial, and the search is told trial by trial."""
    first = everything.trials.iloc[0]
    assert (first["num_leaves"], first["lambda_l2"]) == (SMALL.booster.num_leaves, SMALL.booster.lambda_l2)
    best = everything.trials.sort_values("loss").iloc[0]
    assert everything.parameters.booster.num_leaves == best["num_leaves"]
    assert best["loss"] <= first["loss"]


def test_challengers_stand_beside_the_recipe(everything: TrainedModel) -> None:
    """On the same rows, with the interval of the AUC's distance; the configuration's own among them."""
    told = everything.challengers.set_index("model")
    assert list(told.index) == ["recipe", "scorecard", "logistic", "unconstrained", "bayes", "average"]
    assert told.loc["recipe", "auc"] == pytest.approx(everything.metrics["out_of_fold_auc"])
    others = told.drop(index="recipe")
    assert np.allclose(others["auc"] - told.loc["recipe", "auc"], others["auc_gap"])
    assert ((others["gap_low"] <= others["auc_gap"]) & (others["auc_gap"] <= others["gap_high"])).all()
    assert {"tuning.csv", "challengers.csv"} <= set(everything.tables)


@pytest.mark.parametrize("path", ["no.such.Thing", "sklearn.svm.LinearSVC", "pathlib.Path"])
def test_a_challenger_that_gives_no_probability_is_refused(rows: Rows, path: str) -> None:
    """With the line that names it."""
    told = SMALL.model_copy(update={"challengers": {"x": ChallengerParameters(estimator=path)}})
    from models.challenge import challenged

    folds = folds_of(rows.borrowers, rows.as_of, rows.outcome > 0, told)
    with pytest.raises(ModelError, match=path):
        challenged(rows, folds, np.full(len(rows), 0.1), told, quiet)


def test_selection_keeps_what_folds_agree_on(rows: Rows) -> None:
    """Noise that few folds gain by goes, and is told with its count; what tells stays, in its order."""
    wanted = SMALL.model_copy(update={"selection": SelectionParameters(least_gain_share=0.1)})
    folds = folds_of(rows.borrowers, rows.as_of, rows.outcome > 0, wanted)
    found = stable_features(rows, folds, wanted, quiet)
    assert {"late_days_90d", "login_count_30d"} <= set(found.kept)
    assert not {"noise_a", "noise_b"} & set(found.kept)
    assert set(found.kept) | set(found.dropped) == set(rows.names)
    assert all(count < found.folds / 2 for count in found.dropped.values())
    assert Scorer.from_files(fit(rows, wanted).files).features == found.kept


def test_the_base_rate_is_anchored_on_request(rows: Rows) -> None:
    """The mean prediction of held-out rows is the rate that was asked for, and no order changes."""
    plain, anchored = (fit(rows, SMALL.model_copy(update={"central_tendency": rate})) for rate in (None, 0.01))
    assert anchored.probability.mean() == pytest.approx(0.01, abs=1e-9)
    before, after = (predict(each.files, rows, 2) for each in (plain, anchored))
    assert (np.argsort(before, kind="stable") == np.argsort(after, kind="stable")).all()
    assert after.mean() < before.mean()


def test_a_useless_member_gets_no_weight() -> None:
    """What says the truth gets weight 1; noise and what points the wrong way get none."""
    dice = np.random.default_rng(6)
    truth = dice.normal(-2, 1, 20_000)
    outcome = (dice.random(20_000) < expit(truth)).astype(float)
    scores = np.column_stack([truth, -truth, dice.normal(size=20_000)])
    found = weights(scores, outcome, np.ones(20_000))
    assert found[0] == pytest.approx(1, abs=0.05)
    assert found[1] == 0
    assert found[2] < 0.06


def test_unseen_and_missing_categories_are_missing() -> None:
    """A category that training never saw scores as one that is not known, bit for bit."""
    dice = np.random.default_rng(3)
    homes = dice.choice(["north", "south", "west"], 4_000)
    ids = [f"{each:05d}" for each in range(4_000)]
    frame = pd.DataFrame({"receivable_id": ids, "borrower_id": ids, "as_of": date(2025, 1, 1), "home": homes})
    frame["is_default"] = dice.random(4_000) < np.where(homes == "south", 0.4, 0.05)
    from models.parameters import FeatureNote

    rows, _ = labelled_rows(frame, [FeatureNote("home", is_category=True)])
    told = TrainingParameters(split=SplitParameters(out_of_time_share=0), scorecard=ScorecardParameters())
    scorer = Scorer.from_files(fit(rows, told).files)
    said = scorer.score(scorer.matrix(pd.DataFrame({"home": ["south", "north", "mars", None]}))).default_probability
    assert said[2] == said[3]
    assert said[0] > 2 * said[1]


def test_folds_by_time_train_before_an_embargo_and_on_other_borrowers() -> None:
    """Nothing that a fold trains on is later than an embargo before what it holds out, nor of its borrowers."""
    dice = np.random.default_rng(8)
    borrowers = np.array([f"b{each}" for each in dice.integers(0, 200, 3_000)], dtype=object)
    as_of = np.datetime64("2024-01-01") + 30 * dice.integers(0, 12, 3_000).astype("timedelta64[D]")
    is_default = dice.random(3_000) < 0.1
    told = TrainingParameters(horizon_days=60, split=SplitParameters(time_blocks=3, folds=3))
    found = folds_of(borrowers, as_of, is_default, told)
    assert found.is_by_time
    assert len(found) == 9
    for training, held in found:
        assert as_of[training].max() + np.timedelta64(60, "D") <= as_of[held].min()
        assert not set(borrowers[training]) & set(borrowers[held])
    assert (found.number[as_of < np.datetime64("2024-01-01") + np.timedelta64(90, "D")] == -1).all()


def test_folds_are_by_borrower_alone_where_no_date_lies_an_embargo_before() -> None:
    """And say so."""
    ids = np.array([f"b{each}" for each in range(400)], dtype=object)
    as_of = np.datetime64("2024-01-01") + (np.arange(400) % 3).astype("timedelta64[D]")
    told = TrainingParameters(split=SplitParameters(time_blocks=2))
    found = folds_of(ids, as_of, np.arange(400) % 5 == 0, told)
    assert not found.is_by_time
    assert found.is_held.all()
    assert timedelta(days=told.embargo_days) > timedelta(days=3)
