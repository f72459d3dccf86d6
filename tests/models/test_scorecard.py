"""The scorecard: finds what tells, follows its directions, and its regression keeps no negative weight."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from models.parameters import FeatureNote, ScorecardParameters
from models.points import PointsTable
from models.regress import regressed
from models.rows import Rows, labelled_rows
from models.scorecard import fit_scorecard
from schemas.errors import ModelError
from tests.models.known import FEATURES, World

COLUMNS = {note.name: place for place, note in enumerate(FEATURES)}


@pytest.fixture(scope="module")
def rows(known: World) -> Rows:
    """Give the rows whose truth is known."""
    return labelled_rows(known.frame, FEATURES)[0]


@pytest.fixture(scope="module")
def table(rows: Rows) -> PointsTable:
    """Give a scorecard of them."""
    return fit_scorecard(rows, ScorecardParameters())


def test_it_ranks_nearly_as_well_as_the_truth(known: World, rows: Rows, table: PointsTable) -> None:
    """Within three hundredths of AUC."""
    truth = known.truth.loc[rows.keys["receivable_id"]].to_numpy()
    found = table.score(rows.features, COLUMNS)
    assert roc_auc_score(rows.outcome, found) > roc_auc_score(rows.outcome, truth) - 0.03


def test_points_follow_the_directions(table: PointsTable) -> None:
    """Where more can only raise the probability, a higher bin never has more points."""
    told = {note.name: note.monotone for note in FEATURES}
    directed = [each for each in table.features if told[each.name]]
    assert directed
    for each in directed:
        assert (told[each.name] * np.diff(each.points) <= 0).all(), each


def test_a_category_is_binned_by_what_it_tells() -> None:
    """Categories of one rate share their points; one that training never saw has those of what is not known."""
    rows = named_rows(6_000)
    found = fit_scorecard(rows, ScorecardParameters())
    [each] = found.features
    points = each.scored(np.array([0.0, 1.0, 2.0, 7.0, np.nan]))
    assert points[2] < min(points[0], points[1])
    assert points[3] == points[4] == each.missing


def named_rows(number: int) -> Rows:
    """Draw rows with one category that tells."""
    dice = np.random.default_rng(5)
    place = dice.integers(0, 3, number)
    ids = [f"{each:05d}" for each in range(number)]
    frame = pd.DataFrame({"receivable_id": ids, "borrower_id": ids, "as_of": date(2025, 1, 1)})
    frame["home"] = np.array(["north", "other", "south"])[place]
    frame["is_default"] = dice.random(number) < np.array([0.05, 0.06, 0.3])[place]
    return labelled_rows(frame, [FeatureNote("home", is_category=True)])[0]


def test_the_same_rows_give_the_same_bytes(rows: Rows, table: PointsTable) -> None:
    """No chance is in it."""
    assert fit_scorecard(rows, ScorecardParameters()).to_text() == table.to_text()


def test_nothing_that_tells_is_an_error(rows: Rows) -> None:
    """A scorecard of no features would give everybody one number."""
    with pytest.raises(ModelError, match="no feature that tells"):
        fit_scorecard(rows, ScorecardParameters(least_information=50))


def test_the_regression_is_logistic_and_keeps_no_negative_weight() -> None:
    """Where no weight would be negative it is scikit-learn's; where one would be, it is 0."""
    dice = np.random.default_rng(2)
    design = dice.normal(size=(5_000, 3))
    outcome = (dice.random(5_000) < expit(design @ [0.8, 0.3, -0.5] - 2)).astype(float)
    ones = np.ones(5_000)
    intercept, weights = regressed(design[:, :2], outcome, ones, ridge=1.0)
    peer = LogisticRegression(C=1.0, tol=1e-8).fit(design[:, :2], outcome)
    assert intercept == pytest.approx(peer.intercept_[0], abs=1e-4)
    assert weights == pytest.approx(peer.coef_[0], abs=1e-4)
    assert regressed(design, outcome, ones, ridge=1.0)[1][2] == 0
